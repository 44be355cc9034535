"""Findings of an invalid runbook, with the texts of the files, so that each line can be shown."""

from __future__ import annotations

from collections.abc import Mapping

from engine.checks.formats import format_findings
from engine.cli.output import terminal
from engine.errors import Finding, RunbookInvalid


class InvalidFiles(RunbookInvalid):
    """Invalid runbook files. `sources`: the text of each file by its name."""

    def __init__(self, findings: list[Finding], sources: Mapping[str, str]) -> None:
        super().__init__(findings)
        self.sources = sources


def format_error(error: RunbookInvalid) -> str:
    """The findings as text, with the error line below them."""
    sources = error.sources if isinstance(error, InvalidFiles) else {}
    findings = format_findings("text", error.findings, sources).rstrip("\n")
    return f"{findings}\n{terminal.error_prefix()} the runbook is invalid; nothing was started"
