"""The standard texts of messages: what happened, what is left, and what to type next."""

from __future__ import annotations

from typing import Any, assert_never

from engine.kernel.decide.view import View
from engine.kernel.frame import UnsentNotice
from engine.kernel.operation import Operation, Status
from engine.kernel.queries import failure_of, final_status
from engine.kernel.rendering import rendered
from engine.kernel.restarts import restarts_from
from engine.language.model import Notify, Runbook


def notice(view: View) -> tuple[str, str, str] | None:
    """Topic, subject and text; None where the topic is null."""
    body = view.step.body
    assert isinstance(body, Notify)
    position = view.frame.position
    if isinstance(position, UnsentNotice):  # sent again as it was written: it is data, and is not rendered twice
        again = view.operation.notices[position.notice]
        return again.topic, again.subject, again.text
    names = view.names()
    topic: Any = rendered(body.topic if body.topic is not None else view.runbook.notify, names)
    if not topic:
        return None
    hold = view.operation.hold  # `runbook aurora-restore op-001: HELD at restore-snapshot`
    at = f" at {hold.step}" if hold is not None else ""
    subject = f"runbook {view.operation.runbook} {view.operation.id}: {status_in_message(view.operation)}{at}"
    if body.subject is not None:
        subject = rendered(body.subject, names)
    text = rendered(body.text, names) if body.text is not None else standard_text(view.operation, view.runbook)
    return str(topic), str(subject), str(text)


def status_in_message(operation: Operation) -> Status:
    """The status as a message says it: the end that is recorded, the hold, or that it is in progress."""
    if operation.ending is not None:
        return final_status(operation)
    return "HELD" if operation.hold is not None else "IN_PROGRESS"


def standard_text(operation: Operation, runbook: Runbook) -> str:
    """A few lines for a person at three in the morning."""
    lines = [f"Operation {operation.id} of runbook {operation.runbook}: {status_in_message(operation)}."]
    error = failure_of(operation)
    if operation.hold is not None:
        lines.append(f"It holds at {operation.hold.step} ({operation.hold.kind}): {operation.hold.reason}")
    elif error is not None:
        lines.append(f"{error.name}: {error.message}")
    there = [entry for entry in operation.ledger if entry.is_left]
    if status_in_message(operation) == "SUCCEEDED":
        lines += [f"made: {e.kind} {e.id or e.step} in {e.region}" for e in there]
    else:
        lines += [f"left: {e.kind} {e.id or e.step} in {e.region} ({e.state}) {e.why}".rstrip() for e in there]
    gone = [entry for entry in operation.ledger if entry.state == "gone"]
    lines += [f"taken back: {entry.kind} {entry.id}" for entry in gone]
    lines.append(f"Next: {what_next(operation, runbook)}")
    return "\n".join(lines)


def what_next(operation: Operation, runbook: Runbook) -> str:
    """The command to type."""
    status = status_in_message(operation)
    match status:
        case "HELD":
            return f"runbook status {operation.id}; when the cause is fixed: runbook resume {operation.id}"
        case "FAILED" | "CANCELLED":
            step = restarts_from(runbook, operation)
            return f"runbook restart {operation.id} --from {step}, or runbook cleanup {operation.id}"
        case "STUCK":
            return f"runbook cleanup {operation.id}"
        case "SUCCEEDED":
            return f"nothing; runbook history {operation.id} shows what was done"
        case "IN_PROGRESS":
            return f"runbook status {operation.id}"
        case _:
            assert_never(status)
