"""Operators for the scenarios of the guide, over both stores: a SQLite file, and a DynamoDB table over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path

import pytest

from engine.cli.main import main
from tests.cli.commands import Result
from tests.seed.operator import Operator, create_operations_table
from tests.servers import moto as motos

TABLES = count(1)


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has its own folders for its state and configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Runs the command in this process."""

    def run(*words: str) -> Result:
        capsys.readouterr()
        code = main([*words])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Result(code=code, out=captured.out, err=captured.err)

    return run


@pytest.fixture(scope="session", autouse=True)
def _models_are_read_once() -> Iterator[None]:
    """Each command creates its own AWS session; they share the loader, so that service models are read once."""
    import botocore.session

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture(scope="session")
def moto() -> Iterator[motos.Moto]:
    with motos.started() as server:
        yield server


@pytest.fixture
def operator(cli: Callable[..., Result], tmp_path: Path) -> Operator:
    """An operator with a SQLite file."""
    store_url = f"sqlite:{tmp_path / 'operations.db'}"
    return Operator(cli=cli, folder=tmp_path, store_url=store_url, options=("--store", store_url))


@pytest.fixture
def operator_on_dynamodb(cli: Callable[..., Result], tmp_path: Path, moto: motos.Moto) -> Operator:
    """An operator with a DynamoDB table."""
    store_url = f"dynamodb:operations-{next(TABLES)}"
    create_operations_table(moto, store_url.partition(":")[2])
    options = ("--store", store_url, "--region", "us-west-2", "--endpoint-url", moto.url)
    return Operator(cli=cli, folder=tmp_path, store_url=store_url, options=options, moto=moto)


@pytest.fixture(params=["sqlite", "dynamodb"])
def each_operator(request: pytest.FixtureRequest) -> Operator:
    """An operator with each of the two stores in turn."""
    made: Operator = request.getfixturevalue("operator" if request.param == "sqlite" else "operator_on_dynamodb")
    return made
