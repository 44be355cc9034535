"""Set up for all tests: no credentials, settings or state of the person who runs them; which are unit tests."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import isolation

ROOT = Path(__file__).resolve().parent.parent

# No deadlines: workers share the cores, so a slow example proves nothing. CI draws the same examples each time.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# Tests leave few reference cycles, and garbage collection took a tenth of their time.
gc.set_threshold(100_000, 50, 100)

KEPT = {"RUNBOOK_TEST_POSTGRES_BIN", "RUNBOOK_TEST_DYNAMODB_ENDPOINT"}
PRETEND = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-west-2",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "NO_COLOR": "1",
    "TERM": "dumb",
}


@pytest.fixture(scope="session", autouse=True)
def _neutral_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An environment without personal settings, for this process and those that it starts."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("AWS_", "RUNBOOK_", "GITHUB_", "PG")) and name not in KEPT:
                patch.delenv(name)
        for name, value in PRETEND.items():
            patch.setenv(name, value)
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HOME"):
            patch.setenv(name, str(home))
        for name in ("FORCE_COLOR", "PYTHONDONTWRITEBYTECODE", "COLUMNS"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run every crash schedule and every seed: takes hours")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--soak"):
        from tests.laws import scenario_run

        scenario_run.EVERY = True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        isolation.mark(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with isolation.guarded() if item.get_closest_marker("unit") else nullcontext():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with isolation.guarded() if item.get_closest_marker("unit") else nullcontext():
        return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many schedules the crash suite ran, in all workers."""
    reports = [one for some in terminalreporter.stats.values() for one in some if isinstance(one, pytest.TestReport)]
    counts = [dict(one.user_properties).get("schedules", 0) for one in reports if one.when == "teardown"]
    if any(counts):
        terminalreporter.write_line(f"{sum(counts)} schedules of crashes, faults and two runners")
