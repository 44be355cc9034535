"""`value`: a dataclass whose fields nobody sets again. The type checker holds that; at run time it costs nothing.

`dataclass(frozen=True)` sets each field of a new one by `object.__setattr__`, which doubles the price of making it
(docs/decisions/0008-values-that-are-copied.md). This module uses the standard library alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field, field))
def value(*, slots: bool = True, kw_only: bool = True) -> Callable[[type[T]], type[T]]:
    """Of a class, a dataclass. Equal ones have the same hash."""
    return dataclass(unsafe_hash=True, slots=slots, kw_only=kw_only)
