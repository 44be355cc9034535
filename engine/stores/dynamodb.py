"""The store that a team shares: one DynamoDB table, one conditional write a record.

No transactions: what must be atomic is one record. A condition that fails may be our own write, repeated because its
reply was lost, so that it is settled by reading the record and comparing the write id. Records, heads, locks and
texts are read strongly consistent, and to the end; only which operations there are comes from an index, which may
lag by a second. This module must not know what an event means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice
from typing import Any

from engine.clock import Clock, SystemClock
from engine.errors import EnvironmentProblem, StoreConflict
from engine.stores import dynamodb_items as items
from engine.stores.dynamodb_client import ConditionFailed, TableClient
from engine.stores.dynamodb_table import INDEX, table_problem
from engine.stores.port import Head, Lease, LogRecord, StoreUnavailable
from engine.stores.serialization import StoredRecord, as_text, decode_chain, decode_record, encode_lease, missing, taken

BATCH = 100
"""Items of one `BatchGetItem`, DynamoDB's own limit."""

NOT_THERE = "attribute_not_exists(operation_id)"


class DynamoStore:
    """The store in one table, which `create_table` makes. Threads may share it."""

    def __init__(self, table: str, clients: Callable[[str], Any], clock: Clock | None = None) -> None:
        self.name = f"dynamodb:{table}"
        self._clock = clock or SystemClock()
        self._calls = TableClient(table, clients, self._clock, table_problem)
        self._whole_at: dict[str, int] = {}  # of each operation met: where its last whole state is

    # -- records ------------------------------------------------------------------------------------------

    def append(self, record: LogRecord) -> None:
        if record.state is not None:
            whole_at: int | None = record.seq
        else:
            whole_at = self._whole_at.get(record.operation)
        item = items.of_record(record, whole_at, self.name, self.put_blob)
        try:
            self._calls.ask("put_item", Item=item, ConditionExpression=NOT_THERE)
        except ConditionFailed as error:
            there = self._one(record.operation, record.seq)
            if there is None or items.text(there, "write_id") != record.write_id:
                raise StoreConflict(taken(record, self.name)) from error
        if whole_at is not None:
            self._whole_at[record.operation] = whole_at

    def load(self, operation: str, *, after: int = 0) -> list[LogRecord]:
        """Two requests: the last record, which says where the last whole state is, and those between."""
        last = next(self._records(operation, after + 1, items.MOST, ScanIndexForward=False, Limit=1), None)
        if last is None:
            return []
        found = [last]
        seq, begin = items.number(last, "seq"), max(items.number(last, "whole_at"), after + 1)
        if begin < seq:
            found = [*self._records(operation, begin, seq - 1), last]
        whole = max((position for position, item in enumerate(found) if items.is_whole(item)), default=0)
        whole_at = items.number(found[whole], "seq") if items.is_whole(found[whole]) else items.number(last, "whole_at")
        if whole_at:
            self._whole_at[operation] = whole_at
        return decode_chain(map(self._kept, found[whole:]), operation, self.name)

    def records(self, operation: str, *, after: int = 0) -> Iterator[LogRecord]:
        for item in self._records(operation, after + 1, items.MOST):
            yield decode_record(self._kept(item), operation, self.name)

    def _records(self, operation: str, first: int, last: int, **how: Any) -> Iterator[dict[str, Any]]:
        if "#" in operation:
            return iter(())  # a blob's or a lock's key, and no operation's
        values = {":o": {"S": operation}, ":a": {"N": str(first)}, ":b": {"N": str(last)}}
        return self._calls.pages(
            "query", KeyConditionExpression="operation_id = :o AND seq BETWEEN :a AND :b",
            ExpressionAttributeValues=values, ConsistentRead=True, **how,
        )  # fmt: skip

    def _kept(self, item: Mapping[str, Any]) -> StoredRecord:
        return items.kept(item, self.name, self.blob)

    def _one(self, key: str, seq: int = 0) -> dict[str, Any] | None:
        """One item. By a query, whose reply says how many it has: one that was cut off cannot say "none"."""
        reply = self._calls.ask(
            "query", KeyConditionExpression="operation_id = :o AND seq = :s", ConsistentRead=True,
            ExpressionAttributeValues={":o": {"S": key}, ":s": {"N": str(seq)}},
        )  # fmt: skip
        found: list[dict[str, Any]] = reply["Items"]
        return found[0] if found else None

    # -- heads --------------------------------------------------------------------------------------------

    def head(self, operation: str) -> Head | None:
        item = self._one(operation) if "#" not in operation else None
        return items.head(item, operation, self.name) if item is not None else None

    def heads(self, status: str | None = None) -> Iterator[Head]:
        if status is None:
            listed = self._calls.pages("scan", IndexName=INDEX)
        else:
            listed = self._calls.pages(
                "query", IndexName=INDEX, KeyConditionExpression="head_status = :s",
                ExpressionAttributeValues={":s": {"S": status}},
            )  # fmt: skip
        found = sorted({items.text(item, "operation_id") for item in listed})
        if not found and (wrong := table_problem(self._calls)) is not None:
            raise EnvironmentProblem(wrong)  # an index with another key has nothing, and says so in silence
        ids = iter(found)
        while batch := list(islice(ids, BATCH)):
            there = {items.text(item, "operation_id"): item for item in self._batch(batch)}
            for id in batch:
                head = items.head(there.get(id, {}), id, self.name)
                if status is None or head.summary.get("status") == status:
                    yield head

    def _batch(self, ids: list[str]) -> Iterator[dict[str, Any]]:
        wanted: dict[str, Any] = {
            self._calls.table: {"Keys": [items.key(id) for id in ids], "ConsistentRead": True}
        }  # fmt: skip
        for pause in chain((0.0, 0.1, 0.2, 0.4), (1.0,) * 30):
            self._clock.sleep(pause)
            reply = self._calls.ask("batch_get_item", RequestItems=wanted)
            for found in reply["Responses"].values():
                yield from found
            wanted = reply.get("UnprocessedKeys") or {}
            if not wanted:
                return
        raise StoreUnavailable(f"DynamoDB does not get through reading {self._calls.table}: it is throttled")

    def _update(self, operation: str, change: str, condition: str | None, **values: str | None) -> bool:
        """False where the condition does not hold. A head is always in the index, with whatever status."""
        given = {f":{name}": {"S": value} for name, value in values.items() if value is not None}
        request: dict[str, Any] = {"UpdateExpression": change, "ExpressionAttributeValues": given}
        if condition is not None:
            request["ConditionExpression"] = condition
        try:
            self._calls.ask("update_item", Key=items.key(operation), **request)
        except ConditionFailed:
            return False
        return True

    def summarise(self, operation: str, summary: Mapping[str, Any]) -> None:
        status = str(summary.get("status") or items.NO_STATUS)
        self._update(operation, "SET summary = :summary, head_status = :s", None, summary=as_text(summary), s=status)

    def take_lease(self, operation: str, lease: Lease, *, over: str | None) -> bool:
        """Ours too where it was written and the reply was lost: then it bears the new version."""
        before = "lease_version = :over" if over is not None else "attribute_not_exists(lease_version)"
        return self._update(
            operation, f"SET lease = :lease, lease_version = :v, {items.LISTED}", f"{before} OR lease_version = :v",
            lease=encode_lease(lease), v=lease.version, over=over, none=items.NO_STATUS,
        )  # fmt: skip

    def release(self, operation: str, version: str) -> None:
        self._update(operation, "REMOVE lease, lease_version", "lease_version = :v", v=version)

    def ask_cancel(self, operation: str, request: Mapping[str, Any] | None) -> None:
        change = "REMOVE cancel_asked" if request is None else "SET cancel_asked = :c"
        set_too = f"{change} SET {items.LISTED}" if request is None else f"{change}, {items.LISTED}"
        self._update(operation, set_too, None, c=as_text(request), none=items.NO_STATUS)

    # -- locks and blobs ----------------------------------------------------------------------------------

    def take_lock(self, lock: str, operation: str, *, over: str | None = None) -> str | None:
        values = {":me": {"S": operation}} | ({":over": {"S": over}} if over is not None else {})
        condition = f"{NOT_THERE} OR holder = :me" + (" OR holder = :over" if over is not None else "")
        item = items.key(items.lock_key(lock)) | {"holder": {"S": operation}}
        while True:
            try:
                self._calls.ask("put_item", Item=item, ConditionExpression=condition, ExpressionAttributeValues=values)
            except ConditionFailed:
                there = self._one(items.lock_key(lock))
                if there is not None:
                    return items.text(there, "holder")
            else:
                return None

    def release_lock(self, lock: str, operation: str) -> None:
        try:
            self._calls.ask(
                "delete_item", Key=items.key(items.lock_key(lock)), ConditionExpression="holder = :me",
                ExpressionAttributeValues={":me": {"S": operation}},
            )  # fmt: skip
        except ConditionFailed:
            return  # another's, or given back already

    def put_blob(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        item = items.of_blob(content, digest, self.name)
        with suppress(ConditionFailed):  # the same bytes are there
            self._calls.ask("put_item", Item=item, ConditionExpression=NOT_THERE)
        return digest

    def blob(self, digest: str) -> bytes:
        item = self._one(items.blob_key(digest))
        if item is None:
            raise missing(digest, self.name)
        return items.content(item, digest, self.name)

    def close(self) -> None: ...
