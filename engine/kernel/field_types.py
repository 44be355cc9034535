"""Does a decoded value fit the type that its field is declared with? What a store returns may be damaged or forged.

Checked are the types of values, not what they mean: that every text is text, every time a finite number, and every
part of an operation of the class that belongs there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from immutables import Map

Fits = Callable[[Any], bool]

LARGEST: Final = 1e15
"""Seconds. A longer time or duration is none: the longest that a runbook can write has fourteen digits."""


def fits_type(annotation: Any) -> Fits | None:
    """The check for a field of that type; None where every value fits."""
    if annotation is Any:
        return None
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return _any_of([fits_type(one) for one in get_args(annotation)])
    if origin is Literal:
        return _one_of(get_args(annotation))
    if origin is tuple and get_args(annotation)[-1] is Ellipsis:
        return _all_items(get_args(annotation)[0])
    if origin in (Map, Mapping):
        return _all_values(get_args(annotation)[1])
    if origin is not None or not isinstance(annotation, type):
        return None  # no stored field has such a type yet
    return _is_number if annotation is float else _is_a(annotation)


def _one_of(values: tuple[Any, ...]) -> Fits:
    return lambda value: type(value) is str and value in values


def _is_a(kind: type) -> Fits:
    if kind in (str, int, bool, type(None)):
        return lambda value: type(value) is kind  # True is no number
    return lambda value: isinstance(value, kind)


def _is_number(value: Any) -> bool:
    return type(value) in (float, int) and -LARGEST <= value <= LARGEST


def _any_of(checks: list[Fits | None]) -> Fits | None:
    known = [one for one in checks if one is not None]
    if len(known) < len(checks):
        return None
    return lambda value: any(fits(value) for fits in known)


def _all_items(annotation: Any) -> Fits:
    fits = fits_type(annotation)
    if fits is None:
        return lambda value: type(value) in (tuple, list)
    return lambda value: type(value) in (tuple, list) and all(map(fits, value))


def _all_values(annotation: Any) -> Fits:
    fits = fits_type(annotation)
    if fits is None:
        return lambda value: isinstance(value, (dict, Map))
    return lambda value: isinstance(value, (dict, Map)) and all(map(fits, value.values()))
