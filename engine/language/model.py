"""The runbook as values: the parser builds it, and the kernel runs it. No places in the text, no I/O.

The `path` of a step, row or rescue (`steps/4`, `steps/4/rescue/0/do/1`, `on_failure/0`) identifies it everywhere: in
the kernel's frames, in findings and in the log. `Runbook.step(path)` returns the step. Durations are in seconds. Values
that may contain `${ }` are kept as written, and the kernel renders them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from engine.values import Value, field

CLASSES: Final = ("missing", "pending", "available", "blocked", "broken", "leaving", "unknown")


class Monitor(Value):
    """How to poll: how often, for how long at most, and how long AWS's lists may lag. None: the default of the kind."""

    every: float | None = None
    longest: float | None = None  # `for` in YAML
    grace: float | None = None

    def or_else(self, other: Monitor) -> Monitor:
        """Its values, and where it has none those of `other`."""
        return Monitor(
            every=self.every if self.every is not None else other.every,
            longest=self.longest if self.longest is not None else other.longest,
            grace=self.grace if self.grace is not None else other.grace,
        )


class KindFacts(Value):
    """What the language and the kernel need to know of a kind of resource."""

    name: str
    identity: tuple[str, ...]  # parameters that identify a resource, besides region and account
    verbs: tuple[str, ...] = ("ensure", "remove", "check")  # the kinds of step that it supports
    monitor: Monitor = Monitor(every=30.0, longest=3600.0, grace=60.0)
    removal: Monitor | None = None  # for removals, if they are polled differently
    data: Literal["copy", "live", "none"] = "none"
    source: str | None = None  # the parameter that names the original of a copy
    part_of: str | None = None  # the parameter that names the resource that it is a part of


class Deletes(Value):
    """What a call deletes, or what protection it switches off."""

    names: tuple[str, ...] = ()  # parameters that name what goes, the best first
    within: tuple[str, ...] = ()  # parameters that name what it is in
    thing: str = ""  # what it is, as the calls that make such things say in `makes`: "ec2.volume"
    kind: str = ""  # the kind of resource that can do the same
    own_members: frozenset[str] = frozenset()  # members of an output that name what was made, in lower case
    switches: tuple[tuple[str, ...], ...] = ()  # members that switch a protection off: it counts if one of them does
    always: bool = False  # the call itself switches a protection off

    @property
    def unprotects(self) -> bool:
        """Does it only switch a protection off?"""
        return self.always or bool(self.switches)


class ActionFacts(Value):
    """What the language and the kernel need to know of an action."""

    name: str
    repeatable: bool | None = None  # None: the step must say it
    tokens: tuple[str, ...] = ()  # its parameters that are idempotency tokens: the tool sends one
    deletes: Deletes | None = None
    makes: str = ""  # what it makes: "ec2.volume"
    names_made: bool = False  # its output has a name or id of what it makes
    timeout: float | None = None  # seconds that a call may take if the step sets no `timeout`; None: as any call


class Delays(Value):
    """`[5m, 10m, 15m]`: the delays between attempts. Three delays make four attempts."""

    delays: tuple[float, ...]


class Backoff(Value):
    """`{first, factor, max, jitter}` with one limit: `attempts`, the total, or `within`, after which no attempt starts."""

    first: float
    factor: float = 2.0
    longest: float = 60.0  # `max` in YAML
    jitter: Literal["full", "none"] = "full"
    attempts: int | None = None
    within: float | None = None


Schedule = Delays | Backoff


def attempts_in(schedule: Schedule | None) -> int | None:
    """How many attempts a schedule allows; None if only `within` limits them."""
    match schedule:
        case None:
            return 1
        case Delays(delays=delays):
            return len(delays) + 1
        case Backoff(attempts=attempts):
            return attempts


class Retry(Value):
    """The `retry` of a step: a schedule, the errors that it covers in addition, and what to do after the last attempt."""

    schedule: Schedule
    errors: tuple[str, ...] = ()
    then: Literal["fail", "hold"] = "fail"


class RetryIf(Value):
    """`{retry_if: EXPRESSION, else: VERB}`."""

    condition: str
    otherwise: str = "fail"


class Rescue(Value):
    """A branch of a `rescue`: the errors that it is for, the steps to run, and what to do then."""

    path: str
    errors: tuple[str, ...]
    do: tuple[Step, ...] = ()
    refresh: bool = False
    then: str | RetryIf = "fail"

    @property
    def may_end_as_done(self) -> bool:
        return "done" in (self.then, self.then.otherwise if isinstance(self.then, RetryIf) else "")


class Row(Value):
    """A row of a state table. `names` are classes, or exact statuses such as `=stopped`.

    `verb` is what to do; in a row with `do` it is the `then`. `reason` and `error` belong to `hold` and `fail`.
    """

    path: str
    names: tuple[str, ...]
    verb: str
    do: tuple[Step, ...] = ()
    reason: str = ""
    error: str = ""
    is_default: bool = False  # it is not in the runbook (docs/language.md, "State tables")

    @property
    def name(self) -> str:
        """Its name in records."""
        return ", ".join(self.names)


class UndoCall(Value):
    """`undo: {call: …}` of a call."""

    call: Step


Undo = Literal["delete", "keep"] | UndoCall


class Ensure(Value):
    kind: str
    params: Mapping[str, Any]
    states: tuple[Row, ...]  # with default rows, so that every class has one; exact statuses come first
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
    """`kind` may be `aws.SERVICE.OPERATION`. Only then there is a `status`, and there may be `classes`.

    `gone`: of an `until`, that waits for the class `missing` instead of `available`.
    """

    kind: str
    params: Mapping[str, Any]
    states: tuple[Row, ...]
    is_: str | None = None
    status: str | None = None
    missing_on: tuple[str, ...] = ()
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gone: bool = False


class Call(Value):
    action: str
    params: Mapping[str, Any]
    repeatable: bool = False
    token_for: float | None = None  # seconds for which AWS knows its idempotency token, where the tool sends one
    deletes: Deletes | None = None
    makes: str = ""
    names_made: bool = False
    until: Step | None = None  # a check; its path ends in /until
    undo: UndoCall | None = None


class TakeBack(Value):
    steps: tuple[str, ...] | None  # None: all
    past: tuple[str, ...] = ()


class Wait(Value):
    """A pause. With `until` (a moment, or text with ${ }) it lasts until then, and `duration` does not count."""

    duration: Any = 0.0  # seconds, or text with ${ }
    until: str | None = None


class Hold(Value):
    reason: str


class Fail(Value):
    reason: str
    error: str = ""


class Notify(Value):
    """A `topic` of None means that of the runbook; None for subject and text means the standard ones."""

    topic: Any = None
    subject: str | None = None
    text: str | None = None


Body = Ensure | Remove | Check | Call | TakeBack | Wait | Hold | Fail | Notify


class Step(Value):
    """A step: what all kinds of step have, and the `body` of its kind."""

    path: str
    id: str  # the path, if a nested step has none
    body: Body
    description: str = ""
    condition: str | None = None  # `if`
    region: Any = None
    account: str | None = None
    timeout: float | None = None
    requires: tuple[str, ...] = ()
    for_each: Any = None  # a list, or text with ${ }; None: the step has no for_each
    retry: Retry | None = None
    rescue: tuple[Rescue, ...] = ()
    monitor: Monitor = Monitor()
    irreversible: bool = False

    @property
    def name(self) -> str:
        """Its name in expressions."""
        return self.id.replace("-", "_")


InputType = Literal[
    "string", "integer", "number", "boolean", "list", "map", "region", "duration", "timestamp", "arn", "account_id"
]


class Input(Value):
    """The declaration of an input. `min` and `max` bound a number, or a length, as the type says."""

    name: str
    type: InputType = "string"
    default: Any = None
    required: bool = True
    pattern: str | None = None
    enum: tuple[Any, ...] = ()
    min: Any = None
    max: Any = None
    description: str = ""


class Setting(Value):
    """`ssm:/path` or `secret:NAME#field`; `source` may contain `${ }`. `type` None: text, or the list of a StringList."""

    name: str
    source: str
    region: str | None = None
    account: str | None = None
    default: Any = None
    has_default: bool = False
    type: InputType | None = None


class Account(Value):
    name: str
    id: str
    role_arn: str | None = None
    external_id: str | None = None


class Runbook(Value):
    """A whole runbook. `ends` has on_success, on_failure, on_hold and on_cancel, as written or by default."""

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
    throttled: Schedule | None = None  # of the top level's `retry: {throttled, network}`
    network: Schedule | None = None
    tags: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    ends: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    kinds: Mapping[str, KindFacts] = field(default_factory=dict)
    index: Mapping[str, Step] = field(default_factory=dict)  # every step by its path
    by_name: Mapping[str, Step] = field(default_factory=dict)  # steps with an id, by their name in expressions

    def step(self, path: str) -> Step:
        """The step at `path`. KeyError if there is none."""
        return self.index[path]
