"""Generated scenarios: up to three faults and kills in one trial.

Among the faults are lost replies, throttling and an unavailable store.
"""

from __future__ import annotations

import pytest

from tests.crash.conftest import Schedules
from tests.crash.generated_scenarios import generated
from tests.crash.sandbox_end_state import check_end, check_laws, end_state
from tests.crash.sandbox_run import SandboxTrial

BATCH = 20
"""Seeds per test."""
BATCHES = 10
SOAKED = 500
"""The number of tests, and in a soak."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("batch", range(SOAKED if metafunc.config.getoption("--soak") else BATCHES))


def test_up_to_three_faults_and_kills(batch: int, schedules: Schedules) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        check_seed(seed, schedules)


def check_seed(seed: int, schedules: Schedules) -> None:
    """Run the scenario of a seed; with kills it must end as without them."""
    chosen = generated(seed)
    undisturbed = SandboxTrial(chosen.scenario).execute()
    schedules.one()
    check_laws(undisturbed)
    operation = undisturbed.operation
    assert operation is not None
    assert operation.ended, chosen
    if not chosen.kills:
        return
    end = end_state(undisturbed)
    at = [max(1, round(part * undisturbed.killer.count)) for part in chosen.kills]
    check_end(SandboxTrial(chosen.scenario, at).execute(), end)
    schedules.one()
