"""Every rule, in the order of its number."""

from __future__ import annotations

from typing import Final

from engine.checks.rule import Rule
from engine.checks.rules import (
    calls,
    comments,
    data,
    limits,
    parameters,
    references,
    regions,
    rescues,
    safety,
    state_tables,
    style,
)
from engine.language.rules import RULES as READ

_FOUND: Final = (
    *parameters.RULES, *regions.RULES, *data.RULES, *state_tables.RULES, *rescues.RULES, *limits.RULES, *safety.RULES, *calls.RULES, *references.RULES,
    *style.RULES, *comments.RULES,
)  # fmt: skip
_TOLD: Final = tuple(
    Rule(id=one.id, title=one.title, why=one.why, wrong=one.wrong, right=one.right) for one in READ.values()
)
ALL: Final[tuple[Rule, ...]] = tuple(sorted((*_TOLD, *_FOUND), key=lambda rule: rule.id))
BY_ID: Final = {rule.id: rule for rule in ALL}
