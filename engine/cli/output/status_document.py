"""The status of an operation: its JSON document, and the same as text, with the commands that can be typed next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.cli.options import Options
from engine.cli.output import terminal
from engine.kernel.operation import Operation
from engine.kernel.restarts import restarts_from
from engine.language.model import Runbook
from engine.reports.status import status_document
from engine.stores.port import Head


def print_status(
    options: Options, runbook: Runbook, operation: Operation, head: Head | None, *, show_hints: bool = True
) -> None:
    """Print the document on stdout and the next commands on stderr."""
    document = build_document(operation, runbook, options, head)
    terminal.out_document(document, format_document(document), as_json=options.as_json)
    if show_hints and not (options.quiet and operation.ended == "SUCCEEDED"):
        for line in next_commands(document):
            terminal.err(line)


# -- the document -----------------------------------------------------------------------------------------------


def build_document(
    operation: Operation, runbook: Runbook, options: Options, head: Head | None = None
) -> dict[str, Any]:
    """The document of `runbook status -o json`; its commands have the options that they need."""
    runner = runner_of(head)
    document = status_document(operation, runbook, runner=runner)
    if document["hold"] is not None:
        document["hold"]["answers"] = [options.suggested_command(one) for one in document["hold"]["answers"]]
    commands = _commands(operation, runbook, is_running=runner is not None)
    document["next"] = "; or ".join(options.suggested_command(command) for command in commands)
    return document


def runner_of(head: Head | None) -> dict[str, Any] | None:
    """Who runs the operation, by its lease; None also where that process is known to be dead."""
    if head is None or head.lease is None or is_abandoned(head):
        return None
    from engine.kernel.rendering import iso

    lease = head.lease
    return {"actor": lease.owner, "host": lease.host, "pid": lease.pid, "since": iso(lease.since)}


def is_abandoned(head: Head) -> bool:
    """Whether the runner died without releasing its lease; its summary in the head may then be out of date."""
    from engine.stores.lease import this_process

    return head.lease is not None and this_process("").owner_state(head.lease) == "dead"


def _commands(operation: Operation, runbook: Runbook, *, is_running: bool) -> list[str]:
    id = operation.id
    if operation.status == "IN_PROGRESS":
        return [f"runbook history {id} --follow" if is_running else f"runbook resume {id}"]
    commands = {
        "HELD": [f"runbook resume {id}"],
        "FAILED": [f"runbook restart {id} --from {restarts_from(runbook, operation)}"],
        "CANCELLED": [f"runbook restart {id} --from {restarts_from(runbook, operation)}"],
        "STUCK": [f"runbook cleanup {id}"],
        "SUCCEEDED": [f"runbook history {id}"],
    }[operation.status]
    is_left = any(entry.state in ("open", "kept") for entry in operation.ledger)
    if operation.status in ("FAILED", "CANCELLED") and is_left:
        commands.append(f"runbook cleanup {id}")
    return commands


# -- text -------------------------------------------------------------------------------------------------------


def format_document(document: Mapping[str, Any]) -> list[str]:
    """The document as lines of text."""
    status = terminal.style_status(document["status"])
    lines = [f"{document['operation_id']}  {status}  {terminal.escape(document['runbook'])}"]
    lines += _facts(document)
    lines += _step_lines(document)
    lines += _resource_lines(document)
    outputs = document["outputs"].items()
    lines += [f"  output {terminal.escape(name)}: {terminal.escape(value)}" for name, value in outputs]
    return lines


def _facts(document: Mapping[str, Any]) -> list[str]:
    facts = []
    hold = document["hold"]
    if hold is not None:
        facts.append(f"  held at {hold['step']} ({hold['kind']}) since {hold['since']}: {hold['reason']}")
    elif document["error"]:
        facts.append(f"  {document['error']}: {document['error_message']}")
    facts += [f"  trouble: {one}" for one in document["troubles"]]
    if document["next_wake"]:
        facts.append(f"  continues at {document['next_wake']}")
    runner = document["runner"]
    if runner is not None:
        facts.append(f"  runner: {runner['actor']} (process {runner['pid']}) since {runner['since']}")
    elif document["status"] == "IN_PROGRESS":
        facts.append("  no runner: no process is running this operation")
    if document["accounts"]:
        named = [f"{one['name'] or 'account'} {one['account_id']}" for one in document["accounts"]]
        facts.append(f"  in {', '.join(named)}")
    for notice in document["notifications"]:
        if not notice["sent"]:
            why = f" ({notice['error']})" if notice["error"] else ""
            facts.append(f"  notification not sent to {notice['topic']}{why}: {notice['subject']}")
    return [terminal.escape(fact) for fact in facts]


def _step_lines(document: Mapping[str, Any]) -> list[str]:
    rows = []
    for step in document["steps"]:
        most = step["max_retries"] + 1
        attempt = f"attempt {step['retry_count'] + 1} of {most}" if step["attempt"] and most > 1 else ""
        state = f"waiting for {step['waits_for']}" if step["waits_for"] else step["seen"]
        if step["status"] == "HELD":
            state = "waiting for a person"  # the reason is above
        rows.append((step["id"], step["status"], attempt, state))
    return terminal.align_columns(rows, indent="  ", status_at=1)


def _resource_lines(document: Mapping[str, Any]) -> list[str]:
    rows = [
        (
            one["state"], one["kind"], one["name"], "" if one["kind"] == "call" else one["id"] or "(id unknown)",
            one["region"], one["account"] or "",
            one["why"],
        )
        for one in document["resources"]
        if one["state"] != "void"
    ]  # fmt: skip
    if not rows:
        return []
    return [f"  resources (cleanup: {document['cleanup_status']}):", *terminal.align_columns(rows, indent="    ")]


# -- the next commands --------------------------------------------------------------------------------------------

RESUME_PURPOSES: Final = {
    "approval": "approve and continue",
    "failure": "try the step again",
    "rescue": "try the step again",
    "time_limit": "continue despite the time limit",
}
"""What a plain `resume` is for, by the kind of hold; for other kinds it checks again what was in its way."""


def next_commands(document: Mapping[str, Any]) -> list[str]:
    """The lines for stderr. A hold has several commands, each shown with what it is for."""
    hold = document["hold"]
    if hold is None:
        return [f"Next: {document['next']}"]
    rows = [(f"{_purpose(command, hold['kind'])}:", command) for command in hold["answers"]]
    return ["Next, one of:", *terminal.align_columns(rows, indent="  ")]


def _purpose(command: str, hold_kind: str) -> str:
    """What a command that answers a hold is for. `command`: `runbook VERB ID [OPTION [VALUE]] …`."""
    _, verb, _, *options = command.split(" ")
    match [verb, *options]:
        case ["restart", "--from", step, *_]:
            return f"run again from step {step}"
        case ["cancel", "--undo", *_]:
            return "stop, and undo what was created"
        case ["cancel", *_]:
            return "stop, and keep what was created"
        case ["resume", "--reject", *_]:
            return "reject: the step fails"
        case ["resume", "--outcome", "done", *_]:
            return "the call took effect: continue"
        case ["resume", "--outcome", "not-done", *_]:
            return "the call had no effect: send it again"
        case ["resume", "--accept-target", *_]:
            return "yes, delete what has this id"
        case ["resume", "--with", *_]:
            return "run the step again with an edited runbook"
        case _:
            return RESUME_PURPOSES.get(hold_kind, "check again and continue")
