"""`Value`: what is made once and never changed; `Bundle`: the same, of what may change.

Equal ones are of one class, with equal fields, and have the same hash.
msgspec does all of it in C: making one costs a fifth of a dataclass (docs/decisions/0008-msgspec-values.md). Fields are
given by keyword: the type checker holds that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, dataclass_transform

from msgspec import Struct, field

if TYPE_CHECKING:  # mypy checks the keywords of `dataclasses.replace`, for these classes too, and of no other function
    from dataclasses import replace as changed
else:
    from msgspec.structs import replace as changed

__all__ = ["Bundle", "Value", "changed", "field"]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Value(Struct, frozen=True, gc=False):
    """A field that it does not have cannot be given to it, set, or `changed`.

    It is data: what cannot change holds nothing that was made after it, so that no cycle goes through it, and the
    garbage collector need not look at it.
    """


class Bundle(Value, gc=True):
    """What is handed over together and not data alone: functions, connections, errors, registries.

    From those a way may lead back to it, so the garbage collector looks at it.
    """
