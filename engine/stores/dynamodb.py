"""The store that a team shares: one DynamoDB table, one conditional write for each record.

There are no transactions: what must be atomic is a single item. If a condition fails, the item may be our own write,
sent again after its reply was lost, so the record is read and its write id compared. Records, heads, locks and blobs
are read strongly consistent, on all pages. Only the list of operations comes from an index, which may be a second
behind. This module does not know what an event means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice
from typing import Any

from engine.clock import Clock, SystemClock
from engine.errors import EnvironmentProblem
from engine.stores import dynamodb_items as items
from engine.stores.dynamodb_client import ConditionFailed, TableClient
from engine.stores.dynamodb_table import INDEX, table_problem
from engine.stores.port import UNSUMMARISED, Head, Lease, LogRecord, Seal, StoreUnavailable, new_store_id
from engine.stores.serialization import (
    StoredRecord,
    append_conflict,
    decode_chain,
    decode_record,
    encode_json,
    encode_lease,
    encode_seal,
    head_time,
    is_between,
    iso,
    missing_blob,
)

BATCH = 100
"""Items of one `BatchGetItem`: DynamoDB's limit."""

IS_NEW = "attribute_not_exists(operation_id)"


class DynamoStore:
    """The store in one table, which `create_table` creates. Threads may share it."""

    def __init__(self, table: str, clients: Callable[[str], Any], clock: Clock | None = None) -> None:
        self.name = f"dynamodb:{table}"
        self._clock = clock or SystemClock()
        self._client = TableClient(table, clients, self._clock, table_problem)
        self._state_seqs: dict[str, int] = {}  # by operation: the sequence number of its last record with a state

    # -- records ------------------------------------------------------------------------------------------

    def append(self, record: LogRecord, seal: Seal | None = None) -> None:
        if seal is not None and record.seq == 1:
            self._write_seal(record.operation, seal)
        if record.state is not None:
            whole_at: int | None = record.seq
        else:
            whole_at = self._state_seqs.get(record.operation)
        item = items.of_record(record, whole_at, self.name, self.put_blob)
        try:
            self._client.request("put_item", Item=item, ConditionExpression=IS_NEW)
        except ConditionFailed as error:
            existing = self._item(record.operation, record.seq)
            if existing is None or items.text(existing, "write_id") != record.write_id:
                raise append_conflict(record, self.name) from error
        if whole_at is not None:
            self._state_seqs[record.operation] = whole_at
        if seal is not None:
            self._write_seal(record.operation, seal)

    def _write_seal(self, operation: str, seal: Seal) -> None:
        values = {
            ":seal": {"S": encode_seal(seal)}, ":seq": {"N": str(seal.seq)}, ":none": {"S": items.NO_STATUS},
            ":time": {"S": items.index_time("", operation)},
        }  # fmt: skip
        with suppress(ConditionFailed):  # the head has the seal of a later record
            self._client.request(
                "update_item", Key=items.key(operation), ExpressionAttributeValues=values,
                UpdateExpression=f"SET seal = :seal, sealed = :seq, {items.SET_STATUS}",
                ConditionExpression="attribute_not_exists(sealed) OR sealed <= :seq",
            )  # fmt: skip

    def load(self, operation: str, *, after: int = 0) -> list[LogRecord]:
        """Two requests: the last record, which has the number of the last one with a state, and the records between."""
        last = next(self._records(operation, after + 1, items.LAST, ScanIndexForward=False, Limit=1), None)
        if last is None:
            return []
        found = [last]
        seq, begin = items.number(last, "seq"), max(items.number(last, "whole_at"), after + 1)
        if begin < seq:
            found = [*self._records(operation, begin, seq - 1), last]
        start = max((position for position, item in enumerate(found) if items.has_state(item)), default=0)
        whole_at = (
            items.number(found[start], "seq") if items.has_state(found[start]) else items.number(last, "whole_at")
        )
        if whole_at:
            self._state_seqs[operation] = whole_at
        return decode_chain(map(self._stored_record, found[start:]), operation, self.name)

    def records(self, operation: str, *, after: int = 0) -> Iterator[LogRecord]:
        for item in self._records(operation, after + 1, items.LAST):
            yield decode_record(self._stored_record(item), operation, self.name)

    def _records(self, operation: str, first: int, last: int, **how: Any) -> Iterator[dict[str, Any]]:
        if "#" in operation:
            return iter(())  # the key of a blob or a lock, not of an operation
        values = {":o": {"S": operation}, ":a": {"N": str(first)}, ":b": {"N": str(last)}}
        return self._client.pages(
            "query", KeyConditionExpression="operation_id = :o AND seq BETWEEN :a AND :b",
            ExpressionAttributeValues=values, ConsistentRead=True, **how,
        )  # fmt: skip

    def _stored_record(self, item: Mapping[str, Any]) -> StoredRecord:
        return items.stored_record(item, self.name, self.blob)

    def _item(self, key: str, seq: int = 0) -> dict[str, Any] | None:
        """One item, or None. Read by a query: its reply has a count, so one that was cut off is not taken for "none"."""
        reply = self._client.request(
            "query", KeyConditionExpression="operation_id = :o AND seq = :s", ConsistentRead=True,
            ExpressionAttributeValues={":o": {"S": key}, ":s": {"N": str(seq)}},
        )  # fmt: skip
        found: list[dict[str, Any]] = reply["Items"]
        return found[0] if found else None

    # -- heads --------------------------------------------------------------------------------------------

    def head(self, operation: str) -> Head | None:
        item = self._item(operation) if "#" not in operation else None
        return items.head(item, operation, self.name) if item is not None else None

    def heads(
        self, status: str | None = None, *, after: float | None = None, before: float | None = None,
        limit: int | None = None,
    ) -> Iterator[Head]:  # fmt: skip
        ids = islice(self._listed(status, after, before, limit), limit)
        while batch := list(islice(ids, BATCH)):
            found_heads = {items.text(item, "operation_id"): item for item in self._batch(batch)}
            for id in batch:
                yield items.head(found_heads.get(id, {}), id, self.name)

    def _listed(
        self, status: str | None, after: float | None, before: float | None, limit: int | None
    ) -> Iterator[str]:
        """The ids in the index, newest first. One that was deleted a moment ago can still be among them."""
        if status is None or status == UNSUMMARISED:
            yield from self._scanned(status, after, before)
            return
        values = {
            ":s": {"S": status}, ":a": {"S": iso(after) if after is not None else "#"},
            ":b": {"S": iso(before) if before is not None else "~"},
        }  # fmt: skip
        pages = self._client.pages(
            "query", IndexName=INDEX, ExpressionAttributeValues=values, ScanIndexForward=False,
            KeyConditionExpression="head_status = :s AND head_time BETWEEN :a AND :b",
            **({"Limit": limit} if limit else {}),
        )  # fmt: skip
        id = ""
        for item in pages:
            id = items.text(item, "operation_id")
            yield id
        if not id:
            self._check_table()

    def _scanned(self, status: str | None, after: float | None, before: float | None) -> list[str]:
        """Of the whole index: only it tells which first records have no head with a summary."""
        rows: dict[str, tuple[bool, str]] = {}  # by id: whether it has a summary, and its time
        for item in self._client.pages("scan", IndexName=INDEX):
            row = (items.text(item, "head_status") != items.NO_STATUS, items.text(item, "head_time"))
            id = items.text(item, "operation_id")
            rows[id] = max(rows.get(id, row), row)
        if not rows:
            self._check_table()
        listed = [
            (time, id)
            for id, (is_summarised, time) in rows.items()
            if not (is_summarised and status == UNSUMMARISED) and is_between(time.partition("#")[0], after, before)
        ]
        return [id for _, id in sorted(listed, reverse=True)]

    def _check_table(self) -> None:
        """EnvironmentProblem for an index with other keys: it is empty, which is not an error to DynamoDB."""
        if (wrong := table_problem(self._client)) is not None:
            raise EnvironmentProblem(wrong)

    def _batch(self, ids: list[str]) -> Iterator[dict[str, Any]]:
        wanted: dict[str, Any] = {
            self._client.table: {"Keys": [items.key(id) for id in ids], "ConsistentRead": True}
        }  # fmt: skip
        for pause in chain((0.0, 0.1, 0.2, 0.4), (1.0,) * 30):
            self._clock.sleep(pause)
            reply = self._client.request("batch_get_item", RequestItems=wanted)
            for found in reply["Responses"].values():
                yield from found
            wanted = reply.get("UnprocessedKeys") or {}
            if not wanted:
                return
        raise StoreUnavailable(f"DynamoDB throttles reads of the table {self._client.table}")

    def _update(self, operation: str, change: str, condition: str | None, **values: str | None) -> bool:
        """Change a head; False if the condition fails. Every head has a status, so that it is in the index."""
        given = {f":{name}": {"S": value} for name, value in values.items() if value is not None}
        request: dict[str, Any] = {"UpdateExpression": change, "ExpressionAttributeValues": given}
        if condition is not None:
            request["ConditionExpression"] = condition
        try:
            self._client.request("update_item", Key=items.key(operation), **request)
        except ConditionFailed:
            return False
        return True

    def summarise(self, operation: str, summary: Mapping[str, Any]) -> None:
        time = items.index_time(head_time(summary, ""), operation)
        self._update(
            operation, "SET summary = :summary, head_status = :s, head_time = :time", None,
            summary=encode_json(summary), s=str(summary.get("status") or items.NO_STATUS), time=time,
        )  # fmt: skip

    def take_lease(self, operation: str, lease: Lease, *, over: str | None) -> bool:
        """True as well if an earlier attempt wrote it and its reply was lost: it then has the new version."""
        before = "lease_version = :over" if over is not None else "attribute_not_exists(lease_version)"
        return self._update(
            operation, f"SET lease = :lease, lease_version = :v, {items.SET_STATUS}", f"{before} OR lease_version = :v",
            lease=encode_lease(lease), v=lease.version, over=over, none=items.NO_STATUS,
            time=items.index_time("", operation),
        )  # fmt: skip

    def release(self, operation: str, version: str) -> None:
        self._update(operation, "REMOVE lease, lease_version", "lease_version = :v", v=version)

    def ask_cancel(self, operation: str, request: Mapping[str, Any] | None) -> None:
        change = "REMOVE cancel_asked" if request is None else "SET cancel_asked = :c"
        expression = f"{change} SET {items.SET_STATUS}" if request is None else f"{change}, {items.SET_STATUS}"
        time = items.index_time("", operation)
        self._update(operation, expression, None, c=encode_json(request), none=items.NO_STATUS, time=time)

    # -- locks and blobs ----------------------------------------------------------------------------------

    def take_lock(self, lock: str, operation: str, *, over: str | None = None) -> str | None:
        values = {":me": {"S": operation}} | ({":over": {"S": over}} if over is not None else {})
        condition = f"{IS_NEW} OR holder = :me" + (" OR holder = :over" if over is not None else "")
        item = items.key(items.lock_key(lock)) | {"holder": {"S": operation}}
        while True:
            try:
                self._client.request(
                    "put_item", Item=item, ConditionExpression=condition, ExpressionAttributeValues=values
                )
            except ConditionFailed:
                existing = self._item(items.lock_key(lock))
                if existing is not None:
                    return items.text(existing, "holder")
            else:
                return None

    def release_lock(self, lock: str, operation: str) -> None:
        try:
            self._client.request(
                "delete_item", Key=items.key(items.lock_key(lock)), ConditionExpression="holder = :me",
                ExpressionAttributeValues={":me": {"S": operation}},
            )  # fmt: skip
        except ConditionFailed:
            return  # another operation's, or released already

    def delete_operation(self, operation: str) -> None:
        """The first record goes first: what is left of an interrupted deletion is then never taken for a shorter log."""
        for item in self._records(operation, 1, items.LAST, ProjectionExpression="seq, parts"):
            for digest in items.parts(item):  # before the record that names them; no other record has the same
                self._client.request("delete_item", Key=items.key(items.blob_key(digest)))
            self._client.request("delete_item", Key=items.key(operation, items.number(item, "seq")))
        self._client.request("delete_item", Key=items.key(operation))

    def store_id(self, *, create: bool = True) -> str:
        """In an item of its own. Of two processes that write it at once, one fails the condition and reads the other's."""
        existing = self._item(items.STORE_ID)
        if existing is None and create:
            item = items.key(items.STORE_ID) | {"store_id": {"S": new_store_id()}}
            with suppress(ConditionFailed):
                self._client.request("put_item", Item=item, ConditionExpression=IS_NEW)
            existing = self._item(items.STORE_ID)
        return items.text(existing or {}, "store_id")

    def put_blob(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        item = items.of_blob(content, digest, self.name)
        with suppress(ConditionFailed):  # the same bytes are stored already
            self._client.request("put_item", Item=item, ConditionExpression=IS_NEW)
        return digest

    def blob(self, digest: str) -> bytes:
        item = self._item(items.blob_key(digest))
        if item is None:
            raise missing_blob(digest, self.name)
        return items.content(item, digest, self.name)

    def close(self) -> None: ...
