"""The rules as data: their pages are complete, their examples are true, and every rule that the code names has its page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.checks import validate
from engine.checks.pages import EXAMPLES, FAMILIES, page
from engine.checks.rule import Rule
from engine.checks.rules import ALL, BY_ID
from tests.validate.cases import REGISTRY
from tests.validate.examples import bad, good, sibling_tests


def rules_of(rule: Rule, example: bytes, tests: str | None) -> set[str]:
    """The rules that the example breaks; warnings only where it is about one."""
    found = validate(example, REGISTRY, "example.yaml", tests)[1]
    return {one.rule for one in found if one.severity == "error" or one.rule == rule.id}


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_examples_are_true(rule: Rule) -> None:
    assert rules_of(rule, bad(rule.id), sibling_tests(rule.id, "bad")) == {rule.id}
    assert not rules_of(rule, good(rule.id), sibling_tests(rule.id, "good"))


def test_every_example_belongs_to_a_rule() -> None:
    """One bad and one good example for each rule, and no file that is left over."""
    files = {file.name for file in EXAMPLES.iterdir() if not file.name.endswith(".test.yaml")}
    assert files == {f"{id}.{which}.yaml" for id in BY_ID for which in ("bad", "good")}


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_pages_say_what_a_reader_needs(rule: Rule) -> None:
    assert re.fullmatch(r"RB[1-7]\d\d", rule.id)
    assert rule.title[0].isupper() or rule.title[0] in "`["
    assert not rule.title.endswith(".")
    assert rule.why.endswith((".", ")", "?"))
    assert len(rule.why) > 30
    text = page(rule.id.lower())
    assert text is not None
    assert text.startswith(f"{rule.id} {rule.title}")


def test_ids_are_unique_and_in_order() -> None:
    ids = [rule.id for rule in ALL]
    assert ids == sorted(set(ids))
    assert set(BY_ID) == set(ids)
    assert {id[:3] for id in ids} == set(FAMILIES)


def test_only_style_and_the_time_limit_warn() -> None:
    warnings = {rule.id for rule in ALL if rule.severity == "warning"}
    assert warnings <= {"RB512"} | {rule.id for rule in ALL if rule.id.startswith("RB7")}
    assert "RB512" in warnings


def test_there_is_no_page_of_what_is_no_rule() -> None:
    assert page("RB999") is None


def test_every_rule_that_is_told_has_its_page(root: Path) -> None:
    told = set()
    for file in (root / "engine").rglob("*.py"):
        told |= set(re.findall(r'"(RB\d{3})"', file.read_text(encoding="utf-8")))
    examples = {"RB404", "RB402", "RB605"}  # names that comments and help texts use
    assert told - examples - set(BY_ID) == set()
