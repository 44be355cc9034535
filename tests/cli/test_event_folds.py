"""Every event is folded once: what is shown of it comes from the event, and from the fold that was made anyway."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType

from engine.kernel import evolve
from engine.runtime.driver import Log
from tests.cli.commands import INPUTS, RESTORE, Answer, Ask, Store


def folds(command: Callable[[], Answer]) -> tuple[Answer, Counter[str]]:
    """The command's answer, and how many events were folded, by the function that asked for it."""
    seen: Counter[str] = Counter()

    def notice(frame: FrameType, what: str, _: object) -> None:
        if what == "call" and frame.f_code is evolve.__code__ and frame.f_back is not None:
            seen[frame.f_back.f_code.co_qualname] += 1

    sys.setprofile(notice)
    try:
        return command(), seen
    finally:
        sys.setprofile(None)


def test_a_run_folds_each_event_once(ask: Ask, few: str, store: Store) -> None:
    answer, seen = folds(lambda: ask("run", few, *store, "-v", "--operation-id", "op"))
    assert answer.code == 5
    written = ask("history", "op", *store, "-o", "json").out.splitlines()
    assert seen == {Log.fold.__qualname__: len(written) - 1}  # `started` begins the operation and is not folded


def test_a_run_with_effects_folds_nothing_a_second_time(ask: Ask, sandbox: tuple[str, ...]) -> None:
    answer, seen = folds(lambda: ask("run", RESTORE, *INPUTS, *sandbox, "--yes", "-v", "--operation-id", "op"))
    assert answer.code == 0
    assert seen.keys() == {Log.fold.__qualname__}


def test_history_folds_each_event_once(ask: Ask, sandbox: tuple[str, ...]) -> None:
    ask("run", RESTORE, *INPUTS, *sandbox, "--yes", "--operation-id", "op")
    answer, seen = folds(lambda: ask("history", "op", *sandbox, "-o", "json"))
    assert sum(seen.values()) == len(answer.out.splitlines()) - 1
