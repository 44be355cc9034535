"""`runbook list`: operations, those that need a person first."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from typing import Annotated, Any, Final

import typer

from engine.cli.arguments.stored_values import complete_runbook_name
from engine.cli.config import parse_moment
from engine.cli.context import CommandContext
from engine.cli.options import OUTPUT_OPTIONS, STORE_OPTIONS, Options, command
from engine.cli.output import terminal
from engine.cli.output.status_document import is_abandoned, runner_of
from engine.errors import UsageError
from engine.language.nearest import did_you_mean
from engine.reports.status import summary
from engine.runtime.load import UnknownOperation, load
from engine.stores.authenticated_store import Unauthenticated
from engine.stores.port import UNSUMMARISED, Head
from engine.values import Value

URGENT_STATUSES: Final = ("STUCK", "HELD", "IN_PROGRESS")
"""Listed first, in this order, and always all of them. The others have ended, and nothing is left to do."""
ENDED_STATUSES: Final = ("FAILED", "CANCELLED", "SUCCEEDED")
STATUSES: Final = (*URGENT_STATUSES, *ENDED_STATUSES)
DEFAULT_LIMIT: Final = 50
COLUMNS: Final = ("operation", "status", "runbook", "step", "updated", "runner")

Summary = dict[str, Any]


def complete_status(incomplete: str) -> list[str]:
    """The statuses that begin with what was typed after the last comma."""
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{status}" for status in STATUSES if status.startswith(last.upper())]


class ListFilter(Value):
    """Which operations are wanted."""

    statuses: tuple[str, ...]
    runbook: str | None = None
    since: float | None = None  # seconds since the epoch
    without_runner: bool = False

    def accepts(self, operation: Summary) -> bool:
        """Whether the operation is wanted. Its time has been compared by the store."""
        return (
            operation.get("status") in self.statuses
            and self.runbook in (None, operation.get("runbook"))
            and not (self.without_runner and operation["runner"] is not None)
        )


@command("list", *STORE_OPTIONS, *OUTPUT_OPTIONS)
def list_(
    options: Options,
    statuses: Annotated[
        str | None,
        typer.Option(
            "--status",
            metavar="A,B",
            help="only operations with one of these statuses: HELD,STUCK",
            autocompletion=complete_status,
        ),
    ] = None,
    runbook: Annotated[
        str | None,
        typer.Option("--runbook", metavar="NAME", help="only operations of it", autocompletion=complete_runbook_name),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="7d|DATE", help="only operations with a record since then")
    ] = None,
    limit: Annotated[
        str | None,
        typer.Option("--limit", metavar="N", help=f"at most N that have ended, the newest  [default: {DEFAULT_LIMIT}]"),
    ] = None,
    no_runner: Annotated[
        bool, typer.Option("--no-runner", help="only operations in progress that no process is running")
    ] = False,
) -> int:
    """List operations, those that need a person first: all that have not ended or are stuck, and the newest others."""
    with CommandContext(options) as context:
        wanted = ListFilter(
            statuses=("IN_PROGRESS",) if no_runner else _read_statuses(statuses), runbook=runbook,
            since=parse_moment("--since", since, context.clock.now()) if since else None, without_runner=no_runner,
        )  # fmt: skip
        operations, is_cut = _find(context, wanted, _read_limit(limit))
        _print(options, context.store.name, operations, is_cut=is_cut)
    return 0


def _read_statuses(text: str | None) -> tuple[str, ...]:
    statuses = tuple(one.strip().upper() for one in text.split(",")) if text is not None else STATUSES
    for status in statuses:
        if status not in STATUSES:
            raise UsageError(f"--status {text}: there is no status {status}; {did_you_mean(status, STATUSES)}")
    return statuses


def _read_limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise UsageError(f"--limit {text}: write a number, such as --limit 100")
    return int(text)


def _find(context: CommandContext, wanted: ListFilter, limit: int) -> tuple[list[Summary], bool]:
    """The summaries in the order of the list, and whether the limit left some out."""
    found: dict[str, Summary] = {}
    for status in ("IN_PROGRESS", UNSUMMARISED, "HELD", "STUCK"):
        for head in context.store.heads(status, after=wanted.since):
            if (one := _summary(context, head)) is not None:
                found.setdefault(head.operation, one)
    chosen = [one for one in found.values() if wanted.accepts(one)]
    count = sum(one["status"] in ENDED_STATUSES for one in chosen)  # the head of a dead runner may be out of date
    for head in _newest_ended(context, wanted):
        operation = None if head.operation in found else _summary(context, head)
        if operation is None or not wanted.accepts(operation):
            continue
        if count >= limit:
            return _sorted(chosen), True
        chosen.append(operation)
        count += operation["status"] in ENDED_STATUSES
    return _sorted(chosen), False


def _newest_ended(context: CommandContext, wanted: ListFilter) -> Iterator[Head]:
    """The heads of operations that have ended, newest first, read as far as they are asked for."""
    asked = [status for status in ENDED_STATUSES if status in wanted.statuses]
    heads = [context.store.heads(status, after=wanted.since) for status in asked]
    return merge(*heads, key=lambda head: str(head.summary.get("updated", "")), reverse=True)


def _summary(context: CommandContext, head: Head) -> Summary | None:
    """The summary in the head; from the records where the head is out of date.

    That is so where a runner died before it wrote the summary, or has just taken over an operation that was held. None if
    there are no records: they are about to be written, or have just been deleted.
    """
    operation = dict(head.summary)
    is_resumed = head.lease is not None and operation.get("status") != "IN_PROGRESS"
    if not operation or is_resumed or is_abandoned(head):
        try:
            loaded = load(context.store, head.operation, context.parse)
            operation = summary(loaded.operation, loaded.runbook)
        except UnknownOperation:
            return None
        except Unauthenticated:
            pass  # a list needs no key, and shows what the head says
    return {"account_id": None, "operation_id": head.operation, **operation, "runner": runner_of(head)}


def _sorted(operations: list[Summary]) -> list[Summary]:
    """Those that need a person first, and within each rank the newest first."""
    newest_first = sorted(operations, key=lambda one: (str(one.get("updated", "")), one["operation_id"]), reverse=True)
    return sorted(newest_first, key=lambda one: min(STATUSES.index(one["status"]), len(URGENT_STATUSES)))


def _print(options: Options, store: str, operations: list[Summary], *, is_cut: bool) -> None:
    """Print the summaries. `store`: its name, for the message that there are none."""
    if options.as_json:
        terminal.out_json({"format": 1, "operations": operations})
    elif not operations:
        terminal.err(f"no operation in {terminal.escape(store)}")
    else:
        head, *lines = terminal.align_columns([_cells(one) for one in operations], COLUMNS, status_at=1)
        terminal.out("\n".join([terminal.style(head, "strong"), *lines]))
    if is_cut:
        terminal.err("Older operations that have ended are not shown; show more with --limit N")


def _cells(operation: Summary) -> tuple[str, ...]:
    runner = operation["runner"]
    return (
        operation["operation_id"], str(operation.get("status", "?")), str(operation.get("runbook", "")),
        str(operation.get("step") or ""), str(operation.get("updated", "")), runner["actor"] if runner else "",
    )  # fmt: skip
