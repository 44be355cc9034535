"""Commits that come at once share one; nobody is told of another's end, and nobody waits for ever."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event, Thread

import pytest

from engine.stores.group_commit import GroupCommit


class Slow:
    """Commits that wait for leave; what each was given."""

    def __init__(self) -> None:
        self.begun, self.leave = Event(), Event()
        self.batches: list[list[str]] = []

    def __call__(self, items: Sequence[str]) -> list[Exception | None]:
        self.batches.append(list(items))
        self.begun.set()
        assert self.leave.wait(60)
        if "fatal" in items:
            raise OSError("the disk")
        return [ValueError(item) if item.startswith("bad") else None for item in items]


def submitted(sharing: GroupCommit[str], items: Sequence[str]) -> tuple[list[Thread], dict[str, str]]:
    """A thread each; of each item, what became of it."""
    told: dict[str, str] = {}

    def submit(item: str) -> None:
        try:
            sharing.submit(item)
            told[item] = "written"
        except Exception as error:
            told[item] = repr(error)

    threads = [Thread(target=submit, args=(item,)) for item in items]
    for thread in threads:
        thread.start()
    return threads, told


def all_waiting(sharing: GroupCommit[str], number: int) -> None:
    while len(sharing._waiting) < number:
        Event().wait(0.001)


def test_what_comes_during_a_commit_goes_together_into_the_next() -> None:
    slow = Slow()
    sharing = GroupCommit(slow)
    first, _ = submitted(sharing, ["first"])
    assert slow.begun.wait(60)
    items = [f"bad{n}" if n % 7 == 0 else f"item{n}" for n in range(31)]
    rest, told = submitted(sharing, items)
    all_waiting(sharing, 31)
    slow.leave.set()
    for thread in first + rest:
        thread.join(10)
        assert not thread.is_alive()
    assert [len(batch) for batch in slow.batches] == [1, 31]
    assert told == {item: f"ValueError('{item}')" if item.startswith("bad") else "written" for item in items}


def test_what_fails_as_a_whole_is_everybodys_and_the_next_goes_on() -> None:
    slow = Slow()
    sharing = GroupCommit(slow)
    first, _ = submitted(sharing, ["first"])
    assert slow.begun.wait(60)
    rest, told = submitted(sharing, ["fatal", "other"])
    all_waiting(sharing, 2)
    slow.leave.set()
    for thread in first + rest:
        thread.join(10)
    assert told == dict.fromkeys(["fatal", "other"], "OSError('the disk')")
    sharing.submit("after")
    assert slow.batches[-1] == ["after"]


def test_one_who_is_interrupted_leaves_the_others_their_turn() -> None:
    def commit(items: Sequence[str]) -> list[Exception | None]:
        if "stopped" in items:
            raise KeyboardInterrupt
        return [None] * len(items)

    sharing = GroupCommit(commit)
    with pytest.raises(KeyboardInterrupt):
        sharing.submit("stopped")
    sharing.submit("next")
    assert not sharing._busy
