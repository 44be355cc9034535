"""Findings as text, JSON, and what other programs read: pure functions of findings and of the files' texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Final

from engine.errors import Finding

NAMES: Final = ("text", "json", "github", "sarif", "junit")

Render = Callable[[Sequence[Finding], Mapping[str, str]], str]


def rendered(format: str, findings: Sequence[Finding], sources: Mapping[str, str]) -> str:
    """All of it as one text, with a line's end. `sources`: every file that was checked, with its text."""
    assert format in NAMES
    render: Render = import_module(f"engine.checks.formats.{format}_format").render
    return render(findings, sources)


def summary(findings: Sequence[Finding], files: int) -> str:
    """`2 errors and 1 warning in 3 files`."""
    errors = sum(1 for one in findings if one.severity == "error")
    warnings = len(findings) - errors
    said = [_count(errors, "error")] if errors or not warnings else []
    said += [_count(warnings, "warning")] if warnings else []
    return f"{' and '.join(said)} in {_count(files, 'file')}"


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
