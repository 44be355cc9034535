"""Findings as text: the place, the message, the line with carets below the mistake, and what to do (docs/interface.md, "Findings")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.checks.formats.escaping import display_width, escape
from engine.errors import Finding

MAX_LINE: Final = 160
"""Characters of a line that are shown; of a longer one, the part around the finding."""


def render(findings: Sequence[Finding], sources: Mapping[str, str]) -> str:
    """One block for each finding."""
    lines = {file: text.replace("\r\n", "\n").split("\n") for file, text in sources.items()}
    return "".join(_block(one, lines.get(one.file, [])) for one in findings)


def _block(finding: Finding, lines: Sequence[str]) -> str:
    place = f"{escape(finding.file)}:{finding.line}:{finding.column}"
    block = [f"{place}: {finding.severity} {finding.rule}: {escape(finding.message)}"]
    if 1 <= finding.line <= len(lines):
        block += _excerpt(finding, lines[finding.line - 1])
    block.append(_help(finding))
    return "\n".join(block) + "\n"


def _excerpt(finding: Finding, line: str) -> list[str]:
    line = line.removeprefix("\ufeff")
    start = min(finding.column - 1, len(line))
    end = finding.end_column - 1 if finding.end_line == finding.line else len(line)
    end = max(min(end, len(line)), start + 1)
    first = max(0, start - MAX_LINE // 2) if len(line) > MAX_LINE else 0
    last = min(len(line), first + MAX_LINE)
    before, marked = escape(line[first:start]), escape(line[start : min(end, last)])
    whole = ("…" if first else "") + before + marked + escape(line[end:last]) + ("…" if last < len(line) else "")
    indent = " " * (display_width(before) + (1 if first else 0))
    return [f"{finding.line:>5} | {whole}".rstrip(), f"      | {indent}{'^' * max(display_width(marked), 1)}"]


def _help(finding: Finding) -> str:
    more = f"runbook explain {finding.rule}"
    if not finding.help:
        return f"   help: {more}"
    text = escape(finding.help)
    return f"   help: {text}{'' if text[-1] in '.?!' else '.'} More: {more}"
