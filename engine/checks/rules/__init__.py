"""Every rule, in the order of its number."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
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

_MODULES: Final = (parameters, regions, data, states, rescues, limits, safety, references, style, comments)


def _declared(module: ModuleType) -> Iterator[Rule]:
    return (one for one in vars(module).values() if isinstance(one, Rule))


_RULES: Final = (*text.RULES, *shape.RULES, *(rule for module in _MODULES for rule in _declared(module)))
ALL: Final[tuple[Rule, ...]] = tuple(sorted(_RULES, key=lambda rule: rule.id))
BY_ID: Final = {rule.id: rule for rule in ALL}
