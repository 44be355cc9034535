"""Findings as SARIF 2.1.0 (OASIS, sarif-v2.1.0-os), for code scanning."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from engine import __version__
from engine.checks.formats.escaping import without_json_commands
from engine.checks.rules import BY_ID
from engine.errors import Finding

_LITERAL: Final = str.maketrans({character: f"\\{character}" for character in "\\[]"})

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(findings: Sequence[Finding], sources: Mapping[str, str]) -> str:
    """One run, with the rules that its findings name."""
    named = sorted({one.rule for one in findings})
    driver = {"name": "runbook", "version": __version__, "rules": [_rule(id) for id in named]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, named) for one in findings],
    }
    return without_json_commands(json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)) + "\n"


def _rule(id: str) -> dict[str, Any]:
    rule = BY_ID[id]
    return {
        "id": id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.why} `runbook explain {id}` shows examples."},
        "defaultConfiguration": {"level": rule.severity},
    }


def _without_links(text: str) -> str:
    """Text of a runbook in which nothing is a link: `[…](…)` is one in SARIF (3.11.6), and viewers find addresses."""
    return text.translate(_LITERAL).replace("://", " ://")


def _result(finding: Finding, named: Sequence[str]) -> dict[str, Any]:
    region = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.end_line,
        "endColumn": finding.end_column,
    }
    message = finding.message + (f" ({finding.help})" if finding.help else "")
    place = {"artifactLocation": {"uri": quote(finding.file)}, "region": region}
    return {
        "ruleId": finding.rule,
        "ruleIndex": named.index(finding.rule),
        "level": finding.severity,
        "message": {"text": _without_links(message)},
        "locations": [{"physicalLocation": place}],
    }
