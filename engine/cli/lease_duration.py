"""How long the lease of an operation must be: longer than the longest call of its runbook (docs/architecture.md, "The lease").

And what a person is told while the lease of another runner is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from engine.cli.output import terminal
from engine.cli.output.times import spoken
from engine.language.model import Call, Runbook, Step
from engine.registry import CALL
from engine.runtime.driver import Interrupted
from engine.stores.port import Lease

READ: Final = 30.0
"""What a look, a create or a delete may take, where the step does not say (`actions.aws.sessions`)."""

SPARE: Final = 10.0
"""Connecting, and what a call needs to see that its time is over."""


def lease_seconds(runbooks: Iterable[Runbook], least: float) -> float:
    """A third of it may have passed when a call leaves: what is left is longer than the call."""
    calls = [_longest(step) + SPARE for runbook in runbooks for step in runbook.index.values()]
    return max(least, 1.5 * max(calls, default=0.0))


def _longest(step: Step) -> float:
    if step.timeout is not None:
        return step.timeout
    return CALL if isinstance(step.body, Call) else READ


@dataclass(slots=True, kw_only=True)
class Waiting:
    """Says once what is waited for; a signal ends it, for nothing is in hand."""

    say: Callable[[str], None]
    stop: Callable[[], int]
    said: bool = False

    def __call__(self, there: Lease, left: float) -> None:
        """`left` seconds without a sign of life, and it is taken over."""
        code = self.stop()
        if code:
            raise Interrupted(code)
        if not self.said:
            who = terminal.clean(f"{there.owner or 'another runner'} on {there.host} (process {there.pid})")
            self.say(f"{who} has it, and cannot be seen from here: waits {spoken(left)} for a sign of life")
        self.said = True
