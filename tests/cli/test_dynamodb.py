"""The commands over a DynamoDB table, spoken to over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.cli.commands import INPUTS, RESTORE, Ask, fits
from tests.servers import moto as motos


@pytest.fixture(scope="module")
def moto() -> Iterator[motos.Moto]:
    with motos.started() as server:
        yield server


@pytest.fixture
def table(moto: motos.Moto, request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The options for a table of the test's own, which nobody has made yet."""
    name = request.node.name.replace("[", "-").replace("]", "")[:80]
    return "--store", f"dynamodb:{name}", "--region", "us-west-2", "--endpoint-url", moto.url


def test_init_makes_the_table_with_protection_and_recovery(ask: Ask, table: tuple[str, ...], moto: motos.Moto) -> None:
    told = ask("store", "init", *table)
    assert told.code == 0
    assert "was made" in told.out
    name = table[1].removeprefix("dynamodb:")
    assert moto.clients("dynamodb").describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"]
    again = ask("store", "init", *table, "-o", "json")
    assert again.code == 0
    assert "is there already" in again.document["done"][0]


def test_an_operation_lives_in_it(ask: Ask, few: str, table: tuple[str, ...]) -> None:
    assert ask("store", "init", *table).code == 0
    held = ask("run", few, *table, "--operation-id", "op")
    assert held.code == 5
    assert "only this machine" not in held.err
    assert f"  approve and continue:             runbook resume op {' '.join(table)}" in held.err.splitlines()
    fits("status", ask("status", "op", *table, "-o", "json").document)
    fits("operations", ask("list", *table, "-o", "json").document)
    assert ask("resume", "op", *table).code == 0
    history = ask("history", "op", *table, "--verify", "-o", "json").out.splitlines()
    assert json.loads(history[-1])["event"] == "ended"
    assert ask("status", "nothing", *table).code == 2


def test_a_table_that_nobody_has_made(ask: Ask, few: str, table: tuple[str, ...]) -> None:
    told = ask("run", few, *table, "--store-timeout", "1s")
    assert told.code == 4
    assert "runbook store init" in told.err


def test_the_sandbox_runs_over_it(ask: Ask, table: tuple[str, ...]) -> None:
    assert ask("store", "init", *table).code == 0
    words = [*table, "--sandbox"]
    told = ask("run", RESTORE, *INPUTS, *words, "--yes", "--operation-id", "op", "-o", "json")
    assert told.code == 0
    assert told.document["status"] == "SUCCEEDED"


def test_the_sandbox_s_world_outlives_the_process_here_too(ask: Ask, few: str, table: tuple[str, ...]) -> None:
    words = [*table, "--sandbox"]
    assert ask("store", "init", *table).code == 0
    assert ask("run", few, *words, "--operation-id", "op").code == 5
    assert ask("resume", "op", *words).code == 0
