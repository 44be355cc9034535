"""A runbook as a flowchart: nodes and edges. `graph_formats` writes them as Mermaid and DOT.

What stays within a step is a line of its node; what leaves the normal flow (a hold, a failure, a rescue) is a node.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, assert_never

from engine.kernel.queries import describe, monitor_of
from engine.language.durations import format_duration
from engine.language.expressions.template import strip_braces
from engine.language.model import (
    Backoff,
    Call,
    Check,
    Delays,
    Ensure,
    Fail,
    Hold,
    Notify,
    Remove,
    Rescue,
    RetryIf,
    Row,
    Runbook,
    Schedule,
    Step,
    TakeBack,
    UndoCall,
    Wait,
)
from engine.values import Value

Shape = Literal["end", "step", "rescue", "hold", "fail", "list"]
MAX_TEXT: Final = 64
"""Characters of an expression or a reason."""
ENDS: Final = ("on_success", "on_failure", "on_hold", "on_cancel")


class Node(Value):
    """A box of the flowchart."""

    name: str
    lines: tuple[str, ...]  # the first is its title
    shape: Shape = "step"


class Edge(Value):
    """An arrow. `aside` leaves the normal flow or returns to it; `no_return` starts at a point of no return."""

    start: str
    end: str
    label: str = ""
    kind: Literal["next", "aside", "no_return"] = "next"


class Flowchart(Value):
    """`lists` are the `on_*` lists, which have no edges: they run whichever step ends or holds the operation."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    lists: tuple[Node, ...] = ()


def build_flowchart(runbook: Runbook) -> Flowchart:
    """The flowchart of the whole runbook."""
    nodes = [Node(name="begin", lines=(runbook.name,), shape="end")]
    edges: list[Edge] = []
    before, label, no_return = "begin", "", False
    for number, step in enumerate(runbook.steps):
        name = f"s{number}"
        nodes.append(Node(name=name, lines=tuple(_step_lines(runbook, step))))
        edges.append(Edge(start=before, end=name, label=label, kind="no_return" if no_return else "next"))
        for node, edge in _side_branches(runbook, step, name):
            nodes += [node] if node is not None else []
            edges.append(edge)
        before, label = name, "point of no return: failures hold" if step.irreversible else ""
        no_return = step.irreversible
    nodes.append(Node(name="done", lines=("SUCCEEDED",), shape="end"))
    edges.append(Edge(start=before, end="done", label=label, kind="no_return" if no_return else "next"))
    return Flowchart(nodes=tuple(nodes), edges=tuple(edges), lists=tuple(_end_lists(runbook)))


# -- within a step ----------------------------------------------------------------------------------------


def _step_lines(runbook: Runbook, step: Step) -> Iterator[str]:
    yield step.id
    yield describe(step)
    if step.condition is not None:
        yield f"if {_shorten(step.condition)}"
    if step.for_each is not None:
        yield f"for each of {_shorten(step.for_each)}"
    if step.requires:
        yield f"requires {', '.join(step.requires)}"
    body = step.body
    match body:
        case Ensure() | Remove() | Check():
            for row in body.states:
                if not row.is_default and row.verb not in ("hold", "fail"):
                    yield f"{row.name}: {_verb(runbook, step, row)}"
        case Call():
            if body.until is not None:
                gone = isinstance(body.until.body, Check) and body.until.body.gone
                yield f"until {describe(body.until)}{'' if gone else ' confirms it'}"
        case Wait(until=str() as until):
            yield f"until {_shorten(until)}"
        case Wait(duration=duration):
            yield format_duration(duration) if isinstance(duration, (int, float)) else _shorten(duration)
        case Hold(reason=reason) | Fail(reason=reason):
            yield _shorten(reason)
        case TakeBack(steps=steps):
            yield "everything" if steps is None else ", ".join(steps)
        case Notify():
            pass
        case _:
            assert_never(body)
    yield from _retry_and_undo(step, body)


def _retry_and_undo(step: Step, body: object) -> Iterator[str]:
    shows_schedule = any(row.verb == "replace" and not row.is_default for row in getattr(body, "states", ()))
    if step.retry is not None and not shows_schedule:
        yield f"retry after {_schedule(step.retry.schedule)}"
    undo = getattr(body, "undo", None)
    if undo == "delete":
        yield "undo: delete"
    elif isinstance(undo, UndoCall):
        yield f"undo: {describe(undo.call)}"


def _verb(runbook: Runbook, step: Step, row: Row) -> str:
    match row.verb:
        case "monitor":
            monitor = monitor_of(runbook, step)
            text = f"check every {format_duration(monitor.every or 0)}, up to {format_duration(monitor.longest or 0)}"
        case "replace" if step.retry is not None:
            text = f"delete, then create again after {_schedule(step.retry.schedule)}"
        case verb:
            text = verb
    first = "; ".join(describe(one) for one in row.do)
    return f"{first}, then {text}" if first else text


def _schedule(schedule: Schedule) -> str:
    match schedule:
        case Delays(delays=delays):
            return ", ".join(format_duration(delay) for delay in delays)
        case Backoff(first=first, longest=longest, attempts=attempts):
            most = f", {attempts} attempts" if attempts is not None else ""
            return f"{format_duration(first)}, growing to {format_duration(longest)}{most}"
    assert_never(schedule)


# -- what leaves the flow -------------------------------------------------------------------------------------


def _side_branches(runbook: Runbook, step: Step, name: str) -> Iterator[tuple[Node | None, Edge]]:
    for number, row in enumerate(getattr(step.body, "states", ())):
        if not row.is_default and row.verb in ("hold", "fail"):
            yield _stop_node(f"{name}r{number}", name, row.name, row.verb, row.error or row.reason, row.do)
    for number, rescue in enumerate(step.rescue):
        yield from _rescue(f"{name}e{number}", name, rescue)


def _stop_node(
    node: str, start: str, label: str, verb: str, why: str, do: tuple[Step, ...] = ()
) -> tuple[Node, Edge]:  # fmt: skip
    shape: Shape = "hold" if verb == "hold" else "fail"
    title = "HELD" if verb == "hold" else "FAILED"
    lines = (title, *(describe(one) for one in do), *([_shorten(why)] if why else []))
    return Node(name=node, lines=lines, shape=shape), Edge(start=start, end=node, label=label, kind="aside")


def _rescue(node: str, start: str, rescue: Rescue) -> Iterator[tuple[Node | None, Edge]]:
    lines = ["rescue", *(f"{number} {describe(step)}" for number, step in enumerate(rescue.do, 1))]
    lines += ["read settings again"] if rescue.refresh else []
    yield (
        Node(name=node, lines=tuple(lines), shape="rescue"),
        Edge(start=start, end=node, label=", ".join(rescue.errors), kind="aside"),
    )
    then = rescue.then
    if isinstance(then, RetryIf):
        yield None, Edge(start=node, end=start, label=f"{_shorten(then.condition)}: retry", kind="aside")
        yield from _then(node, start, then.otherwise, "else ")
    else:
        yield from _then(node, start, then, "")


def _then(node: str, start: str, verb: str, before: str) -> Iterator[tuple[Node | None, Edge]]:
    if verb in ("hold", "fail"):
        yield _stop_node(f"{node}x", node, f"{before}{verb}", verb, "")
    else:
        yield None, Edge(start=node, end=start, label=f"{before}{verb}", kind="aside")


def _end_lists(runbook: Runbook) -> Iterator[Node]:
    for name in ENDS:
        steps = runbook.ends.get(name, ())
        if steps:
            yield Node(name=name, lines=(name, *(" ".join(_list_lines(step)) for step in steps)), shape="list")


def _list_lines(step: Step) -> Iterator[str]:
    yield describe(step)
    if isinstance(step.body, TakeBack):
        yield "everything" if step.body.steps is None else ", ".join(step.body.steps)
        if step.body.past:
            yield f"past {', '.join(step.body.past)}"


def _shorten(text: object) -> str:
    line = strip_braces(" ".join(str(text).split()))[0]
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"
