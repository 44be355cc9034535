"""An operation as a frozen value: frames, results, ledger, hold, end. All of the state, and no behaviour.

Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from immutables import Map

from engine.errors import Problem
from engine.kernel.effect import Deletion, Effect
from engine.kernel.frame import Frame
from engine.language.model import Monitor
from engine.values import Value, field


class UndoRecord(Value):
    """`undo: {call: …}`, rendered: what it takes to take a call back."""

    action: str
    params: Mapping[str, Any]
    path: str  # of the undo's own step in the runbook: its `until`, `retry`, `monitor`
    until: Mapping[str, Any] | None = None  # the rendered parameters of its check
    names: tuple[str, ...] = ()  # of a call that deletes: the parameters that say what
    awaits_result: bool = False  # it is rendered when the reply of its call is recorded


class AccountIdentity(Value):
    """Whose credentials they are. Never a role: different roles of one account are the same."""

    id: str
    partition: str  # aws, aws-cn, aws-us-gov …


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
    monitor: Monitor = Monitor()  # how its undo polls, as the step says; where that is silent, as the kind does
    source: str | None = None  # of a copy: what it was made from
    source_id: str | None = None  # the id of its source when it was made: another may bear the name later
    part_of: str | None = None
    live: bool = False
    used: bool = False  # live data that was seen available
    why: str = ""
    account_id: str = ""  # "": not recorded

    @property
    def is_left(self) -> bool:
        """Is it still to be undone, or named to a person? Not what is gone, was never made, or was delivered."""
        return self.state in ("open", "kept", "stuck")


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
    """What `status` shows of a step; of an item of a `for_each`, under `instances[0]`."""

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
    found: str | None = None  # the id that was found instead of the one that is meant
    deletions: tuple[Deletion, ...] = ()  # what `--accept-target` would confirm


class Ending(Value):
    status: Literal["SUCCEEDED", "FAILED", "CANCELLED"]
    at: float
    error: Problem | None = None
    step: str = ""
    undo: bool = False
    past: tuple[str, ...] = ()


class Notice(Value):
    """A message that was to be sent, and whether it was."""

    topic: str
    subject: str
    text: str
    key: str
    region: str = ""
    account: str | None = None
    sent: bool = False
    error: str = ""


Status = Literal["IN_PROGRESS", "HELD", "SUCCEEDED", "FAILED", "CANCELLED", "STUCK"]


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
    confirmed: tuple[Deletion, ...] = ()  # by a person
    protected: tuple[str, ...] = ()  # patterns of the runner: what they match is deleted only if it is allowed
    allowed: tuple[str, ...] = ()  # names that the runner was given with `--yes-delete`
    frames: tuple[Frame, ...] = ()
    results: Map[str, Any] = Map()  # by expression name
    steps: Map[str, StepRecord] = Map()  # by key
    ledger: tuple[Entry, ...] = ()
    deletes: Map[str, float] = Map()  # id → when its delete was accepted or unknown
    hold: Hold | None = None
    failing: Problem | None = None  # past the point of no return: the failure that becomes a hold
    ending: Ending | None = None
    ended: Literal["", "SUCCEEDED", "FAILED", "CANCELLED", "STUCK"] = ""
    irreversible: str = ""  # the step whose begin was the point of no return
    cleaning: bool = False
    last_step: str = ""  # the key of the step entered last
    taken_up: int = 0  # in a row, without the outcome of any effect but a look
    notices: tuple[Notice, ...] = ()
    troubles: tuple[str, ...] = ()  # what went wrong in an `on_*` list
    visits: Map[str, int] = Map()  # by path and item
    waited: Map[str, tuple[float, ...]] = Map()  # delays that were paid, by key
    accounts: Mapping[str, AccountIdentity] = field(default_factory=dict)  # by name; "" is the runner's own
    store: str = ""  # the id of the store that it was begun in

    @property
    def top(self) -> Frame:
        """The frame that is walked."""
        return self.frames[-1]

    @property
    def status(self) -> Status:
        """As `status` shows it."""
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
