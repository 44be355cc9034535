"""Findings as a person and a program read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from engine.cli import screen
from engine.errors import Finding


def as_documents(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """As `validate -o json` has them."""
    return [asdict(one) for one in findings]


def as_text(findings: Sequence[Finding], texts: Mapping[str, str] | None = None) -> str:
    """Place, rule, message and help of each."""
    lines = []
    for one in findings:
        where = f"{one.file}:{one.line}:{one.column}"
        lines.append(screen.clean(f"{where}: {one.severity} {one.rule}: {one.message}"))
        if one.help:
            lines.append(screen.clean(f"   help: {one.help}"))
    return "\n".join(lines)
