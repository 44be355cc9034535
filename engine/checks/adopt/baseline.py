"""The baseline: findings that an existing repository already had, and that are not reported again.

A finding is identified by file, rule and message, and counted. Line and column numbers are left out, those inside
messages too, so that moving a step does not make an old finding new. This module reads and writes no file.
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
"""File → rule and message → number of occurrences."""


def baseline_key(finding: Finding) -> str:
    """Rule and message, with line and column numbers masked."""
    return f"{finding.rule} " + _PLACES.sub(r"\1 …", finding.message)


def baseline_of(findings: Iterable[Finding]) -> Baseline:
    """A baseline of all these findings."""
    counts: dict[str, Counter[str]] = {}
    for one in findings:
        counts.setdefault(one.file, Counter())[baseline_key(one)] += 1
    return counts


def new_findings(findings: Iterable[Finding], known: Baseline) -> tuple[list[Finding], int]:
    """The new findings, in their order, and how many findings of the baseline no longer occur."""
    left = {file: Counter(words) for file, words in known.items()}
    fresh = []
    for one in findings:
        words = left.get(one.file, Counter())
        if words[baseline_key(one)] > 0:
            words[baseline_key(one)] -= 1
        else:
            fresh.append(one)
    return fresh, sum(words.total() for words in left.values())


def updated_baseline(
    known: Baseline, findings: Iterable[Finding], checked: Iterable[str], exists: Callable[[str], bool]
) -> Baseline:
    """A baseline of the current findings. Entries of files that were not checked but still exist are kept."""
    seen = set(checked)
    kept = {file: words for file, words in known.items() if file not in seen and exists(file)}
    return {**kept, **baseline_of(findings)}


def format_baseline(known: Baseline) -> str:
    """The text of a baseline file: sorted, one finding a line."""
    found = {file: dict(sorted(words.items())) for file, words in sorted(known.items()) if words}
    return json.dumps({"format": FORMAT, "findings": found}, indent=1, ensure_ascii=False) + "\n"


def parse_baseline(text: str, name: str) -> Baseline:
    """The baseline in a file's text. UsageError if it is not one of this version."""
    try:
        document: Any = json.loads(text)
        assert document["format"] == FORMAT
        known = {
            str(file): {str(word): int(count) for word, count in words.items()}
            for file, words in document["findings"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        message = f"{name} is not a baseline file of this version; create one with `--write-baseline`"
        raise UsageError(message) from error
    return known
