"""Suggestions for a word that is not legal: the nearest legal word, and a list of all. For findings and commands."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

MOST_LISTED: Final = 24
MOST_CHARACTERS: Final = 320
MOST_COMPARED: Final = 500
MOST_SUGGESTIONS: Final = 50
"""The limits for one word and for one runbook. A file in which everything is wrong should not take longer than a good one."""


def nearest(word: str, legal: Iterable[str], most: int | None = None) -> str | None:
    """The legal word that was probably meant, at most `most` edits away (by default depending on its length), or None."""
    plain = _normalize(word)
    if most is None:
        most = min(max(2, len(word) // 3), len(word) - 1)
    best, least = None, most + 1
    for candidate in islice(legal, MOST_COMPARED):
        other = _normalize(candidate)
        if abs(len(other) - len(plain)) >= least:
            continue
        distance = _distance(plain, other, least)
        if distance < least:
            best, least = candidate, distance
    return best


def only_close_match(word: str, legal: Iterable[str]) -> str | None:
    """The only legal word that is close; None if there is none, or more than one."""
    if len(word) < 3:
        return None
    plain, most = _normalize(word), 1 if len(word) <= 4 else 2
    near = [one for one in islice(legal, MOST_COMPARED) if _distance(plain, _normalize(one), most + 1) <= most]
    return near[0] if len(near) == 1 else None


def _normalize(word: str) -> str:
    return word[:64].lower().replace("-", "_")


def _distance(a: str, b: str, limit: int) -> int:
    """How many insertions, deletions, substitutions and swaps of neighbours lead from `a` to `b`; `limit` if it is more."""
    if a == b:
        return 0
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) >= limit:
            return limit
        before, last = last, row
    return last[-1]


def list_words(legal: Iterable[str]) -> str:
    """`a, b, c`, sorted; for a long list, the beginning and how many more there are."""
    every = set(legal)
    words = heapq.nsmallest(MOST_LISTED, every)
    shown, length = 0, 0
    while shown < len(words) and length < MOST_CHARACTERS:
        length += len(words[shown]) + 2
        shown += 1
    more = len(every) - shown
    return ", ".join(words[:shown]) + (f" and {more} more" if more > 0 else "")


def did_you_mean(word: str, legal: Iterable[str], what: str = "expected one of", *, rest: str | None = None) -> str:
    """``did you mean `x`? WHAT: a, b, c``, without the question if no word is near.

    `rest` replaces the list; "" leaves it out.
    """
    words = list(legal)
    found = nearest(word, words)
    if rest is None:
        rest = f"{what}: {list_words(words)}" if words else "none are defined"
    return " ".join(filter(None, [f"did you mean `{found}`?" if found is not None else "", rest]))


@dataclass(slots=True)
class Suggestions:
    """Suggestions for one runbook. Only the first findings get one, because the lists grow with the runbook."""

    left: int = MOST_SUGGESTIONS

    def did_you_mean(
        self, word: str, legal: Callable[[], Iterable[str]], what: str = "expected one of", *, rest: str | None = None
    ) -> str:
        return did_you_mean(word, legal(), what, rest=rest) if self.take() else rest or ""

    def nearest(self, word: str, legal: Callable[[], Iterable[str]], most: int | None = None) -> str | None:
        return nearest(word, legal(), most) if self.take() else None

    def take(self) -> bool:
        """Count a suggestion. False if there have been too many."""
        self.left -= 1
        return self.left >= 0
