"""Desks for the scenarios of the guide, over both stores: a file of SQLite, and a table of DynamoDB's over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path

import pytest

from engine.cli.main import main
from tests.seed.operator import Answer, Desk, made_table
from tests.servers import moto as motos

TABLES = count(1)


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is found in, or left in, anybody's folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """A command in this process."""

    def asked(*words: str) -> Answer:
        capsys.readouterr()
        code = main([*words])
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return Answer(code=code, out=told.out, err=told.err)

    return asked


@pytest.fixture(scope="session", autouse=True)
def _models_are_read_once() -> Iterator[None]:
    """Each command makes a session of its own, as it would in a process of its own; the files that it reads are the same."""
    import botocore.session

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture(scope="session")
def moto() -> Iterator[motos.Moto]:
    with motos.started() as server:
        yield server


@pytest.fixture
def desk(ask: Callable[..., Answer], tmp_path: Path) -> Desk:
    """Over a file of SQLite."""
    place = f"sqlite:{tmp_path / 'operations.db'}"
    return Desk(ask=ask, folder=tmp_path, place=place, options=("--store", place))


@pytest.fixture
def table(ask: Callable[..., Answer], tmp_path: Path, moto: motos.Moto) -> Desk:
    """Over a table of DynamoDB's."""
    place = f"dynamodb:operations-{next(TABLES)}"
    made_table(moto, place.partition(":")[2])
    options = ("--store", place, "--region", "us-west-2", "--endpoint-url", moto.url)
    return Desk(ask=ask, folder=tmp_path, place=place, options=options, moto=moto)


@pytest.fixture(params=["sqlite", "dynamodb"])
def either(request: pytest.FixtureRequest) -> Desk:
    """Over each of them."""
    made: Desk = request.getfixturevalue("desk" if request.param == "sqlite" else "table")
    return made
