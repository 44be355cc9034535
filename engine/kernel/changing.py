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
    after = fields | changes
    assert len(after) == len(fields), changes.keys() - fields.keys()
    other = object.__new__(value.__class__)
    other.__dict__ = after
    return other
