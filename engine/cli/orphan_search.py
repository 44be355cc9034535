"""The search of `runbook orphans`: which regions and accounts it looks in, and what it finds. Writes nothing.

The places are those that `--region` names, else those of the operations in the store and of a runbook. In the sandbox
each operation has a world of its own, which is searched for that operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from engine.cli.context import CommandContext, default_region, world_file
from engine.clock import Clock, SystemClock
from engine.errors import EffectFailed, EffectNotSent, EffectUnknown, ExpressionError, RunbookError, UsageError
from engine.kernel import Operation
from engine.kernel.rendering import Names, place
from engine.language.model import Account, Ensure, Runbook
from engine.registry import Context
from engine.reports.orphans import Assessment, Place, TaggedResource, assess, tagged_resources
from engine.runtime.load import Loaded, is_operation_id, load
from engine.values import changed

Clients = Callable[..., Any]
SEARCH_ERRORS: Final = (EffectFailed, EffectNotSent, EffectUnknown, RunbookError)


@dataclass(slots=True)
class OrphanSearch:
    """One search. Afterwards it has the places searched, the tagged resources found, and what could not be read."""

    context: CommandContext
    now: float = field(default_factory=lambda: SystemClock().now())
    places: list[Place] = field(default_factory=list)
    found: list[Assessment] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    _resources: dict[tuple[str, str], TaggedResource] = field(default_factory=dict)  # by kind and ARN or id
    _store_id: str = ""
    _owners: dict[str, Operation | None] = field(default_factory=dict)  # by operation id; None: not in this store

    def run(self, regions: list[str], runbook: Runbook | None) -> None:
        """Search, and judge what was found by its log. UsageError where there is no region to search.

        The log is read after the search: a resource is in the ledger before it is created, so none is misjudged.
        """
        self._store_id = self.context.store.store_id(create=False)
        operations = list(self._operations())
        if self.context.options.sandbox:
            self._search_sandboxes(operations, regions)
        else:
            from actions.aws.sessions import Sessions

            self.places = _places(self.context, operations, regions, runbook)
            # by id, because two runbooks may give one name to two accounts
            accounts = {one.account.id: changed(one.account, name=one.account.id) for one in self.places if one.account}
            sessions = Sessions(**self.context.session_options, accounts=accounts)
            for place in self.places:
                self._search_place(place, sessions.clients, SystemClock())
        for resource in sorted(self._resources.values(), key=lambda one: one.order):
            self._judge(resource)

    def with_verdict(self, *verdicts: str) -> list[Assessment]:
        """The resources with one of these verdicts."""
        return [one for one in self.found if one.verdict in verdicts]

    def _operations(self) -> Iterator[Loaded]:
        """The operations in the store that belong to this world and can be read."""
        context = self.context
        for head in context.store.heads():
            try:
                if self._is_of_this_world(head.operation):
                    yield load(context.store, head.operation, context.parse)
            except RunbookError as error:
                self.troubles.append(f"operation {head.operation} cannot be read: {error}")

    def _is_of_this_world(self, id: str) -> bool:
        return self.context.is_sandboxed(id) is bool(self.context.options.sandbox)

    def _judge(self, resource: TaggedResource) -> None:
        context, id = self.context, resource.operation
        try:
            if id not in self._owners:
                is_known = is_operation_id(id) and self._is_of_this_world(id)
                self._owners[id] = load(context.store, id, context.parse).operation if is_known else None
            self.found.append(assess(resource, self._owners[id], context.store.name, self._store_id))
        except RunbookError as error:
            self.troubles.append(f"skipped {resource.kind} {resource.name}: {error}")

    def _search_place(self, place: Place, clients: Clients, clock: Clock) -> None:
        """Two names of one place find the same resources, which are kept once."""
        from actions.network import SystemNetwork

        account = place.account.id if place.account is not None else None
        kind_context = Context(
            region=place.region, account=account, clients=clients, secret=_no_secret, network=SystemNetwork(),
            now=clock.now,
        )  # fmt: skip
        try:
            for resource in tagged_resources(self.context.registry.kinds.values(), place, kind_context, clock.sleep):
                self._resources.setdefault((resource.kind, resource.arn or resource.id), resource)
        except SEARCH_ERRORS as error:
            self.troubles.append(f"cannot search {place}: {error}")

    def _search_sandboxes(self, operations: list[Loaded], regions: list[str]) -> None:
        """Each operation has a world of its own."""
        for one in operations:
            file = world_file(self.context.store.name, one.operation.id)
            if file is None or not file.exists():
                continue  # the world was deleted with everything in it
            engine = self.context.build_engine(one.runbook, one.operation.id, is_new=False)
            own_places = _distinct(_places_of_operation(one))
            for at in _places_in_regions(regions, own_places) or own_places:
                if at not in self.places:
                    self.places.append(at)
                self._search_place(at, engine.world.clients, engine.clock)
            self.now = engine.clock.now()


def _no_secret(_: Any) -> Any:
    raise AssertionError("listing resources needs no secret")


# -- places --------------------------------------------------------------------------------------------------


def _places(
    context: CommandContext, operations: list[Loaded], regions: list[str], runbook: Runbook | None
) -> list[Place]:  # fmt: skip
    region = default_region(context.options)
    known = [place for one in operations for place in _places_of_operation(one)]
    known += list(_places_of_runbook(runbook, region)) if runbook is not None else []
    known += [Place(region=region)] if region else []
    places = _distinct(_places_in_regions(regions, known) if regions else known)
    if not places:
        raise UsageError(
            "no region to search: the store has no operations, and no default region is set; add --region NAME"
        )
    return places


def _places_in_regions(regions: list[str], known: Iterable[Place]) -> list[Place]:
    """Each of the regions, in each known account."""
    accounts = [None, *(one.account for one in known if one.account is not None)]
    return _distinct(Place(region=region, account=account) for region in regions for account in accounts)


def _distinct(places: Iterable[Place]) -> list[Place]:
    return list({one.key: one for one in places}.values())


def _places_of_operation(loaded: Loaded) -> Iterator[Place]:
    """Where the operation created something, or was about to."""
    operation, runbook = loaded.operation, loaded.runbook
    for entry in operation.ledger:
        yield Place(region=entry.region, account=_account(runbook, entry.account))
    for record in operation.steps.values():
        if record.region:
            yield Place(region=record.region, account=_account(runbook, record.account))
    if operation.region:
        yield Place(region=operation.region, account=_account(runbook, runbook.account))


def _places_of_runbook(runbook: Runbook, region: str) -> Iterator[Place]:
    """Where the runbook creates resources, as far as the defaults of its inputs tell."""
    inputs = {name: one.default for name, one in runbook.inputs.items() if not one.required}
    empty = Operation(
        id="orphans", runbook=runbook.name, digest=runbook.digest, started=0.0, region=region, inputs=inputs
    )  # fmt: skip
    for step in runbook.index.values():
        if not isinstance(step.body, Ensure):
            continue
        try:
            step_region, account = place(runbook, empty, step, lambda: Names(runbook, empty))
        except ExpressionError:
            continue
        if step_region:
            yield Place(region=step_region, account=_account(runbook, account))


def _account(runbook: Runbook, name: str | None) -> Account | None:
    if name is None:
        return None
    return runbook.accounts.get(name) or next((one for one in runbook.accounts.values() if one.id == name), None)
