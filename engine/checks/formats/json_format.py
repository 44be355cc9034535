"""Findings as one JSON document, for programs (docs/interface.md, "Findings")."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from msgspec.structs import asdict

from engine.checks.formats.escaping import without_json_commands
from engine.errors import Finding


def render(findings: Sequence[Finding], sources: Mapping[str, str]) -> str:
    """`{"format": 1, "findings": […]}`."""
    keys = ("rule", "severity", "file", "line", "column", "end_line", "end_column", "message", "help")
    rows = [{key: values[key] for key in keys} for values in map(asdict, findings)]
    return without_json_commands(json.dumps({"format": 1, "findings": rows}, indent=2)) + "\n"
