"""What is in an item of the table: records, heads, locks and blobs to DynamoDB's attributes, and back.

A record's attributes can be read by a person; what counts is `packed`, compressed where that saves. What is over 64 KB is kept apart by
content, in items that are written before the record that names them; one value that stays over 350 KB is refused,
with its step and field. This module must not know how items are sent.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from engine.errors import EnvironmentProblem
from engine.stores.port import Head, LogRecord
from engine.stores.serialization import READABLE, StoredRecord, corrupt_record, decode_head, fits, readable

Item = Mapping[str, Any]

INLINE: Final = 64 * 1024
"""Bytes, compressed, that a record has in its own item."""

SMALL: Final = 700
"""Bytes of a record that is one write unit of 1 KB, with what is beside it, as it is: it is kept as text."""

LARGEST: Final = 350 * 1024
"""Bytes, compressed, of one blob, and of one value of an event: an item of DynamoDB holds 400 KB."""

MOST: Final = 10**15
"""More than the number of any record."""

NO_STATUS: Final = "-"
LISTED: Final = "head_status = if_not_exists(head_status, :none)"


def key(operation: str, seq: int = 0) -> dict[str, Any]:
    """The key of an item; 0 is the head's, a lock's and a blob's number."""
    return {"operation_id": {"S": operation}, "seq": {"N": str(seq)}}


def blob_key(digest: str) -> str:
    return f"blob#{digest}"


def lock_key(lock: str) -> str:
    """The name, or its digest where it is longer than a key may be."""
    name = lock.encode("utf-8", "replace")
    return f"lock#{name.decode() if len(name) <= 1_000 else hashlib.sha256(name).hexdigest()}"


def text(item: Item, name: str) -> str:
    """A text attribute; "" where it is not there."""
    return str(item.get(name, {}).get("S", ""))


def number(item: Item, name: str) -> int:
    """A number; 0 where it is not there."""
    return int(item.get(name, {}).get("N", 0))


def is_whole(item: Item) -> bool:
    """Has this record the whole state?"""
    return "whole" in item


# -- records --------------------------------------------------------------------------------------------------


def of_record(record: LogRecord, whole_at: int | None, store: str, keep: Callable[[bytes], str]) -> dict[str, Any]:
    """The item; what is too large for it is kept first."""
    told = zip(READABLE, readable(record), strict=True)
    item = {name: {"S": text} for name, text in told if text} | key(record.operation, record.seq)
    item |= {"write_id": {"S": record.write_id}, "digest": {"S": record.digest}}
    if record.state is not None:
        item["whole"] = {"BOOL": True}
    if whole_at is not None:
        item["whole_at"] = {"N": str(whole_at)}
    if record.seq == 1:
        item["head_status"] = {"S": NO_STATUS}  # so that it is listed though its runner died before the head
    if (plain := _as_it_is(record.packed())) is not None:
        item["packed"] = {"S": plain}
        return item
    packed = zlib.compress(record.packed())
    if len(packed) <= INLINE:
        item["packed"] = {"B": packed}
        return item
    _refuse_large(record, store)
    parts = [packed[at : at + LARGEST - 1024] for at in range(0, len(packed), LARGEST - 1024)]
    item["parts"] = {"L": [{"S": keep(part)} for part in parts]}
    return item


def _as_it_is(packed: bytes) -> str | None:
    """As text, which a person can read; None for what is larger, or has half a character."""
    try:
        return packed.decode() if len(packed) <= SMALL else None
    except UnicodeDecodeError:
        return None


def kept(item: Item, store: str, read: Callable[[str], bytes]) -> StoredRecord:
    """The bytes that were appended."""
    seq = number(item, "seq")
    try:
        if "parts" in item:
            packed = zlib.decompress(b"".join(read(one["S"]) for one in item["parts"]["L"]))
        elif "S" in item["packed"]:
            packed = item["packed"]["S"].encode()
        else:
            packed = zlib.decompress(bytes(item["packed"]["B"]))
        return StoredRecord(seq=seq, packed=packed, digest=text(item, "digest"))
    except (KeyError, TypeError, zlib.error) as error:
        operation = text(item, "operation_id")
        raise corrupt_record(
            f"record {seq} of {operation} in {store}", f"cannot be read ({error})", operation
        ) from error


def _refuse_large(record: LogRecord, store: str) -> None:
    """● A value is not cut in pieces: what is that large belongs into a bucket, and its name into the runbook."""
    for path, value in _values(record.events, "events"):
        size = len(zlib.compress(json.dumps(value).encode()))
        if size > LARGEST:
            step = record.readable.get("step") or "?"
            raise EnvironmentProblem(
                f"step {step} yields {size // 1024} KB (compressed) in {path}, and {store} keeps at most "
                f"{LARGEST // 1024} KB of one value: let it yield less, or keep it elsewhere and yield where it is"
            )


def _values(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The outermost values that are fields: of an event, and of an output within it."""
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
    """The head; an empty item is one that was not written yet."""
    parts = {"lease": "lease", "summary": "summary", "cancel": "cancel_asked"}
    texts = {part: text(item, name) or None for part, name in parts.items()}
    return decode_head(operation, store, lease=texts["lease"], summary=texts["summary"], cancel=texts["cancel"])


def of_blob(content: bytes, digest: str, store: str) -> dict[str, Any]:
    """The item of some bytes."""
    packed = zlib.compress(content)
    if len(packed) > LARGEST:
        raise EnvironmentProblem(
            f"a text of {len(content) // 1024} KB is {len(packed) // 1024} KB compressed, and {store} keeps at most "
            f"{LARGEST // 1024} KB: make the runbook smaller"
        )
    return key(blob_key(digest)) | {"content": {"B": packed}}


def content(item: Item, digest: str, store: str) -> bytes:
    """The bytes of a blob's item, compared with their name."""
    try:
        return fits(zlib.decompress(bytes(item["content"]["B"])), digest, store)
    except (KeyError, TypeError, zlib.error) as error:
        message = f"text {digest} in {store} cannot be read ({error}); restore the store from its backup"
        raise EnvironmentProblem(message) from error
