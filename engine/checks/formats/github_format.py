"""Findings as GitHub Actions workflow commands, which annotate the lines of a pull request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.checks.formats.escaping import escape
from engine.errors import Finding


def render(findings: Sequence[Finding], sources: Mapping[str, str]) -> str:
    """`::error file=…,line=…,…::message`, one a line."""
    return "".join(_command(one) + "\n" for one in findings)


def _command(finding: Finding) -> str:
    properties = {
        "file": finding.file,
        "line": str(finding.line),
        "endLine": str(finding.end_line),
        "col": str(finding.column),
        "endColumn": str(finding.end_column),
        "title": finding.rule,
    }
    text = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    message = escape(finding.message) + (f"\n{escape(finding.help)}" if finding.help else "")
    return f"::{finding.severity} {text}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(escape(text)).replace(":", "%3A").replace(",", "%2C")
