"""Resource kinds and actions: what each declares as data, and the functions that it offers.

Validation, `runbook explain`, the IAM policy, the JSON schema and the driver all read these declarations. A module of
kinds or actions imports this module and `engine.errors`, and of the rest of the engine only values of `engine.language`.

A `look`, `create`, `delete` or action raises `EffectFailed` if the request was refused, `EffectUnknown` if it was sent and
no answer came, and `EffectNotSent` if it was never sent. Any other exception is a bug.
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
    """One parameter of `with`. `schema` is the JSON Schema of the rendered value."""

    schema: Mapping[str, Any]
    doc: str = ""
    required: bool = False
    secret: bool = False  # the value, or a value in it, may be a Secret
    to_create: bool = False  # required by an `ensure` that may create the resource


class Status(Value):
    """One status of a kind: its class, and where it is documented."""

    cls: str
    source: str


class Part(Value):
    """A resource that must be deleted before the one it belongs to, such as an instance of a cluster."""

    kind: str
    identity: Mapping[str, Any]
    id: str
    status: str
    cls: str
    tags: Mapping[str, str] = field(default_factory=dict)


class Observation(Value):
    """The result of one look. `status` and `cls` are `missing` if the resource does not exist.

    `attributes` are what `${step.NAME}` reads; `parts` are in the order in which they must be deleted. Both may contain
    values as boto3 returns them, such as times: `engine.runtime.performer.seen_of` converts them for the kernel.
    """

    status: str
    cls: str
    id: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()


MISSING = Observation(status="missing", cls="missing")


class Reading(Value):
    """The value of a setting: text, a list or JSON. For a secret it is a `Secret`, a reference without the value."""

    value: Any
    version: str = ""


class Network(Protocol):
    """How this process connects to hosts. The sandbox has an implementation of its own."""

    def reach(self, host: str, port: int, timeout: float) -> tuple[str, float]:
        """Connect, and return the address and the milliseconds it took; raise an OSError if nothing answers in time."""

    def postgres(self, **options: Any) -> Any:
        """Open a `pg8000.native.Connection`, or an object with its interface; raise what pg8000 raises."""


DEFAULT_TIMEOUT: Final = 60.0
"""Seconds that one call may take if the step sets no `timeout`."""


class Context(Resources):
    """What a look, a create, a delete or an action gets besides its parameters."""

    region: str
    account: str | None
    clients: Callable[..., Any]  # clients(service, region=None, account=None) → a boto3 client that does not retry
    secret: Callable[[Secret], Any]  # → text; for a whole secret in JSON its map or list
    network: Network
    now: Callable[[], float]
    key: str = ""  # idempotency key, for parameters that botocore marks as idempotency tokens
    operation: str = ""
    store: str = ""  # the id of the operation's store: operation ids repeat in other stores
    runbook: str = ""  # its name, which the tags of related operations share
    timeout: float = DEFAULT_TIMEOUT
    sources: Mapping[str, str] = field(
        default_factory=dict
    )  # parameter → the setting it came from ("ssm:/…"), for messages

    def client(self, service: str, *, region: str | None = None) -> Any:
        """A client for the step's account, in the step's region or in another one."""
        return self.clients(service, region=region or self.region, account=self.account)


class ResourceKind(Protocol):
    """One kind of resource. Its functions get rendered parameters, without those that are null."""

    name: str
    doc: str
    facts: KindFacts
    params: Mapping[str, Param]
    attributes: Mapping[str, Mapping[str, Any]]  # name → JSON Schema with description
    statuses: Mapping[str, Status]
    calls: Mapping[str, tuple[str, ...]]  # "rds.DescribeDBClusters" → the error codes that it can return

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        """Find the resource by its identity parameters, or by `{"id": …}` alone."""

    def create(self, params: Mapping[str, Any], tags: Mapping[str, str], ctx: Context) -> str | None:
        """Start creating it, with the tags in the same call; return its immutable id if the reply contains it."""

    def delete(self, target: Mapping[str, Any], ctx: Context) -> None:
        """Start deleting it. `target` holds its identity and removal parameters (`final_snapshot`, `unprotect`, …)."""

    def in_the_way(self, seen: Observation, params: Mapping[str, Any]) -> str | None:
        """Why it cannot be deleted now; None if it can.

        `params`: its identity, the removal's parameters, and `needed`: names or ARNs that later steps create something
        from.
        """


class Right(Value):
    """An IAM permission that a kind or an action needs, for `runbook iam`.

    `on`: ARNs, in which `{partition}`, `{region}`, `{account}` and `{PARAMETER}` are replaced. `via`: the permission is
    needed only for requests that this service makes for us, as RDS does when it uses a key; `rds` means in the step's
    region, `rds.*` in any.
    """

    action: str  # "rds:DeleteDBCluster"
    verb: Literal["look", "create", "delete", "call"]
    on: tuple[str, ...] = ("*",)
    only_with: str = ""  # needed only if the step sets this parameter
    via: str = ""
    unknown: str = "*"  # stands for an ARN that is known only during the run
    tags: bool = False  # it sets the tags of the operation and of the runbook, and no others


@runtime_checkable
class Entitled(Protocol):
    """A kind that declares its permissions. For other kinds they are derived from the names of its `calls`."""

    rights: tuple[Right, ...]


@runtime_checkable
class Findable(Protocol):
    """A kind that can list the resources that operations have created, for `runbook orphans`."""

    def tagged(self, ctx: Context) -> Iterable[Observation]:
        """Every resource in the context's region and account that has the tag `runbook:operation`; without parts."""

    def by_hand(self, seen: Observation) -> str:
        """The AWS CLI command that deletes it; "" if it cannot be deleted on its own."""


class Blocker(Value):
    """Something that prevents a deletion. `passes`: it ends by itself, so that the removal waits for it."""

    reason: str
    passes: bool = False


@runtime_checkable
class Blockable(Protocol):
    """A kind whose deletion other resources may block, which take further reads to find."""

    def blocked_by(self, seen: Observation, params: Mapping[str, Any], ctx: Context) -> Blocker | None:
        """What prevents its deletion besides what `in_the_way` sees; `params` are as there.

        It is asked before the first part of the resource is deleted. Errors: as from `look`.
        """


class Action(Resources):
    """A function that a `call` names."""

    name: str
    doc: str
    facts: ActionFacts
    params: Mapping[str, Param]
    output: Mapping[str, Mapping[str, Any]]
    calls: Mapping[str, tuple[str, ...]]  # as a kind's
    errors: tuple[str, ...]  # names that it raises besides the codes of its calls, or that are worth a rescue
    run: Callable[[Mapping[str, Any], Context], Mapping[str, Any]]
    rights: tuple[Right, ...] = ()  # if they differ from the permissions named as its `calls`
    error_codes: str = ""  # a regular expression of the codes that a rescue can match besides, such as SQLSTATEs


class KnownError(Value):
    """The name of an error that a `rescue` can match: an error code of AWS, or a wider name that covers several codes.

    `calls` are the calls that can return it; None if any call can.
    """

    name: str
    category: str
    source: str
    calls: tuple[str, ...] | None = None
    also: tuple[str, ...] = ()  # wider names whose rescue matches it too
    meaning: str = ""  # what happened, where the name is this tool's or the SDK's


class Family(Protocol):
    """Kinds and actions that are built from their names, such as `aws.SERVICE.OPERATION`; None for an unknown name."""

    prefix: str  # "aws."

    def kind(self, name: str) -> ResourceKind | None: ...

    def action(self, name: str) -> Action | None: ...

    def similar(self, name: str) -> str | None:
        """The name of its action that was probably meant; None if none is near."""


@dataclass(slots=True, kw_only=True)
class Registry:
    """All kinds and actions by name; also the `Vocabulary` of the language. Registering a name twice is an error."""

    kinds: dict[str, ResourceKind] = dataclasses.field(default_factory=dict)
    actions: dict[str, Action] = dataclasses.field(default_factory=dict)
    families: dict[str, Family] = dataclasses.field(default_factory=dict)  # by prefix
    known_errors: Callable[[], Mapping[str, KnownError]] = dict  # every error by name
    regions: Callable[[str | None], frozenset[str]] = lambda _: frozenset()
    """The regions of a service, named as in `aws.SERVICE.…`, or all regions for None; empty if they are not known."""

    def kind(self, name: str) -> ResourceKind | None:
        """The kind of that name, registered or of a family; None if there is none."""
        found = self.kinds.get(name)
        family = self._family(name) if found is None else None
        return family.kind(name) if family is not None else found

    def action(self, name: str) -> Action | None:
        """The action of that name, registered or of a family; None if there is none."""
        found = self.actions.get(name)
        family = self._family(name) if found is None else None
        return family.action(name) if family is not None else found

    def _family(self, name: str) -> Family | None:
        return next((family for prefix, family in self.families.items() if name.startswith(prefix)), None)

    def add_kind(self, kind: ResourceKind) -> None:
        if kind.name in self.kinds:
            message = f"the kind {kind.name} is registered twice: two modules of kinds use this name"
            raise UsageError(message)
        self.kinds[kind.name] = kind

    def add_action(self, action: Action) -> None:
        if action.name in self.actions:
            message = f"the action {action.name} is registered twice: two modules of actions use this name"
            raise UsageError(message)
        self.actions[action.name] = action

    # The interface of `engine.language.vocabulary.Vocabulary`.

    def kind_facts(self, name: str) -> KindFacts | None:
        kind = self.kind(name)
        return kind.facts if kind is not None else None

    def action_facts(self, name: str) -> ActionFacts | None:
        action = self.action(name)
        return action.facts if action is not None else None

    def kind_names(self) -> list[str]:
        return sorted(self.kinds)

    def similar_action(self, name: str) -> str | None:
        """The action of a family that was probably meant."""
        return next((found for one in self.families.values() if (found := one.similar(name)) is not None), None)

    def action_names(self) -> list[str]:
        return sorted(self.actions)
