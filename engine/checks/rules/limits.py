"""RB51x: polling intervals and the time limit."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.rule import rule
from engine.checks.subject import Found, Subject
from engine.checks.times import monitor_of, times
from engine.language.durations import format_duration


@rule("RB511")
def interval_too_long(subject: Subject) -> Iterator[Found]:
    """Polling interval longer than the timeout

    `every` is the polling interval and `for` the timeout. If `every` is longer, the resource is looked at only once.
    """
    for place in subject.steps:
        if "monitor" not in place.node:
            continue
        monitor = monitor_of(subject.runbook, place.step)
        if monitor.every is not None and monitor.longest is not None and monitor.every > monitor.longest:
            every, longest = format_duration(monitor.every), format_duration(monitor.longest)
            message = f"`every` ({every}) is longer than `for` ({longest})"
            help = "make `every` shorter or `for` longer"
            yield Found(span=place.key("monitor"), message=message, help=help)


@rule("RB512", severity="warning")
def time_limit(subject: Subject) -> Iterator[Found]:
    """`time_limit` too short

    If each step takes as long as its own timeout allows, without any retry, the operation exceeds `time_limit` and is
    held although nothing is wrong. `runbook explain FILE --time` shows the times.
    """
    limit = subject.runbook.time_limit
    if limit is None:
        return
    each = times(subject.runbook)
    total = sum(one.once_all_items for one in each)
    if total > limit:
        longest = sorted(each, key=lambda one: -one.once_all_items)[:3]
        help = "longest steps: " + ", ".join(
            f"{one.id} {format_duration(one.once_all_items)}" for one in longest if one.once
        )
        message = (
            f"the steps may take {format_duration(total)} without retries; `time_limit` is {format_duration(limit)}"
        )
        yield Found(span=subject.key("time_limit"), message=message, help=help)
