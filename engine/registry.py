"""What the engine knows of the world: resource kinds and actions, declared as data and code.

Everything that checks, explains or performs reads these declarations. Kinds and actions
import this module and `engine.errors`, nothing else of the engine but values of `engine.language`.

Errors: a `look`, `create`, `delete` or action raises `EffectFailed` (a no), `EffectUnknown` (sent, no answer)
or `EffectNotSent` (never left); anything else is a bug.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, runtime_checkable

from engine.errors import UsageError
from engine.language.model import ActionFacts, KindFacts
from engine.language.secret import Secret
from engine.values import Resources, Value, field


class Param(Value):
    """One parameter of `with`. `schema` is JSON Schema of the rendered value; `secret` takes a secret."""

    schema: Mapping[str, Any]
    doc: str = ""
    required: bool = False
    secret: bool = False  # the value, or a value inside it (see `postgres.setup_users`), may be a Secret


class Status(Value):
    """One word of a status catalogue: its class, and where it is documented."""

    cls: str
    source: str


class Part(Value):
    """Something that must go before its whole goes: an instance of a cluster."""

    kind: str
    identity: Mapping[str, Any]
    id: str
    status: str
    cls: str
    tags: Mapping[str, str] = field(default_factory=dict)


class Observation(Value):
    """What one look saw. `status` and `cls` are `missing` where nothing is there.

    `attributes` is what `${step.attr}` reads; `parts` are in the order of their removal. A kind may leave AWS's own
    values in both, such as times: `engine.runtime.performer.seen_of` alone turns them into what the kernel keeps.
    """

    status: str
    cls: str
    id: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()


MISSING = Observation(status="missing", cls="missing")


class Reading(Value):
    """A setting as it was read: text, a list, JSON; a secret's value stays behind, its `Secret` stands for it."""

    value: Any
    version: str = ""


class Network(Protocol):
    """How this process reaches hosts; the sandbox has its own."""

    def reach(self, host: str, port: int, timeout: float) -> tuple[str, float]:
        """Address and milliseconds; OSError (socket.gaierror, ConnectionRefusedError, TimeoutError) else."""

    def postgres(self, **options: Any) -> Any:
        """A `pg8000.native.Connection`, or what behaves as one; raises what pg8000 raises."""


CALL: Final = 60.0
"""The seconds that one call may take, where the step does not say."""


class Context(Resources):
    """What an effect is given besides its parameters."""

    region: str
    account: str | None
    clients: Callable[..., Any]  # clients(service, region=None, account=None) → boto3 client, no retries
    secret: Callable[[Secret], Any]  # → str, or the parsed JSON of a whole JSON secret
    network: Network
    now: Callable[[], float]
    key: str = ""  # idempotency key, for parameters that botocore marks as idempotency tokens
    operation: str = ""
    runbook: str = ""  # its name: what tells kin
    timeout: float = CALL
    sources: Mapping[str, str] = field(default_factory=dict)  # parameter → "ssm:/…", for messages

    def client(self, service: str, *, region: str | None = None) -> Any:
        """A client for the step's account, in its region or another."""
        return self.clients(service, region=region or self.region, account=self.account)


class ResourceKind(Protocol):
    """One kind of resource. Parameters come rendered; null ones are left out."""

    name: str
    doc: str
    facts: KindFacts
    params: Mapping[str, Param]
    attributes: Mapping[str, Mapping[str, Any]]  # name → JSON Schema with description
    statuses: Mapping[str, Status]
    calls: tuple[str, ...]  # "rds.DescribeDBClusters": for IAM, and a test that it makes no others

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        """By its identity parameters (or `{"id": …}` alone where AWS can look up by id)."""

    def create(self, params: Mapping[str, Any], tags: Mapping[str, str], ctx: Context) -> str | None:
        """Begin it, tags in the same call; returns the immutable id if the reply tells it."""

    def delete(self, target: Mapping[str, Any], ctx: Context) -> None:
        """Begin the removal, by identity and removal parameters (`final_snapshot`, `unprotect`, …)."""

    def in_the_way(self, seen: Observation, params: Mapping[str, Any]) -> str | None:
        """Why it cannot be deleted now, or None.

        `params`: its identity, what the removal says, and as `needed` the names or ARNs of what later steps are made
        from.
        """


class Right(Value):
    """A permission of IAM's that a kind or an action takes: for `runbook iam`.

    `on`: ARNs, with `{partition} {region} {account}` and `{PARAMETER}` in their places. `via`: only where the service
    of that name asks in our place, as RDS uses a key: in the step's region, or (`rds.*`) in any.
    """

    action: str  # "rds:DeleteDBCluster"
    verb: Literal["look", "create", "delete", "call"]
    on: tuple[str, ...] = ("*",)
    given: str = ""  # only where the step gives this parameter
    via: str = ""


@runtime_checkable
class Entitled(Protocol):
    """A kind that says what each of its verbs takes: more, and less, than the permissions named as its `calls`."""

    rights: tuple[Right, ...]


@runtime_checkable
class Findable(Protocol):
    """A kind whose things are found by the tags that the tool sets: for `runbook orphans`."""

    def tagged(self, ctx: Context) -> Iterable[Observation]:
        """Everything in the context's region and account that bears them, over all pages; without its parts."""

    def by_hand(self, seen: Observation) -> str:
        """The command of AWS's own that removes it; "" where it cannot be removed alone."""


class Action(Resources):
    """A function that a `call` names."""

    name: str
    doc: str
    facts: ActionFacts
    params: Mapping[str, Param]
    output: Mapping[str, Mapping[str, Any]]
    calls: tuple[str, ...]
    errors: tuple[str, ...]
    run: Callable[[Mapping[str, Any], Context], Mapping[str, Any]]
    rights: tuple[Right, ...] = ()  # where they are more, or other, than its `calls`


class KnownError(Value):
    """An error's name, as a rescue may write it: AWS's wire code, or the tool's own wider name.

    `calls` are those of a kind's or action's `calls` that can raise it; None: any call can.
    """

    name: str
    category: str
    source: str
    calls: tuple[str, ...] | None = None
    also: tuple[str, ...] = ()  # wider names that it answers to


class Family(Protocol):
    """Kinds and actions that are made from their names: `aws.SERVICE.OPERATION`. None: there is no such."""

    prefix: str  # "aws."

    def kind(self, name: str) -> ResourceKind | None: ...

    def action(self, name: str) -> Action | None: ...


@dataclass(slots=True, kw_only=True)
class Registry:
    """Kinds and actions by name, and the `Vocabulary` of runbooks. A name twice is an error."""

    kinds: dict[str, ResourceKind] = dataclasses.field(default_factory=dict)
    actions: dict[str, Action] = dataclasses.field(default_factory=dict)
    families: dict[str, Family] = dataclasses.field(default_factory=dict)  # by prefix
    known_errors: Callable[[], Mapping[str, KnownError]] = dict  # every name that an error can have; may be slow once
    regions: Callable[[str | None], frozenset[str]] = lambda _: frozenset()
    """Every region (None), or those of a service as `aws.SERVICE.…` names it; empty where that is not known."""

    def kind(self, name: str) -> ResourceKind | None:
        """The kind of that name, registered or of a family; None where there is none."""
        found = self.kinds.get(name)
        family = self._family(name) if found is None else None
        return family.kind(name) if family is not None else found

    def action(self, name: str) -> Action | None:
        """The action of that name, registered or of a family; None where there is none."""
        found = self.actions.get(name)
        family = self._family(name) if found is None else None
        return family.action(name) if family is not None else found

    def _family(self, name: str) -> Family | None:
        return next((family for prefix, family in self.families.items() if name.startswith(prefix)), None)

    def add_kind(self, kind: ResourceKind) -> None:
        if kind.name in self.kinds:
            message = f"the kind {kind.name} is registered twice"
            raise UsageError(message)
        self.kinds[kind.name] = kind

    def add_action(self, action: Action) -> None:
        if action.name in self.actions:
            message = f"the action {action.name} is registered twice"
            raise UsageError(message)
        self.actions[action.name] = action

    # What the language asks of it (`engine.language.vocabulary.Vocabulary`).

    def kind_facts(self, name: str) -> KindFacts | None:
        kind = self.kind(name)
        return kind.facts if kind is not None else None

    def action_facts(self, name: str) -> ActionFacts | None:
        action = self.action(name)
        return action.facts if action is not None else None

    def kind_names(self) -> list[str]:
        return sorted(self.kinds)

    def action_names(self) -> list[str]:
        return sorted(self.actions)
