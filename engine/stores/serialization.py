"""From the bytes that a store keeps to records, leases and heads, and back: what all stores have in common.

A record that is newer, corrupt_record, or does not follow the one before is an `EnvironmentProblem` that names it; nothing
is mended or written over here. This module must not know where the bytes are kept, nor what an event means.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from engine.errors import EnvironmentProblem
from engine.stores.port import FORMAT, Head, Lease, LogRecord, read_json
from engine.values import Value

LONGEST: Final = 4_000
"""Characters of one readable attribute; the whole of it is in the packed events."""

READABLE: Final = (
    "timestamp", "step", "status", "details", "retry_count", "max_retries", "error", "error_message",
    "cleanup_status", "orphaned_resources",
)  # fmt: skip
"""The attributes beside a record's events, in the words of the operators' guide (docs/architecture.md, "The log")."""

_LEASE = tuple(sorted(Lease.__struct_fields__))
_PLAIN = json.JSONEncoder(separators=(",", ":")).encode


class StoredRecord(Value):
    """A record as a store keeps it; `seq` is its key, so that a record under another's key is seen."""

    seq: int
    packed: bytes
    digest: str


def decode_record(kept: StoredRecord, operation: str, store: str) -> LogRecord:
    """The record; its digest is taken as it is, so that `verify` can tell of one that was changed."""
    where = f"record {kept.seq} of {operation} in {store}"
    try:
        body = read_json(kept.packed)
        if body["format"] > FORMAT:
            message = f"{where} was written by a newer version of runbook: take that version; nothing was changed"
            raise EnvironmentProblem(message)
        record = LogRecord(**body | {"events": tuple(body["events"]), "digest": kept.digest}).kept_as(kept.packed)
    except (ValueError, TypeError, KeyError) as error:
        raise corrupt_record(where, f"cannot be read ({error})", operation) from error
    if (record.operation, record.seq) != (operation, kept.seq):
        raise corrupt_record(where, f"says that it is record {record.seq} of {record.operation}", operation)
    return record


def decode_chain(rows: Iterable[StoredRecord], operation: str, store: str) -> list[LogRecord]:
    """The records, each checked against its digest and the record before; the first is taken as it is."""
    found: list[LogRecord] = []
    for kept in rows:
        where = f"record {kept.seq} of {operation} in {store}"
        if found and kept.seq != found[-1].seq + 1:
            gap = f"record {found[-1].seq + 1} of {operation} in {store}"
            raise corrupt_record(gap, "is missing", operation)
        if hashlib.sha256(kept.packed).hexdigest() != kept.digest:
            raise corrupt_record(where, "was changed after it was written", operation)
        record = decode_record(kept, operation, store)
        before = found[-1].digest if found else "" if record.seq == 1 else record.previous
        if record.previous != before:
            raise corrupt_record(where, "does not follow the one before", operation)
        found.append(record)
    return found


def corrupt_record(where: str, what: str, operation: str) -> EnvironmentProblem:
    """What is said of a log that cannot be trusted."""
    return EnvironmentProblem(
        f"{where} {what}; nothing was changed. Keep a copy, see `runbook history {operation} --verify`, and restore "
        f"the store from its backup"
    )


def as_text(value: Mapping[str, Any] | None) -> str | None:
    """A mapping as JSON text, for the attributes of a head; ASCII, which every store takes."""
    return None if value is None else json.dumps(dict(value), sort_keys=True, separators=(",", ":"))


def encode_lease(lease: Lease) -> str:
    """A lease as JSON text."""
    return _PLAIN({name: getattr(lease, name) for name in _LEASE})


def readable(record: LogRecord) -> list[str]:
    """What a person sees beside the packed events: cut, and without halves of characters, which no store takes."""
    texts = [record.readable.get(name, "") for name in READABLE]
    together = "".join(texts)
    return texts if len(together) <= LONGEST and together.isascii() else [_cut(text) for text in texts]


def _cut(text: str) -> str:
    whole = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return whole.encode("utf-8", "replace").decode("utf-8")


def decode_head(operation: str, store: str, *, lease: str | None, summary: str | None, cancel: str | None) -> Head:
    """A head from its texts."""
    try:
        return Head(
            operation=operation,
            lease=_lease_of(lease) if lease else None,
            summary=_mapping(summary) if summary else {},
            cancel_asked=_mapping(cancel) if cancel else None,
        )
    except (ValueError, TypeError) as error:
        message = f"the head of {operation} in {store} cannot be read ({error}); nothing was changed"
        raise EnvironmentProblem(message) from error


def _lease_of(text: str) -> Lease:
    """What a newer version says besides is no business of ours; that it is a lease is."""
    return Lease(**{name: value for name, value in _mapping(text).items() if name in _LEASE})


def _mapping(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        message = "a mapping is expected"
        raise TypeError(message)
    return value


def fits(content: bytes, digest: str, store: str) -> bytes:
    """The blob, compared with its name."""
    if hashlib.sha256(content).hexdigest() != digest:
        message = f"text {digest} in {store} was changed after it was written; restore the store from its backup"
        raise EnvironmentProblem(message)
    return content


def missing(digest: str, store: str) -> EnvironmentProblem:
    """What is said of a blob that is not there."""
    return EnvironmentProblem(f"text {digest} is missing in {store}; restore the store from its backup")


def taken(record: LogRecord, store: str) -> str:
    """What is said where another's record came first."""
    return (
        f"record {record.seq} of {record.operation} in {store} was written by another runner, which has the operation "
        f"now; this one stops: `runbook status {record.operation}`"
    )
