"""`validate --fix`: what surely mends a finding is done, one edit after the other, and each is looked at before it stays.

An edit stays if the text that it makes lacks the finding, has nothing new wrong with what stands there, and has no
value that would now be of the wrong form. The rest is left to a person. Reads and writes no file.
"""

from __future__ import annotations

from typing import Final

from engine.checks import validate
from engine.checks.adopt.edits import Document, Edit, edit_for
from engine.errors import Finding
from engine.language.yaml.reader import examine
from engine.registry import Registry
from engine.values import Value

MOST: Final = 100
"""Edits that are tried in one text."""

_OF_FORM: Final = ("RB202", "RB203", "RB204", "RB205", "RB206", "RB208", "RB209")
"""Where one of these comes up, the key was hardly meant."""


class Fix(Value):
    """One edit that stays: what it mends, what stood there, and what stands there now."""

    finding: Finding
    old: str
    new: str


class Fixed(Value):
    """The text after all edits that stay, those edits, and what is found in it."""

    text: str
    fixes: tuple[Fix, ...]
    findings: tuple[Finding, ...]


def fixed(text: str, registry: Registry, file: str, tests: str | None = None) -> Fixed:
    """Every edit that surely mends something. The text's byte-order mark and line ends stay."""
    mark, ends = "\ufeff" if text.startswith("\ufeff") else "", "\r\n" if "\r\n" in text else "\n"
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    findings = validate(plain, registry, file, tests)[1]
    fixes: list[Fix] = []
    tried: set[tuple[str, int, int]] = set()
    while len(tried) < MOST:
        due = _next(Document(text=plain, root=examine(plain, file)[0], registry=registry), findings, tried)
        if due is None:
            break
        finding, edit = due
        made = plain[: edit.start] + edit.new + plain[edit.end :]
        after = validate(made, registry, file, tests)[1]
        if is_better(finding, findings, after):
            fixes.append(Fix(finding=finding, old=plain[edit.start : edit.end], new=edit.new))
            plain, findings = made, after
    whole = mark + plain.replace("\n", ends) if fixes else text
    return Fixed(text=whole, fixes=tuple(fixes), findings=tuple(findings))


def _next(document: Document, findings: list[Finding], tried: set[tuple[str, int, int]]) -> tuple[Finding, Edit] | None:
    """The first finding that was not tried, and may be mended."""
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
    """Is it gone, and is nothing else wrong there now?"""
    place = (finding.line, finding.column)
    if any((one.line, one.column) == place and (one.rule == finding.rule or one not in before) for one in after):
        return False
    if finding.rule.startswith("RB1"):
        return True  # what comes to light could not be read before
    known = {(one.rule, one.message) for one in before}
    return not any(one.rule in _OF_FORM and (one.rule, one.message) not in known for one in after)
