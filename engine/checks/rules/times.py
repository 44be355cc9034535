"""RB51x: time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.checks.rule import rule
from engine.checks.subject import Found, Subject
from engine.checks.times import monitor_of, times, told
from engine.language.model import Call, Check


@rule(
    id="RB511",
    title="A wait without an end",
    why="Kinds bring their own `monitor`: how often to look, and for how long at most. An AWS call that is looked at by "
    "`check: aws.…` or `until` has none, so the step must say it.",
    wrong="""
- id: clusters
  check: aws.rds.describe_db_clusters
  status: seen.DBClusters
""",
    right="""
- id: clusters
  check: aws.rds.describe_db_clusters
  status: seen.DBClusters
  monitor: {every: 30s, for: 1h}
""",
)
def unbounded(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        body, step = place.step.body, place.step
        until = body.until.body if isinstance(body, Call) and body.until is not None else None
        watched = until if until is not None else body
        if not isinstance(watched, Check) or not watched.kind.startswith("aws.") or step.path.endswith("/until"):
            continue
        if step.monitor.longest is None:
            key = "until" if until is not None else "check"
            message = f"nothing says how long {watched.kind} is watched"
            yield Found(span=place.key(key), message=message, help="`monitor: {every: 30s, for: 1h}`")


@rule(
    id="RB512",
    title="Watched more rarely than long",
    why="`every` is the time between two looks, `for` the longest that is watched: with `every` the longer one there is "
    "no second look.",
    wrong="""
- id: old
  check: rds.cluster
  with: {name: orders}
  monitor: {every: 2h, for: 1h}
""",
    right="""
- id: old
  check: rds.cluster
  with: {name: orders}
  monitor: {every: 1m, for: 1h}
""",
)
def no_second_look(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        if "monitor" not in place.node:
            continue
        monitor = monitor_of(subject.runbook, place.step)
        if monitor.every is not None and monitor.longest is not None and monitor.every > monitor.longest:
            message = f"a look every {told(monitor.every)}, for {told(monitor.longest)} at most: there is no second one"
            yield Found(span=place.key("monitor"), message=message)


@rule(
    id="RB513",
    title="A `time_limit` that is too short",
    why="If every step takes once as long as it may, the operation is longer than `time_limit`, and would be held in the "
    "middle of a night in which nothing is wrong. `runbook explain FILE --time` prints the sum.",
    severity="warning",
    wrong="""
time_limit: 1h
steps:
  - id: cluster
    ensure: rds.cluster
    with: {name: orders, from_snapshot: daily}
    undo: delete
""",
    right="""
time_limit: 6h
steps:
  - id: cluster
    ensure: rds.cluster
    with: {name: orders, from_snapshot: daily}
    undo: delete
""",
)
def time_limit(subject: Subject) -> Iterator[Found]:
    limit = subject.runbook.time_limit
    if limit is None:
        return
    each = times(subject.runbook)
    total = sum(one.once_in_all for one in each)
    if total > limit:
        longest = sorted(each, key=lambda one: -one.once_in_all)[:3]
        help = "the longest: " + ", ".join(f"{one.id} {told(one.once_in_all)}" for one in longest if one.once)
        message = f"every step once at its longest takes {told(total)}, and `time_limit` is {told(limit)}"
        yield Found(span=subject.key("time_limit"), message=message, help=help)


RULES: Final = (unbounded, no_second_look, time_limit)
