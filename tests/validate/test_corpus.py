"""The corpus of runbooks: nothing is found in good ones, and every rule in bad ones; `make generate` writes their findings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from engine.checks.rules import ALL
from tests.validate.corpus import found, registry, runbooks, shipped, told

GOOD = runbooks("good")
BAD = runbooks("bad")


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_nothing_is_found_in_good_runbooks(file: Path) -> None:
    assert told(file) == ""


@pytest.mark.parametrize("file", shipped(), ids=lambda file: file.stem)
def test_nothing_is_found_in_shipped_runbooks(file: Path) -> None:
    assert told(file) == ""


def test_every_rule_is_found_three_times() -> None:
    counts = Counter(one.rule for file in BAD for one in found(file))
    few = {rule.id: counts[rule.id] for rule in ALL if not rule.id.startswith("RB1") and counts[rule.id] < 3}
    assert not few  # of the text (RB1xx) a file has one: tests/language has theirs


def test_bad_runbooks_say_what_is_bad_about_them() -> None:
    assert all(file.read_text("utf-8").startswith("# ") for file in (*GOOD, *BAD))


def test_every_kind_and_action_stands_in_a_runbook() -> None:
    texts = "".join(file.read_text("utf-8") for file in (*GOOD, *BAD)) + (
        Path(__file__).parents[2] / "runbooks" / "restore.yaml"
    ).read_text("utf-8")
    missing = [name for name in (*registry().kinds, *registry().actions) if name not in texts]
    assert missing == []
