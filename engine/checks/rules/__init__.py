"""Every rule, in the order of its number."""

from __future__ import annotations

from typing import Final

from engine.checks.rule import Rule
from engine.checks.rules import data, errors, parameters, states, times

ALL: Final[tuple[Rule, ...]] = (*parameters.RULES, *data.RULES, *states.RULES, *errors.RULES, *times.RULES)
BY_ID: Final = {rule.id: rule for rule in ALL}
