"""Records, leases and heads as the bytes and texts that stores keep, and back: what all stores have in common.

A record that is newer, damaged, or does not follow the one before raises an `EnvironmentProblem` that names it. Nothing
is repaired or overwritten here. This module knows neither where the bytes are kept nor what an event means.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from engine.errors import EnvironmentProblem, StoreConflict
from engine.stores.port import FORMAT, LONGEST_LEASE, Head, Lease, LogRecord, Seal, read_json
from engine.values import Value

LARGEST: Final = 1e15
"""Seconds: later than every time in a record, and longer than every duration."""

LONGEST: Final = 4_000
"""Characters of one readable column. The full text is in the packed record."""

READABLE: Final = (
    "timestamp", "step", "status", "details", "retry_count", "max_retries", "error", "error_message",
    "cleanup_status", "orphaned_resources",
)  # fmt: skip
"""The readable columns beside a packed record, with the names of the operators' guide (docs/architecture.md, "The log")."""

_PLAIN = json.JSONEncoder(separators=(",", ":")).encode


class StoredRecord(Value):
    """A record as a store keeps it. `seq` is the key under which it was found: the record itself must have the same."""

    seq: int
    packed: bytes
    digest: str
    mac: str = ""


def decode_record(stored: StoredRecord, operation: str, store: str) -> LogRecord:
    """The record. Its digest is not checked here, so that `verify` can report a record that was changed."""
    where = f"record {stored.seq} of {operation} in {store}"
    try:
        body = read_json(stored.packed)
        if body["format"] > FORMAT:
            message = f"{where} was written by a newer version of runbook. Install that version; nothing was changed"
            raise EnvironmentProblem(message)
        _check_types(body, _RECORD)
        beside = {"events": tuple(body["events"]), "digest": stored.digest, "mac": stored.mac}
        record = LogRecord(**body | beside).with_bytes(stored.packed)
    except (ValueError, TypeError, KeyError) as error:
        raise corrupt_record(where, f"cannot be read ({error})", operation) from error
    if (record.operation, record.seq) != (operation, stored.seq):
        raise corrupt_record(where, f"contains record {record.seq} of {record.operation}", operation)
    return record


def _check_types(body: Mapping[str, Any], types: Mapping[str, Callable[[Any], bool]]) -> None:
    """TypeError for a field of another type: who can write the store can write anything into it."""
    wrong = next((name for name, fits in types.items() if name in body and not fits(body[name])), None)
    if wrong is not None:
        message = f"its `{wrong}` is not what it must be"
        raise TypeError(message)


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_time(value: Any) -> bool:
    """Seconds: a finite number. `LARGEST` is beyond every time and duration."""
    return type(value) in (int, float) and 0 <= value <= LARGEST


def _is_lease_duration(value: Any) -> bool:
    return _is_time(value) and 0 < value <= LONGEST_LEASE


def _is_pid(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**31


def _is_list_of_objects(value: Any) -> bool:
    return type(value) is list and all(type(one) is dict for one in value)


def _is_list_of_texts(value: Any) -> bool:
    return type(value) is list and all(type(one) is str for one in value)


def _is_object_of_texts(value: Any) -> bool:
    return type(value) is dict and all(type(one) is str for one in value.values())


def _is_object_or_null(value: Any) -> bool:
    return value is None or type(value) is dict


_RECORD: Final = {
    "at": _is_time, "write_id": _is_text, "events": _is_list_of_objects, "state": _is_object_or_null, "actor": _is_text,
    "host": _is_text, "process": _is_text, "readable": _is_object_of_texts, "previous": _is_text,
}  # fmt: skip
_LEASE: Final = {
    "boot": _is_text, "duration": _is_lease_duration, "host": _is_text, "owner": _is_text, "pid": _is_pid,
    "since": _is_time, "started": _is_text, "version": _is_text,
}  # fmt: skip
_CANCEL: Final = {"actor": _is_text, "at": _is_time, "past": _is_list_of_texts}
_SEAL: Final = {"seq": _is_pid, "record": _is_text, "mac": _is_text}


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


def encode_seal(seal: Seal) -> str:
    """A seal as JSON text."""
    return _PLAIN({"seq": seal.seq, "record": seal.record, "mac": seal.mac})


def decode_head(
    operation: str, store: str, *, lease: str | None, summary: str | None, cancel: str | None, seal: str | None = None
) -> Head:
    """A head from its JSON texts; EnvironmentProblem if one cannot be read."""
    try:
        return Head(
            operation=operation,
            lease=_decode_lease(lease) if lease else None,
            summary=_mapping(summary) if summary else {},
            cancel_asked=_mapping(cancel, _CANCEL) if cancel else None,
            seal=Seal(**_mapping(seal, _SEAL)) if seal else None,
        )
    except (ValueError, TypeError) as error:
        message = f"the head of {operation} in {store} cannot be read ({error}). Nothing was changed; restore the store from a backup"
        raise EnvironmentProblem(message) from error


def _decode_lease(text: str) -> Lease:
    """Fields that a newer version added are ignored."""
    return Lease(**{name: value for name, value in _mapping(text, _LEASE).items() if name in _LEASE})


def _mapping(text: str, types: Mapping[str, Callable[[Any], bool]] = MappingProxyType({})) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        message = "a mapping is expected"
        raise TypeError(message)
    _check_types(value, types)
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
