"""Every event is folded once: progress and history use the fold that the engine makes anyway."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType

from engine.kernel import evolve
from engine.runtime.driver import OperationLog
from tests.cli.commands import INPUTS, RESTORE, Cli, Result, Store


def folds(command: Callable[[], Result]) -> tuple[Result, Counter[str]]:
    """The command's result, and the number of folded events by the calling function."""
    seen: Counter[str] = Counter()

    def notice(frame: FrameType, what: str, _: object) -> None:
        if what == "call" and frame.f_code is evolve.__code__ and frame.f_back is not None:
            seen[frame.f_back.f_code.co_qualname] += 1

    sys.setprofile(notice)
    try:
        return command(), seen
    finally:
        sys.setprofile(None)


def test_a_run_folds_each_event_once(cli: Cli, few: str, store: Store) -> None:
    answer, seen = folds(lambda: cli("run", few, *store, "-v", "--operation-id", "op"))
    assert answer.code == 5
    events = cli("history", "op", *store, "-o", "json").out.splitlines()
    # `started` begins the operation and is not folded.
    assert seen == {OperationLog.fold.__qualname__: len(events) - 1}


def test_a_run_with_effects_folds_each_event_once(cli: Cli, sandbox: tuple[str, ...]) -> None:
    answer, seen = folds(lambda: cli("run", RESTORE, *INPUTS, *sandbox, "--yes", "-v", "--operation-id", "op"))
    assert answer.code == 0
    assert seen.keys() == {OperationLog.fold.__qualname__}


def test_history_folds_each_event_once(cli: Cli, sandbox: tuple[str, ...]) -> None:
    cli("run", RESTORE, *INPUTS, *sandbox, "--yes", "--operation-id", "op")
    answer, seen = folds(lambda: cli("history", "op", *sandbox, "-o", "json"))
    assert sum(seen.values()) == len(answer.out.splitlines()) - 1
