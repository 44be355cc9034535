"""The inputs of a runbook, from `-i NAME=VALUE` and `--inputs FILE`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.cli.files import display_path, read_bytes
from engine.errors import RunbookInvalid, UsageError


def read_inputs(pairs: Sequence[str], file: str | None) -> dict[str, Any]:
    """The values in the file, overridden by the `NAME=VALUE` pairs, whose values are text. Raises UsageError."""
    values = read_value(file, "the inputs as a map of names to values (NAME: VALUE)") if file is not None else {}
    given: set[str] = set()
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"-i {pair} does not have the form NAME=VALUE")
        if name in given:
            raise UsageError(f"-i {name}=…: {name} is given twice")
        given.add(name)
        values[name] = value
    return values


def read_value(path: str, expected: str = "a map") -> Any:
    """The map in a YAML or JSON file. UsageError with the place of the first mistake; `expected` says what it must hold."""
    from engine.language.yaml.nodes import to_python
    from engine.language.yaml.reader import load_yaml

    try:
        return to_python(load_yaml(read_bytes(path), display_path(path)))
    except RunbookInvalid as error:
        first = error.findings[0]
        if first.rule in ("RB116", "RB117"):
            what = "it is empty" if first.rule == "RB116" else f"it holds {first.message.rpartition('found ')[2]}"
            raise UsageError(f"{first.file}: expected {expected}; {what}") from error
        raise UsageError(f"{first.file}:{first.line}:{first.column}: {first.message}") from error
