"""Checks a script against the runbook that it is for: a misspelt word would never happen, and nobody would notice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from actions.sandbox.script import ALIASES, CONNECTIONS, FAULT_WORDS, FOR_EVER, Item, is_status, read_items
from actions.sandbox.services import HANDLERS
from actions.sandbox.world import LASTING
from engine.errors import UsageError
from engine.language.model import Runbook, Step
from engine.language.nearest import did_you_mean
from engine.registry import Registry

FEW: Final = 6
"""Similar words that are listed; of more, only the nearest is named."""
_ITEMS: Final = re.compile(r"(\[(0|[1-9][0-9]*)\])+", re.ASCII)
DATABASE_CALLS: Final = ("postgres.Connect", "postgres.Commit", "postgres.Run", "net.Reach")
"""Calls of the pretend network that a script can name, besides AWS's."""


def check_script(script: Mapping[str, Any], runbook: Runbook, registry: Registry) -> None:
    """UsageError for an entry that names no step of the runbook and no call, and for a word that is no status or error."""
    lists = {step.id: _lists_around(runbook, step) for step in runbook.index.values()}
    statuses = {status for kind in registry.kinds.values() for status in kind.statuses} | set(LASTING)
    errors = {*registry.known_errors(), *ALIASES, *CONNECTIONS, *FAULT_WORDS, "ok"}
    for key, items in script.items():
        _check_key(str(key), lists)
        for word, _ in read_items(f"script: {key}", items):
            known = statuses if is_status(word) else errors
            if word not in known:
                what = "status" if is_status(word) else "error"
                similar = _similar(word, known)
                rest = None if len(similar) <= FEW else "write a status or an error of AWS"
                hint = did_you_mean(word, similar, rest=rest)
                raise UsageError(f"script: {key}: there is no {what} `{word}`; {hint}")


def _similar(word: str, known: Iterable[str]) -> list[str]:
    """The words that begin alike: there are thousands of errors."""
    start = word.lower()[:8]
    return sorted(one for one in known if one.lower().startswith(start)) or sorted(
        one for one in known if one[:1] == word[:1]
    )


def _lists_around(runbook: Runbook, step: Step) -> int:
    """In how many lists of a `for_each` the step is, which is the most numbers that a key of it can have."""
    return sum(
        one.for_each is not None
        for one in runbook.index.values()
        if step.path == one.path or step.path.startswith(f"{one.path}/")
    )


def _check_key(key: str, lists: Mapping[str, int]) -> None:
    calls, named = [*HANDLERS, *DATABASE_CALLS], [one for one in lists if "/" not in one]
    step, bracket, rest = key.partition("[")
    if key in calls or (step in lists and not bracket):
        return
    if step in lists:
        if not lists[step]:
            raise UsageError(f"script: {key}: {step} is no `for_each`, so it has no items: write `{step}`")
        items = _ITEMS.fullmatch(bracket + rest)
        if items is None or key.count("[") > lists[step]:
            raise UsageError(f"script: {key} names no item of {step}: write a number from 0 on, such as `{step}[0]`")
        return
    known = calls if "." in key and key[:1].islower() and key.partition(".")[2][:1].isupper() else named
    raise UsageError(f"script: there is no step or call `{key}`; {did_you_mean(key, known)}")


def unused(script: Mapping[str, Any], left: Mapping[str, list[Item]]) -> list[str]:
    """The entries of a script of which nothing has happened, as `restore-snapshot: failed x2`. `left`: what has not."""
    lines = []
    for key, items in script.items():
        waiting = dict(left.get(str(key), ()))
        for word, count in read_items(f"script: {key}", items):
            if count != FOR_EVER and waiting.get(word) == count:
                lines.append(f"{key}: {word}" + (f" x{count}" if count > 1 else ""))
    return lines
