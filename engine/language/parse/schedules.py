"""Readers of schedules, `retry` and `monitor`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.language.model import Backoff, Delays, Monitor, Retry, Schedule
from engine.language.parse.draft import Draft, Reader
from engine.language.parse.shapes import BACKOFF, ENGINE_RETRY, MONITOR, RETRY
from engine.language.parse.simple_values import check_name, seconds
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar


def schedule(draft: Draft, node: Node, path: str) -> Schedule | None:
    """A list of delays, `{first: …}`, or the name of a schedule."""
    match node:
        case ListNode():
            return _delays(draft, node, path)
        case MapNode():
            return _backoff(draft, node, path)
        case Scalar(value=str()):
            return _named_schedule(draft, node)
        case Scalar():
            draft.report_wrong_type(node, "a list of delays, `{first: …}`, or the name of a schedule")
            return None


def _named_schedule(draft: Draft, node: Scalar) -> Schedule | None:
    if node.text not in draft.schedules:
        if draft.schedules:
            draft.report_unknown_word("RB214", node, node.text, "is not a schedule", draft.schedules)
        else:
            help = "define it under `schedules`, or write a list of delays"
            draft.report("RB214", node, f"`{node.text}` is not a schedule", help)
        return None
    return draft.schedules[node.text]


def _delays(draft: Draft, node: ListNode, path: str) -> Schedule | None:
    if not node.items:
        help = "to make one attempt only, write no schedule"
        draft.report("RB214", node, "a schedule needs at least one delay", help)
        return None
    delays = [seconds(draft, item, path) for item in node.items]
    return Delays(delays=tuple(one for one in delays if one is not None))


_LIMIT_HELP: Final = "write `attempts: 4`, the total number, or `within: 2h`, after which no attempt starts"


def _backoff(draft: Draft, node: MapNode, path: str) -> Schedule | None:
    found = draft.read_fields(node, BACKOFF, path, "a schedule")
    first, longest = found.get("first"), found.get("max")
    if ("attempts" in node) == ("within" in node):
        which = "both `attempts` and `within`" if "attempts" in node else "neither `attempts` nor `within`"
        draft.report("RB214", node.head, f"a schedule needs one limit; this one has {which}", _LIMIT_HELP)
    if first is not None and longest is not None and longest < first:
        help = "make `first` the shortest delay and `max` the longest"
        draft.report("RB214", node.get("max") or node, "`max` is shorter than `first`", help)
    if first is None:
        return None
    return Backoff(
        first=first, factor=float(found.get("factor") or 2), longest=longest if longest is not None else max(first, 60.0),
        jitter=found.get("jitter") or "full", attempts=found.get("attempts"), within=found.get("within"),
    )  # fmt: skip


def schedules(draft: Draft, node: Node, path: str) -> Mapping[str, Schedule | None]:
    """Schedules by name; None for one that is wrong, so that a reference to it is not reported too."""
    entries = draft.as_map(node, "a map of schedules")
    if entries is None:
        return {}
    found: dict[str, Schedule | None] = {}
    for name, (key, value) in entries.items():
        check_name(draft, key)
        found[name] = schedule(draft, value, f"{path}/{name}")
    return found


def retry(draft: Draft, node: Node, path: str) -> Retry | None:
    """A schedule, or `{schedule, errors, then}`."""
    if isinstance(node, MapNode) and "first" not in node:
        found = draft.read_fields(node, RETRY, path, "`retry`")
        delays = found.get("schedule")
        if delays is None:
            return None
        return Retry(schedule=delays, errors=found.get("errors") or (), then=found.get("then") or "fail")
    delays = schedule(draft, node, path)
    return Retry(schedule=delays) if delays is not None else None


def engine_retry(draft: Draft, node: Node, path: str) -> dict[str, Any]:
    """The `retry` of the top level: schedules for calls that are sent again without using up an attempt."""
    help = "for the attempts of a step, write `retry` in the step"
    entries = draft.as_map(node, "a map of `throttled` and `network`", help)
    return draft.read_fields(entries, ENGINE_RETRY, path, "the top level's `retry`") if entries is not None else {}


def monitor(draft: Draft, node: Node, path: str) -> Monitor | None:
    """How to poll."""
    entries = draft.as_map(node, "a map: `{every: 30s, for: 1h}`")
    if entries is None:
        return None
    found = draft.read_fields(entries, MONITOR, path, "`monitor`")
    for key in ("every", "for"):
        if found.get(key) == 0:
            draft.report("RB205", entries.get(key) or entries, f"`{key}` must be longer than 0s")
    return Monitor(every=found.get("every"), longest=found.get("for"), grace=found.get("grace"))


READERS: Final[Mapping[str, Reader]] = {
    "schedule": schedule, "schedules": schedules, "retry": retry, "engine_retry": engine_retry, "monitor": monitor,
}  # fmt: skip
