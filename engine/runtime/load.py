"""From the log to an operation: the last whole state, the events since, the runbook's text by its digest.

Nothing here writes. Errors: UsageError for an unknown operation, EnvironmentProblem for a log that cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from engine.errors import EnvironmentProblem, UsageError
from engine.kernel import IllegalEvent, Operation, evolve
from engine.kernel import events as ev
from engine.kernel.codec import decode
from engine.kernel.effect import Maker
from engine.kernel.start import begun
from engine.kernel.transition import Transition
from engine.language.model import Runbook
from engine.stores.port import LogRecord, Store
from engine.values import changed

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Parse = Callable[[str], Runbook]
"""From a runbook's text; RunbookInvalid where this version refuses it."""


@dataclass(slots=True)
class Loaded:
    """An operation as the log has it."""

    runbook: Runbook
    operation: Operation
    seq: int
    digest: str
    whole: int  # bytes of the record with the last whole state
    since: int  # bytes of those after it


def load(store: Store, id: str, parse: Parse, known: Loaded | None = None) -> Loaded:
    """The operation, ready to be driven or shown; where it was loaded before, with what has been recorded since."""
    records = store.load(id, after=known.seq if known is not None else 0)
    if not records and known is not None:
        return known
    if not records:
        raise unknown(store, id)
    try:
        return _folded(store, records, parse, known)
    except (ValueError, KeyError, TypeError, IllegalEvent) as error:
        message = f"the log of {id} cannot be read by this version: {error}; nothing was changed"
        raise EnvironmentProblem(message) from error


def read_on(store: Store, id: str, parse: Parse, known: dict[str, Loaded]) -> Loaded:
    """As `load`, from where it was read last; `known` then has it as it is now."""
    found = known[id] = load(store, id, parse, known.get(id))
    return found


def unknown(store: Store, id: str) -> UsageError:
    """To be raised where there is no such operation."""
    return UsageError(f"there is no operation {id} in {store.name}; `runbook list` shows what there is")


def _folded(store: Store, records: list[LogRecord], parse: Parse, known: Loaded | None) -> Loaded:
    first = records[0]
    if known is None or first.state is not None:
        operation, records = _state(first), records[1:]
        found = Loaded(
            runbook=parse(text_of(store, operation.digest)), operation=operation, seq=first.seq, digest=first.digest,
            whole=len(first.packed()), since=0,
        )  # fmt: skip
    elif (first.seq, first.previous) == (known.seq + 1, known.digest):
        found = replace(known)
    else:
        message = f"record {first.seq} does not follow record {known.seq}, which was read before"
        raise ValueError(message)
    for record in records:
        _fold(store, found, record, parse)
    if found.runbook.digest != found.operation.digest:
        found.runbook = parse(text_of(store, found.operation.digest))
    return found


def _fold(store: Store, found: Loaded, record: LogRecord, parse: Parse) -> None:
    """One more record: its whole state, or its events."""
    found.seq, found.digest = record.seq, record.digest
    if record.state is not None:
        found.operation, found.whole, found.since = _state(record), len(record.packed()), 0
        return
    found.since += len(record.packed())
    for event in events_of(record):
        if isinstance(event, ev.RunbookEdited):
            found.runbook = parse(text_of(store, event.digest))
        found.operation = evolve(found.runbook, found.operation, event)


def _state(record: LogRecord) -> Operation:
    """The whole state of a record, at the time of its last event."""
    whole = decode(record.state) if record.state is not None else None
    if not isinstance(whole, Operation):
        message = f"record {record.seq} has no state"
        raise ValueError(message)
    return changed(whole, at=record.at)


def text_of(store: Store, digest: str) -> str:
    """The stored text of a runbook."""
    return store.blob(digest).decode("utf-8")


def events_of(record: LogRecord) -> Iterator[ev.Event]:
    """The events of one record."""
    for event in record.events:
        yield decode(event)


@dataclass(slots=True)
class Replay:
    """An operation folded from its first record on, each event once."""

    runbooks: Callable[[str], Runbook]  # by the digest of the text
    runbook: Runbook | None = None
    operation: Operation | None = None

    def read(self, record: LogRecord) -> Iterator[Transition]:
        """What each event of the next record has changed. Raises ValueError, IllegalEvent."""
        for event in events_of(record):
            yield self._fold(event)

    def _fold(self, event: ev.Event) -> Transition:
        before = self.operation
        if isinstance(event, ev.Started | ev.RunbookEdited):
            self.runbook = self.runbooks(event.digest)
        if isinstance(event, ev.Started):
            assert self.runbook is not None
            self.operation = begun(self.runbook, event)
        elif before is None or self.runbook is None:
            message = "the first event of the log is not `started`"
            raise ValueError(message)
        else:
            self.operation = evolve(self.runbook, before, event)
        return Transition(event=event, runbook=self.runbook, before=before, after=self.operation)


def replayed(store: Store, id: str, parse: Parse) -> Operation:
    """The operation folded from its first record on: what the stored states must agree with."""
    replay = Replay(lambda digest: parse(text_of(store, digest)))
    for record in store.records(id):
        for _ in replay.read(record):
            pass
    if replay.operation is None:
        raise unknown(store, id)
    return replay.operation


def is_an_id(text: str) -> bool:
    """Can an operation be called so? A tag is anybody's text."""
    return _ID.fullmatch(text) is not None


def find_maker(store: Store, id: str) -> Maker:
    """What this store knows of the operation that a thing's tags name."""
    records = store.load(id) if is_an_id(id) else []
    if not records:
        return Maker(operation=id)
    whole = None
    events: list[ev.Event] = []
    for record in records:
        if record.state is not None:
            whole, events = decode(record.state), []
        else:
            events += list(events_of(record))
    if not isinstance(whole, Operation):
        return Maker(operation=id)
    ended = bool(whole.ended)
    ids = [entry.id for entry in whole.ledger if entry.id is not None]
    for event in events:
        ended = isinstance(event, ev.Ended) or (ended and not isinstance(event, (ev.Restarted, ev.CleanupBegun)))
        if isinstance(event, (ev.Adopted, ev.Succeeded)) and event.id is not None:
            ids.append(event.id)
    return Maker(operation=id, known=True, ended=ended, runbook=whole.runbook, ids=tuple(ids))
