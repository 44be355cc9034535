"""RB4xx: state tables."""

from __future__ import annotations

import pytest

from tests.validate.cases import findings, holds, whole


def check(states: str, more: str = "") -> str:
    return f"- id: x\n  check: rds.cluster\n  with: {{name: a}}\n  states: {states}\n{more}"


def ensure(states: str, more: str = "  retry: [1m]\n") -> str:
    return f"- id: x\n  ensure: rds.cluster\n  with: {{name: a}}\n  states: {states}\n  undo: delete\n{more}"


def remove(states: str, key: str = "states") -> str:
    return f"- id: x\n  remove: rds.instance\n  with: {{name: a}}\n  owner: any\n  {key}: {states}\n"


BROKEN = "broken: hold"
CASES = {
    "a removal without rows": "- {«RB401 id»: x, remove: rds.instance, with: {name: a}, owner: any}",
    "a removal without `available`": remove("{broken: delete}", "«RB401 states»"),
    "a removal that says it": remove("{available: delete}"),
    "a removal by its exact status": remove("{=available: delete}"),
    "a removal that says hold": remove("{available: hold, broken: delete}"),
    "a removal that removes nothing": remove("{available: done}", "«RB409 states»"),
    "a removal with a wrong word: one finding": remove("{«RB404 availabel»: delete}"),
    "replace in a check": check("{broken: «RB402 replace»}"),
    "create in a check": check("{missing: «RB402 create»}"),
    "delete in a check": check("{broken: «RB402 delete»}"),
    "delete in an ensure": ensure("{broken: «RB402 delete»}"),
    "replace in a removal": remove("{available: delete, broken: «RB402 replace»}"),
    "create in a removal": remove("{available: delete, missing: «RB402 create»}"),
    "create what is there": ensure(f"{{{BROKEN}, available: «RB402 create»}}"),
    "replace what is missing": ensure("{'«RB402 missing», broken': replace}"),
    "delete what is missing": remove("{'available, «RB402 missing»': delete}"),
    "all verbs of an ensure": ensure(
        "{missing: create, pending: monitor, broken: replace, available: done, blocked: fail, unknown: hold}"
    ),
    "a word that is none": check("{«RB404 avialable»: done}"),
    "one of several": check("{'broken, «RB404 blokced»': hold}"),
    "an exact status": check("{=stopped: hold}"),
    "an exact status that there is not": check("{«RB404 =stoped»: hold}"),
    "a status without its sign": check("{«RB404 stopped»: hold}"),
    "several statuses": check("{'=stopped, =incompatible-network': hold}"),
    "one of several statuses": check("{'=stopped, «RB404 =incompatible-netwrk»': hold}"),
    "a class that the kind never is": (
        "- id: x\n  check: net.endpoint\n  with: {host: a, port: 1}\n  states: {«RB405 blocked»: hold}\n"
    ),
    "pending, which a late list makes it": (
        "- id: x\n  ensure: rds.cluster\n  with: {name: a}\n  states: {pending: monitor}\n  undo: keep\n"
    ),
    "pending of what never is": (
        "- id: x\n  check: net.endpoint\n  with: {host: a, port: 1}\n  states: {«RB405 pending»: hold}\n"
    ),
    "pending by `is`": (
        "- id: x\n  check: net.endpoint\n  with: {host: a, port: 1}\n  states: {pending: hold}\n  is: seen.address != none\n"
    ),
    "a class whose statuses are all exact": check(
        "{=stopped: hold, =incompatible-network: fail, «RB405 blocked»: done}"
    ),
    "a class of which one is exact": check("{=stopped: hold, blocked: done}"),
    "leaving is watched": check("{«RB405 leaving»: done}"),
    "a leaving status is watched": check("{«RB405 =deleting»: hold}"),
    "leaving said as it is": check("{leaving: monitor}"),
    "replace without retry": ensure("{broken: «RB406 replace»}", ""),
    "replace of a class and a status without retry": ensure("{broken: «RB406 replace», =stopped: «RB406 replace»}", ""),
    "the rows of a nested step": """
        - id: x
          check: rds.cluster
          with: {name: a}
          states:
            =stopped:
              do:
                - check: rds.cluster
                  with: {name: a}
                  states: {«RB404 brokn»: hold}
              then: monitor
        """,
    "the statuses of a call that is looked at": """
        - id: x
          check: aws.rds.describe_db_clusters
          status: seen.DBClusters
          classes: {pending: [CREATING], available: [ACTIVE]}
          monitor: {every: 30s, for: 1h}
          states: {available: done, «RB404 =ACTVE»: hold, missing: hold, «RB405 broken»: hold}
        """,
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_states(case: str) -> None:
    holds(case)


def test_message_and_help() -> None:
    found = findings(whole(remove("{avialable: delete}").replace("rds.instance", "rds.cluster")))
    finding = next(one for one in found if one.rule == "RB404")
    assert finding.message == "`avialable` is neither a class nor a status of rds.cluster"
    assert finding.help.startswith("did you mean `available`? A status is written `=backing-up`.")
