"""The status document as text: where it stands, what is left, what to type next. Made for three in the morning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.cli.options import Options
from engine.cli.output import terminal
from engine.kernel.operation import Operation
from engine.kernel.queries import restarts_from
from engine.language.model import Runbook
from engine.reports.status import status_document
from engine.stores.port import Head

CODES = {"SUCCEEDED": 0, "FAILED": 1, "CANCELLED": 1, "HELD": 5, "STUCK": 7}


def code_of(operation: Operation) -> int:
    """The exit code of a command that drives."""
    return CODES.get(operation.status, 0)


def made(operation: Operation, runbook: Runbook, options: Options, head: Head | None = None) -> dict[str, Any]:
    """The document, with commands as they must be typed here."""
    runner = runner_of(head)
    document = status_document(operation, runbook, runner=runner)
    if document["hold"] is not None:
        document["hold"]["answers"] = [_typed(options, command) for command in document["hold"]["answers"]]
    document["next"] = _next(operation, runbook, options, runner)
    return document


def runner_of(head: Head | None) -> dict[str, Any] | None:
    """Who drives it, by its lease; None also where that process is provably dead."""
    if head is None or head.lease is None or is_left_behind(head):
        return None
    from engine.kernel.rendering import iso

    lease = head.lease
    return {"actor": lease.owner, "host": lease.host, "pid": lease.pid, "since": iso(lease.since)}


def is_left_behind(head: Head) -> bool:
    """Has its runner died before it could put what is so, and give the lease back?"""
    from engine.stores.lease import this_process

    return head.lease is not None and this_process("").judged(head.lease) == "dead"


def _typed(options: Options, command: str) -> str:
    from engine.cli.context import typed

    return typed(options, command)


def _next(
    operation: Operation, runbook: Runbook, options: Options, runner: Mapping[str, Any] | None
) -> str:  # fmt: skip
    id = operation.id
    commands = {
        "HELD": [f"runbook resume {id}"],
        "FAILED": [f"runbook restart {id} --from {restarts_from(runbook, operation)}"],
        "CANCELLED": [f"runbook restart {id} --from {restarts_from(runbook, operation)}"],
        "STUCK": [f"runbook cleanup {id}"],
        "SUCCEEDED": [f"runbook history {id}"],
        "IN_PROGRESS": [f"runbook {'history' if runner else 'resume'} {id}" + (" --follow" if runner else "")],
    }[operation.status]
    kept = any(entry.state in ("open", "kept") for entry in operation.ledger)
    if operation.status in ("FAILED", "CANCELLED") and kept:
        commands.append(f"runbook cleanup {id}")
    return "; or ".join(_typed(options, command) for command in commands)


def as_text(document: Mapping[str, Any]) -> list[str]:
    """The document for a person."""
    told = [f"{document['operation_id']}  {terminal.status(document['status'])}  {terminal.clean(document['runbook'])}"]
    told += _facts(document)
    told += _steps(document)
    told += _left(document)
    told += [f"  output {terminal.clean(name)}: {terminal.clean(value)}" for name, value in document["outputs"].items()]
    return told


def _facts(document: Mapping[str, Any]) -> list[str]:
    facts = []
    hold = document["hold"]
    if hold is not None:
        facts.append(f"  held at {hold['step']} ({hold['kind']}) since {hold['since']}: {hold['reason']}")
    elif document["error"]:
        facts.append(f"  {document['error']}: {document['error_message']}")
    facts += [f"  trouble: {one}" for one in document["troubles"]]
    if document["next_wake"]:
        facts.append(f"  goes on at {document['next_wake']}")
    runner = document["runner"]
    if runner is not None:
        facts.append(f"  driven by {runner['actor']} (process {runner['pid']}) since {runner['since']}")
    elif document["status"] == "IN_PROGRESS":
        facts.append("  nobody drives it")
    facts += [_sending(one) for one in document["notifications"] if not one["sent"]]
    return [terminal.clean(fact) for fact in facts]


def _sending(notice: Mapping[str, Any]) -> str:
    why = f": {notice['error']}" if notice["error"] else ""
    return f"  not sent to {notice['topic']}{why}: {notice['subject']}"


def _steps(document: Mapping[str, Any]) -> list[str]:
    rows = []
    for step in document["steps"]:
        most = step["max_retries"] + 1
        tried = f"attempt {step['retry_count'] + 1} of {most}" if step["attempt"] and most > 1 else ""
        seen = step["seen"] if not step["waits_for"] else f"waits for {step['waits_for']}"
        seen = "waits for a person" if step["status"] == "HELD" else seen  # the reason stands above
        rows.append((step["id"], step["status"], tried, seen))
    return [
        _dyed(line, step["status"])
        for line, step in zip(terminal.columns(rows, indent="  "), document["steps"], strict=True)
    ]


def _dyed(line: str, word: str) -> str:
    return line.replace(word, terminal.status(word), 1)


def _left(document: Mapping[str, Any]) -> list[str]:
    shown = [one for one in document["resources"] if one["state"] != "void"]
    if not shown:
        return []
    rows = [
        (
            one["state"],
            one["kind"],
            one["name"],
            one["id"] or "(id not known)",
            one["region"],
            one["account"] or "",
            one["why"],
        )
        for one in shown
    ]
    return [f"  made by it (clean-up {document['cleanup_status']}):", *terminal.columns(rows, indent="    ")]


def hints(document: Mapping[str, Any]) -> list[str]:
    """What to type, for stderr."""
    hold = document["hold"]
    if hold is None:
        return [f"Next: {document['next']}"]
    return ["Next, one of:", *(f"  {command}" for command in hold["answers"])]
