"""Following an operation event by event: which step each is about, and what it changed.

The log's events do not say their step; folding them again does. Used for progress and for history alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.kernel import IllegalEvent, Operation, evolve
from engine.kernel import events as ev
from engine.kernel.operation import Frame
from engine.kernel.start import begun
from engine.kernel.steps import entry_number, is_undo, key_of, step_of
from engine.language.model import Runbook, Step
from engine.values import Value

Runbooks = Callable[[str], Runbook]
"""By the digest of its text."""


class Followed(Value):
    """An event, and the operation before (None: it began) and after it."""

    event: ev.Event
    runbook: Runbook
    before: Operation | None
    after: Operation

    @property
    def step(self) -> str:
        """What it is about; "" for the operation as a whole."""
        return place(self.runbook, self.before) if self.before is not None else ""


@dataclass(slots=True)
class Following:
    """Folds what it is shown. `operation` is where it stands; None before the first event."""

    runbooks: Runbooks
    runbook: Runbook | None = None
    operation: Operation | None = None

    def see(self, event: ev.Event, known: Operation | None = None) -> Followed:
        """The next event; `known` is taken where the fold cannot follow."""
        before = self.operation
        if isinstance(event, ev.Started):
            self.runbook = self.runbooks(event.digest)
            after = begun(self.runbook, event)
        else:
            after = self._after(event, known)
        assert self.runbook is not None
        self.operation = after
        return Followed(event=event, runbook=self.runbook, before=before, after=after)

    def _after(self, event: ev.Event, known: Operation | None) -> Operation:
        if isinstance(event, ev.RunbookEdited):
            self.runbook = self.runbooks(event.digest)
        if self.runbook is None and known is not None:
            self.runbook = self.runbooks(known.digest)
        if self.operation is not None and self.runbook is not None:
            try:
                return evolve(self.runbook, self.operation, event)
            except IllegalEvent:
                if known is None:
                    raise
        assert known is not None, "the first event begins an operation, or it is known"
        return known


def place(runbook: Runbook, operation: Operation) -> str:
    """`instances[0]`; `setup-db-users > check rds.cluster`; `copy-snapshot (undo)`."""
    if not operation.frames:
        return ""
    frame = operation.top
    step = step_of(runbook, operation, frame)
    if is_undo(frame):
        return f"{operation.ledger[entry_number(frame)].step} (undo)"
    key = key_of(step, frame)
    if frame.path.startswith("steps/") and frame.path.count("/") > 1:
        return f"{_outer(runbook, operation, frame)} > {what(step) if key == frame.path else key}"
    return what(step) if key == frame.path else key


def _outer(runbook: Runbook, operation: Operation, frame: Frame) -> str:
    below = operation.frames[-2] if len(operation.frames) > 1 else frame
    return key_of(step_of(runbook, operation, below), below)


def what(step: Step) -> str:
    """`check rds.cluster`, `notify`: a step without an id."""
    body = step.body
    named = getattr(body, "kind", "") or getattr(body, "action", "")
    return f"{type(body).__name__.lower()} {named}".rstrip().replace("takeback", "take_back")
