"""RB51x: time."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.rule import rule
from engine.checks.subject import Found, Subject
from engine.checks.times import monitor_of, times, told


@rule(
    id="RB511",
    title="Watched more rarely than long",
    why="`every` is the time between two looks, `for` the longest that is watched: with `every` the longer one there is "
    "no second look.",
)
def no_second_look(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        if "monitor" not in place.node:
            continue
        monitor = monitor_of(subject.runbook, place.step)
        if monitor.every is not None and monitor.longest is not None and monitor.every > monitor.longest:
            message = f"a look every {told(monitor.every)}, for {told(monitor.longest)} at most: there is no second one"
            yield Found(span=place.key("monitor"), message=message, help="`every` is the shorter one, say a minute")


@rule(
    id="RB512",
    title="A `time_limit` that is too short",
    why="If every step takes once as long as it may, the operation is longer than `time_limit`, and would be held in the "
    "middle of a night in which nothing is wrong. `runbook explain FILE --time` prints the sum.",
    severity="warning",
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
