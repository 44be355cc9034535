"""The order of keys, which is that of runbooks/restore.yaml.

Only maps with fixed keys have an order. Names that an author chooses (inputs, settings, vars, rows, parameters) stay in
the author's order, which matters in settings and vars. The tables are made from `shapes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.language.parse import shapes
from engine.language.parse.shapes import Shape
from engine.language.yaml.nodes import MapNode

_STEP: Final = (
    *("id", "description", "if", "region", "account", "for_each", *shapes.KINDS, "gone"),
    *("with", "subject", "text", "error", "past", "status", "missing_on", "classes", "is"),
    *("repeatable", "until", "owner", "target", "only", "requires", "states", "monitor", "timeout"),
    *("retry", "rescue", "undo", "irreversible"),
)
_STEP_REQUIRES_LATER: Final = tuple(
    name for one in _STEP if one != "requires" for name in ((one, "requires") if one == "monitor" else (one,))
)
"""`requires` may be before `states` or after `monitor`, as in the restore: it stays on the side where it is written."""

_ANY_STEP: Final[Shape] = {name: key for shape in shapes.STEPS.values() for name, key in shape.items()}

_SHAPES: Final[Mapping[str, Shape]] = {
    "runbook": shapes.RUNBOOK, "input": shapes.INPUT, "setting": shapes.SETTING, "an account": shapes.ACCOUNT,
    "monitor": shapes.MONITOR, "schedule": shapes.BACKOFF, "retry": {**shapes.RETRY, **shapes.BACKOFF},
    "engine_retry": shapes.ENGINE_RETRY, "rescue": shapes.RESCUE, "then": shapes.RETRY_IF, "row": shapes.ROW,
    "step": _ANY_STEP, "pause": shapes.WAIT_UNTIL, "until": shapes.UNTIL, "undo_call": shapes.UNDO_CALL,
}  # fmt: skip
"""The keys of each form with fixed keys."""

_ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "input": ("type", "default", "pattern", "enum", "min", "max", "description"),
    "step": _STEP,
    "until": _STEP,
    "undo_call": _STEP,
}
"""The orders that differ from that of the shape."""

_FORM_INSIDE: Final[Mapping[str, str]] = {
    "inputs": "input", "settings": "setting", "accounts": "an account", "schedules": "schedule", "states": "row",
    "rescues": "rescue", "main_steps": "step", "steps": "step", "list_of_steps": "step",
}  # fmt: skip
"""The form of the values, or items, of forms whose keys the author chooses."""


def key_order(form: str, node: MapNode) -> tuple[str, ...] | None:
    """The keys of a map in order; None if they stay as they are.

    A map with an unknown key stays as it is, because the place of that key is unknown too.
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
    """The keys that a map of this form may have; none if the author chooses them."""
    if form == "step":
        return next((shapes.STEPS[kind] for kind in shapes.KINDS if kind in owner), {})
    return _SHAPES.get(form, {})


def form_of_value(form: str, key: str, owner: MapNode) -> str:
    """The form of the value of a key; "" if any value is allowed."""
    if form in _FORM_INSIDE:
        return _FORM_INSIDE[form]
    shape = keys_of_form(form, owner)
    return shape[key].form if key in shape else ""


def form_of_items(form: str) -> str:
    """The form of each item of a list."""
    return _FORM_INSIDE.get(form, "")
