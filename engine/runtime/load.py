"""Loads an operation from its log: the last state, the events since, and the runbook's text by its digest.

Nothing is written here. Errors: UsageError for an unknown operation, EnvironmentProblem for a log that cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from engine.errors import EnvironmentProblem, UsageError
from engine.kernel import IllegalEvent, Operation, Transition, begun, evolve
from engine.kernel import events as ev
from engine.kernel.codec import decode, durable
from engine.kernel.effect import Maker
from engine.kernel.rendering import Names, rendered
from engine.language.model import Runbook
from engine.stores.authenticated_store import Unauthenticated
from engine.stores.port import LogRecord, Store
from engine.values import changed

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

DAMAGED: Final = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, IllegalEvent)
"""What reading a log raises that is damaged, forged, or of a newer version."""

Parse = Callable[[str], Runbook]
"""From the text of a runbook; RunbookInvalid if this version refuses it."""


@dataclass(slots=True)
class Loaded:
    """An operation as it is in the log."""

    runbook: Runbook
    operation: Operation
    seq: int
    digest: str
    state_bytes: int  # of the last record with a state
    bytes_since_state: int  # of the records after it


def load(store: Store, id: str, parse: Parse, known: Loaded | None = None) -> Loaded:
    """The operation. `known`: as it was loaded before; only the records since are then read."""
    records = store.load(id, after=known.seq if known is not None else 0)
    if not records and known is not None:
        return known
    if not records:
        raise unknown_operation(store, id)
    try:
        return _fold_records(store, records, parse, known)
    except DAMAGED as error:
        message = f"this version of runbook cannot read the log of {id}: {error}. Nothing was changed"
        raise EnvironmentProblem(message) from error


def load_cached(store: Store, id: str, parse: Parse, known: dict[str, Loaded]) -> Loaded:
    """Like `load`, with the operations that were loaded before in `known`, which is updated."""
    loaded = known[id] = load(store, id, parse, known.get(id))
    return loaded


class UnknownOperation(UsageError):
    """The store has no such operation."""


def unknown_operation(store: Store, id: str) -> UnknownOperation:
    """The error for an operation that is not in the store."""
    return UnknownOperation(f"there is no operation {id} in {store.name}; see `runbook list`")


def _fold_records(store: Store, records: list[LogRecord], parse: Parse, known: Loaded | None) -> Loaded:
    first = records[0]
    if known is None or first.state is not None:
        operation, records = _state(first), records[1:]
        loaded = Loaded(
            runbook=parse(runbook_text(store, operation.digest)), operation=operation, seq=first.seq, digest=first.digest,
            state_bytes=len(first.packed()), bytes_since_state=0,
        )  # fmt: skip
    elif (first.seq, first.previous) == (known.seq + 1, known.digest):
        loaded = replace(known)
    else:
        message = f"record {first.seq} does not follow record {known.seq}, which was read earlier"
        raise ValueError(message)
    for record in records:
        try:
            _fold(store, loaded, record, parse)
        except DAMAGED as error:
            message = f"record {record.seq}: {error}"
            raise ValueError(message) from error
    if loaded.runbook.digest != loaded.operation.digest:
        loaded.runbook = parse(runbook_text(store, loaded.operation.digest))
    return loaded


def _fold(store: Store, loaded: Loaded, record: LogRecord, parse: Parse) -> None:
    """Apply the next record: its state, or else its events."""
    loaded.seq, loaded.digest = record.seq, record.digest
    if record.state is not None:
        loaded.operation, loaded.state_bytes, loaded.bytes_since_state = _state(record), len(record.packed()), 0
        return
    loaded.bytes_since_state += len(record.packed())
    loaded.operation = _as_stored(loaded.operation)
    for event in events_of(record):
        if isinstance(event, ev.RunbookEdited):
            loaded.runbook = parse(runbook_text(store, event.digest))
        loaded.operation = evolve(loaded.runbook, loaded.operation, event)


def _state(record: LogRecord) -> Operation:
    """The state of a record, at the time of its last event."""
    whole = decode(record.state) if record.state is not None else None
    if not isinstance(whole, Operation):
        what = "has no state" if record.seq == 1 else "has no state, and record 1 is missing"
        message = f"record {record.seq} {what}"
        raise ValueError(message)
    return changed(whole, at=record.at)


def _as_stored(operation: Operation) -> Operation:
    """The operation without what is volatile, as a record begins with it.

    A runner does not record looks and proofs that change nothing else. So where it was when it recorded the next events is
    not in the log, and they are folded as if the step had been looked at just before.
    """
    return changed(durable(operation), at=operation.at)


def runbook_text(store: Store, digest: str) -> str:
    """The stored text of a runbook."""
    return store.blob(digest).decode("utf-8")


def events_of(record: LogRecord) -> Iterator[ev.Event]:
    """The events of one record."""
    for event in record.events:
        yield decode(event)


@dataclass(slots=True)
class Replay:
    """An operation that is folded from its first record, each event once."""

    runbooks: Callable[[str], Runbook]  # by the digest of the text
    runbook: Runbook | None = None
    operation: Operation | None = None

    def read(self, record: LogRecord) -> Iterator[Transition]:
        """Apply the events of the next record, and yield what each has changed. Raises ValueError, IllegalEvent."""
        if self.operation is not None:
            self.operation = _as_stored(self.operation)
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
    """The operation folded from its first record. The stored states must equal it."""
    replay = Replay(lambda digest: parse(runbook_text(store, digest)))
    for record in store.records(id):
        for _ in replay.read(record):
            pass
    if replay.operation is None:
        raise unknown_operation(store, id)
    return replay.operation


def is_operation_id(text: str) -> bool:
    """Is it a valid operation id? Needed for ids from tags, which anybody can set."""
    return _ID.fullmatch(text) is not None


def find_maker(store: Store, id: str) -> Maker:
    """What this store knows about the operation that the tags of a resource name."""
    try:
        records = store.load(id) if is_operation_id(id) else []
    except Unauthenticated:
        records = []  # it may be forged, so nothing in it proves whose a resource is
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


def lock_name(runbook: Runbook, operation: Operation) -> str:
    """The rendered name of the runbook's lock; "" if it has none."""
    if runbook.lock is None:
        return ""
    return str(rendered(runbook.lock, Names(runbook, operation)))
