"""Progress while an operation is driven: a line for each event, or on a terminal the live table. All of it on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from engine.cli.output import terminal
from engine.cli.output.event_lines import Line, Weight, lines, requirement
from engine.cli.output.live_table import Table
from engine.cli.output.times import moment, spoken, until
from engine.errors import Problem
from engine.kernel import Operation
from engine.kernel.effect import Effect
from engine.kernel.queries import current_key
from engine.kernel.transition import Transition
from engine.language.model import Runbook

COLOUR: Final[dict[Weight, str]] = {"detail": "quiet", "note": "", "wait": "busy", "problem": "warn", "end": "strong"}
WIDEST: Final = 28
"""Columns of the step's name at most, so that the text begins at one place."""


Runbooks = Callable[[str], Runbook]
"""By the digest of its text."""


@dataclass(slots=True)
class Progress:
    """What an `Observer` is told, in lines. `quiet` says nothing; `verbose` everything."""

    runbooks: Runbooks
    now: Callable[[], float]
    quiet: bool = False
    verbose: bool = False
    live: bool = False
    table: Table = field(init=False)
    required: str = field(init=False, default="")  # the wait for a requirement that was told last

    def __post_init__(self) -> None:
        self.table = Table(self.now)

    def committed(self, transition: Transition) -> None:
        if self.quiet:
            return
        for line in lines(transition):
            if self._wanted(line):
                self.say(told(line, _width(transition.runbook.steps)))
        if self.live:
            self.table.show(transition.after, transition.runbook)

    def resending(self, operation: Operation, effect: Effect, problem: Problem, delay: float) -> None:
        """An effect did not leave, and is sent again: the wait has no event of its own."""
        if self.quiet:
            return
        runbook, at = self.runbooks(operation.digest), self.now()
        why = f"{problem.name}: {problem.message}"
        text = f"{effect.verb} of {effect.name} did not leave ({why}): waits {spoken(delay)}, until {until(at + delay, at)}, then sends it again"
        line = Line(at=at, step=current_key(runbook, operation), text=text, weight="wait")
        self.say(told(line, _width(runbook.steps)))

    def awaiting(self, operation: Operation) -> None:
        """It waits for what a step requires: nothing is written of that, so no event tells it either."""
        if self.quiet:
            return
        runbook = self.runbooks(operation.digest)
        line = requirement(runbook, operation)
        if line is None or line.text == self.required:
            return
        self.required = line.text
        self.say(told(line, _width(runbook.steps)))
        if self.live:
            self.table.show(operation, runbook)

    def _wanted(self, line: Line) -> bool:
        if self.verbose:
            return True
        return line.weight in ("wait", "problem", "end") if self.live else line.weight != "detail"

    def say(self, text: str) -> None:
        """A line of its own, above the table where there is one."""
        if not self.quiet and not self.table.say(text):
            terminal.err(text)

    def end(self) -> None:
        """The table's last picture stays."""
        self.table.end()


def _width(steps: tuple[object, ...]) -> int:
    return min(WIDEST, max((len(getattr(step, "id", "")) for step in steps), default=0))


def told(line: Line, width: int) -> str:
    """`2024-03-20 00:06:00Z  copy-snapshot  …`, in the colour of what it is."""
    text = f"{moment(line.at)}  {terminal.clean(line.step).ljust(width)}  {terminal.clean(line.text)}".rstrip()
    colour = COLOUR[line.weight]
    return terminal.dyed(text, colour, sys.stderr) if colour else text
