"""`validate --fix`: what is fixed, and what is left to a person."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from engine.checks.adopt.fix import MOST, apply_fixes
from engine.language.yaml.reader import parse_yaml
from tests.language.random_documents import comments
from tests.validate.cases import REGISTRY, whole
from tests.validate.corpus import registry, runbooks, shipped
from tests.validate.test_fuzz import spliced


def mended(steps: str) -> str:
    return apply_fixes(whole(steps), REGISTRY, "case.yaml").text


MENDED = {
    # before, after
    "an expression in braces": (
        "- {id: old, check: rds.cluster, with: {name: ${cluster}}}",
        '- {id: old, check: rds.cluster, with: {name: "${cluster}"}}',
    ),
    "with text around it": (
        "- {id: old, check: rds.cluster, with: {name: a-${cluster}-${snapshot}}}",
        '- {id: old, check: rds.cluster, with: {name: "a-${cluster}-${snapshot}"}}',
    ),
    "with quotes in it": (
        "- {id: old, check: rds.cluster, with: {name: ${cluster | replace(\"a\", 'b')}}}",
        "- {id: old, check: rds.cluster, with: {name: \"${cluster | replace(\\\"a\\\", 'b')}\"}}",
    ),
    "with double quotes in it": (
        '- {id: old, check: rds.cluster, with: {name: ${cluster | replace("a", "b")}}}',
        "- {id: old, check: rds.cluster, with: {name: '${cluster | replace(\"a\", \"b\")}'}}",
    ),
    "in brackets, twice": (
        "- {id: a, for_each: [${cluster}, ${snapshot}], hold: look}",
        '- {id: a, for_each: ["${cluster}", "${snapshot}"], hold: look}',
    ),
    "a text that a comment cuts off": (
        "- id: a\n  hold: ${cluster | replace('b #', 'c')} is it  # why",
        "- id: a\n  hold: \"${cluster | replace('b #', 'c')} is it\"  # why",
    ),
    "an account's id": (
        "- {id: a, hold: look, description: 12}",
        '- {id: a, hold: look, description: "12"}',
    ),
    "a word where a list of them is wanted": (
        "- {id: a, hold: look}\n- {id: b, hold: look, requires: a}",
        "- {id: a, hold: look}\n- {id: b, hold: look, requires: [a]}",
    ),
    "a key": (
        "- {id: a, hold: look, descripton: b}",
        "- {id: a, hold: look, description: b}",
    ),
    "a key inside": (
        "- {id: old, check: rds.cluster, with: {name: a}, monitor: {evry: 1m, for: 1h}}",
        "- {id: old, check: rds.cluster, with: {name: a}, monitor: {every: 1m, for: 1h}}",
    ),
    "a key and a parameter below it": (
        "- id: old\n  check: rds.cluster\n  wiht: {nmae: a}",
        "- id: old\n  check: rds.cluster\n  with: {name: a}",
    ),
    "a class": (
        "- {id: old, check: rds.cluster, with: {name: a}, states: {avialable: done}}",
        "- {id: old, check: rds.cluster, with: {name: a}, states: {available: done}}",
    ),
    "a status without its sign": (
        "- {id: old, check: rds.cluster, with: {name: a}, states: {stopped: fail}}",
        "- {id: old, check: rds.cluster, with: {name: a}, states: {=stopped: fail}}",
    ),
    "a status": (
        "- {id: old, check: rds.cluster, with: {name: a}, states: {=stoped: fail}}",
        "- {id: old, check: rds.cluster, with: {name: a}, states: {=stopped: fail}}",
    ),
    "a hyphen in an expression": (
        '- {id: the-old, check: rds.cluster, with: {name: a}}\n- {id: b, hold: "${the-old.arn}"}',
        '- {id: the-old, check: rds.cluster, with: {name: a}}\n- {id: b, hold: "${the_old.arn}"}',
    ),
    "also in a text over several lines": (
        "- {id: the-old, check: rds.cluster, with: {name: a}}\n- id: b\n  hold: >\n    look\n    at ${the-old.arn}",
        "- {id: the-old, check: rds.cluster, with: {name: a}}\n- id: b\n  hold: >\n    look\n    at ${the_old.arn}",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "expected"), MENDED.values(), ids=MENDED)
def test_fixed(steps: str, expected: str) -> None:
    result = apply_fixes(whole(steps), REGISTRY, "case.yaml")
    assert result.text == whole(expected)
    assert result.fixes


LEFT = {
    "a key that could be two": "- {id: a, hold: look, i: b}",
    "a class that could be two": "- {id: old, check: rds.cluster, with: {name: a}, states: {blocken: fail}}",
    "a key that is like none": "- {id: a, hold: look, colour: b}",
    "a word of somewhere else": "- {id: a, hold: look, when: b}",
    "a key whose value would not fit": "- {id: old, check: rds.cluster, with: {name: a}, staets: [a]}",
    "a key that is there already": "- {id: a, hold: look, description: a, descripton: b}",
    "whose things may be deleted": "- {id: a, remove: rds.instance, with: {name: a}, ownr: any, states: {available: delete}}",
    "the point of no return": "- {id: a, call: sns.publish, with: {topic: a, text: b}, irreversble: true}",
    "what becomes of it": "- {id: a, ensure: rds.cluster, with: {name: a, from_snapshot: b}, udno: delete}",
    "a row that deletes": "- {id: a, remove: rds.instance, with: {name: a}, owner: any, states: {avialable: delete}}",
    "a row that replaces": "- {id: a, ensure: rds.cluster, with: {name: a, from_snapshot: b}, states: {brokn: replace}, retry: [1m], undo: keep}",
    "a verb": "- {id: old, check: rds.cluster, with: {name: a}, states: {broken: hodl}}",
    "a kind": "- {id: old, check: rds.clutser, with: {name: a}}",
    "a name": '- {id: a, hold: "${clutser}"}',
    "a hyphen of a name that there is not": '- {id: b, hold: "${the-old.arn}"}',
    "an expression that is never closed": "- {id: a, hold: ${cluster, if: dry}",
    "a key with an expression in it": "- {id: a, with: {${cluster}: b}}",
    "a duration without its unit": "- {id: a, wait: 5}",
    "a comment in an expression": "- id: a\n  hold: ${cluster # the old one",
}


@pytest.mark.parametrize("steps", LEFT.values(), ids=LEFT)
def test_left_to_a_person(steps: str) -> None:
    result = apply_fixes(whole(steps), REGISTRY, "case.yaml")
    assert result.findings
    assert (result.text, result.fixes) == (whole(steps), ())


def test_fixes_are_reported() -> None:
    result = apply_fixes(whole("- {id: a, hold: look, descripton: b}"), REGISTRY, "case.yaml")
    assert [(one.finding.rule, one.old, one.new) for one in result.fixes] == [("RB201", "descripton", "description")]
    assert not [one for one in result.findings if one.severity == "error"]


def test_line_ends_and_byte_order_mark_are_kept() -> None:
    text = "\ufeff" + whole("- {id: a, hold: look, descripton: b}").replace("\n", "\r\n")
    assert apply_fixes(text, REGISTRY, "case.yaml").text == text.replace("descripton", "description")


def test_the_number_of_fixes_is_limited() -> None:
    text = "runbook: a\nsteps:\n" + "".join(f"  - {{id: a{n}, wait: 1s, descripton: b}}\n" for n in range(MOST + 20))
    assert len(apply_fixes(text, REGISTRY, "case.yaml").fixes) == MOST


@pytest.mark.parametrize("file", [*runbooks("good"), *shipped()], ids=lambda file: file.stem)
def test_good_runbooks_are_unchanged(file: Path) -> None:
    text = file.read_text("utf-8")
    assert apply_fixes(text, registry(), file.name).text == text


@settings(max_examples=60)
@given(spliced())
def test_any_text(text: str) -> None:
    """Only lines with a fix change, no comment is lost, and a second run changes nothing."""
    result = apply_fixes(text, registry(), "case.yaml")
    pairs = zip(text.split("\n"), result.text.split("\n"), strict=True)
    assert sum(one != other for one, other in pairs) <= len(result.fixes)
    assert len(result.text) - len(text) == sum(len(fix.new) - len(fix.old) for fix in result.fixes)
    root, unread = parse_yaml(text)
    after, _ = parse_yaml(result.text)
    if root is not None and after is not None and not unread:
        assert comments(result.text, after) == comments(text, root)
    assert apply_fixes(result.text, registry(), "case.yaml").text == result.text
