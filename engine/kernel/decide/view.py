"""A look at one moment of an operation, as the deciding functions take it: what stands where, and its words."""

from __future__ import annotations

from engine.kernel.events import Event, Held, Watched
from engine.kernel.operation import Entry, Frame, Operation, Seen
from engine.kernel.queries import entry_number, is_undo, key_of, kind_of, monitor_of, step_of
from engine.kernel.rendering import Names
from engine.language.model import KindFacts, Monitor, Runbook, Schedule, Step
from engine.values import Value


class View(Value, kw_only=False):
    """The top frame of an operation at `now`, with its step."""

    runbook: Runbook
    operation: Operation
    frame: Frame
    step: Step
    now: float

    @property
    def key(self) -> str:
        """`instances[0]`."""
        return key_of(self.step, self.frame)

    @property
    def monitor(self) -> Monitor:
        return monitor_of(self.runbook, self.step)

    @property
    def kind(self) -> KindFacts | None:
        return kind_of(self.runbook, self.step)

    @property
    def schedule(self) -> Schedule | None:
        return self.step.retry.schedule if self.step.retry is not None else None

    @property
    def undone(self) -> Entry | None:
        """The entry that an undo frame deals with."""
        return self.operation.ledger[entry_number(self.frame)] if is_undo(self.frame) else None

    def names(self, seen: Seen | None = None) -> Names:
        return Names(self.runbook, self.operation, self.frame, seen)

    def effect_key(self, verb: str, target: str = "", attempt: int | None = None) -> str:
        """operation / path / item / visit / attempt / verb / target."""
        frame = self.frame
        number = frame.attempt if attempt is None else attempt
        item = "" if frame.item is None else frame.item
        return f"{self.operation.id}/{frame.path}/{item}/{frame.visit}/{number}/{verb}/{target}"

    def own_entries(self) -> list[tuple[int, Entry]]:
        """The ledger's entries for the thing that this frame is about, with their numbers."""
        if is_undo(self.frame):
            number = entry_number(self.frame)
            return [(number, self.operation.ledger[number])]
        return [(n, e) for n, e in enumerate(self.operation.ledger) if e.path == self.frame.path and e.step == self.key]


def view(runbook: Runbook, operation: Operation, now: float) -> View:
    """The view of the top frame."""
    frame = operation.frames[-1]
    step = runbook.index.get(frame.path) or step_of(runbook, operation, frame)  # a call less, three times a step
    return View(runbook, operation, frame, step, now)


def thing(v: View, seen: Seen) -> str:
    name = next(iter(v.frame.identity.values()), "")
    kind = v.kind.name if v.kind is not None else "resource"
    return f"the {kind} {name} ({seen.id or 'no id'}, {seen.status})"


def watch(v: View, seen: Seen) -> Event:
    """● The deadline is asked here, after the look: what was finished while nobody looked is finished."""
    if v.frame.watching is not None and v.now - v.frame.watching >= (v.monitor.longest or 0.0):
        waited = f"{thing(v, seen)} after {int(v.now - v.frame.watching)} s of watching"
        return Held(at=v.now, kind="monitor_over", reason=f"slow is not broken: {waited}")
    return Watched(at=v.now, next=v.now + (v.monitor.every or 30.0), status=seen.status)
