"""Inputs: values are converted to their types and checked by their declarations."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from engine.errors import UsageError
from engine.language.inputs import resolve_inputs
from engine.language.model import Input, InputType, Runbook
from engine.language.parse.shapes import WORDS


def declared(**inputs: Input) -> Runbook:
    return Runbook(name="example", steps=(), inputs=inputs)


def one(given: Any, **more: Any) -> Any:
    return resolve_inputs(declared(a=Input(name="a", **more)), {"a": given})["a"]


@pytest.mark.parametrize(
    ("type", "given", "value"),
    [
        ("string", "orders", "orders"), ("string", "5", "5"), ("string", "${a}", "${a}"), ("string", "", ""),
        ("integer", "5", 5), ("integer", "-5", -5), ("integer", 5, 5), ("integer", "007", 7),
        ("number", "1.5", 1.5), ("number", "5", 5), ("number", 1.5, 1.5), ("number", "1e3", 1000.0),
        ("boolean", "true", True), ("boolean", "false", False), ("boolean", True, True),
        ("list", "a,b", ["a", "b"]), ("list", "[a, 5]", ["a", 5]), ("list", "", []), ("list", ["x"], ["x"]),
        ("list", "a", ["a"]), ("map", "{a: 1, b: [c]}", {"a": 1, "b": ["c"]}), ("map", {"a": 1}, {"a": 1}),
        ("region", "us-west-2", "us-west-2"), ("region", "us-gov-east-1", "us-gov-east-1"),
        ("region", "ap-southeast-3", "ap-southeast-3"), ("region", "us-iso-east-1", "us-iso-east-1"),
        ("duration", "5m", "5m"), ("timestamp", "2024-03-20T06:00:00Z", "2024-03-20T06:00:00Z"),
        ("timestamp", "2024-03-20T06:00+01:00", "2024-03-20T06:00+01:00"),
        ("arn", "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:daily", "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:daily"),
        ("arn", "arn:aws-cn:s3:::bucket/key", "arn:aws-cn:s3:::bucket/key"),
        ("account_id", "012345678901", "012345678901"),
    ],
)  # fmt: skip
def test_text_is_converted_to_the_declared_type(type: str, given: Any, value: Any) -> None:
    found = one(given, type=type)
    assert found == value
    assert found.__class__ is value.__class__


@pytest.mark.parametrize(
    ("type", "given"),
    [
        ("string", 5), ("string", None), ("string", "x" * 70_000), ("integer", "1.5"), ("integer", "x"),
        ("integer", True), ("integer", 1.5), ("integer", "9" * 30), ("number", "x"), ("number", "nan"),
        ("number", "inf"), ("number", "1e999"), ("number", True), ("boolean", "yes"), ("boolean", "True"),
        ("boolean", 1), ("list", "[a"), ("list", {"a": 1}), ("list", "[&x a]"), ("map", "a=1"), ("map", "[a]"),
        ("region", "us-west"), ("region", "here"), ("region", "US-WEST-2"), ("duration", "5"), ("duration", "5 m"),
        ("timestamp", "2024-03-20"), ("timestamp", "2024-03-20T06:00:00"), ("timestamp", "2024-13-20T06:00:00Z"),
        ("timestamp", "yesterday"), ("arn", "aws:rds"), ("arn", "arn:aws"), ("account_id", "12345678901"),
        ("account_id", 123456789012),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_type_is_refused(type: str, given: Any) -> None:
    with pytest.raises(UsageError, match="the input `a`"):
        one(given, type=type)


@pytest.mark.parametrize(
    ("given", "declaration"),
    [
        ("c", {"enum": ("a", "b")}),
        ("1", {"type": "integer", "enum": (2,)}),
        ("0", {"type": "integer", "min": 1}),
        ("9", {"type": "number", "max": 8.5}),
        ("1m", {"type": "duration", "min": "2m"}),
        ("2d", {"type": "duration", "max": "36h"}),
        ("2024-03-20T00:00:00Z", {"type": "timestamp", "min": "2024-03-20T00:00:00-01:00"}),
        ("abcd", {"max": 3}),
        ("a", {"type": "list", "min": 2}),
        ("Orders", {"pattern": "[a-z]+"}),
        ("orders\n", {"pattern": "[a-z]+"}),
    ],
)
def test_a_value_against_its_declaration_is_refused(given: str, declaration: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="is invalid"):
        one(given, **declaration)


@pytest.mark.parametrize(
    ("given", "declaration"),
    [
        ("b", {"enum": ("a", "b")}),
        ("1", {"type": "integer", "min": 1, "max": 1}),
        ("60s", {"type": "duration", "min": "1m", "max": "1m"}),
        ("2024-03-20T00:00:00Z", {"type": "timestamp", "max": "2024-03-20T00:00:00-01:00"}),
        ("abc", {"min": 3, "max": 3, "pattern": "[a-c]{3}"}),
    ],
)
def test_a_value_that_fits_its_declaration_is_accepted(given: str, declaration: dict[str, Any]) -> None:
    assert str(one(given, **declaration)) == given


def test_missing_inputs_get_their_defaults_in_the_order_of_the_runbook() -> None:
    runbook = declared(
        b=Input(name="b", required=False, default="x"),
        a=Input(name="a"),
        c=Input(name="c", required=False, default=None),
    )
    assert list(resolve_inputs(runbook, {"a": "1"}).items()) == [("b", "x"), ("a", "1"), ("c", None)]


def test_all_problems_are_reported_together() -> None:
    runbook = declared(cluster=Input(name="cluster", description="what to replace"), n=Input(name="n", type="integer"))
    with pytest.raises(UsageError) as raised:
        resolve_inputs(runbook, {"clutser": "orders", "n": "x"})
    first, second, third = str(raised.value).split("\n")
    assert first == "there is no input `clutser`; did you mean `cluster`? expected one of: cluster, n"
    assert second == "the input `cluster` is required (what to replace): give it with `-i cluster=…`"
    assert third == "the input `n` is invalid: `x` is not an integer"


def test_an_unknown_input_of_a_runbook_without_inputs() -> None:
    with pytest.raises(UsageError, match="there is no input `a`; none are defined"):
        resolve_inputs(declared(), {"a": "1"})


def test_the_types_of_the_model_are_those_of_the_parser() -> None:
    assert get_args(InputType) == WORDS["input_type"]
