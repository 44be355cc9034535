"""`value`: a dataclass whose fields nobody sets again. The type checker holds that; at run time it costs nothing.

`dataclass(frozen=True)` sets each field of a new one by `object.__setattr__`, which doubles the price of making it, and
writes six methods for each class, which is half of what a cold start takes. Here only `__init__` is written for each;
comparing, hashing and showing are the same few lines for all (docs/decisions/0008-values-that-are-copied.md).
This module uses the standard library alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field, field))
def value(*, slots: bool = True, kw_only: bool = True) -> Callable[[type[T]], type[T]]:
    """Of a class, a dataclass. Equal ones are of one class, with equal fields, and have the same hash."""

    def made_of(cls: type[T]) -> type[T]:
        made: Any = dataclass(eq=False, repr=False, slots=slots, kw_only=kw_only)(cls)
        compared = attrgetter("__class__", *(one.name for one in fields(made) if one.compare))

        def equal(self: object, other: object) -> bool:
            return compared(self) == compared(other) if self.__class__ is other.__class__ else NotImplemented

        def hashed(self: object) -> int:
            return hash(compared(self))

        for name, method in (("__eq__", equal), ("__hash__", hashed), ("__repr__", _shown)):
            if name not in cls.__dict__ or cls.__dict__[name] is None:
                setattr(made, name, method)
        found: type[T] = made
        return found

    return made_of


def _shown(self: Any) -> str:
    told = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{self.__class__.__qualname__}({told})"
