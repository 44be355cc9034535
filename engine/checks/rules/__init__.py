"""Every rule, in the order of its number."""

from __future__ import annotations

from typing import Final

from engine.checks.rule import Rule
from engine.checks.rules import (
    comments,
    data,
    limits,
    parameters,
    references,
    regions,
    rescues,
    safety,
    shape,
    states,
    style,
    text,
)

_MODULES: Final = (parameters, regions, data, states, rescues, limits, safety, references, style)
_DECLARED: Final = [one for module in _MODULES for one in vars(module).values() if isinstance(one, Rule)]
_WITHOUT_FUNCTION: Final = (*text.RULES, *shape.RULES, *data.RULES, *comments.RULES)
ALL: Final[tuple[Rule, ...]] = tuple(sorted((*_DECLARED, *_WITHOUT_FUNCTION), key=lambda rule: rule.id))
BY_ID: Final = {rule.id: rule for rule in ALL}
