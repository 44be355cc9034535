"""RB7xx: warnings; and comments that suppress findings."""

from __future__ import annotations

import pytest

from engine.checks import validate
from tests.validate.cases import REGISTRY, findings, holds, whole

STEPS = "steps: [{id: x, wait: 1s}]"
UNUSED = {
    "an input": f"runbook: a\ninputs: {{«RB701 b»: {{}}}}\n{STEPS}",
    "an input that a var uses": 'runbook: a\ninputs: {b: {}}\nvars: {c: "${b}"}\nsteps: [{id: x, hold: "${c}"}]',
    "a setting": f"runbook: a\nsettings: {{«RB702 b»: ssm:/b, «RB702 c»: ssm:/c}}\n{STEPS}",
    "a setting that is used": 'runbook: a\nsettings: {b: ssm:/b}\nsteps: [{id: x, hold: "${settings.b}"}]',
    "a setting by its index": "runbook: a\nsettings: {b: ssm:/b}\nsteps: [{id: x, hold: \"${settings['b']}\"}]",
    "all settings at once": 'runbook: a\nsettings: {b: ssm:/b}\nsteps: [{id: x, hold: "${settings | length}"}]',
    "a setting that a setting uses": (
        'runbook: a\nsettings: {b: ssm:/b, c: "ssm:/${settings.b}"}\nsteps: [{id: x, hold: "${settings.c}"}]'
    ),
    "a setting that `notify` uses": f'runbook: a\nsettings: {{b: ssm:/b}}\nnotify: "${{settings.b}}"\n{STEPS}',
    "a var": f"runbook: a\nvars: {{«RB703 b»: 1}}\n{STEPS}",
    "a var that a condition uses": "runbook: a\nvars: {b: 1}\nsteps: [{id: x, if: b == 1, wait: 1s}]",
    "a schedule": f"runbook: a\nschedules: {{«RB704 slow»: [1m]}}\n{STEPS}",
    "a schedule that is used": (
        "runbook: a\nschedules: {slow: [1m]}\nsteps: [{id: x, call: sns.publish, with: {topic: a}, retry: slow}]"
    ),
    "a schedule in the longer form": (
        "runbook: a\nschedules: {slow: [1m]}\n"
        "steps: [{id: x, call: sns.publish, with: {topic: a}, retry: {schedule: slow, then: hold}}]"
    ),
    "an account": f'runbook: a\naccounts: {{«RB705 b»: {{id: "123456789012"}}}}\n{STEPS}',
    "an account of a step": 'runbook: a\naccounts: {b: {id: "123456789012"}}\nsteps: [{id: x, wait: 1s, account: b}]',
    "an account of all": f'runbook: a\naccounts: {{b: {{id: "123456789012"}}}}\naccount: b\n{STEPS}',
}


@pytest.mark.parametrize("case", UNUSED.values(), ids=UNUSED)
def test_unused(case: str) -> None:
    holds(case, unused=True)


ENSURE = "- {{id: x, ensure: rds.cluster, with: {{name: a}}, undo: delete{}}}"
BROKEN = {
    "retry, and silent": ENSURE.format(", «RB707 retry»: [1m]"),
    "retry, and it says so": ENSURE.format(", retry: [1m], states: {broken: hold}"),
    "retry, and one status": ENSURE.format(", retry: [1m], states: {=failed: replace}"),
    "no retry": ENSURE.format(""),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_retry_without_broken(case: str) -> None:
    holds(case)


def test_steps_without_a_test() -> None:
    case = "- {id: one, wait: 1s}\n- {id: «RB706 two», wait: 1s}"
    holds(case, tests="tests:\n  - name: it waits\n    script: {one: []}\n")
    holds("- {id: one, wait: 1s}")


@pytest.mark.parametrize(("file", "tests"), [("a.yaml", "a.test.yaml"), ("x/b.yml", "x/b.test.yml")])
def test_the_file_for_a_test_is_named(file: str, tests: str) -> None:
    _, (found,) = validate(f"runbook: a\n{STEPS}", REGISTRY, file, "tests: []")
    assert f"add a test for this step to {tests};" in found.help


LINE = "- {id: x, ensure: rds.cluster, with: {name: a}}"
MADE = "- {id: x, «RB601 ensure»: rds.cluster, with: {name: a}}"
COMMENTS = {
    "behind it": f"{LINE}  # runbook: ignore RB601 because it is kept",
    "above it": f"# runbook: ignore RB601 because it is kept\n{LINE}",
    "above it, with another comment between": f"# runbook: ignore RB601 because it is kept\n# more\n{LINE}",
    "two rules, without a reason": f"«RB791 # runbook: ignore RB601, RB606 because»\n{MADE}",
    "without a reason": f"«RB791 # runbook: ignore RB601»\n{MADE}",
    "without a rule": f"«RB791 # runbook: ignore because it is kept»\n{MADE}",
    "of a rule that there is not": f"«RB791 # runbook: ignore RB999 because of it»\n{MADE}",
    "of what cannot be suppressed": (
        "«RB791 # runbook: ignore RB211 because of it»\n- {id: x, check: «RB211 rds.clutser», with: {name: a}}"
    ),
    "in another line": f"{MADE}\n- {{id: y, wait: 1s}}  «RB792 # runbook: ignore RB601 because it is kept»",
    "of another rule": f"{MADE}  «RB792 # runbook: ignore RB602 because it is kept»",
    "of two, of which one is found": f"{LINE}  «RB792 # runbook: ignore RB601, RB602 because it is kept»",
    "in a text it is none": "- {id: x, hold: 'see # runbook: ignore RB601'}",
    "in a longer text it is none": "- id: x\n  hold: |\n    # runbook: ignore RB601\n    is how it is written\n",
    "at the end of the file": "- {id: x, wait: 1s}\n«RB792 # runbook: ignore RB601 because it was there once»",
}


@pytest.mark.parametrize("case", COMMENTS.values(), ids=COMMENTS)
def test_comments(case: str) -> None:
    holds(_as_steps(case))


def _as_steps(case: str) -> str:
    lines = "".join(f"  {line}\n" for line in case.split("\n"))
    return f"runbook: case\nsteps:\n{lines}"


def test_warnings_do_not_make_a_runbook_invalid() -> None:
    found = findings(f"runbook: a\nvars: {{b: 1}}\n{STEPS}")
    assert [(one.rule, one.severity) for one in found] == [("RB703", "warning")]


PAST = """
- {{id: source, check: rds.cluster_snapshot, with: {{name: daily}}}}
- {{id: gone, call: sns.publish, with: {{topic: a, text: b}}, requires: [source]{0}}}
- id: made
  ensure: rds.cluster
  with: {{name: a, from_snapshot: b, subnet_group: {1}}}
  undo: keep
"""
READ_AGAIN = {
    "a setting": PAST.format(", irreversible: true", "«RB708 '${settings.topic}'»"),
    "by its name in quotes": PAST.format(", irreversible: true", "«RB708 \"${settings['topic']}\"»"),
    "by a var": PAST.format(", irreversible: true", "«RB708 '${group}'»"),
    "by a var of a var": PAST.format(", irreversible: true", "«RB708 '${groups[0].name}'»"),
    "a word in a text": PAST.format(", irreversible: true", "'settings.topic'"),
    "before the point of no return": PAST.format("", "'${settings.topic}'"),
    "no setting": PAST.format(", irreversible: true", "'${cluster}'"),
    "read again": PAST.format(", irreversible: true", "'${settings.topic}'")
    + "  retry: [1m]\n  states: {broken: hold}\n"
    + "  rescue: [{error: config, refresh: settings, then: {retry_if: settings.changed, else: hold}}]\n",
}


@pytest.mark.parametrize("case", READ_AGAIN.values(), ids=READ_AGAIN)
def test_settings_past_the_point_of_no_return(case: str) -> None:
    text = whole(case).replace("vars:\n", 'vars:\n  group: "${settings.topic}-group"\n  groups: [{name: "${group}"}]\n')
    holds(text)


OTHER_SYNTAX = {
    "two braces": "- {id: x, fail: 'no «RB715 {{ cluster }}»'}",
    "two braces with a filter": "- {id: x, fail: 'no «RB715 {{ cluster | upper }}»'}",
    "a dollar": "- {id: x, fail: 'no «RB715 $cluster»!'}",
    "a dollar, of a var": "- {id: x, fail: 'no «RB715 $copy»'}",
    "of a step": "- {id: old, check: rds.cluster, with: {name: a}}\n- {id: x, fail: 'no «RB715 $old.endpoint»'}",
    "beside an expression": "- {id: x, fail: '${cluster} is no «RB715 $snapshot»'}",
    "of another name": "- {id: x, fail: '{{ InstanceId }} $1 $5 $home'}",
    "a quoted text of PostgreSQL": "- {id: x, fail: 'do $cluster$ begin end $cluster$'}",
    "two dollars": "- {id: x, fail: '$$cluster'}",
    "a literal `${`": "- {id: x, fail: '$${cluster}'}",
}


@pytest.mark.parametrize("case", OTHER_SYNTAX.values(), ids=OTHER_SYNTAX)
def test_the_syntax_of_other_tools(case: str) -> None:
    holds(case)


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("if: '{{ cluster }} == 1'", "write `cluster == 1`: a condition has no braces"),
        ("if: '${cluster} == 1'", "write `cluster == 1`: a condition has no braces"),
        ("if: $cluster == 1", "write `cluster == 1`: a condition has no braces"),
        ("fail: '${{ cluster }}'", "write `${cluster}`"),
        ("fail: '${$cluster}'", "write `${cluster}`"),
    ],
)
def test_an_expression_in_the_syntax_of_other_tools_is_corrected(written: str, help: str) -> None:
    rest = "" if written.startswith("fail") else ", wait: 0s"
    found = findings(whole(f"- {{id: x, {written}{rest}}}"))
    assert [one.help for one in found if one.severity == "error"] == [help]
