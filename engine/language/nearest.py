"""What is said of a word that is not legal: the nearest legal one, and the list of them. Findings and commands say the same."""

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
"""At most so many words are compared, and so many guesses made for one runbook: a file that is wrong all over takes no
longer than a good one."""


def nearest(word: str, legal: Iterable[str], most: int | None = None) -> str | None:
    """The legal word that was probably meant; None where none is near enough (`most` changes away, else by its length)."""
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
    """The one legal word that it can have been meant for; None where that is not certain."""
    if len(word) < 3:
        return None
    plain, most = _normalize(word), 1 if len(word) <= 4 else 2
    near = [one for one in islice(legal, MOST_COMPARED) if _distance(plain, _normalize(one), most + 1) <= most]
    return near[0] if len(near) == 1 else None


def _normalize(word: str) -> str:
    return word[:64].lower().replace("-", "_")


def _distance(a: str, b: str, limit: int) -> int:
    """How many insertions, deletions, changes and swaps of neighbours; no further than `limit`."""
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
    """`a, b, c`; of a long list the beginning, and how many more there are."""
    every = set(legal)
    words = heapq.nsmallest(MOST_LISTED, every)
    shown, length = 0, 0
    while shown < len(words) and length < MOST_CHARACTERS:
        length += len(words[shown]) + 2
        shown += 1
    more = len(every) - shown
    return ", ".join(words[:shown]) + (f" and {more} more" if more > 0 else "")


def did_you_mean(word: str, legal: Iterable[str], what: str = "expected one of", *, rest: str | None = None) -> str:
    """``did you mean `x`? WHAT: a, b, c``; without the question where nothing is near.

    `rest` stands in place of the list, where there is something better to say ("": nothing).
    """
    words = list(legal)
    found = nearest(word, words)
    if rest is None:
        rest = f"{what}: {list_words(words)}" if words else "none are defined"
    return " ".join(filter(None, [f"did you mean `{found}`?" if found is not None else "", rest]))


@dataclass(slots=True)
class Suggestions:
    """Guesses for one runbook: only the first findings have one, because the lists grow with the runbook."""

    left: int = MOST_SUGGESTIONS

    def did_you_mean(
        self, word: str, legal: Callable[[], Iterable[str]], what: str = "expected one of", *, rest: str | None = None
    ) -> str:
        return did_you_mean(word, legal(), what, rest=rest) if self.another() else rest or ""

    def nearest(self, word: str, legal: Callable[[], Iterable[str]], most: int | None = None) -> str | None:
        return nearest(word, legal(), most) if self.another() else None

    def another(self) -> bool:
        self.left -= 1
        return self.left >= 0
