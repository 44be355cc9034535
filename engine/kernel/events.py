"""Every event, past tense: what a record of the log is made of. `at` never goes back within an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from engine.errors import Problem
from engine.kernel.effect import Deletion, Effect, Seen
from engine.kernel.operation import AccountIdentity, Entry, SettingValue, Target
from engine.values import Value, field


class Event(Value, kw_only=True):
    """The root of the union.

    `step` is the key of the step that it is about, as `history` shows it: `copy-snapshot`, `instances[0]`,
    `setup-db-users > check rds.cluster` (a step within another's rescue), `copy-snapshot (undo)`; "" if it is about the
    operation as a whole.
    """

    at: float
    step: str = ""


class Started(Event):
    operation: str
    runbook: str
    digest: str
    inputs: Mapping[str, Any]
    settings: Mapping[str, SettingValue]
    targets: Mapping[str, Target]
    region: str = ""
    engine: str = ""
    confirmed: tuple[Deletion, ...] = ()  # what was shown to a person, who agreed
    protected: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    accounts: Mapping[str, AccountIdentity] = field(default_factory=dict)
    store: str = ""


class AccountsRecorded(Event):
    """Accounts that were not recorded yet, by name: of an operation begun earlier, or named by an edited runbook."""

    accounts: Mapping[str, AccountIdentity]


class TakenUp(Event):
    """A runner took the operation up; `released` is whether the one before released it."""

    runner: str = ""
    released: bool = True
    protected: tuple[str, ...] = ()  # the patterns and allowed names of this runner
    allowed: tuple[str, ...] = ()


class Entered(Event):
    skipped: bool = False
    identity: Mapping[str, Any] = field(default_factory=dict)
    region: str = ""
    account: str | None = None
    items: tuple[Any, ...] | None = None
    survey: bool = False  # every item is looked at before the first one is deleted
    queue: tuple[int, ...] = ()
    target: Target | None = None  # of a remove with `target:`
    until: float | None = None  # of a wait


# -- looks, and what was decided after one --


class Looked(Event):
    seen: Seen


class Adopted(Event):
    """A resource has the exact tags of an entry without id: it is that entry's."""

    entry: int
    id: str


class TargetSettled(Event):
    """What a removal means, recorded at its first look, or by a person's word. Its `step` is the removal's."""

    target: Target


class Confirmed(Event):
    """A person has agreed that these are deleted."""

    deletions: tuple[Deletion, ...]
    actor: str = ""


class ItemSurveyed(Event):
    """What an item of a `for_each` would delete that nobody has confirmed; nothing else has changed."""

    deletions: tuple[Deletion, ...] = ()


class ItemsBegun(Event):
    """All items were looked at, and what they delete is confirmed: the first one begins."""


class RowTaken(Event):
    """Another row than before; its `do`, if any, begins. `within`: the items of `for_each` that this is in."""

    row: str
    verb: str
    status: str
    within: tuple[int, ...] = ()


class Watched(Event):
    """Nothing to do yet: the next look is at `next`."""

    next: float
    status: str


class Delayed(Event):
    """The next attempt is granted, after a delay."""

    until: float
    why: str = ""


class ReplaceBegun(Event):
    """An attempt begins with a removal; `delay` is to be waited between it and the create."""

    delay: float


class Vanished(Event):
    """What `replace` deletes is gone; an open entry for it is, too."""


class ProofBegun(Event):
    """`requires` are looked at."""


class Proved(Event):
    """One of `requires` is met; or `all` of them are. `source`: the id of what a copy is made from."""

    all: bool = False
    source: str | None = None


class EntrySettled(Event):
    entry: int
    state: Literal["open", "gone", "void", "kept", "stuck"]
    why: str = ""


# -- effects --


class Intended(Event):
    """The intent: it is committed with, and not before, everything that led to it."""

    effect: Effect
    entry: Entry | None = None
    takes: bool = True  # does it take an attempt of its own
    routine: Literal["", "deleting", "creating", "removing"] = ""
    irreversible: str = ""
    saw: Any = None  # a remove: the attributes seen last


class SentAgain(Event):
    """An effect that was not sent is sent now."""


class Succeeded(Event):
    output: Any = None
    id: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)  # name → version, of those that were read for it


class Failed(Event):
    problem: Problem
    secrets: Mapping[str, str] = field(default_factory=dict)


class Unknown(Event):
    """`again`: it may be repeated, and is about to be sent again, as the same attempt."""

    why: str
    problem: Problem | None = None
    again: bool = False
    secrets: Mapping[str, str] = field(default_factory=dict)


class NotSent(Event):
    problem: Problem


# -- errors --


class Rescued(Event):
    """A rescue is taken: its `do`, then its `refresh`, then its `then`. `within`: as for `RowTaken`."""

    rescue: int
    problem: Problem
    within: tuple[int, ...] = ()


class Refreshed(Event):
    settings: Mapping[str, SettingValue]
    changed: bool


class NestedDone(Event):
    """The frames above are done: back to the row, the rescue, the list."""


# -- a step's end, and the operation's --


class StepDone(Event):
    result: Any = None
    id: str | None = None
    status: str = ""


class StepFailed(Event):
    problem: Problem
    status: str = ""  # what was seen, where that is why


class FailurePassedOn(Event):
    """A nested step's failure becomes that of the step below."""


class TroubleRecorded(Event):
    """A step of an `on_*` list, or of an undo, did not go through: the list continues."""

    why: str
    deletions: tuple[Deletion, ...] = ()  # what was not deleted because nobody has confirmed it


class BrokenTakenBack(Event):
    """Past the point of no return: before it holds, what is own and broken goes."""

    problem: Problem
    queue: tuple[int, ...]


class Held(Event):
    kind: str
    reason: str
    error: Problem | None = None
    found: str | None = None
    status: str = ""  # what was seen, where that is why
    deletions: tuple[Deletion, ...] = ()  # what nobody has confirmed


class Resumed(Event):
    """A person resumed it. `settings`: as they are now; empty where the hold needs none of them."""

    actor: str = ""
    why: str = ""
    reject: str | None = None
    outcome: Literal["", "done", "not-done"] = ""
    output: Any = None
    settings: Mapping[str, SettingValue] = field(default_factory=dict)


class RunbookEdited(Event):
    """The operation continues with another text; `moves`: old path of each step that is still there → its new one."""

    digest: str
    moves: Mapping[str, str]
    inputs: Mapping[str, Any]
    settings: Mapping[str, SettingValue]
    actor: str = ""


class Restarted(Event):
    """Back to a step; its settings are read again, for a person may have mended them."""

    path: str
    actor: str = ""
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    protected: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


class Cancelled(Event):
    """A person asked for the end."""

    actor: str = ""
    undo: bool = False
    past: tuple[str, ...] = ()


class CleanupBegun(Event):
    actor: str = ""
    past: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


class EndRecorded(Event):
    """How it ends is recorded before the `on_*` list runs."""

    status: Literal["SUCCEEDED", "FAILED", "CANCELLED"]
    error: Problem | None = None


class EntryTaken(Event):
    """An entry's turn: `undo` takes it back, `broken` only if it is, `settle` looks until its id is known.

    `lost` looks by its id whether what is no longer under its name is gone.
    """

    entry: int
    how: Literal["undo", "broken", "settle", "lost"]


class Ended(Event):
    """Success delivers; something left makes it STUCK."""
