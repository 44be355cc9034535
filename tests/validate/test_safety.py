"""RB6xx: undo, removals, `until`, and steps that are referred to by name."""

from __future__ import annotations

import pytest

from tests.validate.cases import holds

COPY = """
- id: made
  ensure: rds.cluster_snapshot
  with: {name: "${copy}", copy_of: "${snapshot}"}
  undo: delete
"""
FOUND = "\n- {id: source, check: rds.cluster_snapshot, with: {name: other}}\n"
OLD = """
- id: old
  remove: rds.cluster
  with: {name: "${cluster}"}
  owner: any
  requires: [made]
  states: {available: delete}
  irreversible: true
"""


def removed(
    name: str, more: str = "  requires: [source]\n", kind: str = "rds.cluster_snapshot", key: str = "remove"
) -> str:
    return f"\n- id: gone\n  {key}: {kind}\n  with: {{name: {name}}}\n  states: {{available: delete}}\n{more}"


SWAP = "{call: aws.rds.modify_db_cluster, with: {DBClusterIdentifier: green}"
CALLS = {
    "silent": f"- {{id: a, {SWAP[1:].replace('call', '«RB604 call»', 1)}}}",
    "with repeatable": f"- {{id: a, repeatable: false, {SWAP[1:]}}}",
    "with until": f"- {{id: a, until: {{check: rds.cluster, with: {{name: a}}, is: seen.settled}}, {SWAP[1:]}}}",
    "an undo that is silent": f"- {{id: a, repeatable: false, undo: {SWAP.replace('call', '«RB604 call»', 1)}}}, {SWAP[1:]}}}",
    "an undo that says it": f"- {{id: a, repeatable: false, undo: {SWAP}, repeatable: true}}, {SWAP[1:]}}}",
    "an action that says it": "- {id: a, call: sns.publish, with: {topic: a}}",
    "silent, with a reason": f"- {{id: a, {SWAP[1:]}}}  # runbook: ignore RB604 because a person answers, and knows",
}


@pytest.mark.parametrize("case", CALLS.values(), ids=CALLS)
def test_calls(case: str) -> None:
    holds(case)


MADE = {
    "with undo": COPY,
    "with keep": COPY.replace("delete", "keep"),
    "without undo": COPY.replace("  undo: delete\n", "").replace("ensure:", "«RB601 ensure»:"),
    "without undo, in a `do`": """
        - id: x
          check: rds.cluster
          with: {name: a}
          states: {=stopped: {do: [{«RB601 ensure»: rds.instance, with: {name: b}}], then: hold}}
        """,
    "twice": COPY + COPY.replace("id: made", "id: again").replace("ensure:", "«RB606 ensure»:"),
    "twice, written otherwise": COPY
    + COPY.replace("id: made", "id: again")
    .replace("ensure:", "«RB606 ensure»:")
    .replace("${copy}", "${snapshot}-copy"),
    "in two regions": COPY + COPY.replace("id: made", "id: again\n  region: us-east-1"),
    "in two accounts": COPY + COPY.replace("id: made", "id: again\n  account: source"),
    "on two conditions": COPY.replace("id: made", "id: a\n  if: dry")
    + COPY.replace("id: made", "id: b\n  if: not dry"),
    "after a removal": COPY + FOUND + removed('"${copy}"') + COPY.replace("id: made", "id: again"),
    "irreversible without requires": COPY
    + "- {id: x, call: sns.publish, with: {topic: a}, «RB602 irreversible»: true}",
    "irreversible with requires": COPY
    + "- {id: x, call: sns.publish, with: {topic: a}, requires: [made], irreversible: true}",
    "not irreversible": "- {id: x, call: sns.publish, with: {topic: a}, irreversible: false}",
}


@pytest.mark.parametrize("case", MADE.values(), ids=MADE)
def test_creation(case: str) -> None:
    holds(case)


GONE = {
    "its own": COPY + FOUND + removed('"${copy}"'),
    "its own, by its result": COPY + FOUND + removed('"${made.name}"'),
    "not its own": FOUND + removed("other-one", key="«RB603 remove»"),
    "not its own, in another region": COPY
    + FOUND
    + removed('"${copy}"', "  requires: [source]\n  region: us-east-1\n", key="«RB603 remove»"),
    "not its own, and it says so": FOUND + removed("other-one", "  requires: [source]\n  owner: own\n"),
    "kin": FOUND + removed("other-one", "  requires: [source]\n  owner: kin\n  irreversible: true\n"),
    "any": COPY + OLD,
    "any, and reversible": COPY
    + OLD.replace("  irreversible: true\n", "").replace("owner:", "«RB609 owner»:")
    + "- {id: last, wait: 1s}\n",
    "any, and reversible, as the last thing": COPY + OLD.replace("  irreversible: true\n", ""),
    "a target, and reversible": COPY
    + "\n- {id: seen_, check: rds.cluster, with: {name: a}}\n"
    + removed("b", "  requires: [made]\n  «RB609 target»: seen_\n", "rds.cluster")
    + "- {id: last, wait: 1s}\n",
    "any of what holds no data": "\n" + removed("a", "  owner: any\n", "rds.instance"),
    "the last copy": COPY + removed('"${copy}"', "", key="«RB608 remove»"),
    "the last copy, requiring itself": COPY + removed('"${copy}"', "  «RB608 requires»: [made]\n"),
    "the last copy, requiring what holds no data": COPY
    + "\n- {id: door, check: net.endpoint, with: {host: a, port: 1}}\n"
    + removed('"${copy}"', "  «RB608 requires»: [door]\n"),
    "not the last copy": COPY + FOUND + removed('"${copy}"'),
    "a final snapshot": COPY
    + "\n- {id: door, check: net.endpoint, with: {host: a, port: 1}}\n"
    + OLD.replace('{name: "${cluster}"}', '{name: "${cluster}", final_snapshot: last}').replace("[made]", "[door]"),
    "a removal that holds": COPY
    + removed('"${copy}"', "").replace("available: delete", "available: hold").replace("  states", "  «RB409 states»"),
}


@pytest.mark.parametrize("case", GONE.values(), ids=GONE)
def test_removal(case: str) -> None:
    holds(case)


def until(more: str, before: str = "", repeatable: str = "") -> str:
    return (
        f"{before}\n- id: change\n  call: aws.rds.modify_db_cluster\n  with: {{a: b}}\n{repeatable}"
        f'  until:\n    check: rds.cluster\n    with: {{name: "${{cluster}}"}}\n{more}'
    )


LOOK = '\n- {id: look, check: rds.cluster, with: {name: "${cluster}"}}\n'
UNTIL = {
    "asks what is changed": until("    is: seen.settled\n", LOOK),
    "there already": until("", LOOK).replace("    check:", "    «RB607 check»:"),
    "there already, but only asked afterwards": until("", LOOK, "  repeatable: true\n"),
    "not known to be there": until(""),
    "another one": until("", LOOK.replace("${cluster}", "another")),
    "asks nothing": until("    is: «RB607 dry»\n"),
    "compares with itself": until("    is: «RB607 seen.id == seen.id»\n"),
}


def undo(until: str, params: str = "DBInstanceIdentifier: a") -> str:
    return (
        "\n- id: made\n  call: aws.rds.modify_db_cluster\n  with: {a: b}\n  repeatable: true\n  undo:\n"
        f"    «RB712 call»: aws.rds.delete_db_instance\n    with: {{{params}}}\n    until: {until}\n"
    )


def replied(key: str, status: str, available: str) -> str:
    return (
        f"{{{key}: aws.rds.describe_db_clusters, with: {{DBClusterIdentifier: a}}, status: {status}, "
        f"classes: {{available: [{available}]}}, monitor: {{every: 1s, for: 1m}}}}"
    )


UNTIL |= {
    "it deletes what it checks in a reply": undo(replied("«RB607 check»", "seen.Marker", "x")),
    "it checks that it has ended": undo(replied("check", "seen.Marker", "terminated")),
    "it computes a status of the reply": undo(replied("check", "\"'no' if not seen.Marker else seen.Marker\"", "no")),
    "it deletes what it checks": undo("{«RB607 check»: rds.cluster, with: {name: a}}"),
    "it deletes what must be gone": undo("{gone: rds.cluster, with: {name: a}}"),
    "it deletes something else": undo("{check: rds.cluster, with: {name: b}}"),
    "it deletes what it checks, by an expression": undo(
        "{«RB607 check»: rds.cluster, with: {name: '${cluster}'}}", "DBInstanceIdentifier: '${cluster}'"
    ),
    "what must be gone is no check": until("", LOOK).replace("check: rds.cluster\n", "gone: rds.cluster\n"),
}


@pytest.mark.parametrize("case", UNTIL.values(), ids=UNTIL)
def test_until(case: str) -> None:
    holds(case)


CALLED = {
    "a kind can remove it": "\n- {id: old, «RB712 call»: aws.rds.delete_db_instance, with: {DBInstanceIdentifier: a}, repeatable: true}",
    "no kind can": "\n- {id: old, call: aws.ec2.delete_volume, with: {VolumeId: vol-1}, repeatable: true}",
    "it only unprotects": "\n- {id: old, call: aws.rds.modify_db_cluster, repeatable: true, "
    "with: {DBClusterIdentifier: a, DeletionProtection: false}}",
}


@pytest.mark.parametrize("case", CALLED.values(), ids=CALLED)
def test_calls_that_delete(case: str) -> None:
    holds(case)


NAMED = {
    "an earlier check": FOUND + COPY + "  requires: [source]\n",
    "no such step": COPY + "  requires: [«RB605 sorce»]\n",
    "with an underscore": FOUND.replace("source", "the-source") + COPY + "  requires: [the_source]\n",
    "a later one": COPY + "  requires: [«RB605 source»]\n" + FOUND,
    "itself": COPY + "  requires: [«RB605 made»]\n",
    "a call": "\n- {id: tell, call: sns.publish, with: {topic: a}}\n" + COPY + "  requires: [«RB605 tell»]\n",
    "a removal": removed("a", "  owner: any\n", "rds.instance") + COPY + "  requires: [«RB605 gone»]\n",
    "two of three": FOUND + COPY + "  requires: [«RB605 a», source, «RB605 b»]\n",
    "a target that is a check of the kind": "\n- {id: look, check: rds.instance, with: {name: a}}\n"
    + removed("b", "  target: look\n", "rds.instance"),
    "a target that there is not": removed("b", "  target: «RB610 look»\n", "rds.instance"),
    "a target of another kind": FOUND + removed("b", "  target: «RB610 source»\n", "rds.instance"),
    "a target that is later": removed("b", "  target: «RB610 look»\n", "rds.instance")
    + "\n- {id: look, check: rds.instance, with: {name: a}}\n",
    "take_back of a step": COPY + "- {id: back, take_back: [made]}",
    "take_back of none": COPY + "- {id: back, take_back: [«RB610 mde»]}",
    "take_back of all": COPY + "- {id: back, take_back: all}",
    "past no point": COPY + "- {id: back, take_back: all, past: «RB610 made»}",
    "past none": COPY + "- {id: back, take_back: all, past: [«RB610 mde»]}",
    "past the point": COPY + OLD + "- {id: back, take_back: all, past: old}",
}


@pytest.mark.parametrize("case", NAMED.values(), ids=NAMED)
def test_references(case: str) -> None:
    holds(case)
