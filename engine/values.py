"""Immutable types: `Value` for data, `Resources` for data with functions or connections.

Two values are equal if they are of one class and their fields are equal; they then have the same hash. msgspec does
this in C: making a value takes a fifth of the time of a dataclass (docs/decisions/0008-msgspec-values.md). Fields are
passed by keyword, which the type checker enforces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, dataclass_transform

from msgspec import Struct, field

if TYPE_CHECKING:  # mypy checks the keywords of `dataclasses.replace`, for these classes too, and of no other function
    from dataclasses import replace as changed
else:
    from msgspec.structs import replace as changed

__all__ = ["Resources", "Value", "changed", "field"]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Value(Struct, frozen=True, gc=False):
    """Immutable data. A field that the class does not have can be neither passed, set nor `changed`.

    A value holds only what existed before it, so it cannot be part of a reference cycle, and the garbage collector
    does not track it.
    """


class Resources(Value, gc=True):
    """Like `Value`, but may hold functions or connections, so the garbage collector tracks it."""
