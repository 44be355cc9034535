"""Replies that are cut off on their way to a process: nothing is concluded from them, and nothing is done twice.

DynamoDB's are asked for again. A look of AWS's that cannot be read is no look, one that lacks its list says nothing of
what is there, and a change whose answer is cut may have been done: it is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from actions.sandbox.http.server import Reply
from tests.processes.conftest import Open
from tests.processes.harness import Desk
from tests.processes.intercepting_server import Asked
from tests.processes.operation_result import changed
from tests.processes.runbooks_and_worlds import PAIR, RESUME, SMALL
from tests.processes.test_outages import BOTH, run

LOOK, COPY = "rds.DescribeDBClusterSnapshots", "rds.CopyDBClusterSnapshot"
Cut = Callable[[bytes], bytes]


def in_half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def to_nothing(content: bytes) -> bytes:
    return b""


def without_its_list(content: bytes) -> bytes:
    """A whole reply, in which what was asked for is missing."""
    return re.sub(rb"<DBClusterSnapshots>.*</DBClusterSnapshots>|<DBClusterSnapshots/>", b"", content, flags=re.DOTALL)


class Cutting:
    """Cuts the replies to requests of a name: those whose numbers, from 1, are chosen."""

    def __init__(self, name: str, cut: Cut, chosen: Callable[[int], bool]) -> None:
        self._name, self._cut, self._chosen = name, cut, chosen
        self.count = 0
        self.done = 0

    def __call__(self, asked: Asked, reply: Reply) -> Reply:
        if asked.name != self._name:
            return reply
        self.count += 1
        if not self._chosen(self.count):
            return reply
        self.done += 1
        status, kind, content = reply
        return status, kind, self._cut(content)


def odd(number: int) -> bool:
    return number % 2 == 1


@pytest.mark.parametrize("cut", [in_half, to_nothing])
@pytest.mark.parametrize("request_", ["Query", "PutItem", "UpdateItem", "DeleteItem"])
def test_of_the_table(opened: Open, request_: str, cut: Cut) -> None:
    """Every second one is: as if it had not been."""
    desk = opened(SMALL, store="dynamodb")
    desk.front.bend = cutting = Cutting(f"dynamodb.{request_}", cut, odd)
    told = desk.type(*run(desk))
    assert told.code == 0, told.err
    assert cutting.done
    assert changed(desk) == BOTH
    assert desk.events("op").count("Succeeded") == 2


def test_of_the_table_for_ever(opened: Open) -> None:
    desk = opened(SMALL, store="dynamodb")
    desk.front.bend = Cutting("dynamodb.Query", in_half, lambda number: number > 4)
    told = desk.type(*run(desk), "--store-timeout", "1m")
    assert told.code == 4
    assert "Gave up after" in told.err
    assert changed(desk).total() <= 1
    desk.front.bend = lambda asked, reply: reply
    assert desk.type(*RESUME).code == 0
    assert changed(desk) == BOTH


def goes_on(desk: Desk, cutting: Cutting, text: str = PAIR) -> None:
    desk.front.bend = cutting
    told = desk.type(*run(desk, text))
    assert told.code == 0, told.err
    assert cutting.done
    assert changed(desk) == BOTH
    assert desk.front.count(COPY) == 2


@pytest.mark.parametrize("cut", [in_half, to_nothing, without_its_list])
def test_of_looks(opened: Open, cut: Cut) -> None:
    """Two after each other are, of five: a read is sent twice at most, so that some looks see nothing at all.

    A look at what is copied belongs to the copying: it may be tried again.
    """
    text = PAIR.replace("undo: delete", "undo: delete, retry: [1m, 1m, 1m]")
    goes_on(opened(SMALL), Cutting(LOOK, cut, lambda number: number % 5 in (1, 2)), text)


@pytest.mark.parametrize("cut", [in_half, to_nothing])
def test_of_changes(opened: Open, cut: Cut) -> None:
    """It was done; it is looked for, and not sent again."""
    goes_on(opened(SMALL), Cutting(COPY, cut, lambda number: True))
