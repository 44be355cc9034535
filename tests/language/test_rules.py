"""Each rule of text and shape: its example finds it and nothing else, and put right it finds nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.language.rules import RULES
from tests.language.given import parsed, told


@pytest.mark.parametrize("id", RULES)
def test_its_example_finds_it_and_nothing_else(id: str) -> None:
    wrong: str | bytes = RULES[id].wrong
    if id == "RB102":
        wrong = RULES[id].wrong.encode("latin-1")
    assert {rule for rule, _, _ in told(wrong)} == {id}


@pytest.mark.parametrize("id", RULES)
def test_put_right_it_finds_nothing(id: str) -> None:
    assert told(RULES[id].right) == []


@pytest.mark.parametrize("id", RULES)
def test_what_is_told_is_told_well(id: str) -> None:
    wrong: str | bytes = RULES[id].wrong
    for one in parsed(wrong.encode("latin-1") if id == "RB102" else wrong).findings:
        assert one.file == "example.yaml"
        assert one.severity == "error"
        assert one.message
        assert not one.message.endswith(".")
        assert (one.line, one.column) < (one.end_line, one.end_column)
        assert min(one.line, one.column) >= 1


def test_every_rule_that_is_told_is_described() -> None:
    folder = Path(__file__).resolve().parents[2] / "engine" / "language"
    sources = [path.read_text(encoding="utf-8") for path in folder.glob("*.py") if path.name != "rules.py"]
    named = {id for source in sources for id in re.findall(r'"(RB[0-9]{3})"', source)}
    assert named == set(RULES)
