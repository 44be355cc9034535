"""Each rule of text and shape: its example finds it and nothing else, and put right it finds nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.checks.rules.shape import RULES as SHAPE
from engine.checks.rules.text import RULES as TEXT
from tests.language.given import parsed, told
from tests.validate.examples import bad, good

RULES = [rule.id for rule in (*TEXT, *SHAPE)]


@pytest.mark.parametrize("id", RULES)
def test_its_example_finds_it_and_nothing_else(id: str) -> None:
    assert {rule for rule, _, _ in told(bad(id))} == {id}


@pytest.mark.parametrize("id", RULES)
def test_put_right_it_finds_nothing(id: str) -> None:
    assert told(good(id)) == []


@pytest.mark.parametrize("id", RULES)
def test_what_is_told_is_told_well(id: str) -> None:
    for one in parsed(bad(id)).findings:
        assert one.file == "example.yaml"
        assert one.severity == "error"
        assert one.message
        assert not one.message.endswith(".")
        assert (one.line, one.column) < (one.end_line, one.end_column)
        assert min(one.line, one.column) >= 1


def test_every_rule_that_is_told_is_described() -> None:
    folder = Path(__file__).resolve().parents[2] / "engine" / "language"
    sources = [path.read_text(encoding="utf-8") for path in folder.rglob("*.py")]
    named = {id for source in sources for id in re.findall(r'"(RB[0-9]{3})"', source)}
    assert named == set(RULES)
