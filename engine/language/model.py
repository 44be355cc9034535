"""The runbook as values: what parsing yields and what the kernel walks. No positions, no I/O.

A node's `path` (`steps/4`, `steps/4/rescue/0/do/1`, `on_failure/0`) names it everywhere: in
frames of the kernel, in findings, in the log. `Runbook.step(path)` finds it again.
Durations are seconds. Values that may hold `${ }` are kept as written and rendered by the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from engine.values import Value, field

CLASSES: Final = ("missing", "pending", "available", "blocked", "broken", "leaving", "unknown")


class Monitor(Value):
    """How to watch: every so many seconds, for at most so long; None means the kind's own."""

    every: float | None = None
    longest: float | None = None  # `for` in YAML
    grace: float | None = None


class KindFacts(Value):
    """What the language and the kernel need to know of a resource kind: values only."""

    name: str
    identity: tuple[str, ...]  # parameters that tell one from another, beside region and account
    verbs: tuple[str, ...] = ("ensure", "remove", "check")  # steps that it can stand in
    monitor: Monitor = Monitor(every=30.0, longest=3600.0, grace=60.0)
    removal: Monitor | None = None  # where a removal is watched otherwise
    data: Literal["copy", "live", "none"] = "none"
    source: str | None = None  # the parameter that names what a copy was made from
    part_of: str | None = None  # the parameter that names what it is a part of


class ActionFacts(Value):
    """What the language and the kernel need to know of an action."""

    name: str
    repeatable: bool | None = None  # None: the step must say


class Delays(Value):
    """`[5m, 10m, 15m]`: the delays between attempts; three delays are four attempts."""

    delays: tuple[float, ...]


class Backoff(Value):
    """`{first, factor, max, jitter, attempts | within}`."""

    first: float
    factor: float = 2.0
    longest: float = 60.0
    jitter: Literal["full", "none"] = "full"
    attempts: int | None = None
    within: float | None = None


Schedule = Delays | Backoff


class Retry(Value):
    """A step's `retry`: a schedule, further errors that it covers, what follows the last attempt."""

    schedule: Schedule
    errors: tuple[str, ...] = ()
    then: Literal["fail", "hold"] = "fail"


class RetryIf(Value):
    """`{retry_if: EXPRESSION, else: VERB}`."""

    condition: str
    otherwise: str = "fail"


class Rescue(Value):
    """One branch for an error."""

    path: str
    errors: tuple[str, ...]
    do: tuple[Step, ...] = ()
    refresh: bool = False
    then: str | RetryIf = "fail"


class Row(Value):
    """One line of a state table. `names` are classes, or exact statuses as `=stopped`.

    `verb` is what to do; with `do`, it is the `then`. `reason` and `error` are those of a hold or fail.
    """

    path: str
    names: tuple[str, ...]
    verb: str
    do: tuple[Step, ...] = ()
    reason: str = ""
    error: str = ""
    is_default: bool = False  # not written: filled in: docs/language.md, "State tables"

    @property
    def name(self) -> str:
        """What records call it."""
        return ", ".join(self.names)


class UndoCall(Value):
    """`undo: {call: …}` of a call."""

    call: Step


Undo = Literal["delete", "keep"] | UndoCall


class Ensure(Value):
    kind: str
    params: Mapping[str, Any]
    states: tuple[Row, ...]  # filled: every class has a row; exact statuses come first
    owner: Literal["own", "kin", "any"] = "own"
    only: str | None = None
    is_: str | None = None
    undo: Undo = "keep"


class Remove(Value):
    kind: str
    params: Mapping[str, Any]
    states: tuple[Row, ...]
    owner: Literal["own", "kin", "any"] = "own"
    only: str | None = None
    target: str | None = None  # the id of an earlier check


class Check(Value):
    """`kind` may be `aws.SERVICE.OPERATION`, which then has `status` and perhaps `classes`."""

    kind: str
    params: Mapping[str, Any]
    states: tuple[Row, ...]
    is_: str | None = None
    status: str | None = None
    missing_on: tuple[str, ...] = ()
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Call(Value):
    action: str
    params: Mapping[str, Any]
    repeatable: bool = False
    until: Step | None = None  # a check; its path ends in /until
    undo: UndoCall | None = None


class TakeBack(Value):
    steps: tuple[str, ...] | None  # None: all
    past: tuple[str, ...] = ()


class Wait(Value):
    duration: Any  # seconds, or a string with ${ }


class Hold(Value):
    reason: str


class Fail(Value):
    reason: str
    error: str = ""


class Notify(Value):
    """`topic` None is the runbook's; without subject and text, the standard ones."""

    topic: Any = None
    subject: str | None = None
    text: str | None = None


Body = Ensure | Remove | Check | Call | TakeBack | Wait | Hold | Fail | Notify


class Step(Value):
    """One step: what every kind of step has, and its `body`."""

    path: str
    id: str  # as written; the path, where a nested step has none
    body: Body
    description: str = ""
    condition: str | None = None  # `if`
    region: Any = None
    account: str | None = None
    timeout: float | None = None
    requires: tuple[str, ...] = ()
    for_each: Any = None  # a list, or a string with ${ }; None: no for_each
    retry: Retry | None = None
    rescue: tuple[Rescue, ...] = ()
    monitor: Monitor = Monitor()
    irreversible: bool = False

    @property
    def name(self) -> str:
        """Its name in expressions."""
        return self.id.replace("-", "_")


class Input(Value):
    name: str
    type: str = "string"
    default: Any = None
    required: bool = True
    pattern: str | None = None
    enum: tuple[Any, ...] = ()
    min: Any = None
    max: Any = None
    description: str = ""


class Setting(Value):
    """`ssm:/path` or `secret:NAME#field`; `source` may hold `${ }`."""

    name: str
    source: str
    region: str | None = None
    account: str | None = None
    default: Any = None
    has_default: bool = False


class Account(Value):
    name: str
    id: str
    role_arn: str | None = None
    external_id: str | None = None


class Runbook(Value):
    """A whole runbook. `ends` holds on_success, on_failure, on_hold, on_cancel: given or standard."""

    name: str
    steps: tuple[Step, ...]
    text: str = ""
    digest: str = ""  # sha256 of the text, hex
    description: str = ""
    inputs: Mapping[str, Input] = field(default_factory=dict)
    settings: Mapping[str, Setting] = field(default_factory=dict)
    vars: Mapping[str, Any] = field(default_factory=dict)
    accounts: Mapping[str, Account] = field(default_factory=dict)
    account: str | None = None
    region: Any = None
    lock: str | None = None
    time_limit: float | None = None
    notify: Any = None
    throttled: Schedule | None = None  # top-level retry: {throttled, network}
    network: Schedule | None = None
    tags: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    ends: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    kinds: Mapping[str, KindFacts] = field(default_factory=dict)
    index: Mapping[str, Step] = field(default_factory=dict)  # path → step, all of them
    by_name: Mapping[str, Step] = field(default_factory=dict)  # expression name → step

    def step(self, path: str) -> Step:
        """The step at `path`; KeyError where there is none."""
        return self.index[path]
