"""Replies that arrive truncated: nothing is concluded from them, and nothing is done twice.

Requests to DynamoDB are sent again. A truncated or incomplete reply to a look counts as no look. A change whose reply is
truncated may have been performed: the next look decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from actions.sandbox.http.server import Reply
from tests.processes.conftest import NewHarness
from tests.processes.harness import Harness
from tests.processes.intercepting_server import Request
from tests.processes.operation_result import changed
from tests.processes.runbooks_and_worlds import PAIR, RESUME, SMALL
from tests.processes.test_outages import BOTH, run_words

LOOK, COPY = "rds.DescribeDBClusterSnapshots", "rds.CopyDBClusterSnapshot"
Truncate = Callable[[bytes], bytes]


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def empty(content: bytes) -> bytes:
    return b""


def without_list(content: bytes) -> bytes:
    """A well-formed reply without the list that was requested."""
    return re.sub(rb"<DBClusterSnapshots>.*</DBClusterSnapshots>|<DBClusterSnapshots/>", b"", content, flags=re.DOTALL)


class Truncation:
    """Truncates the replies to requests with a name, if their number, from 1, is chosen."""

    def __init__(self, name: str, cut: Truncate, chosen: Callable[[int], bool]) -> None:
        self._name, self._cut, self._chosen = name, cut, chosen
        self.count = 0
        self.done = 0

    def __call__(self, request: Request, reply: Reply) -> Reply:
        if request.name != self._name:
            return reply
        self.count += 1
        if not self._chosen(self.count):
            return reply
        self.done += 1
        status, kind, content = reply
        return status, kind, self._cut(content)


def odd(number: int) -> bool:
    return number % 2 == 1


@pytest.mark.parametrize("cut", [half, empty])
@pytest.mark.parametrize("request_", ["Query", "PutItem", "UpdateItem", "DeleteItem"])
def test_truncated_replies_of_the_table(new_harness: NewHarness, request_: str, cut: Truncate) -> None:
    """Every second reply is; the result is the same as without."""
    harness = new_harness(SMALL, store="dynamodb")
    harness.server.rewrite_reply = truncation = Truncation(f"dynamodb.{request_}", cut, odd)
    result = harness.run(*run_words(harness))
    assert result.code == 0, result.err
    assert truncation.done
    assert changed(harness) == BOTH
    assert harness.events("op").count("Succeeded") == 2


def test_the_table_never_replies_in_full(new_harness: NewHarness) -> None:
    harness = new_harness(SMALL, store="dynamodb")
    harness.server.rewrite_reply = Truncation("dynamodb.Query", half, lambda number: number > 4)
    result = harness.run(*run_words(harness), "--store-timeout", "1m")
    assert result.code == 4
    assert "Gave up after" in result.err
    assert changed(harness).total() <= 1
    harness.server.rewrite_reply = lambda request, reply: reply
    assert harness.run(*RESUME).code == 0
    assert changed(harness) == BOTH


def check_succeeds(harness: Harness, truncation: Truncation, text: str = PAIR) -> None:
    harness.server.rewrite_reply = truncation
    result = harness.run(*run_words(harness, text))
    assert result.code == 0, result.err
    assert truncation.done
    assert changed(harness) == BOTH
    assert harness.server.count(COPY) == 2


@pytest.mark.parametrize("cut", [half, empty, without_list])
def test_truncated_replies_to_looks(new_harness: NewHarness, cut: Truncate) -> None:
    """Two in a row of every seven: a read is sent at most twice, so some looks fail."""
    text = PAIR.replace("undo: delete", "undo: delete, retry: [1m, 1m, 1m]")
    check_succeeds(new_harness(SMALL), Truncation(LOOK, cut, lambda number: number % 7 in (1, 2)), text)


@pytest.mark.parametrize("cut", [half, empty])
def test_truncated_replies_to_changes(new_harness: NewHarness, cut: Truncate) -> None:
    """The change was performed: a look finds it, and it is not sent again."""
    check_succeeds(new_harness(SMALL), Truncation(COPY, cut, lambda number: True))
