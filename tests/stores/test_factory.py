"""From `--store` to a store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.stores.factory import default_location, open_store
from engine.stores.memory import MemoryStore
from engine.stores.sqlite import SqliteStore


def test_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_store("memory:"), MemoryStore)
    store = open_store(f"sqlite:{tmp_path}/a b?.db")
    assert isinstance(store, SqliteStore)
    assert store.name == f"sqlite:{tmp_path}/a b?.db"
    store.put_blob(b"text")
    store.close()
    assert (tmp_path / "a b?.db").is_file()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert open_store("sqlite:~/x.db").name == f"sqlite:{tmp_path}/home/x.db"


@pytest.mark.parametrize(
    "storage", ["", "sqlite", "sqlite:", "dynamodb:", "memory", "memory:x", "postgres:x", "x.db", "/x"]
)
def test_what_is_no_place_says_what_is(storage: str) -> None:
    with pytest.raises(UsageError, match=r"sqlite:PATH, dynamodb:TABLE or memory:") as caught:
        open_store(storage)
    assert ("did you mean `sqlite:x.db`?" in str(caught.value)) is (storage == "x.db")


@pytest.mark.parametrize(
    ("environ", "storage"),
    [
        ({"XDG_STATE_HOME": "/s", "HOME": "/h"}, "sqlite:/s/runbook/operations.db"),
        ({"XDG_STATE_HOME": "", "HOME": "/h"}, "sqlite:/h/.local/state/runbook/operations.db"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h"}, "sqlite:/h/.local/state/runbook/operations.db"),
        ({"HOME": "/h"}, "sqlite:/h/.local/state/runbook/operations.db"),
    ],
)
def test_the_place_that_nobody_chose(environ: dict[str, str], storage: str) -> None:
    assert default_location(environ) == storage


@pytest.mark.integration
def test_opening_imports_only_what_the_place_needs() -> None:
    script = "import sys; from engine.stores.factory import open_store; open_store('memory:'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"sqlite3", "boto3", "botocore", "tenacity"} & set(done.stdout.split())
