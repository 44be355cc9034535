"""K12: every rule is one small function with a name; without it some story goes wrong.

Each row puts a kernel without the rule in its place, and tells stories until one ends otherwise than it should.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from engine.kernel import events as ev
from engine.kernel.operation import Acting, Looking
from tests.laws.stories import STORIES, UNREPEATABLE
from tests.laws.walking import End, Scene, Story, end_of, judge

ALL = {story.name: story for story in (*STORIES, *UNREPEATABLE)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule as a function; what stands in its place without it; the stories that show it."""

    function: str
    instead: Callable[..., Any]
    stories: tuple[str, ...]
    killed: bool = True  # is it shown at a point where it is killed, too

    def __str__(self) -> str:
        return self.function


def no(*_: Any, **__: Any) -> bool:
    return False


def nothing(*_: Any, **__: Any) -> None:
    return None


RULES = (
    Rule(function="whose.adoptable", instead=nothing, stories=("the restore's reply is lost",)),
    Rule(function="whose.unfinished", instead=no, stories=("kin of an operation that has not ended, with any",)),
    Rule(function="classes.created_lately", instead=no, stories=("everything made is invisible for a while",)),
    Rule(
        function="classes.deleted_lately", instead=no,
        stories=("the failed copy is stale after its delete", "the old cluster's deletes are stale"),
    ),
    Rule(function="classes.is_leaving", instead=no,
         stories=("the old cluster is still going when its successor is due",)),
)  # fmt: skip


@contextmanager
def without(rule: Rule) -> Iterator[None]:
    """Within, the rule's function is another, in every module that knows it."""
    module, _, name = rule.function.rpartition(".")
    whole = module if module.startswith("engine.") else f"engine.kernel.{module}"
    function = getattr(sys.modules[whole], name)
    with pytest.MonkeyPatch.context() as patch:
        for other in list(sys.modules.values()):
            if getattr(other, "__name__", "").startswith("engine.") and getattr(other, name, None) is function:
                patch.setattr(other, name, rule.instead)
        yield


@cache
def good_end(name: str) -> tuple[End, int]:
    scene = Scene(ALL[name]).tell()
    return end_of(scene), scene.killer.count


def goes_wrong(rule: Rule, name: str) -> bool:
    end, points = good_end(name)
    with without(rule):
        for at in range(points + 1 if rule.killed else 1):
            try:
                judge(Scene(ALL[name], [at]).tell(), end)
            except Exception:
                return True
    return False


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_without_the_rule_some_story_goes_wrong(rule: Rule) -> None:
    assert any(goes_wrong(rule, name) for name in rule.stories)


_ = (Acting, Looking, ev, Story)
