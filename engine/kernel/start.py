"""Record 1, and the operation that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from immutables import Map

from engine.kernel.apply.stack import push
from engine.kernel.events import Started
from engine.kernel.frame import position_of
from engine.kernel.operation import Operation, SettingValue, Target
from engine.language.model import Runbook


def start(
    runbook: Runbook,
    operation_id: str,
    inputs: Mapping[str, Any],
    settings: Mapping[str, SettingValue],
    targets: Mapping[str, Target],
    now: float,
    *,
    region: str = "",
    engine: str = "",
) -> list[Started]:
    """The first record's events: everything that is fixed before anything begins."""
    return [
        Started(
            at=now, operation=operation_id, runbook=runbook.name, digest=runbook.digest, inputs=inputs,
            settings=settings, targets=targets, region=region, engine=engine,
        )
    ]  # fmt: skip


def begun(runbook: Runbook, event: Started) -> Operation:
    """The operation after record 1."""
    operation = Operation(
        id=event.operation, runbook=event.runbook, digest=event.digest, started=event.at, at=event.at, since=event.at,
        region=event.region, inputs=event.inputs, settings=event.settings, targets=Map(event.targets),
    )  # fmt: skip
    return push(operation, position_of("steps/0"))
