"""What the deciding functions are given: the top frame of an operation at one moment, its step, and words for both."""

from __future__ import annotations

from engine.kernel import events as ev
from engine.kernel.effect import Seen
from engine.kernel.frame import EntryTurn, Frame, items_of
from engine.kernel.operation import Entry, Operation
from engine.kernel.queries import key_of, kind_of, monitor_of, step_of
from engine.kernel.rendering import Names
from engine.language.durations import format_duration
from engine.language.model import KindFacts, Monitor, Runbook, Step
from engine.values import Value


class View(Value, kw_only=False):
    """The top frame of an operation at `now`, with its step."""

    runbook: Runbook
    operation: Operation
    frame: Frame
    step: Step
    now: float

    def within(self, do: tuple[Step, ...]) -> tuple[int, ...]:
        """● The items that a `do` of this step is in: what it makes for one item is not taken for another's."""
        return items_of(self.frame.position) if do else ()

    @property
    def key(self) -> str:
        """`instances[0]`."""
        return key_of(self.step, self.frame)

    @property
    def monitor(self) -> Monitor:
        return monitor_of(self.runbook, self.step, self.frame.observed.row)

    @property
    def kind(self) -> KindFacts | None:
        return kind_of(self.runbook, self.step)

    @property
    def entry(self) -> Entry | None:
        """The entry whose turn it is; None for a step of the runbook."""
        position = self.frame.position  # asked several times a step, and `isinstance` takes longer to say no
        return self.operation.ledger[position.entry] if type(position) is EntryTurn else None

    def names(self, seen: Seen | None = None) -> Names:
        return Names(self.runbook, self.operation, self.frame, seen)

    def effect_key(self, verb: str, target: str = "", attempt: int | None = None) -> str:
        """operation / path / item / visit / attempt / verb / target."""
        position = self.frame.position
        number = self.frame.attempts.number if attempt is None else attempt
        item = ".".join(map(str, items_of(position)))
        return f"{self.operation.id}/{position.path}/{item}/{self.frame.visit}/{number}/{verb}/{target}"

    def own_entries(self) -> list[tuple[int, Entry]]:
        """The entries of the ledger that this frame has made, or whose turn it is, with their numbers."""
        position = self.frame.position
        if isinstance(position, EntryTurn):
            return [(position.entry, self.operation.ledger[position.entry])]
        path, key = position.path, self.key
        return [(n, entry) for n, entry in enumerate(self.operation.ledger) if entry.path == path and entry.step == key]

    @property
    def _name(self) -> str:
        kind = self.kind.name if self.kind is not None else "resource"
        return f"{kind} {next(iter(self.frame.address.identity.values()), '')}".rstrip()

    def describe(self, seen: Seen) -> str:
        """`rds.cluster orders (cluster-ABC, stopped)`; `rds.cluster orders in us-west-2` if there is none."""
        if seen.cls == "missing":
            return f"{self._name} in {self.frame.address.region}" if self.frame.address.region else self._name
        return f"{self._name} ({seen.id or 'no id'}, {seen.status})"

    def watch(self, seen: Seen) -> ev.Event:
        """● The deadline is checked here, after the look: what was finished while nobody looked is finished."""
        since, monitor = self.frame.observed.watching, self.monitor
        waits_for = (seen.in_the_way if seen.passes else None) or seen.status
        if since is not None and self.now - since >= (monitor.longest or 0.0):
            what = waits_for if seen.passes else f"{self._name} is still `{seen.status}`"
            reason = f"timed out after {format_duration(self.now - since)}: {what}"
            return ev.Held(at=self.now, kind="monitor_over", reason=reason)
        return ev.Watched(at=self.now, next=self.now + (monitor.every or 30.0), status=waits_for)


def view_of(runbook: Runbook, operation: Operation, now: float) -> View:
    """The view of the top frame."""
    frame = operation.frames[-1]
    # The index first: it has most steps, and this is asked three times a step.
    step = runbook.index.get(frame.position.path) or step_of(runbook, operation, frame)
    return View(runbook, operation, frame, step, now)
