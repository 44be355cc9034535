"""What the tests of the commands share: the answer of a command, and files to ask about."""

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
class Answer:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


Ask = Callable[..., Answer]


def written(file: Path, text: str) -> str:
    """The file's name, with that text in it."""
    file.write_text(text, encoding="utf-8")
    return str(file)


def world(folder: Path, script: str = "{}", *changes: tuple[str, str]) -> str:
    """The option for the demonstration's world with another script, and some of its text changed."""
    text = DEMO.read_text(encoding="utf-8").partition("script:")[0]
    for was, becomes in changes:
        assert was in text
        text = text.replace(was, becomes)
    return "--sandbox=" + written(folder / "world.yaml", f"{text}script: {script}\n")


def schema(name: str) -> Any:
    """One of schemas/."""
    return json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))


def fits(name: str, value: Any) -> None:
    """It is valid by that schema, whose references go nowhere."""
    import jsonschema
    from referencing import Registry

    made = schema(name)
    jsonschema.Draft202012Validator.check_schema(made)
    jsonschema.Draft202012Validator(made, registry=Registry()).validate(value)


Store = tuple[str, str]
"""The option `--store`, and its place."""


def begun(ask: Ask, few: str, store: Store, id: str = "op") -> None:
    """An operation that holds at its second step."""
    assert ask("run", few, *store, "--operation-id", id).code == 5


def held_with_a_copy(ask: Ask, tmp_path: Path, store: Store) -> str:
    """A restore that holds before anything is deleted, with its copy made: a security group is not there."""
    broken = world(tmp_path, "{}", ("security-group-ids: [sg-0a1b2c3d]", "security-group-ids: [sg-0badbadbad]"))
    told = ask("run", RESTORE, *INPUTS, broken, *store, "--yes", "--operation-id", "op")
    assert told.code == 5, told.err
    return broken
