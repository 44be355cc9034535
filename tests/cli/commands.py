"""Shared by the tests of the commands: the result of a command, sample runbooks, and helpers."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = str(Path(sys.executable).with_name("runbook"))
RESTORE = str(ROOT / "runbooks" / "restore.yaml")
DEMO = ROOT / "actions" / "sandbox" / "demo.yaml"
INPUTS = ("-i", "snapshot=daily-backup-2024-03-20", "-i", "cluster=orders")

FEW = """\
runbook: few
steps:
  - {id: first, wait: 0s}
  - {id: ask, hold: "is it all right?"}
  - {id: last, wait: 0s}
outputs:
  who: ${ask.actor}
"""

LONG = """\
runbook: long
steps:
  - {id: first, wait: 0s}
  - {id: long, wait: 1h}
  - {id: last, wait: 0s}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


Cli = Callable[..., Result]


def write_file(file: Path, text: str) -> str:
    """Write the text to the file; returns its name."""
    file.write_text(text, encoding="utf-8")
    return str(file)


def world(folder: Path, script: str = "{}", *changes: tuple[str, str]) -> str:
    """The `--sandbox` option for the demo world with another script and some of its text replaced."""
    text = DEMO.read_text(encoding="utf-8").partition("script:")[0]
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return "--sandbox=" + write_file(folder / "world.yaml", f"{text}script: {script}\n")


def schema(name: str) -> Any:
    """A schema of schemas/."""
    return json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))


def assert_valid(name: str, value: Any) -> None:
    """Check the value against the schema, which must not refer to others."""
    import jsonschema
    from referencing import Registry

    made = schema(name)
    jsonschema.Draft202012Validator.check_schema(made)
    jsonschema.Draft202012Validator(made, registry=Registry()).validate(value)


Store = tuple[str, str]
"""`--store` and its value."""


def start_held(cli: Cli, few: str, store: Store, id: str = "op") -> None:
    """Start an operation that holds at its second step."""
    assert cli("run", few, *store, "--operation-id", id).code == 5


def start_held_with_copy(cli: Cli, tmp_path: Path, store: Store) -> str:
    """Start a restore that holds once its copy exists, because a security group is missing. Returns `--sandbox`."""
    broken = world(tmp_path, "{}", ("security-group-ids: [sg-0a1b2c3d]", "security-group-ids: [sg-0badbadbad]"))
    result = cli("run", RESTORE, *INPUTS, broken, *store, "--yes", "--operation-id", "op")
    assert result.code == 5, result.err
    return broken
