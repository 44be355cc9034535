"""Does a check that is available show that its resource is there?"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from engine.errors import ExpressionError
from engine.language.expressions.grammar import parse_condition
from engine.language.expressions.syntax_tree import is_path
from engine.language.model import Check

ENDED: Final = frozenset(
    "absent canceled cancelled closed deleted deregistered destroyed detached dropped expired gone inactive missing none "
    "released removed revoked terminated".split()
)
"""Statuses of what is still in lists, but is no more: an EC2 instance is `terminated` for an hour."""


def shows_presence(check: Check) -> bool:
    """Is what the check calls available there? A `status` that is computed, or that says it has ended, may mean "gone"."""
    if check.status is None:
        return True
    words = {word.lower() for word in check.classes.get("available", ())}
    return words.isdisjoint(ENDED) and _is_path(check.status)


@lru_cache(maxsize=256)
def _is_path(status: str) -> bool:
    try:
        return is_path(parse_condition(status))
    except ExpressionError:
        return False
