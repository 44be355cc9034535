"""The states that the scenarios reach, each with the command that followed. Most laws are checked on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import pytest

from engine.kernel import Operation, pending
from engine.kernel.operation import Command
from engine.language.model import Runbook
from engine.runtime import driver
from tests.laws.scenario_run import Scenario, Trial
from tests.laws.scenarios import SCENARIOS, UNREPEATABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedState:
    """A state, and what `pending` returned for it."""

    scenario: str
    runbook: Runbook
    operation: Operation
    now: float
    command: Command


@contextmanager
def record_states(into: list[ReachedState], scenario: Scenario) -> Iterator[None]:
    """Within, collect every command of the driver."""

    def record_pending(runbook: Runbook, operation: Operation, now: float) -> Command:
        command = pending(runbook, operation, now)
        into.append(
            ReachedState(scenario=scenario.name, runbook=runbook, operation=operation, now=now, command=command)
        )
        return command

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(driver, "pending", record_pending)
        yield


@cache
def reached_states() -> tuple[ReachedState, ...]:
    """The states of every third scenario: without crashes, and killed once in the middle."""
    found: list[ReachedState] = []
    for scenario in (*SCENARIOS[::3], *UNREPEATABLE):
        with record_states(found, scenario):
            trial = Trial(scenario).execute()
        if scenario not in UNREPEATABLE:
            with record_states(found, scenario):
                Trial(scenario, [trial.killer.count // 2]).execute()
    return tuple(found)
