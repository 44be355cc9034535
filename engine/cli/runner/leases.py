"""How long the lease of an operation lasts, and the message shown while another runner's lease is waited for.

A lease must outlast the longest call of its runbook: a runner that is in the middle of a call cannot renew it (docs/architecture.md, "The lease").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from engine.cli.output import terminal
from engine.language.durations import format_duration
from engine.language.model import Call, Runbook, Step
from engine.registry import DEFAULT_TIMEOUT
from engine.runtime.driver import Interrupted
from engine.stores.port import LONGEST_LEASE, Lease

READ: Final = 30.0
"""Seconds allowed for a look, create or delete where the step has no `timeout` (`actions.aws.sessions`)."""

SPARE: Final = 10.0
"""Seconds added to a call's timeout for connecting, and for noticing that the time is over."""


def lease_seconds(runbooks: Iterable[Runbook], least: float) -> float:
    """The duration of a lease: a call may start when a third of it has passed, and must end within the rest."""
    calls = [_longest_call(step) + SPARE for runbook in runbooks for step in runbook.index.values()]
    return min(max(least, 1.5 * max(calls, default=0.0)), LONGEST_LEASE)


def _longest_call(step: Step) -> float:
    if step.timeout is not None:
        return step.timeout
    return DEFAULT_TIMEOUT if isinstance(step.body, Call) else READ


@dataclass(slots=True, kw_only=True)
class LeaseWaitNotice:
    """Called while another runner's lease is waited for: shows once what for, and raises Interrupted after a signal."""

    say: Callable[[str], None]
    stop: Callable[[], int]
    shown: bool = False

    def __call__(self, lease: Lease, left: float) -> None:
        """`left`: seconds until the lease is taken over if its owner does not renew it."""
        code = self.stop()
        if code:
            raise Interrupted(code)
        if not self.shown:
            owner = terminal.escape(f"{lease.owner or 'another runner'} on {lease.host} (process {lease.pid})")
            self.say(
                f"{owner} holds the lease, and this machine cannot tell whether it still runs; "
                f"taking over in {format_duration(left, units=2)} unless it renews the lease"
            )
        self.shown = True
