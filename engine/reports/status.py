"""The state of an operation as values: the status document (docs/interface.md) and the summary in its head.

Pure: no clock and no store. The command line prints what these functions return.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, assert_never

from engine.errors import Problem
from engine.kernel import Operation
from engine.kernel.decide.notices import what_next
from engine.kernel.decide.requirements import awaited
from engine.kernel.decide.view import view_of
from engine.kernel.frame import (
    Acting,
    Entering,
    EntryTurn,
    Frame,
    InItems,
    InLedger,
    InRescue,
    InRow,
    LedgerUndo,
    Looking,
    Proving,
    Refreshing,
    Surveying,
    Waiting,
)
from engine.kernel.operation import Entry, Notice, StepRecord
from engine.kernel.protected_names import protected_names
from engine.kernel.queries import failure_of, in_ends, key_of, name_of, records_of, step_of
from engine.kernel.rendering import iso
from engine.kernel.restarts import restarts_from, step_status, undone_keys
from engine.language.model import Runbook, Step, attempts_in

FORMAT = 1


def status_document(
    operation: Operation, runbook: Runbook, *, runner: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """`runbook status ID -o json`, with every key of docs/interface.md, "Status document"."""
    record = operation.steps.get(current_step(operation))
    error = _error(operation, record)
    count, most = _retries(runbook, record)
    undone = undone_keys(runbook, operation)
    return {
        "format": FORMAT,
        "operation_id": operation.id,
        "runbook": operation.runbook,
        "step": current_step(operation),
        "status": operation.status,
        "timestamp": iso(operation.at),
        "started": iso(operation.started),
        "details": details(operation, runbook),
        "error": error.name if error is not None else None,
        "error_message": error.message if error is not None else None,
        "retry_count": count,
        "max_retries": most,
        "cleanup_required": cleanup_required(operation),
        "cleanup_status": cleanup_status(operation),
        "orphaned_resources": orphaned(operation),
        "steps": [step_row(operation, runbook, step, undone) for step in _rows(operation, runbook)],
        "accounts": accounts(operation),
        "resources": [_resource(entry) for entry in operation.ledger],
        "hold": _hold(operation, runbook),
        "next_wake": next_wake(operation),
        "runner": runner,
        "notifications": [_notice(one) for one in operation.notices],
        "troubles": list(operation.troubles),
        "outputs": outputs(operation, runbook),
        "next": what_next(operation, runbook),
    }


def accounts(operation: Operation) -> list[dict[str, Any]]:
    """`{name, account_id, partition}` each; the name of the runner's own account, which comes first, is null."""
    return [
        {"name": name or None, "account_id": one.id, "partition": one.partition}
        for name, one in sorted(operation.accounts.items())
    ]


def current_step(operation: Operation) -> str:
    """The key of the step that holds, or that was entered last."""
    return operation.hold.step if operation.hold is not None else operation.last_step


def _error(operation: Operation, record: StepRecord | None) -> Problem | None:
    if operation.hold is not None and operation.hold.error is not None:
        return operation.hold.error
    failure = failure_of(operation)
    if failure is not None:
        return failure
    return record.error if record is not None and operation.ended != "SUCCEEDED" else None


def _retries(runbook: Runbook, record: StepRecord | None) -> tuple[int, int]:
    if record is None:
        return 0, 0
    step = runbook.index.get(record.path)
    attempts = attempts_in(step.retry.schedule) if step is not None and step.retry is not None else 1
    return max(record.spent - 1, 0), (attempts or 1) - 1


def details(operation: Operation, runbook: Runbook) -> dict[str, Any]:
    """The parameters of the current step, and the status that was last seen."""
    key = current_step(operation)
    record = operation.steps.get(key)
    if record is None:
        return {}
    about = {name: str(value) for name, value in record.params.items()}
    if seen := _seen(operation, runbook, key):
        about["status"] = seen
    return about


def cleanup_required(operation: Operation) -> bool:
    """Is something left that the operation created and that is not the user's?"""
    return operation.ended != "SUCCEEDED" and any(entry.state in ("open", "stuck") for entry in operation.ledger)


def cleanup_status(operation: Operation) -> str:
    """`NOT_NEEDED PENDING IN_PROGRESS COMPLETED PARTIAL STUCK`."""
    states = {entry.state for entry in operation.ledger} - {"void", "delivered"}
    if operation.ended == "SUCCEEDED" or not states:
        return "NOT_NEEDED"
    if operation.cleaning or any(map(_takes_back, operation.frames)):
        return "IN_PROGRESS"
    if "stuck" in states:
        return "STUCK"
    if "open" in states:
        return "PENDING"
    return "PARTIAL" if "kept" in states else "COMPLETED"


def _takes_back(frame: Frame) -> bool:
    position = frame.position
    undo = isinstance(position, EntryTurn) and position.how == "undo"
    return undo or (isinstance(position, LedgerUndo) and position.why == "cancel")


def orphaned(operation: Operation) -> list[str]:
    """The ids of what an ended operation could not undo."""
    if not operation.ended or operation.ended == "SUCCEEDED":
        return []
    left = [entry for entry in operation.ledger if entry.state in ("open", "stuck")]
    return [f"{one.step}: {name_of(one)}" if one.kind == "call" else one.id or one.step for one in left]


def _rows(operation: Operation, runbook: Runbook) -> list[tuple[str, Step]]:
    rows: list[tuple[str, Step]] = []
    for step in runbook.steps:
        rows.append((step.id, step))
        if step.for_each is not None:
            rows += [(key, step) for key, _ in records_of(operation, step)]
    return rows


def step_row(operation: Operation, runbook: Runbook, row: tuple[str, Step], undone: frozenset[str]) -> dict[str, Any]:
    """One element of `steps[]`. `undone`: the keys of steps whose work was undone."""
    key, step = row
    record = operation.steps.get(key)
    count, most = _retries(runbook, record) if record is not None else (0, _retries_of(step))
    status = step_status(record, key, undone)
    is_gone = status == "UNDONE" and record is not None and record.id is not None
    return {
        "id": key,
        "status": status,
        "attempt": record.attempt if record is not None else 0,
        "retry_count": count,
        "max_retries": most,
        "seen": "missing" if is_gone else _seen(operation, runbook, key),
        "waits_for": waits_for(operation, runbook) if key == current_step(operation) and not operation.ended else "",
    }


def _retries_of(step: Step) -> int:
    return (attempts_in(step.retry.schedule) or 1) - 1 if step.retry is not None else 0


def _seen(operation: Operation, runbook: Runbook, key: str) -> str:
    """The status that was last seen; `missing` if a replacement or a cleanup has deleted the resource since."""
    record = operation.steps.get(key)
    if record is None or record.seen:
        return record.seen if record is not None else ""
    visited = f"{record.visit}."
    made = [e for e in operation.ledger if e.step == key and e.kind != "call" and e.tag.startswith(visited)]
    if any(entry.state == "gone" for entry in made) and all(
        entry.state == "gone" or entry.id is None for entry in made
    ):
        return "missing"
    for frame in operation.frames:
        if not in_ends(frame) and key_of(step_of(runbook, operation, frame), frame) == key:
            return frame.observed.status
    return ""


def waits_for(operation: Operation, runbook: Runbook) -> str:
    """What the operation waits for, in a few words; "" if it does not wait."""
    if operation.hold is not None:
        return f"a person: {operation.hold.reason}"
    if not operation.frames:
        return ""
    frame = operation.top
    match frame.phase:
        case Waiting(then="begin"):
            return "the next attempt"
        case Waiting():
            return "its time"
        case Looking():
            return (frame.observed.status or "a change") if frame.observed.watching is not None else ""
        case Proving(status=status):
            proof = awaited(view_of(runbook, operation, operation.at))
            return f"{proof.key}, which is {status}" if proof is not None else "its requirements"
        case Acting(effect=effect):
            return f"{effect.verb} of {effect.name}"
        case Refreshing():
            return "settings"
        case Entering() | InRow() | InRescue() | Surveying() | InItems() | InLedger():
            return ""
        case _:
            assert_never(frame.phase)


def next_wake(operation: Operation) -> str | None:
    """When the operation continues; None if it is not waiting."""
    if operation.ended or operation.hold is not None or not operation.frames:
        return None
    phase = operation.top.phase
    at = phase.until if isinstance(phase, Waiting) else phase.next if isinstance(phase, (Looking, Proving)) else 0.0
    return iso(at) if at > operation.at else None


def _resource(entry: Entry) -> dict[str, Any]:
    return {
        "step": entry.step, "kind": entry.kind, "name": name_of(entry), "id": entry.id, "region": entry.region,
        "account": entry.account, "account_id": entry.account_id or None, "state": entry.state, "why": entry.why,
    }  # fmt: skip


def _hold(operation: Operation, runbook: Runbook) -> dict[str, Any] | None:
    hold = operation.hold
    if hold is None:
        return None
    return {
        "kind": hold.kind, "reason": hold.reason, "step": hold.step, "since": iso(hold.since),
        "error": hold.error.name if hold.error is not None else None, "answers": answers(operation, runbook),
    }  # fmt: skip


def answers(operation: Operation, runbook: Runbook) -> list[str]:
    """The commands that answer the hold."""
    hold = operation.hold
    if hold is None:
        return []
    resume = f"runbook resume {operation.id}"
    match hold.kind:
        case "approval":
            first = [resume, f"{resume} --reject WHY"]
        case "unknown_outcome":
            first = [f"{resume} --outcome done", f"{resume} --outcome not-done"]
        case "target":
            first = [f"{resume}{_words(operation)}", f"{resume} --reject WHY"]
        case _:
            first = [resume, f"{resume} --with FILE", f"{resume} --reject WHY"]
    back = f"runbook restart {operation.id} --from {restarts_from(runbook, operation, hold.step)}"
    return [*first, back, f"runbook cancel {operation.id}", f"runbook cancel {operation.id} --undo"]


def _words(operation: Operation) -> str:
    """The options that say yes to all that the hold asks about."""
    hold = operation.hold
    assert hold is not None
    ids = dict.fromkeys([one.id for one in hold.deletions] or [hold.found or "ID"])
    policy = operation.protected, operation.allowed
    names = dict.fromkeys(name for one in hold.deletions for name in protected_names(one, *policy))
    return "".join(
        [f" --accept-target {shlex.quote(id)}" for id in ids] + [f" --yes-delete {shlex.quote(name)}" for name in names]
    )


def _notice(one: Notice) -> dict[str, Any]:
    return {"topic": one.topic, "subject": one.subject, "sent": one.sent, "error": one.error or None}


def outputs(operation: Operation, runbook: Runbook) -> dict[str, Any]:
    """The runbook's `outputs`; {} unless the operation has succeeded."""
    if operation.ended != "SUCCEEDED":
        return {}
    from engine.errors import ExpressionError
    from engine.kernel.rendering import Names, rendered

    found: dict[str, Any] = {}
    names = Names(runbook, operation)
    for name, value in runbook.outputs.items():
        try:
            found[name] = rendered(value, names)
        except ExpressionError as error:
            found[name] = None
            found[f"{name}_error"] = str(error)
    return found


def summary(operation: Operation, runbook: Runbook) -> dict[str, Any]:
    """What `runbook list` shows. It can be rebuilt from the records."""
    return {
        "runbook": operation.runbook, "status": operation.status, "step": current_step(operation),
        "started": iso(operation.started), "updated": iso(operation.at), "next_wake": next_wake(operation),
        "hold": operation.hold.kind if operation.hold is not None else None,
        "account_id": operation.accounts[""].id if "" in operation.accounts else None,
    }  # fmt: skip


def readable(operation: Operation, runbook: Runbook) -> dict[str, str]:
    """The readable columns of a record, with the names of the operators' guide; without empty ones."""
    step = current_step(operation)
    record = operation.steps.get(step)
    error = _error(operation, record)
    count, most = _retries(runbook, record)
    texts = {"step": step, "status": operation.status, "timestamp": iso(operation.at)}
    if about := details(operation, runbook):
        texts["details"] = ", ".join(f"{key}={value}" for key, value in about.items())
    texts |= {"retry_count": str(count), "max_retries": str(most)}
    if error is not None:
        texts |= {"error": error.name, "error_message": error.message}
    texts["cleanup_status"] = cleanup_status(operation)
    if left := orphaned(operation):
        texts["orphaned_resources"] = ", ".join(left)
    return {name: text for name, text in texts.items() if text}
