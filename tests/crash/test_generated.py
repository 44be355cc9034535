"""Generated stories: up to three faults in one run, each with kills and without.

Among the faults are lost replies, throttling and a store that is away.
"""

from __future__ import annotations

import pytest

from tests.crash.conftest import Schedules
from tests.crash.generated_scenarios import generated
from tests.crash.sandbox_end_state import end_of, judge, keeps_the_laws
from tests.crash.sandbox_run import RealScene

BATCH = 20
"""Seeds of one test."""
BATCHES = 10
SOAKED = 500
"""So many tests, and in a soak."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("batch", range(SOAKED if metafunc.config.getoption("--soak") else BATCHES))


def test_up_to_three_things_happen(batch: int, schedules: Schedules) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        told(seed, schedules)


def told(seed: int, schedules: Schedules) -> None:
    """One story by its seed; with its deaths it ends as without them."""
    chosen = generated(seed)
    undisturbed = RealScene(chosen.story).tell()
    schedules.one()
    keeps_the_laws(undisturbed)
    operation = undisturbed.operation
    assert operation is not None
    assert operation.ended, chosen
    if not chosen.deaths:
        return
    end = end_of(undisturbed)
    at = [max(1, round(part * undisturbed.killer.count)) for part in chosen.deaths]
    judge(RealScene(chosen.story, at).tell(), end)
    schedules.one()
