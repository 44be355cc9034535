"""The rules as data: pages are complete, examples are correct, and every rule that the code names has a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.checks import validate
from engine.checks.pages import EXAMPLES, FAMILIES, document
from engine.checks.rule import Rule
from engine.checks.rules import ALL, BY_ID
from tests.validate.cases import REGISTRY
from tests.validate.examples import bad, good, sibling_tests


def rules_of(rule: Rule, example: bytes, tests: str | None) -> set[str]:
    """The rules with findings in the example; warnings count only for their own example."""
    found = validate(example, REGISTRY, "example.yaml", tests)[1]
    return {one.rule for one in found if one.severity == "error" or one.rule == rule.id}


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_examples(rule: Rule) -> None:
    assert rules_of(rule, bad(rule.id), sibling_tests(rule.id, "bad")) == {rule.id}
    assert not rules_of(rule, good(rule.id), sibling_tests(rule.id, "good"))


def test_every_example_belongs_to_a_rule() -> None:
    """One bad and one good example for each rule, and no file that is left over."""
    files = {file.name for file in EXAMPLES.iterdir() if not file.name.endswith(".test.yaml")}
    assert files == {f"{id}.{which}.yaml" for id in BY_ID for which in ("bad", "good")}


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_pages_are_complete(rule: Rule) -> None:
    assert re.fullmatch(r"RB[1-7]\d\d", rule.id)
    assert rule.title[0].isupper() or rule.title[0] in "`["
    assert not rule.title.endswith(".")
    assert rule.why.endswith((".", ")", "?"))
    assert len(rule.why) > 30
    assert f"\n### {rule.id} {rule.title}" in document()


def test_ids_are_unique_and_in_order() -> None:
    ids = [rule.id for rule in ALL]
    assert ids == sorted(set(ids))
    assert set(BY_ID) == set(ids)
    assert {id[:3] for id in ids} == set(FAMILIES)


def test_only_style_and_the_time_limit_warn() -> None:
    warnings = {rule.id for rule in ALL if rule.severity == "warning"}
    assert warnings <= {"RB512"} | {rule.id for rule in ALL if rule.id.startswith("RB7")}
    assert "RB512" in warnings


def test_every_rule_in_the_code_has_a_page(root: Path) -> None:
    named = set()
    for file in (root / "engine").rglob("*.py"):
        named |= set(re.findall(r'"(RB\d{3})"', file.read_text(encoding="utf-8")))
    examples = {"RB404", "RB402", "RB605"}  # used in comments and help texts
    assert named - examples - set(BY_ID) == set()
