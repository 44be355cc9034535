"""Inputs as a person gives them: `-i NAME=VALUE` and files. Which there are, and of what type, the language says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.cli.files import data_of, shown
from engine.errors import RunbookInvalid, UsageError
from engine.language.model import Runbook


def given(words: Sequence[str], file: str | None) -> dict[str, Any]:
    """Those of the file, and over them those of `-i`, which are text. UsageError."""
    values = of_file(file) if file is not None else {}
    seen: set[str] = set()
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            message = f"-i {word}: an input is NAME=VALUE"
            raise UsageError(message)
        if name in seen:
            message = f"-i {name}=…: {name} is given twice"
            raise UsageError(message)
        seen.add(name)
        values[name] = value
    return values


def of_file(path: str) -> dict[str, Any]:
    """A map of names to values, as YAML or JSON."""
    values = value_of_file(path)
    if not isinstance(values, Mapping):
        message = f"{path}: inputs are a map, NAME: VALUE"
        raise UsageError(message)
    return dict(values)


def value_of_file(path: str) -> Any:
    """Any value, as YAML or JSON."""
    from engine.language.yaml.nodes import plain
    from engine.language.yaml.reader import read

    try:
        return plain(read(data_of(path), shown(path)))
    except RunbookInvalid as error:
        first = error.findings[0]
        message = f"{first.file}:{first.line}:{first.column}: {first.message}"
        raise UsageError(message) from error


def typed_inputs(runbook: Runbook, values: Mapping[str, Any]) -> dict[str, Any]:
    """Every input of the runbook with its type. UsageError with everything that is wrong."""
    from engine.language.inputs import typed

    return typed(runbook, values)
