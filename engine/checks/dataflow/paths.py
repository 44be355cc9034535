"""How an operation can reach a place without the result that is used there, with step names and lines. For RB305.

This is computed only for findings, never in advance.
"""

from __future__ import annotations

from typing import Final

from engine.checks.subject import StepPlace
from engine.language.model import Remove
from engine.language.yaml.nodes import Scalar

_ENDS: Final = {"on_failure": "fails", "on_hold": "holds", "on_cancel": "is cancelled"}
LONGEST: Final = 40
"""Characters of a condition that are shown."""


def path_without(
    place: StepPlace, uses: tuple[str | int, ...], first: StepPlace | None, *, when: str, skipped: bool
) -> str:
    """How execution reaches `uses` without the result of the step. `when` is the result of `scope.order`."""
    head = str(uses[0]) if uses else ""
    if when == "perhaps" and head in _ENDS:
        stop = first if first is not None else place
        return f"{_with_line(stop)} {_ENDS[head]} → `{head}` → here"
    if when == "perhaps" and len(place.path) > 2:
        return f"{_around(place)} → here"
    return f"{_itself(place, skipped=skipped)} → here"


def _with_line(place: StepPlace) -> str:
    node = place.node.key("id")
    return f"{place.step.id} (line {(node.span if node is not None else place.node.head).line})"


def _itself(place: StepPlace, *, skipped: bool) -> str:
    """Why the step is skipped, or is done without a result."""
    node = place.node
    condition = node.get("if")
    if skipped and isinstance(condition, Scalar):
        text = " ".join(condition.text.split())
        shown = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
        return f"{_with_line(place)} is skipped: `if: {shown}` is false"
    if isinstance(node.get("for_each"), Scalar):
        return f"{_with_line(place)} has no items: its `for_each` (line {place.key('for_each').line}) is empty"
    if isinstance(place.step.body, Remove):
        return f"{_with_line(place)} finds nothing to remove"
    missing = next((one for one in place.rows if "missing" in one.row.names), None)
    if missing is not None and missing.row.verb == "done":
        return f"{_with_line(place)} finds no resource → `missing: done` (line {missing.key.span.line})"
    for rescue, written in place.rescues:
        if rescue.may_end_as_done:
            return f"{_with_line(place)} fails → its rescue ends with `done` (line {written.head.line})"
    return f"{_with_line(place)} yields null"


def _around(place: StepPlace) -> str:
    """The row or rescue that contains the step, and that does not apply."""
    kind = next((str(one) for one in reversed(place.path) if one in ("states", "rescue", "until", "undo")), "")
    if kind == "states":
        return f"{_with_line(place)} is in a row, and another row applies"
    if kind == "rescue":
        return f"{_with_line(place)} is in a rescue for an error that does not occur"
    if str(place.path[0]) in _ENDS:
        return f"`{place.path[0]}` ends before {_with_line(place)}"
    return f"{_with_line(place)} is not reached"
