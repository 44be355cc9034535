"""The rules RB1xx and RB2xx: the bad example has findings of its rule only, and the good one has none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.checks.rules.shape import RULES as SHAPE
from engine.checks.rules.text import RULES as TEXT
from tests.language.parsed_examples import parsed, rules_at
from tests.validate.examples import bad, good

RULES = [rule.id for rule in (*TEXT, *SHAPE)]


@pytest.mark.parametrize("id", RULES)
def test_bad_example(id: str) -> None:
    assert {rule for rule, _, _ in rules_at(bad(id))} == {id}


@pytest.mark.parametrize("id", RULES)
def test_good_example(id: str) -> None:
    assert rules_at(good(id)) == []


@pytest.mark.parametrize("id", RULES)
def test_findings_are_well_formed(id: str) -> None:
    for one in parsed(bad(id)).findings:
        assert one.file == "example.yaml"
        assert one.severity == "error"
        assert one.message
        assert not one.message.endswith(".")
        assert (one.line, one.column) < (one.end_line, one.end_column)
        assert min(one.line, one.column) >= 1


def test_every_rule_in_the_code_is_described() -> None:
    folder = Path(__file__).resolve().parents[2] / "engine" / "language"
    sources = [path.read_text(encoding="utf-8") for path in folder.rglob("*.py")]
    named = {id for source in sources for id in re.findall(r'"(RB[0-9]{3})"', source)}
    assert named == set(RULES)
