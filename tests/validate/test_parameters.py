"""RB251–RB253: `with`, checked against the parameters of a kind or an action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from engine.checks.dataflow.conformity import Known, differences
from engine.language.yaml.nodes import MapNode
from engine.language.yaml.reader import load_yaml
from tests.validate.cases import findings, holds

CASES = {
    "all is well": "- {id: x, check: rds.cluster, with: {name: orders, port: 5432, security_groups: [a, b]}}",
    "unknown": "- {id: x, check: rds.cluster, with: {name: orders, «RB251 prot»: 5432}}",
    "unknown, of an action": "- {id: x, call: sns.publish, with: {topic: a, «RB251 txt»: b}}",
    "unknown, in `until`": """
        - id: x
          call: aws.rds.modify_db_cluster
          until: {check: rds.cluster, with: {name: a, «RB251 nme»: b}, is: seen.settled}
        """,
    "unknown, in a row's `do`": """
        - id: x
          check: rds.cluster
          with: {name: a}
          states: {=stopped: {do: [{check: rds.cluster, with: {name: a, «RB251 nme»: b}}], then: hold}}
        """,
    "unknown, in `on_failure`": """
        runbook: case
        steps: [{id: x, wait: 1s}]
        on_failure: [{call: sns.publish, with: {topic: a, «RB251 txt»: b}}]
        """,
    "missing": "- {id: x, check: net.endpoint, with: {«RB252 host»: a}}",
    "missing, all of it": "- {«RB252 id»: x, check: net.endpoint}",
    "missing because it is misspelt: one finding": "- {id: x, check: rds.cluster, with: {«RB251 nmae»: orders}}",
    "an expression is there": '- {id: x, check: rds.cluster, with: {name: "${cluster}"}}',
    "null is left out": "- {id: x, check: rds.cluster, with: {name: orders, port: null}}",
    "a number for text": "- {id: x, check: rds.cluster, with: {name: «RB253 5»}}",
    "text for a number": "- {id: x, check: rds.cluster, with: {name: a, port: «RB253 '5432'»}}",
    "text for a boolean": "- {id: x, check: rds.cluster, with: {name: a, unprotect: «RB253 yes»}}",
    "text for a list": "- {id: x, check: rds.cluster, with: {name: a, security_groups: «RB253 sg-1»}}",
    "one wrong item of a list": "- {id: x, check: rds.cluster, with: {name: a, security_groups: [sg-1, «RB253 2»]}}",
    "out of bounds": "- {id: x, check: rds.cluster, with: {name: a, port: «RB253 0»}}",
    "against a pattern": "- {id: x, check: rds.cluster, with: {name: «RB253 Orders»}}",
    "a key that an object has not": (
        "- {id: x, check: rds.cluster, with: {name: a, serverless: {min: 1, max: 2, «RB253 step»: 1}}}"
    ),
    "a key that an object lacks": "- {id: x, check: rds.cluster, with: {name: a, serverless: {«RB253 min»: 1}}}",
    "a map for text": "- {id: x, check: rds.cluster, with: {name: «RB253 {a: b}»}}",
    "one of a few words": """
        - id: x
          call: postgres.setup_users
          with: {host: a, admin: "${settings.admin}", users: [{name: b, access: «RB253 readonlyy»}]}
        """,
    "too few items": """
        - id: x
          call: postgres.setup_users
          with: {host: a, admin: "${settings.admin}", users: «RB253 []»}
        """,
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_parameters(case: str) -> None:
    holds(case)


def test_suggestion() -> None:
    found = findings("runbook: a\nsteps: [{id: x, check: rds.cluster, with: {nmae: orders}}]")
    assert found[0].help.startswith("did you mean `name`? its parameters: final_snapshot, from_snapshot, name")


SCHEMAS: tuple[tuple[Mapping[str, Any], str, list[tuple[int, int, str]]], ...] = (
    ({}, "5", []),
    ({"type": ["string", "null"]}, "null", []),
    ({"enum": ["a", 1]}, "b", [(1, 8, "`b` is not allowed here")]),
    ({"enum": ["a", 1]}, "1", []),
    ({"const": 5}, "6", [(1, 8, "only `5` is allowed here")]),
    ({"type": "number", "maximum": 2}, "3.5", [(1, 8, "`3.5` is out of range: at most 2")]),
    ({"type": "string", "minLength": 2, "maxLength": 3}, "abcd", [(1, 8, "the text has 4 characters; expected 2 to 3")]),
    ({"type": "array", "maxItems": 1}, "[a, b]", [(1, 8, "the list has 2 items; expected at most 1")]),
    ({"anyOf": [{"type": "string"}, {"type": "array"}]}, "5", [(1, 8, "expected text or a list, found the number `5`")]),
    ({"anyOf": [{"type": "string", "pattern": "^a"}, {"type": "array"}]}, "bc", [(1, 8, "`bc` does not match `^a`")]),
    ({"type": "object", "additionalProperties": {"type": "integer"}}, "{a: 1, b: c}",
     [(1, 18, "expected a whole number, found text")]),
    ({"type": "string", "not": {"const": "a"}}, "a", [(1, 8, "'a' should not be valid under {'const': 'a'}")]),
    ({"type": "array", "uniqueItems": True}, "[a, a]", [(1, 8, "['a', 'a'] has non-unique elements")]),
    ({"properties": {"a": {"$ref": "http://nowhere.example/schema"}}}, "{a: {b: 1}}", []),
)  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "expected"), SCHEMAS, ids=lambda value: str(value)[:40])
def test_schemas(schema: Mapping[str, Any], value: str, expected: list[tuple[int, int, str]]) -> None:
    root = load_yaml(f"value: {value}")
    assert isinstance(root, MapNode)
    node = root.get("value")
    assert node is not None
    found = [(one.node.span.line, one.node.span.column, one.message) for one in differences(node, schema, Known())]
    assert found == expected
