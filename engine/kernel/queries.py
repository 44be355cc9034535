"""What a frame stands on: the runbook's step at its path, or the step that an entry of the ledger becomes.

Undo is not a second machine: `undo/3` is a `remove` of entry 3's id with a table that never changes.
"""

from __future__ import annotations

from typing import Final

from engine.kernel.operation import Entry, Frame, Operation, StepRecord, UndoRecord
from engine.language.model import (
    CLASSES,
    Call,
    Check,
    Ensure,
    KindFacts,
    Monitor,
    Notify,
    Remove,
    Row,
    Runbook,
    Step,
    TakeBack,
)

_UNDO: Final = (
    Row(path="undo/pending", names=("pending", "unknown"), verb="monitor"),
    Row(path="undo/leaving", names=("leaving",), verb="monitor"),
    Row(path="undo/delete", names=("available", "broken", "blocked"), verb="delete"),
    Row(path="undo/missing", names=("missing",), verb="done"),
)
_BROKEN_ONLY: Final = (
    Row(path="undo/leaving", names=("leaving",), verb="monitor"),
    Row(path="undo/delete", names=("broken",), verb="delete"),
    Row(path="undo/rest", names=("missing", "pending", "unknown", "available", "blocked"), verb="done"),
)
_SETTLE: Final = (Row(path="settle/any", names=CLASSES, verb="done"),)
_AFTER: Final = {"cancel/0": "on_cancel/0"}
"""The lists that follow one another without being neighbours in the runbook."""


def step_of(runbook: Runbook, operation: Operation, frame: Frame) -> Step:
    """The step that a frame walks."""
    found = runbook.index.get(frame.path)
    if found is not None:
        return found
    head, _, number = frame.path.partition("/")
    match head:
        case "undo" | "broken":
            return _undo(runbook, operation.ledger[int(number)], frame.path, head)
        case "settle" | "lost":
            entry = operation.ledger[int(number)]
            body = Remove(kind=entry.kind, params={}, states=_SETTLE)
            return Step(path=frame.path, id=entry.step, body=body)
        case "notice":
            return Step(path=frame.path, id=head, body=Notify(topic=operation.notices[int(number)].topic))
        case _:
            ending = operation.ending
            past = ending.past if ending is not None else ()
            return Step(path=frame.path, id=head, body=TakeBack(steps=None, past=past))


def _undo(runbook: Runbook, entry: Entry, path: str, head: str) -> Step:
    made_by = runbook.index.get(entry.path)
    retry = made_by.retry if made_by is not None else None
    if isinstance(entry.undo, UndoRecord):
        return _undo_call(runbook, entry, entry.undo, path)
    body = Remove(kind=entry.kind, params={}, states=_UNDO if head == "undo" else _BROKEN_ONLY)
    return Step(path=path, id=entry.step, body=body, retry=retry)


def _undo_call(runbook: Runbook, entry: Entry, undo: UndoRecord, path: str) -> Step:
    written = runbook.index.get(undo.path)
    call = written.body if written is not None else None
    until = call.until if isinstance(call, Call) else None
    repeatable = call.repeatable if isinstance(call, Call) else False
    body = Call(action=undo.action, params=undo.params, repeatable=repeatable, until=until)
    retry = written.retry if written is not None else None
    monitor = written.monitor if written is not None else Monitor()
    return Step(path=path, id=entry.step, body=body, retry=retry, monitor=monitor)


def is_undo(frame: Frame) -> bool:
    """Does it take back, or settle, an entry of the ledger?"""
    return frame.path.startswith(("undo/", "broken/", "settle/", "lost/"))


def entry_number(frame: Frame) -> int:
    """Of `undo/3`: 3."""
    return int(frame.path.partition("/")[2])


def in_ends(frame: Frame) -> bool:
    """Is it a step of an `on_*` list (or what is inside one)?"""
    return frame.path.startswith(("on_", "cancel/", "cleanup/", "notice/"))


def key_of(step: Step, frame: Frame) -> str:
    """`copy-snapshot`, `instances[0]`; for a step without id, its path."""
    return step.id if frame.item is None else f"{step.id}[{frame.item}]"


def describe(step: Step) -> str:
    """`check rds.cluster`, `notify`: what a step without an id is called."""
    body = step.body
    named = getattr(body, "kind", "") or getattr(body, "action", "")
    return f"{type(body).__name__.lower()} {named}".rstrip().replace("takeback", "take_back")


def records_of(operation: Operation, step: Step) -> list[tuple[str, StepRecord]]:
    """What is told of a step; of a `for_each`, of each of its items, in order."""
    if step.for_each is None:
        record = operation.steps.get(step.id)
        return [(step.id, record)] if record is not None else []
    found: list[tuple[str, StepRecord]] = []
    while (record := operation.steps.get(key := f"{step.id}[{len(found)}]")) is not None:
        found.append((key, record))
    return found


def following(runbook: Runbook, path: str) -> str | None:
    """The path of the next step in the same list, if there is one."""
    after = _AFTER.get(path)
    if after is None:
        head, _, number = path.rpartition("/")
        after = f"{head}/{int(number) + 1}" if number.isdigit() else ""
    return after if after in runbook.index else None


def kind_of(runbook: Runbook, step: Step) -> KindFacts | None:
    """The facts of the kind that a step looks at; a call's `until` has a kind of its own."""
    body = step.body
    if isinstance(body, Call):
        body = body.until.body if body.until is not None else body
    if isinstance(body, (Ensure, Remove, Check)):
        return runbook.kinds.get(body.kind) or KindFacts(name=body.kind, identity=())
    return None


def monitor_of(runbook: Runbook, step: Step) -> Monitor:
    """How to watch: the step's word, else the kind's (its removal's, for what goes)."""
    kind = kind_of(runbook, step)
    own = step.monitor
    base = kind.monitor if kind is not None else Monitor()
    if kind is not None and kind.removal is not None and isinstance(step.body, Remove):
        base = kind.removal
    until = step.body.until if isinstance(step.body, Call) else None
    said = until.monitor if until is not None else Monitor()
    return Monitor(
        every=own.every or said.every or base.every or 30.0,
        longest=own.longest or said.longest or base.longest or 3600.0,
        grace=next((g for g in (own.grace, said.grace, base.grace) if g is not None), 60.0),
    )
