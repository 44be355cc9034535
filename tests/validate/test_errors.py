"""RB50x: error names, with the real registry; and RB51x: polling intervals and time limits."""

from __future__ import annotations

import pytest

from actions import build_registry
from engine.checks import validate
from engine.checks.times import times
from engine.language.durations import format_duration
from tests.validate.cases import marked, places, whole

REGISTRY = build_registry()

SETUP = """
- id: go
  call: postgres.setup_users
  with: {host: a, admin: "${settings.admin}", users: "${users}"}
"""
CLUSTER = """
- id: go
  ensure: rds.cluster
  with: {name: a, from_snapshot: b}
  undo: delete
"""
COPY = CLUSTER.replace("rds.cluster", "rds.cluster_snapshot").replace("from_snapshot", "copy_of")
LOOK = "\n- {id: go, check: rds.cluster, with: {name: a}, rescue: [RESCUE]}\n"
RETRY = "  retry: [1m]\n"


def rescue(step: str, *branches: str) -> str:
    if "RESCUE" in step:
        return step.replace("RESCUE", ", ".join(branches))
    return step + "  rescue:\n" + "".join(f"    - {one}\n" for one in branches)


CASES = {
    "a name of the tool": rescue(CLUSTER, "{error: InvalidVPCConfiguration, then: hold}"),
    "a wire code": rescue(CLUSTER, "{error: DBSubnetGroupNotFoundFault, then: hold}"),
    "a category": rescue(CLUSTER, "{error: quota, then: hold}"),
    "any": rescue(CLUSTER, "{error: any, then: hold}"),
    "a name that nothing raises": rescue(CLUSTER, "{error: «RB501 InvalidVPCConfigration», then: hold}"),
    "one of a list": rescue(CLUSTER, "{error: [quota, «RB501 capcity»], then: hold}"),
    "the name of a shape": rescue(CLUSTER, "{error: «RB501 InsufficientDBInstanceCapacityFault», then: hold}"),
    "in retry": CLUSTER + "  states: {broken: hold}\n  retry: {schedule: [1m], errors: [quota, «RB501 quotta»]}\n",
    "a name of one's own": "- {id: x, fail: it does not, error: NoBackup}",
    "a name of one's own that is hardly one": "- {id: x, fail: it does not, error: «RB501 InvalidSnapsoht.NotFound»}",
    "a name of a row that is hardly one's own": (
        "- {id: x, check: rds.cluster, with: {name: a}, states: {missing: {fail: no, error: «RB501 ClusterNotFoud»}}}"
    ),
    "of another call": rescue(COPY, "{error: «RB502 DBSubnetGroupNotFoundFault», then: hold}"),
    "of another kind of step": rescue(SETUP, "{error: «RB502 InvalidVPCConfiguration», then: hold}"),
    "of this kind of step": rescue(SETUP, "{error: ConnectionTimeout, then: hold}"),
    "of a database in a call of AWS": rescue(CLUSTER, "{error: «RB502 AuthenticationFailed», then: hold}"),
    "credentials": rescue(CLUSTER, "{error: «RB502 credentials», then: hold}"),
    "a look's own error that passes": rescue(LOOK, "{error: «RB502 throttled», then: hold}"),
    "a look's own error that does not": rescue(LOOK, "{error: denied, then: hold}"),
    "what is there already": rescue(CLUSTER, "{error: «RB502 exists», then: hold}"),
    "a call of any API": """
        - id: go
          call: aws.rds.modify_db_cluster
          with: {DBClusterIdentifier: a}
          repeatable: true
          rescue:
            - {error: InvalidDBClusterStateFault, then: hold}
            - {error: InvalidVPCConfiguration, then: hold}
            - {error: «RB502 DBClusterSnapshotNotFoundFault», then: hold}
        """,
    "behind any": rescue(SETUP, "{error: any, then: fail}", "{error: «RB503 ConnectionTimeout», then: hold}"),
    "behind the same": rescue(SETUP, "{error: TlsFailed, then: fail}", "{error: [«RB503 TlsFailed»], then: hold}"),
    "behind its category": rescue(CLUSTER, "{error: quota, then: fail}", "{error: «RB503 InstanceQuotaExceeded», then: hold}")
    .replace("InstanceQuotaExceeded", "StorageQuotaExceeded"),
    "before its category": rescue(CLUSTER, "{error: StorageQuotaExceeded, then: fail}", "{error: quota, then: hold}"),
    "a wide name behind one of its own": rescue(
        CLUSTER, "{error: DBSubnetGroupNotFoundFault, then: fail}", "{error: InvalidVPCConfiguration, then: hold}"
    ),
    "retry without retry": rescue(SETUP, "{error: ConnectionTimeout, then: «RB504 retry»}"),
    "retry_if without retry": rescue(SETUP, "{error: ConnectionTimeout, then: {«RB504 retry_if»: port > 1}}"),
    "retry with retry": rescue(SETUP + RETRY, "{error: ConnectionTimeout, then: retry}"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_errors(case: str) -> None:
    text, expected = marked(whole(case))
    found = validate(text, REGISTRY)[1]
    assert places(found) == expected, "\n".join(f"{one.line}:{one.column} {one.rule} {one.message}" for one in found)


def test_the_error_code_is_suggested() -> None:
    text, _ = marked(whole(CASES["the name of a shape"]))
    finding = next(one for one in validate(text, REGISTRY)[1] if one.rule == "RB501")
    assert finding.help == "AWS's error code is `InsufficientDBInstanceCapacity`"


LIMITS = {
    "long enough": ("6h", "", []),
    "too short": ("3h", "", ["RB512"]),
    "by the step's own monitor": ("3h", "  monitor: {every: 1m, for: 2h}\n", []),
    "by its attempts: once is what counts": ("5h", "  states: {broken: hold}\n  retry: [1h, 1h]\n", []),
}


@pytest.mark.parametrize(("limit", "more", "rules"), LIMITS.values(), ids=LIMITS)
def test_time_limit(limit: str, more: str, rules: list[str]) -> None:
    text = f"runbook: a\ntime_limit: {limit}\nsteps:\n" + "".join(
        f"  {line}\n" for line in (CLUSTER + more).split("\n")
    )
    found = validate(text, REGISTRY)[1]
    assert [one.rule for one in found] == rules, found
    assert all(one.severity == "warning" for one in found)


def test_polling_interval() -> None:
    case = "- {id: x, check: rds.cluster, with: {name: a}, «RB511 monitor»: {every: 2h, for: 1h}}"
    text, expected = marked(whole(case))
    assert places(validate(text, REGISTRY)[1]) == expected


TIMES = """
runbook: a
schedules:
  slow: [5m, 10m, 15m]
  growing: {first: 1m, factor: 2, max: 3m, attempts: 4}
  bounded: {first: 1m, within: 1h}
steps:
  - {id: look, check: rds.cluster, with: {name: a}}
  - {id: watch, check: rds.cluster, with: {name: a}, monitor: {every: 1m, for: 2h}}
  - {id: made, ensure: rds.cluster, with: {name: a, from_snapshot: b}, undo: delete, states: {broken: replace}, retry: slow}
  - {id: gone, remove: rds.instance, with: {name: a}, owner: any, states: {available: delete}, retry: growing}
  - {id: pause, wait: 90s}
  - {id: notified, call: sns.publish, with: {topic: 'arn:aws:sns:us-west-2:123456789012:a', text: b}, timeout: 10s, retry: bounded}
  - {id: many, for_each: [a, b, c], call: sns.publish, with: {topic: 'arn:aws:sns:us-west-2:123456789012:a', text: b}, timeout: 10s}
"""
EXPECTED = {
    # one attempt, attempts, delays, all attempts
    "look": (0, 1, (), 0),
    "watch": (7200, 1, (), 7200),
    "made": (14400, 4, (300, 600, 900), 4 * 14400 + 1800),
    "gone": (3600, 4, (60, 120, 180), 4 * 3600 + 360),
    "pause": (90, 1, (), 90),
    "notified": (10, None, (), 3610),
    "many": (10, 1, (), 10),
}


def test_times() -> None:
    runbook, found = validate(TIMES, REGISTRY)
    assert runbook is not None, found
    assert {one.id: (one.once, one.attempts, one.delays, one.all) for one in times(runbook)} == EXPECTED
    assert {one.id: one.items for one in times(runbook)}["many"] == 3


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (90, "1m30s"), (3600, "1h"), (93_784, "1d2h3m4s"), (86_400, "1d"), (0.4, "0s")]
)
def test_format_duration(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
