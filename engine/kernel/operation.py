"""An operation as a frozen value: frames, results, ledger, hold, end. All of the state, and no behaviour.

Fields marked `volatile` are no part of the state: after a load they are due, and two operations that differ in them
alone are equal. Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from immutables import Map

from engine.errors import Problem
from engine.values import Value, field

Verb = Literal["look", "create", "delete", "call", "refresh"]


class Effect(Value):
    """One touch of the world, with all that the driver needs: to send it again is to send this again."""

    verb: Verb
    name: str  # of the kind or action
    key: str  # the idempotency key: equal if and only if it is the same effect
    params: Mapping[str, Any] = field(default_factory=dict)
    region: str = ""
    account: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None  # the immutable id of what is deleted
    timeout: float | None = None
    removal: Mapping[str, Any] | None = None  # of a look before a delete: what the delete would be told
    sources: Mapping[str, str] = field(default_factory=dict)  # parameter → setting it came from


class Maker(Value):
    """What the log knows of the operation that a thing's tags name."""

    operation: str
    known: bool = False
    ended: bool = False
    runbook: str = ""
    ids: tuple[str, ...] = ()


class SeenPart(Value):
    """Something that must go before its whole goes."""

    kind: str
    identity: Mapping[str, Any]
    id: str
    status: str
    cls: str
    tags: Mapping[str, str] = field(default_factory=dict)


class Seen(Value):
    """What one look saw, and whose maker the driver found; `problem` where the look itself failed."""

    at: float
    status: str
    cls: str
    id: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[SeenPart, ...] = ()
    in_the_way: str | None = None
    maker: Maker | None = None
    problem: Problem | None = None


# -- the phases: a closed union, each with just its own fields ------------------------------------


class Entering(Value):
    """Nothing is known yet: visit, `if`, identity, the list of a `for_each`."""


class Looking(Value):
    """The next look is due at `next`; `seen` is what it brought, until it is decided upon."""

    next: float = 0.0
    seen: Seen | None = None
    proved: bool = False


class Proving(Value):
    """Looking at each of `requires`; how far is volatile: whoever takes it up proves anew.

    `then` is what comes after: the own resource once more, or (for a call without `until`) the effect.
    """

    then: Literal["look", "act"] = "look"
    index: int = 0
    next: float = 0.0
    since: float | None = None
    status: str = ""  # what is waited for was seen in this status last
    seen: Seen | None = None


class Acting(Value):
    """An effect whose intent is recorded. `sent` is false after a NotSent: it is still due."""

    effect: Effect
    sent: bool = True
    failed: Problem | None = None  # its outcome, where the error path is to be taken
    unknown: str = ""  # why nobody knows what became of a call that is not repeatable


class Waiting(Value):
    until: float
    then: Literal["begin", "done"]  # a retry's delay: begin again; a `wait`: done


class Nested(Value):
    """The frames above belong to this one: a row's or rescue's `do`, the items, the entries taken back."""

    why: Literal["row", "rescue", "items", "ledger"]
    path: str = ""  # of the row or rescue


class Refreshing(Value):
    """A rescue: its settings are read again, then its `then` is asked."""

    rescue: int
    refreshed: bool = False


Phase = Entering | Looking | Proving | Acting | Waiting | Nested | Refreshing


class Frame(Value):
    """A position: a path into the runbook, or `undo/N`, `settle/N` for the ledger's entry N."""

    path: str
    item: int | None = None
    visit: int = 1
    phase: Phase = Entering()
    identity: Mapping[str, Any] = field(default_factory=dict)
    region: str = ""
    account: str | None = None
    items: tuple[Any, ...] | None = None  # of a for_each: the list, fixed at entry
    collected: tuple[Any, ...] = ()  # the items' results so far
    queue: tuple[int, ...] = ()  # ledger entries still to be taken back
    attempt: int = 0  # in this visit
    spent: int = 0  # since the schedule last began
    granted: bool = False  # the delay before the next attempt has been waited
    first_failure: float | None = None  # since the schedule last began
    row: str = ""  # the row taken last
    routine: Literal["", "deleting", "creating", "removing"] = ""
    sent: tuple[str, ...] = ()  # deletes, as ATTEMPT:ID: each attempt sends each once
    delay: float = 0.0  # what `replace` still has to wait before its create
    watching: float | None = None  # since when a look says monitor
    begun: float | None = None  # when this attempt's create or call was accepted, or its outcome unknown
    unknown: bool = False  # … and it was unknown
    repeat: Effect | None = None  # from a runner that died: the same attempt, the same parameters
    perhaps_done: bool = False  # … a call that it may have sent, whatever becomes of the attempts that follow
    error: Problem | None = None  # what a rescue is dealing with
    changed: bool = False  # did this rescue's refresh change a value
    failed: Problem | None = None  # the step has failed
    output: Any = None  # of a call that is looked at; what a remove saw last
    status: str = ""  # the status seen last
    seen: Seen | None = None  # what the row's or rescue's steps call `seen`


class UndoRecord(Value):
    """`undo: {call: …}`, rendered: what it takes to take a call back."""

    action: str
    params: Mapping[str, Any]
    path: str  # of the undo's own step in the runbook: its `until`, `retry`, `monitor`
    until: Mapping[str, Any] | None = None  # the rendered parameters of its check


class Entry(Value):
    """A line of the ledger: what may have been made. `id` is None until it is proved."""

    step: str  # with the item: instances[0]
    path: str
    kind: str
    identity: Mapping[str, Any]
    region: str
    account: str | None
    tag: str  # visit.attempt
    at: float  # of the outcome; after a crash, of the TakenUp: from here on grace counts
    id: str | None = None
    state: Literal["open", "gone", "void", "kept", "stuck", "delivered"] = "open"
    undo: Literal["delete", "keep"] | UndoRecord = "delete"
    source: str | None = None  # of a copy: what it was made from
    part_of: str | None = None
    live: bool = False
    used: bool = False  # live data that was seen available
    why: str = ""


class SettingValue(Value):
    """A setting as it was read. A secret's is a `Secret`: reference and version."""

    value: Any
    source: str
    version: str = ""


class Target(Value):
    """What a removal means: an immutable id, or that there was none."""

    id: str | None
    name: str = ""
    region: str = ""
    account: str | None = None


class StepRecord(Value):
    """What is told of a step (of an item, under `instances[0]`)."""

    path: str
    status: Literal["IN_PROGRESS", "HELD", "DONE", "SKIPPED", "FAILED", "SUPERSEDED"]
    visit: int = 1
    attempt: int = 0
    spent: int = 0
    id: str | None = None  # of what it ensured, or checked
    params: Mapping[str, Any] = field(default_factory=dict)  # what a look takes: identity, or a check's all
    region: str = ""
    account: str | None = None
    seen: str = ""
    since: float = 0.0
    error: Problem | None = None


class Hold(Value):
    kind: str
    reason: str
    step: str  # the key of the step
    since: float
    error: Problem | None = None
    found: str | None = None  # the id that `--accept-target` would take


class Ending(Value):
    status: Literal["SUCCEEDED", "FAILED", "CANCELLED"]
    at: float
    error: Problem | None = None
    step: str = ""
    undo: bool = False
    past: tuple[str, ...] = ()


class Notice(Value):
    """A message that was to be sent, and what became of it."""

    topic: str
    subject: str
    text: str
    key: str
    region: str = ""
    account: str | None = None
    sent: bool = False
    error: str = ""


LISTS: Final = ("on_success", "on_failure", "on_hold", "on_cancel")


class Operation(Value):
    """One execution of a runbook."""

    id: str
    runbook: str
    digest: str
    started: float
    at: float = 0.0
    since: float = 0.0  # started, resumed or restarted: the time limit counts from here
    region: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    targets: Map[str, Target] = Map()
    frames: tuple[Frame, ...] = ()
    results: Map[str, Any] = Map()  # by expression name
    steps: Map[str, StepRecord] = Map()  # by key
    ledger: tuple[Entry, ...] = ()
    deletes: Map[str, float] = Map()  # id → when its delete was accepted or unknown
    hold: Hold | None = None
    failing: Problem | None = None  # past the point of no return: the failure that becomes a hold
    ending: Ending | None = None
    ended: str = ""  # SUCCEEDED, FAILED, CANCELLED, STUCK
    irreversible: str = ""  # the step whose begin was the point of no return
    cleaning: bool = False
    last_step: str = ""  # the key of the step entered last
    taken_up: int = 0  # in a row, without the outcome of any effect but a look
    notices: tuple[Notice, ...] = ()
    troubles: tuple[str, ...] = ()  # what went wrong in an `on_*` list
    visits: Map[str, int] = Map()  # by path and item
    waited: Map[str, tuple[float, ...]] = Map()  # delays that were paid, by key

    @property
    def top(self) -> Frame:
        """The frame that is walked."""
        return self.frames[-1]

    @property
    def status(self) -> str:
        """`IN_PROGRESS HELD SUCCEEDED FAILED CANCELLED STUCK`."""
        if self.ended:
            return self.ended
        return "HELD" if self.hold is not None else "IN_PROGRESS"


class Perform(Value):
    effect: Effect


class SleepUntil(Value):
    at: float


class Record(Value):
    event: Any  # engine.kernel.events.Event


class Halt(Value):
    status: str


Command = Perform | SleepUntil | Record | Halt
