"""Where an operation stands: a stack of frames. Each has a position, a phase, and what this visit has come to so far.

Volatile are the times of the next look and how far a proof is: they are due after a load, and not stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from engine.errors import Problem
from engine.kernel.effect import Deletion, Effect, Seen
from engine.values import Value, changed, field

EndList = Literal["on_success", "on_failure", "on_hold", "on_cancel", "cleanup"]


# -- positions: what a frame walks ----------------------------------------------------------------------------
#
# `path` names a position in idempotency keys, and in the visits that are counted by it. For a step of the runbook it
# is the step's own path; the other positions are not in the runbook, and their paths are theirs alone.


class MainStep(Value):
    """A step of the runbook's own list; with `item`, that item of its `for_each`."""

    path: str  # steps/4
    item: int | None = None


class NestedStep(Value):
    """A step in the `do` of a row or of a rescue; `within`, the items that this `do` is in, outermost first."""

    path: str  # steps/4/rescue/0/do/1
    item: int | None = None
    within: tuple[int, ...] = ()


class EndStep(Value):
    """A step of an `on_*` list, or the message after a cleanup (`cleanup/1`, which the parser adds)."""

    list: EndList
    path: str  # on_failure/0
    item: int | None = None


class EntryTurn(Value):
    """An entry of the ledger has its turn.

    `undo` takes it back, `broken` only if it is broken, `settle` looks for it by its tags until its id is known, `lost`
    looks by its id whether what is no longer under its name is gone.
    """

    entry: int
    how: Literal["undo", "broken", "settle", "lost"]
    item: ClassVar[None] = None

    @property
    def path(self) -> str:
        return f"{self.how}/{self.entry}"


class UnsentNotice(Value):
    """A notice that could not be sent is sent again."""

    notice: int
    item: ClassVar[None] = None

    @property
    def path(self) -> str:
        return f"notice/{self.notice}"


class LedgerUndo(Value):
    """Entries are taken back one by one: for a cancel, a cleanup, or what is broken after a failure."""

    why: Literal["cancel", "cleanup", "failure"]
    item: ClassVar[None] = None

    @property
    def path(self) -> str:
        return f"{self.why}/0"


StepPosition = MainStep | NestedStep | EndStep
Position = MainStep | NestedStep | EndStep | EntryTurn | UnsentNotice | LedgerUndo


def position_of(path: str, item: int | None = None, within: tuple[int, ...] = ()) -> StepPosition:
    """The position of a step of the runbook."""
    match path.split("/"):
        case ["steps", _]:
            return MainStep(path=path, item=item)
        case ["on_success" | "on_failure" | "on_hold" | "on_cancel" | "cleanup" as name, _]:
            return EndStep(list=name, path=path, item=item)
        case _:
            return NestedStep(path=path, item=item, within=within)


def outermost(path: str) -> str:
    """The path of the step of the runbook's own list that a step is in, or is: `steps/4`."""
    return "/".join(path.split("/")[:2])


def at_item(position: Position, item: int) -> StepPosition:
    """The position of an item of a `for_each`, from the position of the step or of another item."""
    assert isinstance(position, StepPosition)
    return changed(position, item=item)


def brackets(items: tuple[int, ...]) -> str:
    """`[2]`: as keys have the items of a `for_each`."""
    return "".join([f"[{number}]" for number in items]) if items else ""


def items_of(position: Position) -> tuple[int, ...]:
    """The items that a position is in, outermost first; its own is the last."""
    item = position.item
    if type(position) is not NestedStep:  # most positions, and this is asked several times a step
        return () if item is None else (item,)
    return position.within if item is None else (*position.within, item)


# -- phases: what a frame does, each with just its own fields --------------------------------------------------


class Entering(Value):
    """Nothing is known yet: visit, `if`, identity, the list of a `for_each`."""


class Looking(Value):
    """The next look is due at `next`; `seen` is what it brought, until it is decided upon."""

    next: float = 0.0
    seen: Seen | None = None
    proved: bool = False  # `requires` were met, and this is the look after that
    source: str | None = None  # the id of what a copy is made from, as that proof saw it


class Proving(Value):
    """Looking at each of `requires`. How far it is, is volatile: whoever takes the operation up begins again.

    `then` is what comes after: the step's own resource once more, or (without a look of its own) the effect.
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
    unknown: str = ""  # why the outcome of a call that is not repeatable is unknown


class Waiting(Value):
    """`begin`: a retry's delay, then the step begins again. `done`: a `wait`."""

    until: float
    then: Literal["begin", "done"]


class InRow(Value):
    """The frame above walks the `do` of a row."""


class InRescue(Value):
    """The frame above walks the `do` of the step's rescue of that number."""

    rescue: int


class InItems(Value):
    """A `for_each`: the list, fixed at entry, and the results so far. The frame above walks the next item."""

    items: tuple[Any, ...]
    results: tuple[Any, ...] = ()


class Surveying(Value):
    """A `for_each` that deletes: every item is looked at before the first one goes, so that a person is asked once.

    How far it is, is volatile: whoever takes the operation up begins again.
    """

    items: tuple[Any, ...]
    index: int = 0
    seen: Seen | None = None
    found: tuple[Deletion, ...] = ()  # what nobody has confirmed


class InLedger(Value):
    """Entries still to be taken back. The frame above, if there is one, has the one before in hand."""

    queue: tuple[int, ...] = ()


class Refreshing(Value):
    """A rescue: its settings are read again, then its `then` is asked."""

    rescue: int
    refreshed: bool = False


Phase = (
    Entering | Looking | Proving | Acting | Waiting | InRow | InRescue | Surveying | InItems | InLedger | Refreshing
)  # fmt: skip


# -- a frame: fields that change together are one value --------------------------------------------------------


class Address(Value):
    """What the step is about and where that is; fixed when the step is entered."""

    identity: Mapping[str, Any] = field(default_factory=dict)
    region: str = ""
    account: str | None = None


class Attempts(Value):
    """Counts towards the step's schedule. A resume begins the schedule again; only `number` continues."""

    number: int = 0  # of the attempt in hand, in this visit: part of its keys and tags
    spent: int = 0  # since the schedule last began
    granted: bool = False  # the delay before the next attempt has been waited
    first_failure: float | None = None  # since the schedule last began


class Observed(Value):
    """What looks have said."""

    row: str = ""  # path of the row taken last
    status: str = ""  # seen last
    watching: float | None = None  # since when the verb is `monitor`
    seen: Seen | None = None  # what the row's or rescue's steps call `seen`


class Removal(Value):
    """How far a removal is. Once `replace` has begun, its rows are not asked any more."""

    routine: Literal["", "deleting", "creating", "removing"] = ""
    sent: tuple[str, ...] = ()  # deletes, as ATTEMPT:ID: each attempt sends each once
    delay: float = 0.0  # what `replace` still has to wait before its create


class Performed(Value):
    """The outcome of the effect that was sent last."""

    since: float | None = None  # when it was accepted, or its outcome was found to be unknown: grace counts from here
    unknown: bool = False  # its outcome is unknown
    repeat: Effect | None = None  # to be sent again as it was: the same attempt, the same parameters
    perhaps_done: bool = False  # a runner that died may have sent this call, whatever becomes of later attempts
    output: Any = None  # of a call that is looked at; what a remove saw last


class Frame(Value):
    """One level of the stack. The top one is walked; those below wait for it."""

    position: Position
    visit: int = 1  # how often the position has been entered
    phase: Phase = Entering()
    address: Address = Address()
    attempts: Attempts = Attempts()
    observed: Observed = Observed()
    removal: Removal = Removal()
    performed: Performed = Performed()
    error: Problem | None = None  # what a rescue is dealing with
    settings_changed: bool = False  # did this rescue's refresh change a value
    failed: Problem | None = None  # the step has failed

    @property
    def path(self) -> str:
        return self.position.path

    @property
    def item(self) -> int | None:
        """The number of the item of a `for_each` that it walks."""
        return self.position.item
