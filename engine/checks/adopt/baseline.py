"""Findings that were there when checking began, in an old repository: known, and not told again.

A finding is known by its file, its rule and its message, as often as it was there; where its line stands, or others
that its message names, does not count, so that nothing is told again because something was moved. Reads no file.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from engine.errors import Finding, UsageError

FORMAT: Final = 1
_PLACES: Final = re.compile(r"\b(line|column) \d+")

Baseline = Mapping[str, Mapping[str, int]]
"""File → rule and message → how often."""


def known_as(finding: Finding) -> str:
    """Its rule and its message, without the places in it."""
    return f"{finding.rule} " + _PLACES.sub(r"\1 …", finding.message)


def baseline_of(findings: Iterable[Finding]) -> Baseline:
    """All of them, as known."""
    counts: dict[str, Counter[str]] = {}
    for one in findings:
        counts.setdefault(one.file, Counter())[known_as(one)] += 1
    return counts


def without_known(findings: Iterable[Finding], known: Baseline) -> tuple[list[Finding], int]:
    """What is not known, in its order; and how many of those that are known have gone, of the files that have some."""
    left = {file: Counter(words) for file, words in known.items()}
    fresh = []
    for one in findings:
        words = left.get(one.file, Counter())
        if words[known_as(one)] > 0:
            words[known_as(one)] -= 1
        else:
            fresh.append(one)
    return fresh, sum(words.total() for words in left.values())


def renewed(
    known: Baseline, findings: Iterable[Finding], checked: Iterable[str], stands: Callable[[str], bool]
) -> Baseline:
    """What is found now; of files that were not checked and still stand, what is known."""
    seen = set(checked)
    kept = {file: words for file, words in known.items() if file not in seen and stands(file)}
    return {**kept, **baseline_of(findings)}


def as_text(known: Baseline) -> str:
    """As it stands in a file: sorted, a line for each."""
    found = {file: dict(sorted(words.items())) for file, words in sorted(known.items()) if words}
    return json.dumps({"format": FORMAT, "findings": found}, indent=1, ensure_ascii=False) + "\n"


def from_text(text: str, name: str) -> Baseline:
    """UsageError for what is no such file."""
    try:
        document: Any = json.loads(text)
        assert document["format"] == FORMAT
        known = {
            str(file): {str(word): int(count) for word, count in words.items()}
            for file, words in document["findings"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        message = f"{name} is no baseline that this version reads; `--write-baseline` writes one"
        raise UsageError(message) from error
    return known
