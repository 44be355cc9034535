"""Operations and events as JSON and back: one generic form, told apart by the class's name.

Volatile fields are not written. Fields at their default are left out, so an older record reads as a newer one
whose fields are at theirs. Errors: `ValueError` for what is no value of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from operator import attrgetter
from typing import Any, Final

from immutables import Map

from engine.errors import Problem
from engine.kernel import events, operation
from engine.kernel.changing import changed
from engine.language.secret import Secret
from engine.values import value

Make = Callable[[Any], Any]

_CLASS: Final = "$"
_SECRET: Final = "$secret"
_PLAIN: Final = "$map"


def _classes() -> dict[str, type]:
    found: dict[str, type] = {"Problem": Problem}
    for module in (operation, events):
        for name, one in vars(module).items():
            if isinstance(one, type) and is_dataclass(one) and one.__module__ == module.__name__:
                found[name] = one
    return found


_KNOWN: Final = _classes()
_ATOMS: Final = frozenset({str, int, float, bool, type(None)})


@value(kw_only=False)
class _Plan:
    """Of a class: its durable fields with their defaults, and what makes a field's value of JSON's list or map."""

    name: str
    fields: tuple[str, ...]
    defaults: tuple[Any, ...]
    values: Callable[[Any], tuple[Any, ...]]  # of an instance, in the order of the fields
    makes: Mapping[str, Make | None]


_PLANS: Final[dict[type, _Plan]] = {}


def _plan(cls: Any) -> _Plan:
    durable_ones = [one for one in fields(cls) if one.compare]
    names = tuple(one.name for one in durable_ones)
    found: Callable[[Any], Any] = attrgetter(*names) if names else (lambda value: ())
    plan = _Plan(
        name=cls.__name__, fields=names, defaults=tuple(map(_default, durable_ones)),
        values=found if len(names) != 1 else lambda value: (found(value),),
        makes={one.name: _made_of(str(one.type)) for one in durable_ones},
    )  # fmt: skip
    return _PLANS.setdefault(cls, plan)


def _made_of(type_name: str) -> Make | None:
    if type_name.startswith("tuple"):
        return tuple
    if type_name.startswith("Map[str, tuple"):
        return lambda items: Map({key: tuple(item) for key, item in items.items()})
    return Map if type_name.startswith("Map[") else None


def _default(one: Field[Any]) -> Any:
    if one.default is not MISSING:
        return one.default
    factory: Callable[[], Any] | Any = one.default_factory
    return factory() if factory is not MISSING else MISSING


def encode(value: Any) -> Any:
    """As JSON values."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind in _PLANS:
        return _encode_class(value, _PLANS[kind])
    if kind is list or kind is tuple:
        return [encode(item) for item in value]
    if kind is dict or kind is Map or isinstance(value, Mapping):
        return _encode_mapping(value)
    if kind is Secret:
        fields_of = ("name", "field", "version", "region", "account")
        return {_SECRET: {name: getattr(value, name) for name in fields_of}}
    if _KNOWN.get(kind.__name__) is not kind:
        message = f"a {kind.__name__} cannot be stored"
        raise ValueError(message)
    return _encode_class(value, _plan(kind))


def _encode_mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    marked = False
    for key, item in value.items():
        name = str(key)
        marked = marked or name[:1] == "$"
        out[name] = item if type(item) in _ATOMS else encode(item)
    return {_PLAIN: out} if marked else out


def _encode_class(value: Any, plan: _Plan) -> dict[str, Any]:
    out: dict[str, Any] = {_CLASS: plan.name}
    for name, default, item in zip(plan.fields, plan.defaults, plan.values(value), strict=False):
        if item is not default and item != default:
            out[name] = item if type(item) in _ATOMS else encode(item)
    return out


def decode(value: Any) -> Any:
    """The value again."""
    kind = type(value)
    if kind is list:
        return [decode(item) for item in value]
    if kind is not dict:
        return value
    if _CLASS in value:
        return _decode_class(value)
    if _SECRET in value:
        return Secret(**value[_SECRET])
    if _PLAIN in value:
        value = value[_PLAIN]
    return {key: item if type(item) in _ATOMS else decode(item) for key, item in value.items()}


def _decode_class(value: dict[str, Any]) -> Any:
    cls = _KNOWN.get(str(value[_CLASS]))
    if cls is None:
        message = f"{value[_CLASS]} is not known to this version"
        raise ValueError(message)
    makes = (_PLANS.get(cls) or _plan(cls)).makes
    arguments = {}
    for name, item in value.items():
        if name == _CLASS:
            continue
        if name not in makes:
            message = f"{cls.__name__} has no {name} in this version"
            raise ValueError(message)
        decoded = item if type(item) in _ATOMS else decode(item)
        make = makes[name]
        arguments[name] = make(decoded) if make is not None and type(decoded) in (list, dict) else decoded
    try:
        return cls(**arguments)
    except TypeError as error:
        message = f"{cls.__name__}: {error}"
        raise ValueError(message) from error


def encode_operation(whole: operation.Operation) -> dict[str, Any]:
    """The state as a record keeps it: where it is proving before a look, it will look first."""
    encoded: dict[str, Any] = encode(durable(whole))
    return encoded


def durable(whole: operation.Operation) -> operation.Operation:
    """● Without what is volatile: how far a proof is, when the next look is due."""
    if not whole.frames:
        return whole
    phase = whole.frames[-1].phase
    if isinstance(phase, operation.Proving) and phase.then == "look":
        return changed(whole, frames=(*whole.frames[:-1], changed(whole.frames[-1], phase=operation.Looking())))
    return whole
