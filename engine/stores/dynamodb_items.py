"""Records, heads, locks and blobs as items of the DynamoDB table, and back.

The readable attributes of a record are for people; the record itself is `packed`, compressed if that saves a write unit.
A record of more than 64 KB is stored in blobs, which are written before the record that names them. A single value of
more than 350 KB is refused with its step and field. This module does not know how items are sent.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from engine.errors import EnvironmentProblem
from engine.stores.port import Head, LogRecord
from engine.stores.serialization import (
    READABLE,
    StoredRecord,
    check_blob,
    corrupt_record,
    decode_head,
    readable_columns,
)

Item = Mapping[str, Any]

INLINE: Final = 64 * 1024
"""Compressed bytes of a record that is stored in its own item. A larger one is stored in blobs."""

SMALL: Final = 700
"""Bytes of a record that is stored as text: with the other attributes it still is one write unit of 1 KB."""

LARGEST: Final = 350 * 1024
"""Compressed bytes of one blob, and of one value in an event. An item of DynamoDB may have 400 KB."""

MOST_DIGITS: Final = 16
MOST_BYTES: Final = 128 * 1024 * 1024
"""Of one record or text, once it is decompressed."""

LAST: Final = 10**15
"""A sequence number higher than that of any record."""

STORE_ID: Final = "store#id"
"""The key of the item that has the id of the store."""

NO_STATUS: Final = "-"
"""In the index, where a key cannot be empty: a first record, or a head without a summary."""
SET_STATUS: Final = "head_status = if_not_exists(head_status, :none), head_time = if_not_exists(head_time, :time)"


def key(operation: str, seq: int = 0) -> dict[str, Any]:
    """The key of an item. Heads, locks and blobs have the sequence number 0."""
    return {"operation_id": {"S": operation}, "seq": {"N": str(seq)}}


def blob_key(digest: str) -> str:
    return f"blob#{digest}"


def lock_key(lock: str) -> str:
    """With the name of the lock, or its digest if it is too long for a key."""
    name = lock.encode("utf-8", "replace")
    return f"lock#{name.decode() if len(name) <= 1_000 else hashlib.sha256(name).hexdigest()}"


def text(item: Item, name: str) -> str:
    """A text attribute; "" if the item has none."""
    return str(item.get(name, {}).get("S", ""))


def index_time(time: str, operation: str) -> str:
    """The range key of the index: an ISO time, then the id. `#` sorts before any letter and digit of a time."""
    return f"{time}#{operation}"


def number(item: Item, name: str) -> int:
    """A whole number; 0 if the item has none, or one with a fraction or an exponent."""
    digits = str(item.get(name, {}).get("N", ""))
    return int(digits) if digits.isdecimal() and len(digits) <= MOST_DIGITS else 0


def parts(item: Item) -> list[str]:
    """The digests of the blobs that a large record is stored in; [] for one that is in its own item."""
    return [one["S"] for one in item["parts"]["L"]] if "parts" in item else []


def has_state(item: Item) -> bool:
    """Does the record have a state?"""
    return "whole" in item


# -- records --------------------------------------------------------------------------------------------------


def of_record(record: LogRecord, whole_at: int | None, store: str, put_blob: Callable[[bytes], str]) -> dict[str, Any]:
    """The item of a record. A record that is too large for an item is first stored with `put_blob`.

    `whole_at`: the sequence number of the last record with a state.
    """
    columns = zip(READABLE, readable_columns(record), strict=True)
    item = {name: {"S": text} for name, text in columns if text} | key(record.operation, record.seq)
    item |= {"write_id": {"S": record.write_id}, "digest": {"S": record.digest}}
    if record.mac:
        item["mac"] = {"S": record.mac}
    if record.state is not None:
        item["whole"] = {"BOOL": True}
    if whole_at is not None:
        item["whole_at"] = {"N": str(whole_at)}
    if record.seq == 1:  # so that `heads` finds it even if its runner died before it wrote the head
        item["head_status"] = {"S": NO_STATUS}
        item["head_time"] = {"S": index_time(record.readable.get("timestamp", ""), record.operation)}
    if (plain := _as_text(record.packed())) is not None:
        item["packed"] = {"S": plain}
        return item
    packed = zlib.compress(record.packed())
    if len(packed) <= INLINE:
        item["packed"] = {"B": packed}
        return item
    _refuse_large(record, store)
    parts = [packed[at : at + LARGEST - 1024] for at in range(0, len(packed), LARGEST - 1024)]
    item["parts"] = {"L": [{"S": put_blob(part)} for part in parts]}
    return item


def _as_text(packed: bytes) -> str | None:
    """The record as readable text; None if it is larger, or contains a lone surrogate."""
    try:
        return packed.decode() if len(packed) <= SMALL else None
    except UnicodeDecodeError:
        return None


def stored_record(item: Item, store: str, read_blob: Callable[[str], bytes]) -> StoredRecord:
    """The record as it was appended, from its item and blobs."""
    seq = number(item, "seq")
    try:
        if "parts" in item:
            packed = _inflate(b"".join(read_blob(digest) for digest in parts(item)))
        elif "S" in item["packed"]:
            packed = item["packed"]["S"].encode()
        else:
            packed = _inflate(bytes(item["packed"]["B"]))
        return StoredRecord(seq=seq, packed=packed, digest=text(item, "digest"), mac=text(item, "mac"))
    except (KeyError, TypeError, zlib.error) as error:
        operation = text(item, "operation_id")
        raise corrupt_record(
            f"record {seq} of {operation} in {store}", f"cannot be read ({error})", operation
        ) from error


def _inflate(compressed: bytes) -> bytes:
    """The bytes again. zlib.error for more than `MOST_BYTES`: 400 KB can be made to need 400 MB."""
    inflating = zlib.decompressobj()
    plain = inflating.decompress(compressed, MOST_BYTES)
    if not inflating.eof:
        message = "it is cut off or too large"
        raise zlib.error(message)
    return plain


def _refuse_large(record: LogRecord, store: str) -> None:
    """● No value is split up: one that large belongs in a bucket, and its key in the runbook."""
    for path, value in _values(record.events, "events"):
        size = len(zlib.compress(json.dumps(value).encode()))
        if size > LARGEST:
            step = record.readable.get("step") or "?"
            raise EnvironmentProblem(
                f"step {step} returned {size // 1024} KB (compressed) in {path}; {store} stores at most "
                f"{LARGEST // 1024} KB for one value. Return less, or store it elsewhere and return its location"
            )


def _values(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The fields of each event, and of an output in it, with their paths."""
    match value:
        case Mapping() if "$" in value or path.endswith(".output"):
            for name, item in value.items():
                yield from _values(item, f"{path}.{name}")
        case list() | tuple() if path == "events":
            for position, item in enumerate(value):
                yield from _values(item, f"{path}[{position}]")
        case _:
            yield path, value


# -- heads and blobs ------------------------------------------------------------------------------------------


def head(item: Item, operation: str, store: str) -> Head:
    """The head of an operation. An empty item is the head that an operation has before one is written."""
    parts = {"lease": "lease", "summary": "summary", "cancel": "cancel_asked", "seal": "seal"}
    return decode_head(operation, store, **{part: text(item, name) or None for part, name in parts.items()})


def of_blob(content: bytes, digest: str, store: str) -> dict[str, Any]:
    """The item of a blob."""
    packed = zlib.compress(content)
    if len(packed) > LARGEST:
        raise EnvironmentProblem(
            f"the runbook has {len(content) // 1024} KB, {len(packed) // 1024} KB compressed; {store} stores at most "
            f"{LARGEST // 1024} KB. Make the runbook smaller"
        )
    return key(blob_key(digest)) | {"content": {"B": packed}}


def content(item: Item, digest: str, store: str) -> bytes:
    """The bytes of a blob, checked against their digest."""
    try:
        return check_blob(_inflate(bytes(item["content"]["B"])), digest, store)
    except (KeyError, TypeError, zlib.error) as error:
        message = f"the text {digest} in {store} cannot be read ({error}). Restore the store from a backup"
        raise EnvironmentProblem(message) from error
