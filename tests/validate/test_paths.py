"""RB302 and RB305: when a result is available, and when it may be missing."""

from __future__ import annotations

import pytest

from tests.validate.cases import findings, holds, whole

OLD = """
- id: old
  check: rds.cluster
  with: {name: "${cluster}"}
  states: {missing: done}
"""
LOOK = """
- id: look
  check: rds.cluster
  with: {name: "${cluster}"}
"""
MADE = """
- id: made
  ensure: rds.cluster
  with: {name: "${cluster}", from_snapshot: "${snapshot}"}
  undo: delete
"""

ABSENT = {
    "a rescue where none may be": (
        "- {id: pause, wait: 1s, «RB209 rescue»: [{on: any, then: hold}]}\n- {id: x, hold: 'look at it'}"
    ),
    "a check that may see nothing": OLD + '- {id: x, hold: "${«RB305 old».arn}"}',
    "the whole of it may be null": OLD + '- {id: x, hold: "${old}"}',
    "default": OLD + "- {id: x, hold: \"${old.arn | default('none')}\"}",
    "asked by `if`": OLD + '- {id: x, if: old, hold: "${old.arn}"}',
    "asked by its attribute": OLD + '- {id: x, if: old.arn | default(none) != none, hold: "${old.arn}"}',
    "asked with `and`": OLD + '- {id: x, if: not dry and old, hold: "${old.arn}"}',
    "asked with `or`: that proves nothing": OLD + '- {id: x, if: dry or old, hold: "${«RB305 old».arn}"}',
    "asked in the expression": OLD + '- {id: x, hold: "${old.arn if old else none}"}',
    "asked the wrong way round": OLD + '- {id: x, hold: "${none if old else «RB305 old».arn}"}',
    "asked with `not`": OLD + '- {id: x, hold: "${none if not old else old.arn}"}',
    "asked with `and` in the expression": OLD + "- {id: x, if: old and old.arn == 'a', wait: 1s}",
    "asked too late": OLD + "- {id: x, if: «RB305 old».arn == 'a' and old, wait: 1s}",
    "not null": OLD + '- {id: x, if: old != none, hold: "${old.arn}"}',
    "null": OLD + '- {id: x, if: old == none, hold: "${«RB305 old».arn}"}',
    "a skipped step": LOOK + "  if: dry\n" + '- {id: x, hold: "${«RB305 look».arn}"}',
    "skipped by the same condition": LOOK + "  if: dry\n" + '- {id: x, if: dry, hold: "${look.arn}"}',
    "skipped by the same, written otherwise": LOOK + "  if: ${ dry }\n" + '- {id: x, if: dry, hold: "${look.arn}"}',
    "skipped by a part of the condition": LOOK
    + "  if: not dry\n"
    + '- {id: x, if: not dry and port > 1, hold: "${look.arn}"}',
    "skipped by more": LOOK + "  if: dry and port > 1\n" + '- {id: x, if: dry, hold: "${«RB305 look».arn}"}',
    "skipped, and may see nothing": OLD + "  if: dry\n" + '- {id: x, if: dry, hold: "${«RB305 old».arn}"}',
    "a removal": """
        - id: gone
          remove: rds.instance
          with: {name: a}
          owner: any
          states: {available: delete}
        - {id: x, hold: "${«RB305 gone».arn}"}
        """,
    "an ensure that makes nothing": MADE + "  states: {missing: done}\n" + '- {id: x, hold: "${«RB305 made».arn}"}',
    "an ensure": MADE + '- {id: x, hold: "${made.arn}"}',
    "rescued as done": """
        - id: go
          call: postgres.run
          with: {host: a, admin: "${settings.admin}"}
          repeatable: true
          rescue: [{error: ConnectionTimeout, then: done}]
        - {id: x, hold: "${«RB305 go».rows_affected}"}
        """,
    "a step in a row's `do`": """
        - id: look
          check: rds.cluster
          with: {name: a}
          states: {=stopped: {do: [{id: inside, check: rds.instance, with: {name: b}}], then: monitor}}
        - {id: x, hold: "${«RB305 inside».arn} ${inside.arn | default('none')}"}
        """,
    "a step earlier in the same `do`": """
        - id: look
          check: rds.cluster
          with: {name: a}
          states:
            =stopped:
              do:
                - {id: inside, check: rds.instance, with: {name: b}}
                - {hold: "${inside.arn}"}
              then: monitor
        """,
    "anything in `on_failure`": """
        runbook: case
        steps:
          - {id: look, check: rds.cluster, with: {name: a}}
        on_failure:
          - {notify: topic, text: "${«RB305 look».arn} ${look.arn | default('')} ${operation.error.name}"}
        """,
    "nothing in `on_success`": """
        runbook: case
        steps:
          - {id: look, check: rds.cluster, with: {name: a}}
        on_success:
          - {notify: topic, text: "${look.arn}"}
        """,
    "the error where there may be none": '- {id: x, hold: "${«RB305 operation.error».name}"}',
    "the hold in `on_hold`": """
        runbook: case
        steps:
          - {id: look, check: rds.cluster, with: {name: a}}
        on_hold:
          - {notify: topic, text: "${operation.hold.reason} ${«RB305 operation.error».name}"}
        """,
    "an output": """
        runbook: case
        steps:
          - {id: look, check: rds.cluster, with: {name: a}}
          - {id: other, if: look, check: rds.cluster, with: {name: a}}
        outputs: {one: "${look.arn}", two: "${«RB305 other».arn}"}
        """,
    "the results of a `for_each`": """
        - {id: look, for_each: "${names}", check: rds.cluster, with: {name: "${each}"}}
        - {id: x, hold: "${look | map(attribute='arn') | join(' ')} ${«RB305 look»[0].arn}"}
        - {id: y, if: look, hold: "${look[0].arn} ${(look | first).arn}"}
        """,
    "the results of a `for_each` over a list with items": """
        - {id: look, for_each: [a, b], check: rds.cluster, with: {name: "${each}"}}
        - {id: x, hold: "${look[0].arn}"}
        """,
    "no `else`": '- {id: x, hold: "${«RB305 cluster if dry»}"}',
}


@pytest.mark.parametrize("case", ABSENT.values(), ids=ABSENT)
def test_results_that_may_be_missing(case: str) -> None:
    holds(case)


HELP = {
    # the case, after HEAD's 19 lines, and the expected path
    "nothing seen": (
        OLD + '- {id: x, hold: "${old.arn}"}',
        "old (line 20) finds no resource → `missing: done` (line 23) → here",
    ),
    "skipped": (
        LOOK + "  if: dry\n" + '- {id: x, hold: "${look.arn}"}',
        "look (line 20) is skipped: `if: dry` is false → here",
    ),
    "skipped, and asked; then nothing seen": (
        OLD + "  if: dry\n" + '- {id: x, if: dry, hold: "${old.arn}"}',
        "old (line 20) finds no resource → `missing: done` (line 23) → here",
    ),
    "no item": (
        '- {id: look, for_each: "${names}", check: rds.cluster, with: {name: "${each}"}}\n- {id: x, hold: "${look[0].arn}"}',
        "look (line 20) has no items: its `for_each` (line 20) is empty → here",
    ),
    "rescued": (
        """
        - id: go
          call: postgres.run
          with: {host: a, admin: "${settings.admin}"}
          repeatable: true
          rescue:
            - {error: ConnectionTimeout, then: done}
        - {id: x, hold: "${go.rows_affected}"}
        """,
        "go (line 20) fails → its rescue ends with `done` (line 25) → here",
    ),
    "another row": (
        """
        - id: look
          check: rds.cluster
          with: {name: a}
          states: {=stopped: {do: [{id: inside, check: rds.instance, with: {name: b}}], then: monitor}}
        - {id: x, hold: "${inside.arn}"}
        """,
        "inside (line 23) is in a row, and another row applies → here",
    ),
    "an end": (
        """
        runbook: case
        steps:
          - {id: first, wait: 1s}
          - {id: look, check: rds.cluster, with: {name: a}}
        on_failure: [{notify: topic, text: "${look.arn}"}]
        """,
        "first (line 3) fails → `on_failure` → here",
    ),
}


@pytest.mark.parametrize(("case", "path"), HELP.values(), ids=HELP)
def test_the_help_describes_the_path(case: str, path: str) -> None:
    [finding] = [one for one in findings(whole(case)) if one.rule == "RB305"]
    assert finding.help.startswith(f"how it happens: {path}. ")


UNDONE = {
    "its own result is not there when the undo is recorded": """
        - id: go
          call: aws.rds.modify_db_cluster
          with: {DBClusterIdentifier: "${cluster}"}
          repeatable: true
          undo:
            call: aws.rds.modify_db_cluster
            with: {DBClusterIdentifier: "${«RB302 go».DBCluster.DBClusterIdentifier}"}
            repeatable: true
        """,
    "nor are those of later steps, or what a look sees": """
        - id: go
          call: aws.rds.modify_db_cluster
          with: {DBClusterIdentifier: "${cluster}"}
          repeatable: true
          undo:
            call: aws.rds.modify_db_cluster
            with: {DBClusterIdentifier: "${«RB302 later».name}${«RB309 seen».name}"}
            repeatable: true
        - {id: later, check: rds.cluster, with: {name: a}}
        """,
    "those of earlier ones are": LOOK
    + """
- id: go
  call: aws.rds.modify_db_cluster
  with: {DBClusterIdentifier: "${cluster}"}
  repeatable: true
  undo: {call: aws.rds.modify_db_cluster, with: {DBClusterIdentifier: "${look.name}"}, repeatable: true}
""",
    "what was taken back is not required": MADE
    + """
- {id: back, take_back: [made]}
- {id: x, hold: look, requires: [«RB605 made»]}
""",
    "nor all of it": MADE + "- {id: back, take_back: all}\n- {id: x, hold: look, requires: [«RB605 made»]}",
    "what was kept is": MADE.replace("undo: delete", "undo: keep")
    + "- {id: back, take_back: all}\n- {id: x, hold: look, requires: [made]}",
    "what was perhaps taken back is": MADE
    + "- {id: back, if: dry, take_back: [made]}\n- {id: x, hold: look, requires: [made]}",
    "what was removed is not": """
        - id: made
          ensure: rds.instance
          with: {name: a, cluster: b, class: c}
          undo: delete
        - {id: y, hold: look, requires: [made]}
        - id: gone
          remove: rds.instance
          with: {name: "${made.name}"}
          states: {available: delete}
        - {id: x, hold: look, requires: [«RB605 made»]}
        """,
}


@pytest.mark.parametrize("case", UNDONE.values(), ids=UNDONE)
def test_undo(case: str) -> None:
    holds(case)


VARS = {
    "earlier": "a: ${cluster}\n  b: ${a}",
    "later": "a: ${«RB302 b»}\n  b: ${cluster}",
    "itself": "a: ${«RB302 a»}",
    "a step": "a: ${«RB302 x».arn}",
    "a map": 'a: {b: {c: "${cluster}"}}\n  d: ${a.b.c} ${a.b.«RB303 e»}',
}


@pytest.mark.parametrize("vars", VARS.values(), ids=VARS)
def test_vars(vars: str) -> None:
    holds(
        f"runbook: case\ninputs: {{cluster: {{}}}}\nvars:\n  {vars}\nsteps: [{{id: x, check: rds.cluster, with: {{name: a}}}}]"
    )


def test_settings_are_read_before_any_step() -> None:
    holds("""
        runbook: case
        inputs: {where: {}}
        settings:
          one: ssm:/${where}/one
          two: ssm:/${«RB302 x».arn}
          three: {from: "ssm:/${«RB301 were»}", region: "${where}"}
        region: ${«RB302 x».arn}
        steps: [{id: x, check: rds.cluster, with: {name: a}}]
        """)


def test_settings_are_read_in_their_order() -> None:
    holds("""
        runbook: case
        settings:
          one: ssm:/${settings.«RB302 two»}
          two: ssm:/${settings.one}
          three: ssm:/${settings.«RB302 three»}
        steps: [{id: x, hold: "${settings.three}"}]
        """)
