"""Another value with some fields changed: what `dataclasses.replace` does, for the three values that every event copies.

`Operation`, `Frame` and `StepRecord` have no slots, so that a copy is one copy of a dictionary: a fifteenth of the
price of `replace`, which is most of what a step costs (docs/decisions/0008-values-that-are-copied.md).
"""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")


def changed(value: T, **changes: Any) -> T:
    """`value` with these fields changed; a field that it does not have is a bug."""
    fields = value.__dict__
    assert changes.keys() <= fields.keys(), changes.keys() - fields.keys()
    new = object.__new__(type(value))
    new.__dict__.update(fields)
    new.__dict__.update(changes)
    return new
