"""Operations and events as JSON and back, by the names of `wire`: `{"$": TAG, FIELD: …}`.

What is volatile is not written (`durable`). Fields at their default are left out, so an older record reads as a newer one
whose fields are at theirs. Errors: `ValueError` for what is no value of ours, or was written by a newer version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from immutables import Map
from msgspec import NODEFAULT
from msgspec.structs import astuple, fields

from engine.kernel.field_types import Fits, fits_type
from engine.kernel.frame import Frame, Looking, Proving, Surveying
from engine.kernel.operation import Operation
from engine.kernel.wire import BY_CLASS, BY_TAG, Form
from engine.values import Resources, changed

Make = Callable[[Any], Any]

TAG: Final = "$"
_PLAIN: Final = "$map"
_ATOMS: Final = frozenset({str, int, float, bool, type(None)})


class _Plan(Resources):
    """Of a class: what it takes to write one, and to read it."""

    form: Form
    names: tuple[str, ...]  # the stored ones, in the order of the fields
    defaults: tuple[Any, ...]
    attributes: dict[str, str]  # stored name → attribute
    reads: tuple[tuple[str, Make], ...]  # of some stored names: what makes the field's value of JSON's
    fits: dict[str, Fits]  # by stored name: whether such a value has the type of the field


_PLANS: Final[dict[type, _Plan]] = {}


def _plan(form: Form) -> _Plan:
    known, stored = fields(form.cls), form.fields
    plan = _Plan(
        form=form,
        names=tuple(stored[one.name] for one in known),
        defaults=tuple(one.default_factory() if one.default_factory is not NODEFAULT else one.default for one in known),
        attributes={name: attribute for attribute, name in stored.items()},
        reads=tuple((stored[one.name], read) for one in known if (read := _read_as(one.type)) is not None),
        fits={stored[one.name]: fits for one in known if (fits := fits_type(one.type)) is not None},
    )
    return _PLANS.setdefault(form.cls, plan)


def _read_as(annotation: Any) -> Make | None:
    """What reads a field of that type; None where JSON's value is the field's."""
    ones = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    if all(one in _ATOMS or get_origin(one) is Literal for one in ones):
        return None
    for one in ones:
        made = get_origin(one) or one
        if made is Map and get_origin(get_args(one)[1]) is tuple:
            return partial(_read_made, _map_of_tuples)
        if made in (tuple, Map):
            return partial(_read_made, made)
    return decode


def _map_of_tuples(items: Any) -> Map[str, tuple[Any, ...]]:
    return Map({key: tuple(item) for key, item in dict(items).items()})


def _read_made(made: Make, value: Any) -> Any:
    return made(decode(value)) if type(value) in (list, dict) else value


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
    form = BY_CLASS.get(kind)
    if form is None:
        message = f"a {kind.__name__} cannot be stored"
        raise ValueError(message)
    return _encode_class(value, _plan(form))


def _encode_mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    marked = False
    for key, item in value.items():
        name = str(key)
        marked = marked or name[:1] == "$"
        out[name] = item if type(item) in _ATOMS else encode(item)
    return {_PLAIN: out} if marked else out


def _encode_class(value: Any, plan: _Plan) -> dict[str, Any]:
    out: dict[str, Any] = {TAG: plan.form.tag}
    for name, default, item in zip(plan.names, plan.defaults, astuple(value), strict=True):
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
    if TAG in value:
        return _decode_class(value)
    if _PLAIN in value:
        value = value[_PLAIN]
    return {key: item if type(item) in _ATOMS else decode(item) for key, item in value.items()}


def _decode_class(value: dict[str, Any]) -> Any:
    form = BY_TAG.get(str(value[TAG]))
    if form is None:
        message = f"`{value[TAG]}` is not known to this version: it was written by a newer version"
        raise ValueError(message)
    plan = _PLANS.get(form.cls) or _plan(form)
    given = value.copy()
    del given[TAG]
    for name, read in plan.reads:
        if name in given:
            given[name] = read(given[name])
    for name, item in given.items():
        fits = plan.fits.get(name)
        if fits is not None and not fits(item):
            message = f"the `{name}` of `{form.tag}` is not what it must be"
            raise ValueError(message)
    attributes = plan.attributes
    try:
        return form.cls(**{attributes[name]: item for name, item in given.items()})
    except KeyError as error:
        message = f"`{form.tag}` has no `{error.args[0]}` in this version: it was written by a newer version"
        raise ValueError(message) from error
    except TypeError as error:
        message = f"`{form.tag}`: {error}"
        raise ValueError(message) from error


class States:
    """The states of one operation, written again and again: what has not changed of its steps and results is encoded once."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, dict[str, tuple[Any, Any]]] = {"steps": {}, "results": {}}

    def encoded(self, whole: Operation) -> dict[str, Any]:
        """As a record keeps it: where it is proving before a look, it will look first."""
        encoded: dict[str, Any] = encode(changed(durable(whole), steps=Map(), results=Map()))
        for name, known in self._known.items():
            out: dict[str, Any] = {}
            for key, item in getattr(whole, name).items():
                before = known.get(key)
                if before is None or before[0] is not item:
                    before = known[key] = item, encode(item)
                out[key] = before[1]
            if out:
                encoded[name] = out
        return encoded


def durable(whole: Operation) -> Operation:
    """● Without what is volatile: how far a proof is, when the next look is due, and what time it is."""
    frames = tuple([_durable(frame, top=frame is whole.frames[-1]) for frame in whole.frames])
    return changed(whole, at=0.0, frames=frames)


def _durable(frame: Frame, *, top: bool) -> Frame:
    """Where it proves before a look, whoever loads it looks first: `requires` are then proved again."""
    phase = frame.phase
    if isinstance(phase, Looking) or (top and isinstance(phase, Proving) and phase.then == "look"):
        return changed(frame, phase=Looking())
    if isinstance(phase, Surveying):
        return changed(frame, phase=Surveying(items=phase.items))
    return changed(frame, phase=Proving(then=phase.then)) if isinstance(phase, Proving) else frame
