"""Questions about an operation: which step a frame walks, what it is called, how it is watched, who waits for whom.

An undo is not a second machine: an entry of the ledger becomes a `remove` of its id with a table that never changes, or
the call that its step wrote as its `undo`.
"""

from __future__ import annotations

from typing import Final, Literal, assert_never

from engine.errors import Problem
from engine.kernel.frame import (
    EndStep,
    EntryTurn,
    Frame,
    InItems,
    LedgerUndo,
    MainStep,
    NestedStep,
    Position,
    UnsentNotice,
    brackets,
    items_of,
    position_of,
)
from engine.kernel.operation import Entry, Operation, StepRecord, UndoRecord
from engine.language.model import (
    CLASSES,
    Body,
    Call,
    Check,
    Deletes,
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
from engine.values import changed

IN_THE_MAKING: Final = "undo/pending"
"""The path of the row of an undo that waits until a resource has been made."""
_UNDO: Final = (
    Row(path=IN_THE_MAKING, names=("pending", "unknown"), verb="monitor"),
    Row(path="undo/leaving", names=("leaving",), verb="monitor"),
    Row(path="undo/delete", names=("available", "broken", "blocked"), verb="delete"),
    Row(path="undo/missing", names=("missing",), verb="done"),
)
_BROKEN_ONLY: Final = (
    Row(path="undo/leaving", names=("leaving",), verb="monitor"),
    Row(path="undo/unknown", names=("unknown",), verb="monitor"),
    Row(path="undo/delete", names=("broken",), verb="delete"),
    Row(path="undo/rest", names=("missing", "pending", "available", "blocked"), verb="done"),
)
_SETTLE: Final = (Row(path="settle/any", names=CLASSES, verb="done"),)
_DEFAULT_EVERY, _DEFAULT_LONGEST, _DEFAULT_GRACE = 30.0, 3600.0, 60.0


# -- steps and positions ---------------------------------------------------------------------------------------


def step_of(runbook: Runbook, operation: Operation, frame: Frame) -> Step:
    """The step that a frame walks: the runbook's, or the one that an entry or a notice becomes."""
    position = frame.position
    match position:
        case MainStep() | NestedStep() | EndStep():
            return runbook.index[position.path]
        case EntryTurn(entry=number):
            return _entry_step(runbook, operation.ledger[number], position)
        case UnsentNotice(notice=number):
            return Step(path=position.path, id="notice", body=Notify(topic=operation.notices[number].topic))
        case LedgerUndo(why=why):
            past = operation.ending.past if operation.ending is not None else ()
            return Step(path=position.path, id=why, body=TakeBack(steps=None, past=past))
        case _:
            assert_never(position)


def _entry_step(runbook: Runbook, entry: Entry, turn: EntryTurn) -> Step:
    """A removal by the entry's id; or the call that takes a call back, with what is written there of it."""
    monitor = undo_monitor(runbook, entry)
    if turn.how in ("settle", "lost"):
        body = Remove(kind=entry.kind, params={}, states=_SETTLE)
        return Step(path=turn.path, id=entry.step, body=body, monitor=monitor)
    if not isinstance(entry.undo, UndoRecord):
        made_by = runbook.index.get(entry.path)
        return Step(
            path=turn.path, id=entry.step, body=Remove(kind=entry.kind, params={}, states=undo_rows(turn)),
            retry=made_by.retry if made_by is not None else None, monitor=monitor,
        )  # fmt: skip
    # An edited runbook may no longer have the undo's own step. Its call is in the ledger; the rest has defaults.
    written = runbook.index.get(entry.undo.path)
    call = written.body if written is not None and isinstance(written.body, Call) else Call(action="", params={})
    return Step(
        path=turn.path, id=entry.step,
        body=Call(
            action=entry.undo.action, params=entry.undo.params, repeatable=call.repeatable, until=call.until,
            deletes=_deletes(entry.undo, call),
        ),
        retry=written.retry if written is not None else None, monitor=monitor,
    )  # fmt: skip


def _deletes(undo: UndoRecord, written: Call) -> Deletes | None:
    """What the undo deletes, as recorded; an earlier version recorded nothing."""
    if undo.names:
        return Deletes(names=undo.names)
    return written.deletes if written.action == undo.action else None


def name_of(entry: Entry) -> str:
    """What a line of the ledger is about: the name of a resource; of a call, its undo: `aws.ec2.delete_volume vol-1`."""
    if isinstance(entry.undo, UndoRecord):
        names = entry.undo.names or tuple(entry.undo.params)
        first = next((entry.undo.params[name] for name in names if isinstance(entry.undo.params.get(name), str)), "")
        return f"undo by {entry.undo.action} {first}".rstrip()
    return str(next(iter(entry.identity.values()), ""))


def undo_monitor(runbook: Runbook, entry: Entry) -> Monitor:
    """● How the step that made it polls, as it was when that was intended; an earlier version recorded nothing."""
    written = runbook.index.get(entry.undo.path if isinstance(entry.undo, UndoRecord) else entry.path)
    return entry.monitor.or_else(written.monitor) if written is not None else entry.monitor


def undo_rows(turn: EntryTurn) -> tuple[Row, ...]:
    """● What a look says decides; a look that failed is repeated, so that one error does not leave a resource behind."""
    return _UNDO if turn.how == "undo" else _BROKEN_ONLY


def following(runbook: Runbook, position: Position) -> Position | None:
    """What comes after it in the same list; None at the end of the list."""
    match position:
        case MainStep(path=path) | NestedStep(path=path) | EndStep(path=path):
            head, _, number = path.rpartition("/")
            after = f"{head}/{int(number) + 1}"
            return changed(position, path=after, item=None) if after in runbook.index else None
        case LedgerUndo(why="cancel"):  # taken back first, then the list of a cancel
            return position_of("on_cancel/0") if "on_cancel/0" in runbook.index else None
        case LedgerUndo(why="cleanup"):  # then people are notified
            return position_of("cleanup/1") if "cleanup/1" in runbook.index else None
        case LedgerUndo() | EntryTurn() | UnsentNotice():
            return None
        case _:
            assert_never(position)


def key_of(step: Step, frame: Frame) -> str:
    """`copy-snapshot`, `instances[0]`, `mine[2]` in a `do` of item 2; for a step without id, its path."""
    items = items_of(frame.position)
    return step.id + brackets(items) if items else step.id


def describe(step: Step) -> str:
    """`check rds.cluster`, `notify`: what a step without an id is called."""
    body = step.body
    if isinstance(body, Check) and body.gone:
        return f"{body.kind} is gone"
    named = getattr(body, "kind", "") or getattr(body, "action", "")
    return f"{type(body).__name__.lower()} {named}".rstrip().replace("takeback", "take_back")


def current_key(runbook: Runbook, operation: Operation) -> str:
    """The key that events of the top frame carry, as docs/events.md describes it; "" where no step is entered."""
    if not operation.frames:
        return ""
    frame = operation.frames[-1]
    position = frame.position
    if isinstance(position, EntryTurn):
        return f"{operation.ledger[position.entry].step} (undo)"
    step = runbook.index.get(position.path) or step_of(runbook, operation, frame)
    name = key_of(step, frame) if step.id != position.path else describe(step)
    if isinstance(position, NestedStep) and not any(map(in_ends, operation.frames)):
        below = operation.frames[-2]
        return f"{key_of(step_of(runbook, operation, below), below)} > {name}"
    return name


def held_key(runbook: Runbook, operation: Operation) -> str:
    """The key of the current step of the runbook's own list; of a `for_each`, of its item."""
    for frame in reversed(operation.frames):
        if isinstance(frame.position, MainStep):
            key = key_of(runbook.index[frame.position.path], frame)
            return f"{key}[{len(frame.phase.results)}]" if isinstance(frame.phase, InItems) else key
    return operation.last_step


def in_ends(frame: Frame) -> bool:
    """Does it belong to an end or a hold: a list, a cancel, a cleanup, a notice? What fails there ends nothing."""
    position = frame.position
    return isinstance(position, (EndStep, UnsentNotice)) or (
        isinstance(position, LedgerUndo) and position.why != "failure"
    )


def is_running_on_hold(operation: Operation) -> bool:
    """● Is `on_hold` not done yet? Then a resume finishes it, and the operation stays held."""
    return operation.hold is not None and any(
        isinstance(frame.position, EndStep) and frame.position.list == "on_hold" for frame in operation.frames
    )


def waits_for_a_person(operation: Operation) -> bool:
    """Does it hold, with its `on_hold` list done?"""
    return operation.hold is not None and not is_running_on_hold(operation)


def final_status(operation: Operation) -> Literal["SUCCEEDED", "FAILED", "CANCELLED", "STUCK"]:
    """How it ends, by the end that is recorded: STUCK where something could not be taken back."""
    assert operation.ending is not None
    stuck = any(entry.state == "stuck" for entry in operation.ledger)
    return "STUCK" if stuck and operation.ending.status != "SUCCEEDED" else operation.ending.status


def failure_of(operation: Operation) -> Problem | None:
    """The error that the operation ends, or holds, with."""
    return operation.ending.error if operation.ending is not None else operation.failing


def records_of(operation: Operation, step: Step, within: tuple[int, ...] = ()) -> list[tuple[str, StepRecord]]:
    """The keys and records of a step; of a `for_each`, of each of its items, in order.

    `within`: the items that the asker is in. Of a step in a `do`, the records of those items are meant.
    """
    outer = within if step.path.count("/") > 1 else ()
    for length in range(len(outer), -1, -1):
        found = _records_under(operation, step, step.id + brackets(outer[:length]))
        if found:
            return found
    return []


def _records_under(operation: Operation, step: Step, key: str) -> list[tuple[str, StepRecord]]:
    if step.for_each is None:
        record = operation.steps.get(key)
        return [(key, record)] if record is not None else []
    found: list[tuple[str, StepRecord]] = []
    while (record := operation.steps.get(item := f"{key}[{len(found)}]")) is not None:
        found.append((item, record))
    return found


def is_done(operation: Operation, step: Step) -> bool:
    """Is it done, with all of its items, or skipped?"""
    records = records_of(operation, step)
    return bool(records) and all(record.status in ("DONE", "SKIPPED") for _, record in records)


# -- kinds -----------------------------------------------------------------------------------------------------


def looked_at(step: Step) -> Body:
    """What says how a step looks: its own body; of a call, that of its `until`."""
    body = step.body
    return body.until.body if isinstance(body, Call) and body.until is not None else body


def kind_of(runbook: Runbook, step: Step) -> KindFacts | None:
    """The facts of the kind that a step looks at; a call's `until` has a kind of its own."""
    body = looked_at(step)
    if isinstance(body, (Ensure, Remove, Check)):
        return runbook.kinds.get(body.kind) or KindFacts(name=body.kind, identity=())
    return None


def is_in_the_making(row: str) -> bool:
    """● What an undo finds in the making may take as long as its create may; only then can it be deleted."""
    return row == IN_THE_MAKING


def monitor_of(runbook: Runbook, step: Step, row: str = "") -> Monitor:
    """How to watch: what the step says, else its `until`, else the kind (for a removal, what the kind says of those).

    `row`: the path of the row that was taken.
    """
    kind = kind_of(runbook, step)
    own = step.monitor
    base = kind.monitor if kind is not None else Monitor()
    until = step.body.until if isinstance(step.body, Call) else None
    goes = isinstance(step.body, Remove) or (until is not None and isinstance(until.body, Check) and until.body.gone)
    if kind is not None and kind.removal is not None and goes and not is_in_the_making(row):
        base = kind.removal
    said = until.monitor if until is not None else Monitor()
    return Monitor(
        every=own.every or said.every or base.every or _DEFAULT_EVERY,
        longest=own.longest or said.longest or base.longest or _DEFAULT_LONGEST,
        grace=next((g for g in (own.grace, said.grace, base.grace) if g is not None), _DEFAULT_GRACE),
    )
