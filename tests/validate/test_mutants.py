"""Mutation test: a change in the meaning of a shipped runbook is found, or does no harm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import asdict

from engine.checks import validate
from engine.values import Value, changed
from tests.validate.corpus import registry, shipped
from tests.validate.mutants import Mutant, misspelt, mutants

ANOTHER = {
    # These are different and valid runbooks, which hold or check less where the original does more.
    # docs/decisions/0015-missing-rows.md says why there is no finding.
    "restore": {
        'row missing: {fail: "no snapshot ${snapshot} in ${source_region}", error: InvalidSnapshot.NotFound}': "it holds",
        "row missing: done": "it holds where there is no old cluster",
        'row broken: {hold: "${seen.problem}", error: InvalidVPCConfiguration}': "it holds, with a standard reason",
        "row broken: done": "it holds where the endpoint does not answer",
        "rescue error: ConnectionTimeout": "it is tried again, without looking why",
    }
}
"""By runbook: each mutant with a different meaning and no finding, and what it does instead."""


@pytest.mark.parametrize("file", shipped(), ids=lambda file: file.stem)
def test_mutants(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = file.read_text("utf-8")
    original = meaning(text)
    assert original is not None
    counts: Counter[tuple[str, str]] = Counter()
    another = set()
    for mutant in mutants(text):
        outcome = judged(mutant, original)
        counts[mutant.what, outcome] += 1
        if outcome == "another":
            another.add(f"{mutant.what} {mutant.where}")
    with capsys.disabled():
        print(f"\n{file.name}: {summary(counts)}")
        print("".join(f"  not found: {one}: {why}\n" for one, why in ANOTHER.get(file.stem, {}).items()), end="")
    assert another == ANOTHER.get(file.stem, {}).keys()
    assert counts["name", "found"] > 20 * counts["name", "the same"]


def judged(mutant: Mutant, original: object) -> str:
    runbook, findings = validate(mutant.text, registry())
    if findings:
        return "found"
    return "the same" if runbook is not None and plain(runbook) == original else "another"


def summary(counts: Counter[tuple[str, str]]) -> str:
    """`312 mutants: name found 283, …`."""
    parts = ", ".join(f"{what} {outcome} {number}" for (what, outcome), number in sorted(counts.items()))
    return f"{sum(counts.values())} mutants: {parts}"


def meaning(text: str) -> object:
    runbook, _ = validate(text, registry())
    return plain(runbook) if runbook is not None else None


def plain(value: object) -> object:
    """The meaning of a runbook: without texts, places and ids, and with rows by name, written or filled in."""
    if isinstance(value, Value):
        aside = {"path", "id", "is_default", "text", "digest", "index", "by_name"}
        fields = {name: one for name, one in asdict(value).items() if name not in aside}
        if "states" in fields:
            fields["states"] = {name: plain(changed(row, names=())) for row in fields["states"] for name in row.names}
        return {name: plain(one) for name, one in fields.items()}
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


@pytest.mark.parametrize(("word", "wrong"), [("create", "craete"), ("aa", "aaa"), ("id", "di")])
def test_misspelling(word: str, wrong: str) -> None:
    assert misspelt(word) == wrong
