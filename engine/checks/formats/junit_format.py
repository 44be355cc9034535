"""Findings as JUnit XML, for pipelines that show test results: a suite for each file, a case for each finding.

An error is a failed case; a warning, and a file without findings, a passed one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

from engine.checks.formats.escaping import escape
from engine.errors import Finding


def render(findings: Sequence[Finding], sources: Mapping[str, str]) -> str:
    """The `<testsuites>` document. A warning is the output of its case."""
    by_file: dict[str, list[Finding]] = {file: [] for file in sources}
    for one in findings:
        by_file.setdefault(one.file, []).append(one)
    errors = sum(1 for one in findings if one.severity == "error")
    cases = sum(max(1, len(found)) for found in by_file.values())
    suites = "".join(_suite(file, found) for file, found in by_file.items())
    head = f'<testsuites name="runbook validate" tests="{cases}" failures="{errors}" errors="0">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}\n{suites}</testsuites>\n'


def _suite(file: str, findings: Sequence[Finding]) -> str:
    errors = sum(1 for one in findings if one.severity == "error")
    name = _attribute(escape(file))
    cases = "".join(_case(one, name) for one in findings)
    if not findings:
        cases = f'    <testcase classname={name} name="no findings"/>\n'
    return f'  <testsuite name={name} tests="{max(1, len(findings))}" failures="{errors}" errors="0">\n{cases}  </testsuite>\n'


def _case(finding: Finding, name: str) -> str:
    title = _attribute(f"{finding.rule} {finding.line}:{finding.column}")
    place = f"{escape(finding.file)}:{finding.line}:{finding.column}"
    line = f"{place}: {finding.severity} {finding.rule}: {escape(finding.message)}"
    body = _text(line + (f"\n{escape(finding.help)}" if finding.help else ""))
    if finding.severity == "error":
        inside = f"<failure message={_attribute(escape(finding.message))}>{body}</failure>"
    else:
        inside = f"<system-out>{body}</system-out>"
    return f"    <testcase classname={name} name={title}>{inside}</testcase>\n"


def _attribute(text: str) -> str:
    return quoteattr(text).replace("##[", "##&#91;")


def _text(text: str) -> str:
    """XML text; `::` and `##[` are written as references, so that no line is a workflow command of GitHub Actions."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("::", "&#58;:").replace("##[", "##&#91;")
