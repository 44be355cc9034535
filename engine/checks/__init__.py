"""Runbook → findings. Each rule is one function; findings are collected and returned, never raised.

`check` takes a parsed runbook, `validate` its text. Neither accesses files, the network or the clock.

A rule (`rules/`) gets the `Subject`: the runbook, the tree that it was parsed from, and the `Catalogue` of kinds and actions.
What expressions yield is worked out once for all rules (`dataflow/`). `adopt/` helps an existing repository: fixes, a
baseline, and comments that suppress a finding. `formats/` prints findings. `pages` and `explain` are for `runbook explain`.
"""

from __future__ import annotations

from itertools import islice

from engine.checks.adopt.suppressions import apply_suppressions, find_suppressions
from engine.checks.catalogue import catalogue_of
from engine.checks.dataflow.flow import flow_of
from engine.checks.rule import Rule
from engine.checks.rules import ALL, BY_ID
from engine.checks.subject import Found, Subject
from engine.errors import Finding
from engine.language.model import Runbook
from engine.language.parse.document import Parsed, parse, sort_findings
from engine.language.yaml.nodes import MapNode, finding_at
from engine.language.yaml.reader import MOST_FINDINGS
from engine.registry import Registry

__all__ = ["check", "validate"]


def check(parsed: Parsed, registry: Registry, tests: str | None = None) -> list[Finding]:
    """The findings beyond text and shape. `tests` is the text of the test file beside the runbook, if there is one.

    A place at which parsing already reported something gets no further finding. One rule reports at most a thousand.
    """
    found: list[Finding] = []
    if parsed.runbook is not None and isinstance(parsed.root, MapNode):
        subject = Subject(
            runbook=parsed.runbook,
            root=parsed.root,
            nodes=parsed.nodes,
            catalogue=catalogue_of(registry),
            tests=tests,
            file=parsed.file,
        )
        reported = {(one.line, one.column) for one in parsed.findings}
        for rule in ALL:
            problems = rule.find(subject) if rule.find is not None else flow_of(subject).found(rule.id)
            all_found = (finding(rule, one, parsed.file) for one in islice(problems, MOST_FINDINGS))
            found += [one for one in all_found if (one.line, one.column) not in reported]
    comments = find_suppressions(parsed.text, parsed.root)
    return sort_findings(apply_suppressions(sort_findings(found), comments, BY_ID, parsed.file) if comments else found)


def validate(
    text: bytes | str, registry: Registry, file: str = "-", tests: str | None = None
) -> tuple[Runbook | None, list[Finding]]:
    """Parse and check: the runbook if there are no errors, and all findings in the order of the file."""
    parsed = parse(text, registry, file)
    findings = sort_findings([*parsed.findings, *check(parsed, registry, tests)])
    failed = any(one.severity == "error" for one in findings)
    return None if failed else parsed.runbook, findings


def finding(rule: Rule, found: Found, file: str) -> Finding:
    return finding_at(
        found.span,
        file,
        rule=rule.id,
        message=found.message,
        help=found.help,
        severity=rule.severity,
        expected=found.expected,
    )
