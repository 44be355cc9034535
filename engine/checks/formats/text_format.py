"""For people: the place, the line, carets below what is meant, and what to do (docs/interface.md, "Findings")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.checks.formats.foreign import shown, width
from engine.errors import Finding

LONGEST: Final = 160
"""Of a longer line, the part around the finding is shown."""


def render(findings: Sequence[Finding], sources: Mapping[str, str]) -> str:
    """One block for each finding."""
    lines = {file: text.replace("\r\n", "\n").split("\n") for file, text in sources.items()}
    return "".join(block(one, lines.get(one.file, [])) for one in findings)


def block(finding: Finding, lines: Sequence[str]) -> str:
    """One finding: its head, its line with carets, its help."""
    place = f"{shown(finding.file)}:{finding.line}:{finding.column}"
    out = [f"{place}: {finding.severity} {finding.rule}: {shown(finding.message)}"]
    if 1 <= finding.line <= len(lines):
        out += _pointed(finding, lines[finding.line - 1])
    out.append(_help(finding))
    return "\n".join(out) + "\n"


def _pointed(finding: Finding, line: str) -> list[str]:
    line = line.removeprefix("\ufeff")
    start = min(finding.column - 1, len(line))
    end = finding.end_column - 1 if finding.end_line == finding.line else len(line)
    end = max(min(end, len(line)), start + 1)
    first = max(0, start - LONGEST // 2) if len(line) > LONGEST else 0
    last = min(len(line), first + LONGEST)
    before, meant = shown(line[first:start]), shown(line[start : min(end, last)])
    whole = ("…" if first else "") + before + meant + shown(line[end:last]) + ("…" if last < len(line) else "")
    indent = " " * (width(before) + (1 if first else 0))
    return [f"{finding.line:>5} | {whole}".rstrip(), f"      | {indent}{'^' * max(width(meant), 1)}"]


def _help(finding: Finding) -> str:
    more = f"runbook explain {finding.rule}"
    if not finding.help:
        return f"   help: {more}"
    text = shown(finding.help)
    return f"   help: {text}{'' if text[-1] in '.?!' else '.'} More: {more}"
