"""In which order the keys of a map stand: that of the restore in the language's reference.

Only maps whose keys are fixed have an order. Where the author makes the names up (inputs, settings, vars, rows,
parameters), the order is the author's, and in settings and vars it even counts. Pure tables, from `shapes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.language.parse import shapes
from engine.language.parse.shapes import Shape
from engine.language.yaml.nodes import MapNode

_STEP: Final = (
    *("id", "description", "if", "region", "account", "for_each", *shapes.KINDS),
    *("with", "subject", "text", "error", "past", "status", "missing_on", "classes", "is"),
    *("repeatable", "until", "owner", "target", "only", "requires", "states", "monitor", "timeout"),
    *("retry", "rescue", "undo", "irreversible"),
)
_STEP_REQUIRES_LATER: Final = tuple(
    name for one in _STEP if one != "requires" for name in ((one, "requires") if one == "monitor" else (one,))
)
"""The restore has `requires` before `states` and after `monitor`: it stays where the author has put it."""

_ANY_STEP: Final[Shape] = {name: key for shape in shapes.STEPS.values() for name, key in shape.items()}

_SHAPES: Final[Mapping[str, Shape]] = {
    "runbook": shapes.RUNBOOK, "input": shapes.INPUT, "setting": shapes.SETTING, "an account": shapes.ACCOUNT,
    "monitor": shapes.MONITOR, "schedule": shapes.BACKOFF, "retry": {**shapes.RETRY, **shapes.BACKOFF},
    "engine_retry": shapes.ENGINE_RETRY, "rescue": shapes.RESCUE, "then": shapes.RETRY_IF, "row": shapes.ROW,
    "step": _ANY_STEP, "until": shapes.UNTIL, "undo_call": shapes.UNDO_CALL,
}  # fmt: skip
"""The keys of each form that is a map with fixed keys."""

_ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "input": ("type", "default", "pattern", "enum", "min", "max", "description"),
    "step": _STEP,
    "until": _STEP,
    "undo_call": _STEP,
}
"""Where it is not the order of the shape itself."""

_FORM_INSIDE: Final[Mapping[str, str]] = {
    "inputs": "input", "settings": "setting", "accounts": "an account", "schedules": "schedule", "states": "row",
    "rescues": "rescue", "main_steps": "step", "steps": "step", "list_of_steps": "step",
}  # fmt: skip
"""The form of every value, or item, of a form whose names are the author's."""


def key_order(form: str, node: MapNode) -> tuple[str, ...] | None:
    """The names of its keys in their order; None where they stand as the author has them.

    What has a key that is not known is left alone: nobody can say where that belongs.
    """
    shape = _SHAPES.get(form)
    if shape is None or not all(name in shape for name in node):
        return None
    order = _ORDERS.get(form, tuple(shape))
    names = list(node)
    if order is _STEP and "requires" in node and "states" in node:
        order = _STEP if names.index("requires") < names.index("states") else _STEP_REQUIRES_LATER
    return tuple(sorted(names, key=order.index))


def keys_of_form(form: str, owner: MapNode) -> Shape:
    """The keys that a map of this form may have; none where the author makes them up."""
    if form == "step":
        return next((shapes.STEPS[kind] for kind in shapes.KINDS if kind in owner), {})
    return _SHAPES.get(form, {})


def form_of_value(form: str, key: str, owner: MapNode) -> str:
    """The form of the value under a key; "" for values of any form."""
    if form in _FORM_INSIDE:
        return _FORM_INSIDE[form]
    shape = keys_of_form(form, owner)
    return shape[key].form if key in shape else ""


def form_of_items(form: str) -> str:
    """The form of each item of a list."""
    return _FORM_INSIDE.get(form, "")
