"""The corpus of runbooks: good ones have no findings, and bad ones cover every rule; `make generate` writes their findings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from engine.checks.rules import ALL
from tests.validate.corpus import found, registry, rendered_findings, runbooks, shipped

GOOD = runbooks("good")
BAD = runbooks("bad")


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_good_runbooks_have_no_findings(file: Path) -> None:
    assert rendered_findings(file) == ""


@pytest.mark.parametrize("file", shipped(), ids=lambda file: file.stem)
def test_shipped_runbooks_have_no_findings(file: Path) -> None:
    assert rendered_findings(file) == ""


def test_every_rule_has_three_findings() -> None:
    counts = Counter(one.rule for file in BAD for one in found(file))
    few = {rule.id: counts[rule.id] for rule in ALL if not rule.id.startswith("RB1") and counts[rule.id] < 3}
    assert not few  # RB1xx stop at the first finding of a file: tests/language covers them


def test_runbooks_start_with_a_comment() -> None:
    assert all(file.read_text("utf-8").startswith("# ") for file in (*GOOD, *BAD))


def test_every_kind_and_action_is_used_in_a_runbook() -> None:
    texts = "".join(file.read_text("utf-8") for file in (*GOOD, *BAD)) + (
        Path(__file__).parents[2] / "runbooks" / "restore.yaml"
    ).read_text("utf-8")
    missing = [name for name in (*registry().kinds, *registry().actions) if name not in texts]
    assert missing == []
