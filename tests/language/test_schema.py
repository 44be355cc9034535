"""The JSON Schema for editors: it accepts and refuses the same as the parser, but for a few rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from actions import build_registry
from engine.checks.rules.shape import RULES as SHAPE
from engine.language.reference.json_schema import schema
from tests.validate.examples import bad, good

ONLY_VALIDATE_SAYS = {
    "RB207": "names in different maps are compared",
    "RB213": "each kind declares which steps it supports",
    "RB214": "a named schedule is looked up",
    "RB215": "the key of a row is split into names, which are compared",
    "RB218": "APIs are counted",
    "RB216": "a default is compared with the type, enum and bounds",
}


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    registry = build_registry(entry_points=False)
    return schema(registry.kinds, registry.actions)


@pytest.fixture(scope="module")
def validator(made: dict[str, Any]) -> jsonschema.Draft7Validator:
    jsonschema.Draft7Validator.check_schema(made)
    return jsonschema.Draft7Validator(made)


def test_the_schema_accepts_the_shipped_runbooks(validator: jsonschema.Draft7Validator, root: Path) -> None:
    there = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (root / "runbooks").glob("*.yaml")]
    runbooks = [one for one in there if "steps" in one]  # not the worlds and tests beside them
    assert runbooks
    for one in runbooks:
        assert not [error.message for error in validator.iter_errors(one)]


@pytest.mark.parametrize("rule", SHAPE, ids=lambda rule: rule.id)
def test_the_schema_refuses_what_the_parser_refuses(rule: Any, validator: jsonschema.Draft7Validator) -> None:
    wrong, right = (yaml.load(text, Loader=yaml.CSafeLoader) for text in (bad(rule.id), good(rule.id)))
    assert not [one.message for one in validator.iter_errors(right)]
    assert validator.is_valid(wrong) == (rule.id in ONLY_VALIDATE_SAYS)


def test_the_schema_has_the_parameters_of_kinds_and_actions(validator: jsonschema.Draft7Validator) -> None:
    def errors(step: dict[str, Any]) -> list[str]:
        return [one.message for one in validator.iter_errors({"runbook": "a", "steps": [step]})]

    assert not errors({"id": "a", "check": "rds.cluster", "with": {"name": "${a}"}})
    assert "nam" in str(errors({"id": "a", "check": "rds.cluster", "with": {"nam": "x"}}))
    assert "topc" in str(errors({"id": "a", "call": "sns.publish", "with": {"topc": "x"}}))
    assert not errors({"id": "a", "call": "aws.s3.put_object", "with": {"Bucket": "x"}, "repeatable": True})


def test_the_schema_without_a_registry_accepts_any_kind() -> None:
    made = schema()
    jsonschema.Draft7Validator.check_schema(made)
    assert jsonschema.Draft7Validator(made).is_valid({"runbook": "a", "steps": [{"id": "a", "check": "my.kind"}]})


def test_every_reference_in_the_schema_resolves(made: dict[str, Any]) -> None:
    def refs(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*(refs(item) for item in value.values()))
        return set().union(*(refs(item) for item in value)) if isinstance(value, list) else set()

    assert {ref.removeprefix("#/definitions/") for ref in refs(made)} <= set(made["definitions"])
