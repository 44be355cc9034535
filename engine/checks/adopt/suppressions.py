"""`# runbook: ignore RB605 because …`: comments that suppress a finding.

The comment is at the end of the line with the finding, or on a line of its own above it. A reason is required. A
comment that suppresses nothing is reported (RB792), so that no comment outlives its finding.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from engine.checks.rule import Rule
from engine.checks.subject import scalars
from engine.errors import Finding
from engine.language.yaml.nodes import Node
from engine.values import Value

_COMMENT: Final = re.compile(r"(?:^|(?<=[ \t]))#[ \t]*runbook:[ \t]*ignore\b(?P<rest>[^\n\r]*)")
_REST: Final = re.compile(
    r"[ \t]+(?P<rules>RB\d{3}(?:[ \t]*,[ \t]*RB\d{3})*)(?:[ \t]+because[ \t]+(?P<why>.*\S))?[ \t]*"
)


class Suppression(Value):
    """One comment: the rules that it suppresses, the lines that it applies to, and its own place."""

    rules: tuple[str, ...]
    reason: str
    lines: frozenset[int]
    line: int
    column: int
    end_column: int


def find_suppressions(text: str, root: Node | None) -> list[Suppression]:
    """Every suppression comment of a document."""
    if "runbook:" not in text or "ignore" not in text:
        return []
    # In a value, a `#` starts no comment.
    spans = [one.span for one in scalars(root) if "#" in one.text]
    inside = [((span.line, span.column), (span.end_line, span.end_column)) for span in spans]
    found = []
    lines = text.split("\n")
    following = _following(lines)
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line) if "ignore" in line else None
        if match is None or _within(inside, (number, match.start() + 1)):
            continue
        parts = _REST.fullmatch(match.group("rest").rstrip("\r"))
        rules = tuple(re.split(r"[ \t]*,[ \t]*", parts.group("rules"))) if parts else ()
        found.append(
            Suppression(
                rules=rules,
                reason=(parts.group("why") or "") if parts else "",
                lines=frozenset({number if line[: match.start()].strip() else following[number - 1]}),
                line=number,
                column=match.start() + 1,
                end_column=len(line.rstrip()) + 1,
            )
        )
    return found


def _within(extents: list[tuple[tuple[int, int], tuple[int, int]]], place: tuple[int, int]) -> bool:
    """Is the place inside one of the extents? They are sorted and do not overlap."""
    at = bisect_right(extents, place, key=lambda one: one[0]) - 1
    return at >= 0 and place < extents[at][1]


def _following(lines: list[str]) -> list[int]:
    """For each line, the number of the next line that is neither blank nor a comment; 0 if there is none."""
    found = [0] * len(lines)
    after = 0
    for at in range(len(lines) - 1, -1, -1):
        found[at] = after
        stripped = lines[at].strip()
        if stripped and not stripped.startswith("#"):
            after = at + 1
    return found


def apply_suppressions(
    findings: list[Finding], found: list[Suppression], rules: dict[str, Rule], file: str
) -> list[Finding]:
    """The findings that are not suppressed, plus those about the comments themselves."""
    by_line: dict[int, list[Suppression]] = {}
    for one in found:
        for line in one.lines if one.reason else ():
            by_line.setdefault(line, []).append(one)
    used: set[tuple[int, str]] = set()
    kept = []
    for finding in findings:
        here = [one for one in by_line.get(finding.line, ()) if finding.rule in one.rules]
        if here and rules[finding.rule].suppressible:
            used.update((one.line, finding.rule) for one in here)
        else:
            kept.append(finding)
    return kept + [one for suppression in found for one in _problems(suppression, used, rules, file)]


def _problems(one: Suppression, used: set[tuple[int, str]], rules: dict[str, Rule], file: str) -> Iterator[Finding]:
    form = "write `# runbook: ignore RB605 because …`"
    if not one.rules:
        yield _finding("RB791", one, file, "this comment names no rule, so it suppresses nothing", form)
        return
    if not one.reason:
        yield _finding("RB791", one, file, "this comment gives no reason, so it suppresses nothing", form)
        return
    for name in one.rules:
        if name not in rules:
            yield _finding("RB791", one, file, f"there is no rule {name}", "use the id that the finding shows")
        elif not rules[name].suppressible:
            message = f"{name} cannot be suppressed: a runbook that cannot be read cannot be run"
            yield _finding("RB791", one, file, message, "fix the finding, and remove the comment")
        elif (one.line, name) not in used:
            message = f"{name} does not occur here, so this comment suppresses nothing"
            yield _finding("RB792", one, file, message, "remove the comment")


def _finding(rule: str, one: Suppression, file: str, message: str, help: str) -> Finding:
    return Finding(
        rule=rule, message=message, file=file, line=one.line, column=one.column, end_line=one.line,
        end_column=one.end_column, severity="error" if rule == "RB791" else "warning", help=help,
    )  # fmt: skip
