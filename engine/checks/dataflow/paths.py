"""The path on which a result is not there, or null, told step by step with its lines: for the help of RB305.

Only what is found is told, so nothing here is worked out before.
"""

from __future__ import annotations

from typing import Final

from engine.checks.subject import Place
from engine.language.model import Remove
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar

_ENDS: Final = {"on_failure": "fails", "on_hold": "holds", "on_cancel": "is where it is cancelled"}
LONGEST: Final = 40
"""Characters of a condition that are shown."""


def path_without(place: Place, uses: tuple[str | int, ...], first: Place | None, *, when: str, skipped: bool) -> str:
    """How one comes from the beginning to `uses` without the result of the step. `when`: as `scope.order` has it."""
    head = str(uses[0]) if uses else ""
    if when == "perhaps" and head in _ENDS:
        stop = first if first is not None else place
        return f"{_named(stop)} {_ENDS[head]} → `{head}` → here"
    if when == "perhaps" and len(place.path) > 2:
        return f"{_around(place)} → here"
    return f"{_itself(place, skipped=skipped)} → here"


def _named(place: Place) -> str:
    node = place.node.key("id")
    return f"{place.step.id} (line {(node.span if node is not None else place.node.head).line})"


def _itself(place: Place, *, skipped: bool) -> str:
    """Why the step is done and yields nothing, or is not done."""
    node = place.node
    condition = node.get("if")
    if skipped and isinstance(condition, Scalar):
        return f"{_named(place)} is skipped: `if: {_short(condition.text)}` is false"
    if isinstance(node.get("for_each"), Scalar):
        return f"{_named(place)} is done for no item: its `for_each` (line {_line(place, 'for_each')}) yields none"
    if isinstance(place.step.body, Remove):
        return f"{_named(place)} finds nothing to remove"
    missing = next((one for one in place.rows if "missing" in one.row.names), None)
    if missing is not None and missing.row.verb == "done":
        return f"{_named(place)} sees that nothing is there → `missing: done` (line {missing.key.span.line})"
    rescue = _rescued_as_done(node)
    if rescue is not None:
        return f"{_named(place)} fails → its rescue ends it as done (line {rescue.head.line})"
    return f"{_named(place)} yields null"


def _rescued_as_done(node: MapNode) -> MapNode | None:
    rescues = node.get("rescue")
    for one in rescues.items if isinstance(rescues, ListNode) else ():
        then = one.get("then") if isinstance(one, MapNode) else None
        if isinstance(one, MapNode) and "done" in (
            _text(then),
            _text(then.get("else")) if isinstance(then, MapNode) else "",
        ):
            return one
    return None


def _around(place: Place) -> str:
    """The row or the rescue that the step stands in, and that is not taken."""
    kind = next((str(one) for one in reversed(place.path) if one in ("states", "rescue", "until", "undo")), "")
    if kind == "states":
        return f"{_named(place)} stands in a row, and another one is taken"
    if kind == "rescue":
        return f"{_named(place)} stands in a rescue, and its error does not come"
    if str(place.path[0]) in _ENDS:
        return f"`{place.path[0]}` does not come to {_named(place)}"
    return f"{_named(place)} is not come to"


def _line(place: Place, key: str) -> int:
    return place.key(key).line


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _short(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
