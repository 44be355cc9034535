"""How much work expressions may take, so that nobody's runbook stalls a command (docs/decisions/0048-bounded-evaluation.md).

A unit is one value that is visited, or 16 characters of text that are. What is charged does not depend on the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.errors import ExpressionError

MOST_WORK: Final = 3_000_000
"""Units that the expressions of one command, or of one decision of the kernel, may take: about a second."""
_CHARACTERS: Final = 16
"""Characters of text that count as one unit."""


SMALL: Final = 256
"""Characters of a text that is not charged for: there are no more of them than expressions in a file."""
_COMPARED: Final = 8
"""Comparisons of two values that count as one unit."""


class TooMuchWork(ExpressionError):
    """No work is left."""


class Budget:
    """The work that is left. It is shared by all expressions that are evaluated with the same names."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_WORK

    def charge(self, units: int) -> None:
        """TooMuchWork if this is more than is left."""
        self.left -= units
        if self.left < 0:
            raise TooMuchWork("the expressions take too much work: make their values smaller")

    def charge_visit(self, value: Any) -> None:
        """Charge what it takes to visit all of a value."""
        if type(value) is str:
            self.charge(len(value) // _CHARACTERS)
            return
        due = [value]
        while due:
            one = due.pop()
            if isinstance(one, str):
                self.charge(1 + len(one) // _CHARACTERS)
            elif isinstance(one, Mapping):
                self.charge(1 + len(one))
                due.extend(one.values())
            elif isinstance(one, (list, tuple)):
                self.charge(1 + len(one))
                due.extend(one)

    def charge_items(self, value: Any, times: int = 1) -> None:
        """Charge for each item of a list or map, or each character of a text."""
        if isinstance(value, (str, list, tuple, Mapping)):
            self.charge(len(value) * times)


def budget_of(names: Mapping[str, Any]) -> Budget:
    """The budget of the names; a new one if they have none."""
    found = getattr(names, "budget", None)
    return found if isinstance(found, Budget) else Budget()


# -- what a filter is charged, from its value and its arguments --------------------------------------------------


def _charge_all(budget: Budget, value: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    budget.charge_visit(value)
    for one in (*args, *named.values()):
        budget.charge_visit(one)


def _charge_items(budget: Budget, value: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    budget.charge_items(value)
    if args[1:2] == ("in",):  # of `selectattr`: each item is looked for among these
        budget.charge(_length_of(value) * _length_of(args[2]) // _COMPARED)


def _charge_keys(budget: Budget, value: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    budget.charge_items(value, 2)
    _charge_all(budget, value, args, named)


def _charge_nothing(budget: Budget, value: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    pass


def _length_of(value: Any) -> int:
    return len(value) if isinstance(value, (str, list, tuple, Mapping)) else 0


CHARGES: Final = {"all": _charge_all, "items": _charge_items, "keys": _charge_keys, "none": _charge_nothing}
"""By `FilterSpec.work`."""
