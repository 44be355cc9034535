"""`runbook history`: every event of one operation. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from engine.cli.command_classes import Command
from engine.cli.context import Surroundings
from engine.cli.options import FINDING, SHOWING, Options, taking
from engine.cli.output import terminal
from engine.cli.output.event_lines import lines
from engine.cli.output.times import moment
from engine.cli.session import Id, checked_id, surrounded
from engine.errors import EnvironmentProblem
from engine.kernel import IllegalEvent
from engine.kernel.queries import waits_for_a_person
from engine.runtime.load import Replay, unknown
from engine.stores.packing import damaged
from engine.stores.port import Chain, Record

app = typer.Typer(rich_markup_mode=None)

EVERY: Final = 1.0
"""Seconds between two looks of `--follow`."""


@app.command("history", cls=Command)
@taking(*FINDING, *SHOWING)
def history(
    options: Options,
    id: Id,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="go on until the operation ends or holds")] = False,
    check: Annotated[bool, typer.Option("--verify", help="check the chain of records first")] = False,
) -> int:
    """Every event of one operation, one a line."""
    with surrounded(options) as here, here.stop.installed():
        told_of = History(here, checked_id(id))
        if check:
            told_of.check()
        told_of.tell()
        while follow and not told_of.over and not here.stop():
            here.clock.sleep(EVERY)
            told_of.tell()
        return here.stop()


class History:
    """Tells the records that it has not told yet."""

    def __init__(self, here: Surroundings, id: str) -> None:
        self._here = here
        self._id = id
        self._chain = Chain()
        self._replay = Replay(here.runbook)

    @property
    def over(self) -> bool:
        """Has it ended, or does it hold, so that nothing comes by itself?"""
        operation = self._replay.operation
        return operation is not None and (bool(operation.ended) or waits_for_a_person(operation))

    def check(self) -> None:
        """EnvironmentProblem where the chain of records does not hold."""
        chain = Chain()
        for record in self._here.store.records(self._id):
            self._must_follow(chain, record)
        self._must_be(chain)
        terminal.err(f"the chain of {chain.seq} record(s) holds")

    def tell(self) -> None:
        """What has been appended since the last time; of a log that is damaged, what comes before that."""
        for record in self._here.store.records(self._id, after=self._chain.seq):
            self._must_follow(self._chain, record)
            for line in self._lines(record):
                terminal.out(line)
        self._must_be(self._chain)

    def _must_be(self, chain: Chain) -> None:
        if not chain.seq:
            raise unknown(self._here.store, self._id)

    def _must_follow(self, chain: Chain, record: Record) -> None:
        wrong = chain.wrong(record)
        if wrong is not None:
            number, what = wrong
            raise damaged(f"record {number} of {self._id} in {self._here.store.name}", what, self._id)

    def _lines(self, record: Record) -> Iterator[str]:
        try:
            for raw, transition in zip(record.events, self._replay.read(record), strict=True):
                line = lines(transition)[0]
                if self._here.options.as_json:
                    yield _as_json(record, raw, line.step, line.text)
                else:
                    where = f"{record.seq:>4}  {moment(line.at)}  {terminal.clean(line.step).ljust(20)}"
                    yield f"{where}  {terminal.clean(line.text)}".rstrip()
        except (ValueError, KeyError, TypeError, IllegalEvent) as error:
            message = f"record {record.seq} of {self._id} cannot be read by this version: {error}"
            raise EnvironmentProblem(message) from error


def _as_json(record: Record, raw: Any, step: str, text: str) -> str:
    import json

    from engine.kernel.codec import TAG
    from engine.kernel.rendering import iso

    fields = {key: value for key, value in raw.items() if key not in (TAG, "at", "step")}
    told_of = {
        "format": 1, "operation_id": record.operation, "seq": record.seq, "at": iso(raw["at"]), "actor": record.actor,
        "host": record.host, "process": record.process, "step": step, "event": raw[TAG], "text": text,
        "fields": fields,
    }  # fmt: skip
    return json.dumps(told_of, ensure_ascii=False, separators=(",", ":"))
