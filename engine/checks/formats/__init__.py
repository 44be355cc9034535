"""Findings as text, as JSON, and in the formats of other programs. Pure functions of the findings and the files' texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Final

from engine.errors import Finding

FORMATS: Final = ("text", "json", "github", "sarif", "junit")

Render = Callable[[Sequence[Finding], Mapping[str, str]], str]


def format_findings(format: str, findings: Sequence[Finding], sources: Mapping[str, str]) -> str:
    """All findings as one text that ends with a newline. `sources`: the text of every checked file, by its name."""
    assert format in FORMATS
    render: Render = import_module(f"engine.checks.formats.{format}_format").render
    return render(findings, sources)


def summarize_findings(findings: Sequence[Finding], files: int) -> str:
    """`2 errors and 1 warning in 3 files`."""
    errors = sum(1 for one in findings if one.severity == "error")
    warnings = len(findings) - errors
    counts = [_count(errors, "error")] if errors or not warnings else []
    counts += [_count(warnings, "warning")] if warnings else []
    return f"{' and '.join(counts)} in {_count(files, 'file')}"


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
