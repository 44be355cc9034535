"""Records, leases and heads as the bytes and texts that stores keep, and back: what all stores have in common.

A record that is newer, damaged, or does not follow the one before raises an `EnvironmentProblem` that names it. Nothing
is repaired or overwritten here. This module knows neither where the bytes are kept nor what an event means.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from engine.errors import EnvironmentProblem, StoreConflict
from engine.stores.port import FORMAT, Head, Lease, LogRecord, read_json
from engine.values import Value

LONGEST: Final = 4_000
"""Characters of one readable column. The full text is in the packed record."""

READABLE: Final = (
    "timestamp", "step", "status", "details", "retry_count", "max_retries", "error", "error_message",
    "cleanup_status", "orphaned_resources",
)  # fmt: skip
"""The readable columns beside a packed record, with the names of the operators' guide (docs/architecture.md, "The log")."""

_LEASE = tuple(sorted(Lease.__struct_fields__))
_PLAIN = json.JSONEncoder(separators=(",", ":")).encode


class StoredRecord(Value):
    """A record as a store keeps it. `seq` is the key under which it was found: the record itself must have the same."""

    seq: int
    packed: bytes
    digest: str


def decode_record(stored: StoredRecord, operation: str, store: str) -> LogRecord:
    """The record. Its digest is not checked here, so that `verify` can report a record that was changed."""
    where = f"record {stored.seq} of {operation} in {store}"
    try:
        body = read_json(stored.packed)
        if body["format"] > FORMAT:
            message = f"{where} was written by a newer version of runbook. Install that version; nothing was changed"
            raise EnvironmentProblem(message)
        record = LogRecord(**body | {"events": tuple(body["events"]), "digest": stored.digest}).with_bytes(
            stored.packed
        )
    except (ValueError, TypeError, KeyError) as error:
        raise corrupt_record(where, f"cannot be read ({error})", operation) from error
    if (record.operation, record.seq) != (operation, stored.seq):
        raise corrupt_record(where, f"contains record {record.seq} of {record.operation}", operation)
    return record


def decode_chain(rows: Iterable[StoredRecord], operation: str, store: str) -> list[LogRecord]:
    """The records, each checked against its digest and the record before. Nothing is before the first, of any number."""
    found: list[LogRecord] = []
    for stored in rows:
        where = f"record {stored.seq} of {operation} in {store}"
        if found and stored.seq != found[-1].seq + 1:
            gap = f"record {found[-1].seq + 1} of {operation} in {store}"
            raise corrupt_record(gap, "is missing", operation)
        if hashlib.sha256(stored.packed).hexdigest() != stored.digest:
            raise corrupt_record(where, "was changed after it was written", operation)
        record = decode_record(stored, operation, store)
        before = found[-1].digest if found else "" if record.seq == 1 else record.previous
        if record.previous != before:
            raise corrupt_record(where, "does not follow the one before", operation)
        found.append(record)
    return found


def corrupt_record(where: str, what: str, operation: str) -> EnvironmentProblem:
    """The error for a log that cannot be trusted. `where` names the record, `what` says what is wrong with it."""
    return EnvironmentProblem(
        f"{where} {what}. Nothing was changed; copy the store, check it with `runbook history {operation} --verify`, and "
        f"restore it from a backup"
    )


def encode_json(value: Mapping[str, Any] | None) -> str | None:
    """A mapping as JSON text, for a head. It is ASCII, which every store accepts."""
    return None if value is None else json.dumps(dict(value), sort_keys=True, separators=(",", ":"))


def encode_lease(lease: Lease) -> str:
    """A lease as JSON text."""
    return _PLAIN({name: getattr(lease, name) for name in _LEASE})


def readable_columns(record: LogRecord) -> list[str]:
    """The texts of `READABLE`, cut to `LONGEST`, and without lone surrogates, which no store accepts."""
    texts = [record.readable.get(name, "") for name in READABLE]
    together = "".join(texts)
    return texts if len(together) <= LONGEST and together.isascii() else [_cut(text) for text in texts]


def _cut(text: str) -> str:
    whole = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return whole.encode("utf-8", "replace").decode("utf-8")


def decode_head(operation: str, store: str, *, lease: str | None, summary: str | None, cancel: str | None) -> Head:
    """A head from its JSON texts; EnvironmentProblem if one cannot be read."""
    try:
        return Head(
            operation=operation,
            lease=_decode_lease(lease) if lease else None,
            summary=_mapping(summary) if summary else {},
            cancel_asked=_mapping(cancel) if cancel else None,
        )
    except (ValueError, TypeError) as error:
        message = f"the head of {operation} in {store} cannot be read ({error}). Nothing was changed; restore the store from a backup"
        raise EnvironmentProblem(message) from error


def _decode_lease(text: str) -> Lease:
    """Fields that a newer version added are ignored."""
    return Lease(**{name: value for name, value in _mapping(text).items() if name in _LEASE})


def _mapping(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        message = "a mapping is expected"
        raise TypeError(message)
    return value


def iso(at: float) -> str:
    """`2024-03-20T00:06:00Z`: times as heads and readable columns have them. Texts of this form sort by time."""
    return dt.datetime.fromtimestamp(int(at), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def head_time(summary: Mapping[str, Any], first: str) -> str:
    """The time by which an operation is listed: of its last record, by its summary; else of its first record."""
    return str(summary.get("updated") or first)


def is_between(time: str, after: float | None, before: float | None) -> bool:
    """Whether a time of a head is not before `after`, and is before `before`."""
    return (after is None or time >= iso(after)) and (before is None or time < iso(before))


def check_blob(content: bytes, digest: str, store: str) -> bytes:
    """The content, if it has that digest; EnvironmentProblem otherwise."""
    if hashlib.sha256(content).hexdigest() != digest:
        message = f"the text {digest} in {store} was changed after it was written. Restore the store from a backup"
        raise EnvironmentProblem(message)
    return content


def missing_blob(digest: str, store: str) -> EnvironmentProblem:
    """The error for a blob that is not in the store."""
    return EnvironmentProblem(f"the text {digest} is missing in {store}. Restore the store from a backup")


def append_conflict(record: LogRecord, store: str) -> StoreConflict:
    """The error for an append whose sequence number is taken by a record of another runner."""
    return StoreConflict(
        f"record {record.seq} of {record.operation} in {store} was written by another runner, which now runs the operation, "
        f"so this runner stopped. See `runbook status {record.operation}`"
    )
