"""The commands with a DynamoDB store, which moto serves over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.cli.commands import INPUTS, RESTORE, Cli, assert_valid
from tests.servers import moto as motos


@pytest.fixture(scope="module")
def moto() -> Iterator[motos.Moto]:
    with motos.started() as server:
        yield server


@pytest.fixture
def table(moto: motos.Moto, request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The options for a table that does not exist yet."""
    name = request.node.name.replace("[", "-").replace("]", "")[:80]
    return "--store", f"dynamodb:{name}", "--region", "us-west-2", "--endpoint-url", moto.url


def test_init_creates_a_protected_table(cli: Cli, table: tuple[str, ...], moto: motos.Moto) -> None:
    result = cli("store", "init", *table)
    assert result.code == 0
    assert "created the table" in result.out
    name = table[1].removeprefix("dynamodb:")
    assert moto.clients("dynamodb").describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"]
    again = cli("store", "init", *table, "-o", "json")
    assert again.code == 0
    assert "already exists" in again.document["done"][0]


def test_an_operation_runs_on_dynamodb(cli: Cli, few: str, table: tuple[str, ...]) -> None:
    assert cli("store", "init", *table).code == 0
    held = cli("run", few, *table, "--operation-id", "op")
    assert held.code == 5
    assert "only this machine" not in held.err
    assert f"  approve and continue:             runbook resume op {' '.join(table)}" in held.err.splitlines()
    assert_valid("status", cli("status", "op", *table, "-o", "json").document)
    assert_valid("operations", cli("list", *table, "-o", "json").document)
    assert cli("resume", "op", *table).code == 0
    history = cli("history", "op", *table, "--verify", "-o", "json").out.splitlines()
    assert json.loads(history[-1])["event"] == "ended"
    assert cli("status", "nothing", *table).code == 2


def test_a_missing_table(cli: Cli, few: str, table: tuple[str, ...]) -> None:
    result = cli("run", few, *table, "--store-timeout", "1s")
    assert result.code == 4
    assert "runbook store init" in result.err


def test_the_sandbox_runs_on_dynamodb(cli: Cli, table: tuple[str, ...]) -> None:
    assert cli("store", "init", *table).code == 0
    words = [*table, "--sandbox"]
    result = cli("run", RESTORE, *INPUTS, *words, "--yes", "--operation-id", "op", "-o", "json")
    assert result.code == 0
    assert result.document["status"] == "SUCCEEDED"


def test_the_sandbox_world_outlives_the_process(cli: Cli, few: str, table: tuple[str, ...]) -> None:
    words = [*table, "--sandbox"]
    assert cli("store", "init", *table).code == 0
    assert cli("run", few, *words, "--operation-id", "op").code == 5
    assert cli("resume", "op", *words).code == 0
