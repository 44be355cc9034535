"""status, list and history: what the log says. Nothing here writes, and nothing needs AWS but a store that is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from engine.cli.command_classes import Command
from engine.cli.context import Surroundings
from engine.cli.near import nearest
from engine.cli.options import FINDING, SHOWING, Options, taking
from engine.cli.output import status_document, terminal
from engine.cli.output.event_lines import lines
from engine.cli.output.times import moment
from engine.cli.session import Id, checked_id, located, surrounded, told
from engine.errors import EnvironmentProblem, UsageError
from engine.kernel import IllegalEvent
from engine.reports.status import summary
from engine.runtime.load import Replay, load, unknown
from engine.stores.packing import damaged
from engine.stores.port import Chain, Head, Record

app = typer.Typer(rich_markup_mode=None)

STATUSES: Final = ("IN_PROGRESS", "HELD", "SUCCEEDED", "FAILED", "CANCELLED", "STUCK")
EVERY: Final = 1.0
"""Seconds between two looks of `--follow`."""


@app.command("status", cls=Command)
@taking(*FINDING, *SHOWING)
def status(options: Options, id: Id) -> int:
    """One operation: where it stands, and what to type next."""
    with surrounded(options) as here:
        told(here, *located(here, id))
    return 0


# -- list -----------------------------------------------------------------------------------------------------


@app.command("list", cls=Command)
@taking(*FINDING, *SHOWING)
def list_(
    options: Options,
    wanted: Annotated[str | None, typer.Option("--status", metavar="STATUS", help="those alone, say HELD")] = None,
) -> int:
    """All operations, those that need somebody first."""
    if wanted is not None and wanted.upper() not in STATUSES:
        message = f"--status {wanted}: there is no such status{nearest(wanted.upper(), STATUSES)}"
        raise UsageError(message)
    with surrounded(options) as here:
        status = wanted.upper() if wanted else None
        heads = [_summary(here, head) for head in here.store.heads()]
        found = sorted((one for one in heads if status in (None, one["status"])), key=_order)
        if options.as_json:
            terminal.document({"format": 1, "operations": found})
        else:
            _listed(here, found)
    return 0


def _summary(here: Surroundings, head: Head) -> dict[str, Any]:
    """What the head says; what the records say where a runner died before it could, or has only just taken it up."""
    said = dict(head.summary)
    taken_up = head.lease is not None and said.get("status") != "IN_PROGRESS"
    if not said or taken_up or status_document.is_left_behind(head):
        loaded = load(here.store, head.operation, here.parse)
        said = summary(loaded.operation, loaded.runbook)
    return {"operation_id": head.operation, **said, "runner": status_document.runner_of(head)}


def _order(one: dict[str, Any]) -> tuple[int, str]:
    urgent = ("STUCK", "HELD", "IN_PROGRESS")
    said = str(one.get("status"))
    return (urgent.index(said) if said in urgent else len(urgent), str(one["operation_id"]))


def _listed(here: Surroundings, found: list[dict[str, Any]]) -> None:
    if not found:
        terminal.err(f"no operation in {terminal.clean(here.store.name)}")
        return
    rows = [
        (
            one["operation_id"], str(one.get("status", "?")), str(one.get("runbook", "")), str(one.get("step") or ""),
            str(one.get("updated", "")), one["runner"]["actor"] if one["runner"] else "",
        )
        for one in found
    ]  # fmt: skip
    head, *lined = terminal.columns(rows, ("operation", "status", "runbook", "step", "updated", "driven by"))
    terminal.out(terminal.dyed(head, "strong"))
    for line, one in zip(lined, found, strict=True):
        word = str(one.get("status", "?"))
        terminal.out(line.replace(word, terminal.status(word), 1))


# -- history --------------------------------------------------------------------------------------------------


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
        return operation is not None and (bool(operation.ended) or _waits_for_a_person(operation))

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


def _waits_for_a_person(operation: Any) -> bool:
    return operation.hold is not None and not any(frame.path.startswith("on_hold/") for frame in operation.frames)


def _as_json(record: Record, raw: Any, step: str, text: str) -> str:
    import json

    from engine.kernel.codec import TAG
    from engine.kernel.names import iso

    fields = {key: value for key, value in raw.items() if key not in (TAG, "at", "step")}
    told_of = {
        "format": 1, "operation_id": record.operation, "seq": record.seq, "at": iso(raw["at"]), "actor": record.actor,
        "host": record.host, "process": record.process, "step": step, "event": raw[TAG], "text": text,
        "fields": fields,
    }  # fmt: skip
    return json.dumps(told_of, ensure_ascii=False, separators=(",", ":"))
