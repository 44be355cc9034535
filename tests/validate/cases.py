"""Cases: runbooks in which each expected finding is marked at its place, `«RB303 arnn»`."""

from __future__ import annotations

import re
from textwrap import dedent, indent

from engine.checks import validate
from engine.errors import Finding
from tests.validate.sample_kinds import registry

MARK = re.compile(r"«(RB\d{3}) ((?:[^«»]|«[^»]*»)*)»")
REGISTRY = registry()

HEAD = """\
runbook: case
region: us-west-2
inputs:
  cluster: {description: the cluster}
  snapshot: {description: the snapshot}
  port: {type: integer, default: 5432}
  names: {type: list, default: [a, b]}
  dry: {type: boolean, default: false}
settings:
  topic: ssm:/topics/recovery
  groups: ssm:/groups
  admin: secret:db/admin
  password: secret:db/app#password
vars:
  copy: ${snapshot}-copy
  users: [{name: app, password: "${settings.password}"}]
accounts:
  source: {id: "123456789012"}
steps:
"""

Place = tuple[str, int, int, int]
"""Rule, line, column, and the column after its end."""


def marked(text: str) -> tuple[str, list[Place]]:
    """The text without its marks, and the places that they mark."""
    expected: list[Place] = []
    out = ""
    at = 0
    while (match := MARK.search(text, at)) is not None:
        out += text[at : match.start()]
        inner = match.group(2)
        line, column = out.count("\n") + 1, len(out) - (out.rfind("\n") + 1) + 1
        first, _, rest = inner.partition("\n")
        expected.append((match.group(1), line, column, column + len(first)))
        text = text[: match.start()] + inner + text[match.end() :]
        out, at = text[: match.start()], match.start()
        assert not rest, "a mark stands in one line"
    return text, sorted(expected, key=lambda one: (one[1], one[2], one[0]))


def whole(steps: str) -> str:
    """Steps as a runbook with the usual inputs, settings and vars; a whole runbook unchanged."""
    text = dedent(steps).strip("\n") + "\n"
    return HEAD + indent(text, "  ") if text.startswith("- ") else text


def findings(text: str, tests: str | None = None) -> list[Finding]:
    return validate(text, REGISTRY, "case.yaml", tests)[1]


def places(found: list[Finding], *, unused: bool = False) -> list[Place]:
    """The places of findings, without those about unused declarations unless `unused` is set."""
    kept = [one for one in found if unused or one.rule not in ("RB701", "RB702", "RB703", "RB704", "RB705")]
    return [(one.rule, one.line, one.column, one.end_column) for one in kept]


def holds(case: str, *, unused: bool = False, tests: str | None = None) -> None:
    """Assert that validation finds exactly what the case marks."""
    text, expected = marked(whole(case))
    found = findings(text, tests)
    assert places(found, unused=unused) == expected, "\n".join(
        f"{one.line}:{one.column}-{one.end_column} {one.rule} {one.message} | {one.help}" for one in found
    )
