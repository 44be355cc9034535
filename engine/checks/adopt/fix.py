"""`validate --fix`: apply certain fixes one by one, and keep each only if it helps.

An edit is kept if the finding is gone, nothing else is wrong at its place, and no value now has the wrong form.
Everything else is left to a person. This module reads and writes no file.
"""

from __future__ import annotations

from typing import Final

from engine.checks import validate
from engine.checks.adopt.edits import Document, Edit, edit_for
from engine.errors import Finding
from engine.language.yaml.reader import parse_yaml
from engine.registry import Registry
from engine.values import Value

MOST: Final = 100
"""Edits that are tried on one text."""

_OF_FORM: Final = ("RB202", "RB203", "RB204", "RB205", "RB206", "RB208", "RB209")
"""If one of these appears after a key was corrected, another key was probably meant."""


class Fix(Value):
    """An edit that was kept: the finding that it fixes, the old text and the new."""

    finding: Finding
    old: str
    new: str


class Fixed(Value):
    """The text after all edits, the edits, and the findings that remain."""

    text: str
    fixes: tuple[Fix, ...]
    findings: tuple[Finding, ...]


def apply_fixes(text: str, registry: Registry, file: str, tests: str | None = None) -> Fixed:
    """Apply every edit that helps. Byte-order mark and line ends are preserved."""
    mark, ends = "\ufeff" if text.startswith("\ufeff") else "", "\r\n" if "\r\n" in text else "\n"
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    findings = validate(plain, registry, file, tests)[1]
    fixes: list[Fix] = []
    tried: set[tuple[str, int, int]] = set()
    while len(tried) < MOST:
        candidate = _next(Document(text=plain, root=parse_yaml(plain, file)[0], registry=registry), findings, tried)
        if candidate is None:
            break
        finding, edit = candidate
        edited = plain[: edit.start] + edit.new + plain[edit.end :]
        after = validate(edited, registry, file, tests)[1]
        if is_better(finding, findings, after):
            fixes.append(Fix(finding=finding, old=plain[edit.start : edit.end], new=edit.new))
            plain, findings = edited, after
    whole = mark + plain.replace("\n", ends) if fixes else text
    return Fixed(text=whole, fixes=tuple(fixes), findings=tuple(findings))


def _next(document: Document, findings: list[Finding], tried: set[tuple[str, int, int]]) -> tuple[Finding, Edit] | None:
    """The first finding with an edit that was not tried yet."""
    for finding in findings:
        key = (finding.rule, finding.line, finding.column)
        if key in tried:
            continue
        edit = edit_for(document, finding)
        if edit is not None:
            tried.add(key)
            return finding, edit
    return None


def is_better(finding: Finding, before: list[Finding], after: list[Finding]) -> bool:
    """Is the finding gone, without a new one at its place or a value of the wrong form elsewhere?"""
    place = (finding.line, finding.column)
    if any((one.line, one.column) == place and (one.rule == finding.rule or one not in before) for one in after):
        return False
    if finding.rule.startswith("RB1"):
        return True  # what is reported now could not be read before
    known = {(one.rule, one.message) for one in before}
    return not any(one.rule in _OF_FORM and (one.rule, one.message) not in known for one in after)
