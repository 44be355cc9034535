"""`Value`: what is made once and never changed. Equal ones are of one class, with equal fields, and have the same hash.

The fields are keywords, and those at their default are no part of the JSON form (engine/kernel/codec.py). msgspec does
all of it in C: making one costs a fifth of a dataclass (docs/decisions/0008-values-in-c.md).
"""

from __future__ import annotations

from typing import Any, dataclass_transform

from msgspec import Struct, StructMeta, field
from msgspec.structs import replace as changed

__all__ = ["Value", "changed", "field"]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class _Values(StructMeta):
    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
        return super().__new__(cls, name, bases, namespace, **{"frozen": True, "kw_only": True, **options})


class Value(Struct, metaclass=_Values):
    """A field that it does not have cannot be given to it, set, or `changed`."""
