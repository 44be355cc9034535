"""Readers of schedules, `retry` and `monitor`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.language.model import Backoff, Delays, Monitor, Retry, Schedule
from engine.language.parse.draft import Draft, Reader
from engine.language.parse.shapes import BACKOFF, ENGINE_RETRY, MONITOR, RETRY
from engine.language.parse.values import ID, seconds
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar


def schedule(d: Draft, node: Node, path: str) -> Schedule | None:
    """A list of delays, `{first, …}`, or the name of one."""
    match node:
        case ListNode():
            return _delays(d, node, path)
        case MapNode():
            return _backoff(d, node, path)
        case Scalar(value=str()):
            return _named(d, node)
        case _:
            d.wrong(node, "a list of delays, `{first: …}`, or the name of a schedule")
            return None


def _named(d: Draft, node: Scalar) -> Schedule | None:
    if node.text not in d.schedules:
        if d.schedules:
            d.not_one_of("RB214", node, node.text, "is not a schedule", d.schedules)
        else:
            d.tell(
                "RB214",
                node,
                f"`{node.text}` is not a schedule",
                "define it under `schedules`, or write a list of delays",
            )
        return None
    return d.schedules[node.text]


def _delays(d: Draft, node: ListNode, path: str) -> Schedule | None:
    if not node.items:
        d.tell("RB214", node, "a schedule needs at least one delay", "to make one attempt only, write no schedule")
        return None
    delays = [seconds(d, item, path) for item in node.items]
    return Delays(delays=tuple(one for one in delays if one is not None))


_BOUND: Final = "write `attempts: 4`, the total number, or `within: 2h`, after which no attempt starts"


def _backoff(d: Draft, node: MapNode, path: str) -> Schedule | None:
    found = d.fields(node, BACKOFF, path, "a schedule")
    first, longest = found.get("first"), found.get("max")
    if ("attempts" in node) == ("within" in node):
        which = "both `attempts` and `within`" if "attempts" in node else "neither `attempts` nor `within`"
        d.tell("RB214", node.head, f"a schedule needs one limit; this one has {which}", _BOUND)
    if first is not None and longest is not None and longest < first:
        d.tell(
            "RB214",
            node.get("max") or node,
            "`max` is shorter than `first`",
            "make `first` the shortest delay and `max` the longest",
        )
    if first is None:
        return None
    return Backoff(
        first=first, factor=found.get("factor") or 2.0, longest=longest if longest is not None else max(first, 60.0),
        jitter=found.get("jitter") or "full", attempts=found.get("attempts"), within=found.get("within"),
    )  # fmt: skip


def schedules(d: Draft, node: Node, path: str) -> Mapping[str, Schedule | None]:
    """Schedules by name: read before all else that names one."""
    found: dict[str, Schedule | None] = {}
    if not isinstance(node, MapNode):
        d.wrong(node, "a map of schedules")
        return found
    for name, (key, value) in node.items():
        if not ID.fullmatch(name):
            d.tell(
                "RB206", key, f"`{name}` is not a valid name: write a lower-case letter, then a-z, 0-9, `_` and `-`", ""
            )
        found[name] = None
        found[name] = schedule(d, value, f"{path}/{name}")
    return found


def retry(d: Draft, node: Node, path: str) -> Retry | None:
    """A schedule, or `{schedule, errors, then}`."""
    if isinstance(node, MapNode) and "first" not in node:
        found = d.fields(node, RETRY, path, "`retry`")
        delays = found.get("schedule")
        if delays is None:
            return None
        return Retry(schedule=delays, errors=found.get("errors") or (), then=found.get("then") or "fail")
    delays = schedule(d, node, path)
    return Retry(schedule=delays) if delays is not None else None


def engine_retry(d: Draft, node: Node, path: str) -> dict[str, Any]:
    """The top level's `retry`: for what is no attempt."""
    if not isinstance(node, MapNode):
        d.wrong(node, "a map of `throttled` and `network`", "for the attempts of a step, write `retry` in the step")
        return {}
    return d.fields(node, ENGINE_RETRY, path, "the top level's `retry`")


def monitor(d: Draft, node: Node, path: str) -> Monitor | None:
    """How to watch."""
    if not isinstance(node, MapNode):
        d.wrong(node, "a map: `{every: 30s, for: 1h}`")
        return None
    found = d.fields(node, MONITOR, path, "`monitor`")
    for key in ("every", "for"):
        if found.get(key) == 0:
            d.tell("RB205", node.get(key) or node, f"`{key}` must be longer than 0s")
    return Monitor(every=found.get("every"), longest=found.get("for"), grace=found.get("grace"))


READERS: Final[Mapping[str, Reader]] = {
    "schedule": schedule, "schedules": schedules, "retry": retry, "engine_retry": engine_retry, "monitor": monitor,
}  # fmt: skip
