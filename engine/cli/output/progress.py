"""Progress while an operation runs: a line for each event, or on a terminal the live table. All of it goes to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from engine.cli.output import terminal
from engine.cli.output.event_lines import Line, Weight, event_lines, requirement_line, resend_line
from engine.cli.output.live_table import LiveTable
from engine.cli.output.times import format_time
from engine.errors import Problem
from engine.kernel import Operation, Transition
from engine.kernel.effect import Effect
from engine.language.model import Runbook

COLOUR: Final[dict[Weight, str]] = {"detail": "quiet", "note": "", "wait": "busy", "problem": "warn", "end": "strong"}
MAX_STEP_WIDTH: Final = 28
"""Columns of the step's name at most. All texts begin at one column."""

RunbookByDigest = Callable[[str], Runbook]


@dataclass(slots=True)
class Progress:
    """Shows what an `Observer` is called with. `now` is the clock of the operation, which may be virtual."""

    runbooks: RunbookByDigest
    now: Callable[[], float]
    quiet: bool = False
    verbose: bool = False
    live: bool = False
    table: LiveTable = field(init=False)
    _requirement: str = field(init=False, default="")  # the line shown last, which is not repeated at each check

    def __post_init__(self) -> None:
        self.table = LiveTable(self.now)

    def committed(self, transition: Transition) -> None:
        """Show the event, and the wait that begins with it."""
        if self.quiet:
            return
        for line in event_lines(transition):
            if self._is_shown(line):
                self._show(line, transition.runbook)
        if self.live:
            self.table.show(transition.after, transition.runbook)

    def resending(self, operation: Operation, effect: Effect, problem: Problem, delay: float) -> None:
        """A request was not sent, or was throttled, and is sent again after the delay. No event records that."""
        if self.quiet:
            return
        runbook = self.runbooks(operation.digest)
        self._show(resend_line(runbook, operation, effect, problem, delay, self.now()), runbook)

    def awaiting(self, operation: Operation) -> None:
        """The operation waits for what its step requires. No event records that either."""
        if self.quiet:
            return
        runbook = self.runbooks(operation.digest)
        line = requirement_line(runbook, operation)
        if line is None or line.text == self._requirement:
            return
        self._requirement = line.text
        self._show(line, runbook)
        if self.live:
            self.table.show(operation, runbook)

    def _is_shown(self, line: Line) -> bool:
        if self.verbose:
            return True
        return line.weight in ("wait", "problem", "end") if self.live else line.weight != "detail"

    def _show(self, line: Line, runbook: Runbook) -> None:
        self.say(format_line(line, min(MAX_STEP_WIDTH, max((len(step.id) for step in runbook.steps), default=0))))

    def say(self, text: str) -> None:
        """Show a line, above the table where there is one."""
        if not self.quiet and not self.table.say(text):
            terminal.err(text)

    def end(self) -> None:
        """Stop the table; its last state stays on the screen."""
        self.table.end()


def format_line(line: Line, width: int) -> str:
    """`2024-03-20 00:06:00Z  copy-snapshot  …`. `width`: columns of the step's name."""
    step = terminal.escape(line.step).ljust(width)
    text = f"{format_time(line.at)}  {step}  {terminal.escape(line.text)}".rstrip()
    colour = COLOUR[line.weight]
    return terminal.style(text, colour, sys.stderr) if colour else text
