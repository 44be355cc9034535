"""Every state that the stories reach, with the command that followed: what most laws are said of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import pytest

from engine.kernel import Operation, pending
from engine.kernel.operation import Command
from engine.language.model import Runbook
from engine.runtime import driver
from tests.laws.scenario_run import Scene, Story
from tests.laws.scenarios import STORIES, UNREPEATABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A state, and what `pending` said of it at that moment."""

    story: str
    runbook: Runbook
    operation: Operation
    now: float
    command: Command


@contextmanager
def traced(into: list[Reached], story: Story) -> Iterator[None]:
    """Within, every command of the driver is kept."""

    def told(runbook: Runbook, operation: Operation, now: float) -> Command:
        command = pending(runbook, operation, now)
        into.append(Reached(story=story.name, runbook=runbook, operation=operation, now=now, command=command))
        return command

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(driver, "pending", told)
        yield


@cache
def reached() -> tuple[Reached, ...]:
    """The states of every third story, undisturbed, and killed at one point in the middle."""
    found: list[Reached] = []
    for story in (*STORIES[::3], *UNREPEATABLE):
        with traced(found, story):
            scene = Scene(story).tell()
        if story not in UNREPEATABLE:
            with traced(found, story):
                Scene(story, [scene.killer.count // 2]).tell()
    return tuple(found)
