"""`# runbook: ignore RB605 because …`: findings that a person has looked at and wants to stay.

The comment stands at the end of the line that is meant, or alone on the line above it. The reason is required, and one
that suppresses nothing is a finding itself, so that they do not outlive what they were for.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from engine.checks.rule import Rule
from engine.errors import Finding
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar
from engine.values import Value

_COMMENT: Final = re.compile(r"(?:^|(?<=[ \t]))#[ \t]*runbook:[ \t]*ignore\b(?P<rest>[^\n\r]*)")
_REST: Final = re.compile(
    r"[ \t]+(?P<rules>RB\d{3}(?:[ \t]*,[ \t]*RB\d{3})*)(?:[ \t]+because[ \t]+(?P<why>.*\S))?[ \t]*"
)


class Suppression(Value):
    """One comment: the rules that it is for, in which lines, and where it stands."""

    rules: tuple[str, ...]
    reason: str
    lines: frozenset[int]
    line: int
    column: int
    end_column: int


def suppressions(text: str, root: Node | None) -> list[Suppression]:
    """Every such comment of a document."""
    if "runbook:" not in text or "ignore" not in text:
        return []
    inside = _lines_of_texts(root)
    found = []
    lines = text.split("\n")
    following = _following(lines)
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line) if "ignore" in line else None
        if match is None or _within(inside, (number, match.start() + 1)):
            continue
        told = _REST.fullmatch(match.group("rest").rstrip("\r"))
        rules = tuple(re.split(r"[ \t]*,[ \t]*", told.group("rules"))) if told else ()
        found.append(
            Suppression(
                rules=rules,
                reason=(told.group("why") or "") if told else "",
                lines=frozenset({number if line[: match.start()].strip() else following[number - 1]}),
                line=number,
                column=match.start() + 1,
                end_column=len(line.rstrip()) + 1,
            )
        )
    return found


def _within(extents: list[tuple[tuple[int, int], tuple[int, int]]], place: tuple[int, int]) -> bool:
    """Is the place in one of the extents, which are in order and do not overlap?"""
    at = bisect_right(extents, place, key=lambda one: one[0]) - 1
    return at >= 0 and place < extents[at][1]


def _following(lines: list[str]) -> list[int]:
    """For each line the number of the next one that is neither empty nor a comment; 0 where there is none."""
    found = [0] * len(lines)
    after = 0
    for at in range(len(lines) - 1, -1, -1):
        found[at] = after
        stripped = lines[at].strip()
        if stripped and not stripped.startswith("#"):
            after = at + 1
    return found


def _lines_of_texts(node: Node | None) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """The extents of values that hold a `#`: there it begins no comment."""
    match node:
        case Scalar() if "#" in node.text:
            span = node.span
            return [((span.line, span.column), (span.end_line, span.end_column))]
        case ListNode(items=items):
            return [one for item in items for one in _lines_of_texts(item)]
        case MapNode():
            return [one for _, value in node.entries for one in _lines_of_texts(value)]
        case _:
            return []


def applied(findings: list[Finding], found: list[Suppression], rules: dict[str, Rule], file: str) -> list[Finding]:
    """The findings without those that are suppressed, and with what is wrong with the comments."""
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
    return kept + [one for suppression in found for one in _wrong(suppression, used, rules, file)]


def _wrong(one: Suppression, used: set[tuple[int, str]], rules: dict[str, Rule], file: str) -> Iterator[Finding]:
    form = "`# runbook: ignore RB605 because …`"
    if not one.rules:
        yield _told("RB791", one, file, "this comment says no rule", f"it is written {form}")
        return
    if not one.reason:
        yield _told("RB791", one, file, "the reason is missing: nothing is suppressed", f"it is written {form}")
        return
    for name in one.rules:
        if name not in rules:
            yield _told("RB791", one, file, f"there is no rule {name}", "`runbook explain rules` lists them")
        elif not rules[name].suppressible:
            yield _told("RB791", one, file, f"{name} cannot be ignored: what cannot be read cannot be run", "")
        elif (one.line, name) not in used:
            yield _told("RB792", one, file, f"{name} is not found here: nothing is suppressed", "take the comment away")


def _told(rule: str, one: Suppression, file: str, message: str, help: str) -> Finding:
    return Finding(
        rule=rule, message=message, file=file, line=one.line, column=one.column, end_line=one.line,
        end_column=one.end_column, severity="error" if rule == "RB791" else "warning", help=help,
    )  # fmt: skip
