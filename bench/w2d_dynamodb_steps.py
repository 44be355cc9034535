"""W2d: CPU time of steps that are stored in DynamoDB, one after the other. Floor: boto3's `put_item` of the same items.

A stub answers at once below botocore's serializing and signing, so the network is not measured. Also counts requests:
one write per step, and no transaction.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from functools import partial
from typing import Any

from measurement import Row, medians, print_rows
from workloads import UncontestedLease, empty_world, trivial_runbook

STEPS = 1_000
MOST = 1.3


class Stub:
    """Answers at botocore's last hook before the network: every write succeeds, and every read finds nothing."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.sizes: list[int] = []
        self.puts: list[dict[str, Any]] = []

    def kept(self, params: dict[str, Any], **_: Any) -> None:
        """Keep the parameters of a write."""
        self.puts.append(dict(params))

    def __call__(self, request: Any, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        name = request.headers["X-Amz-Target"]
        name = (name.decode() if isinstance(name, bytes) else name).rpartition(".")[2]
        self.asked[name] += 1
        if name == "PutItem":
            self.sizes.append(len(request.body))
        body = b'{"Items":[],"Count":0}' if name in ("Query", "Scan") else b"{}"
        return AWSResponse(request.url, 200, {"content-type": "application/x-amz-json-1.0"}, Body(body))


class Body:
    """Stands in for urllib3's response."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: Any) -> Any:
        return iter((self.content,))


def bare(stub: Stub) -> Any:
    """A default client of boto3."""
    import boto3

    return stubbed(boto3.client("dynamodb", region_name="us-east-1"), stub)


def own(stub: Stub) -> Any:
    """The client that the store of a command uses."""
    from actions.aws.sessions import Sessions

    return stubbed(Sessions(region="us-east-1", validates=False).clients("dynamodb"), stub)


def stubbed(made: Any, stub: Stub) -> Any:
    made.meta.events.register("before-send.dynamodb", stub)
    made.meta.events.register("before-parameter-build.dynamodb.PutItem", stub.kept)
    return made


def cpu(work: Any) -> float:
    """CPU seconds of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def product(made: Any, stub: Stub) -> float:
    """Milliseconds per step."""
    from engine.clock import SystemClock
    from engine.runtime.engine import Engine
    from engine.stores.dynamodb import DynamoStore

    runbook = trivial_runbook(STEPS)
    engine = Engine(
        store=DynamoStore("bench", lambda service: made), clock=SystemClock(), world=empty_world(),
        parse=lambda text: runbook, lease=lambda _: UncontestedLease(),
    )  # fmt: skip
    for kept in (stub.asked, stub.sizes, stub.puts):
        kept.clear()
    return cpu(partial(engine.run, runbook, "bench", {})) / STEPS * 1_000


def floor(made: Any, puts: list[dict[str, Any]]) -> float:
    """Milliseconds per call."""

    def all_of_them() -> None:
        for put in puts:
            made.put_item(**put)

    return cpu(all_of_them) / len(puts) * 1_000


def rows() -> list[Row]:
    os.environ |= {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    stub = Stub()
    made = own(stub)
    product(made, stub)
    asked, sizes, puts = dict(stub.asked), list(stub.sizes), list(stub.puts)
    least, ours = medians(partial(floor, bare(Stub()), puts), partial(product, made, stub))
    text = ", ".join(f"{count} {name}" for name, count in sorted(asked.items()))
    return [
        Row(
            name="W2d", work=f"{STEPS:,} stored steps", unit="ms CPU", product=ours, floor=least,
            floor_is="put_item of the same items", target=f"≤ {MOST} ×", met=ours <= least * MOST,
            note=f"{text}; {sum(sizes) // len(sizes):,} bytes per write",
        )
    ]  # fmt: skip


if __name__ == "__main__":
    print_rows(rows())
