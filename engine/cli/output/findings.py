"""Findings on their way out: with the texts that they are about, so that a person sees the line."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from engine.checks.formats import rendered
from engine.cli.output import terminal
from engine.errors import Finding, RunbookInvalid


class Refused(RunbookInvalid):
    """A file that is no runbook, with its text."""

    def __init__(self, findings: list[Finding], sources: Mapping[str, str]) -> None:
        super().__init__(findings)
        self.sources = sources


def as_text(error: RunbookInvalid) -> str:
    """For a person."""
    sources = error.sources if isinstance(error, Refused) else {}
    told = rendered("text", error.findings, sources).rstrip("\n")
    return f"{told}\n{terminal.dyed('error:', 'bad', sys.stderr)} the runbook is invalid; nothing was begun"


def as_json(error: RunbookInvalid) -> str:
    """As `validate -o json` has them."""
    return rendered("json", error.findings, {}).rstrip("\n")
