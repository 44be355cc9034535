"""W2d: steps that are each stored before the next, on DynamoDB. Floor: boto3's `put_item` of the same items, in CPU.

A stub answers at once, below botocore's signing and serialising, so that the network is not what is measured. Counted
besides: writes a step, of which there is one, and no transaction.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from functools import partial
from typing import Any

from measuring import Row, alternate, show
from works import Undisputed, nowhere, trivial

STEPS = 1_000
MOST = 1.3


class Stub:
    """botocore's last hook before the network: every write succeeds, and nothing is there to be read."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.sizes: list[int] = []
        self.puts: list[dict[str, Any]] = []

    def kept(self, params: dict[str, Any], **_: Any) -> None:
        """What is asked for, before it is checked, serialised and signed."""
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
    """What urllib3 would give."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: Any) -> Any:
        return iter((self.content,))


def bare(stub: Stub) -> Any:
    """boto3's client as it comes."""
    import boto3

    return stubbed(boto3.client("dynamodb", region_name="us-east-1"), stub)


def own(stub: Stub) -> Any:
    """The client that a command's store has."""
    from actions.aws.sessions import Sessions

    return stubbed(Sessions(region="us-east-1", validates=False).clients("dynamodb"), stub)


def stubbed(made: Any, stub: Stub) -> Any:
    made.meta.events.register("before-send.dynamodb", stub)
    made.meta.events.register("before-parameter-build.dynamodb.PutItem", stub.kept)
    return made


def cpu(work: Any) -> float:
    """Seconds of this process's CPU."""
    began = time.process_time()
    work()
    return time.process_time() - began


def product(made: Any, stub: Stub) -> float:
    """Milliseconds a step."""
    from engine.clock import SystemClock
    from engine.runtime.engine import Engine
    from engine.stores.dynamodb import DynamoStore

    runbook = trivial(STEPS)
    engine = Engine(
        store=DynamoStore("bench", lambda service: made), clock=SystemClock(), world=nowhere(),
        parse=lambda text: runbook, lease=lambda _: Undisputed(),
    )  # fmt: skip
    for kept in (stub.asked, stub.sizes, stub.puts):
        kept.clear()
    return cpu(partial(engine.run, runbook, "bench", {})) / STEPS * 1_000


def floor(made: Any, puts: list[dict[str, Any]]) -> float:
    """Milliseconds a call."""

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
    least, ours = alternate(partial(floor, bare(Stub()), puts), partial(product, made, stub))
    told = ", ".join(f"{count} {name}" for name, count in sorted(asked.items()))
    return [
        Row(
            name="W2d", work=f"{STEPS:,} stored steps", unit="ms CPU", product=ours, floor=least,
            floor_is="put_item of the same items", target=f"≤ {MOST} ×", met=ours <= least * MOST,
            note=f"{told}; {sum(sizes) // len(sizes):,} bytes a write",
        )
    ]  # fmt: skip


if __name__ == "__main__":
    show(rows())
