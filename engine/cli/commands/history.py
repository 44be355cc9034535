"""`runbook history`: every event of one operation. Writes nothing to the store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

import typer

from engine.cli.context import CommandContext, check_operation_id
from engine.cli.operations import OperationId
from engine.cli.options import OUTPUT_OPTIONS, STORE_OPTIONS, Options, command
from engine.cli.output import terminal
from engine.cli.output.event_lines import format_event, format_event_json
from engine.errors import EnvironmentProblem
from engine.kernel.queries import waits_for_a_person
from engine.runtime.load import DAMAGED, Replay, unknown_operation
from engine.stores.port import Chain, LogRecord
from engine.stores.serialization import corrupt_record

FOLLOW_INTERVAL: Final = 1.0
"""Seconds between two reads of `--follow`."""


@command("history", *STORE_OPTIONS, *OUTPUT_OPTIONS)
def history(
    options: Options,
    id: OperationId,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="keep showing new events until the operation ends or holds")
    ] = False,
    verify: Annotated[bool, typer.Option("--verify", help="first verify the hash chain of the records")] = False,
) -> int:
    """Show every event of an operation, one a line."""
    with CommandContext(options) as context, context.stop.installed(terminal.err):
        printer = HistoryPrinter(context, check_operation_id(id))
        if verify:
            printer.verify()
        printer.print_new()
        while follow and not printer.is_over and not context.stop():
            context.clock.sleep(FOLLOW_INTERVAL)
            printer.print_new()
        return context.stop()


class HistoryPrinter:
    """Prints the records of an operation that were appended since the last call."""

    def __init__(self, context: CommandContext, id: str) -> None:
        self._context = context
        self._id = id
        self._chain = Chain()
        self._replay = Replay(context.runbook)

    @property
    def is_over(self) -> bool:
        """Whether the operation has ended, or waits for a person: nothing more happens by itself."""
        operation = self._replay.operation
        return operation is not None and (bool(operation.ended) or waits_for_a_person(operation))

    def verify(self) -> None:
        """Read all records. EnvironmentProblem where their chain is broken."""
        count, key = sum(1 for _ in self._records(Chain())), self._context.store_key
        chain = f"the chain of {terminal.plural(count, 'record')} is intact"
        terminal.err(
            f"{chain}, and authenticated by {key.name}" if key is not None else f"{chain}; no store key is set"
        )

    def print_new(self) -> None:
        """Print the new records; of a damaged log, those before the damage."""
        for record in self._records(self._chain):
            for line in self._lines(record):
                terminal.out(line, raw=self._context.options.as_json)

    def _records(self, chain: Chain) -> Iterator[LogRecord]:
        """The records after those of the chain, which is extended by each that continues it."""
        store = self._context.store
        for record in store.records(self._id, after=chain.seq):
            wrong = chain.check(record)
            if wrong is not None:
                number, what = wrong
                raise corrupt_record(f"record {number} of {self._id} in {store.name}", what, self._id)
            yield record
        if not chain.seq:
            raise unknown_operation(store, self._id)

    def _lines(self, record: LogRecord) -> Iterator[str]:
        format_line = format_event_json if self._context.options.as_json else format_event
        try:
            for raw, transition in zip(record.events, self._replay.read(record), strict=True):
                yield format_line(record, raw, transition)
        except DAMAGED as error:
            raise EnvironmentProblem(
                f"record {record.seq} of {self._id} cannot be read by this version: {error}"
            ) from error
