"""Where `runbook orphans` looks, as whom, and what it finds there. Writes nothing, in the store or in the world.

Places are those that somebody names, else those of the operations in the store and of a runbook. In the sandbox each
operation has a world of its own, and is looked for there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from engine.cli.context import Surroundings, default_region, world_file
from engine.clock import Clock, SystemClock
from engine.errors import EffectFailed, EffectNotSent, EffectUnknown, ExpressionError, RunbookError, UsageError
from engine.kernel import Operation
from engine.kernel.rendering import Names, place
from engine.language.model import Account, Ensure, Runbook
from engine.registry import Context
from engine.reports.orphans import Judged, Place, Thing, judged, things
from engine.runtime.load import Loaded, is_an_id, load
from engine.values import changed

Clients = Callable[..., Any]
TROUBLE: Final = (EffectFailed, EffectNotSent, EffectUnknown, RunbookError)


@dataclass(slots=True)
class Scan:
    """What was found, and where nothing could be found out."""

    now: float = 0.0
    places: list[Place] = field(default_factory=list)
    found: list[Judged] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def of(self, *verdicts: str) -> list[Judged]:
        """Those with one of these verdicts."""
        return [one for one in self.found if one.verdict in verdicts]


def scanned(here: Surroundings, regions: list[str], runbook: Runbook | None) -> Scan:
    """Everything that bears the tags of an operation, with what the log says of it. UsageError where there is no region."""
    scan = Scan(now=SystemClock().now())
    operations = list(_operations(here, scan))
    found: dict[tuple[str, str], Thing] = {}
    if here.options.sandbox:
        _of_the_sandbox(here, operations, regions, scan, found)
    else:
        scan.places = _places(here, operations, regions, runbook)
        clients = _clients(here, scan.places)
        for one in scan.places:
            _look(here, one, clients, SystemClock(), scan, found)
    owners: dict[str, Operation | None] = {}
    for thing in sorted(found.values(), key=lambda one: one.order):
        _judge(here, thing, scan, owners)
    return scan


def _judge(here: Surroundings, thing: Thing, scan: Scan, owners: dict[str, Operation | None]) -> None:
    """After the look: what an operation makes meanwhile is in its ledger before it is in the world."""
    id = thing.operation
    try:
        if id not in owners:
            owners[id] = load(here.store, id, here.parse).operation if is_an_id(id) and _is_there(here, id) else None
        scan.found.append(judged(thing, owners[id], here.store.name))
    except RunbookError as error:
        scan.troubles.append(f"{thing.kind} {thing.name} is left alone: {error}")


def _is_there(here: Surroundings, id: str) -> bool:
    return here.pretends(id) is bool(here.options.sandbox)


def _operations(here: Surroundings, scan: Scan) -> Iterator[Loaded]:
    """Those of this store that belong to this world, as far as they can be read."""
    for head in here.store.heads():
        try:
            if _is_there(here, head.operation):
                yield load(here.store, head.operation, here.parse)
        except RunbookError as error:
            scan.troubles.append(f"operation {head.operation} cannot be read: {error}")


# -- the world -----------------------------------------------------------------------------------------------


def _look(
    here: Surroundings, one: Place, clients: Clients, clock: Clock, scan: Scan, found: dict[tuple[str, str], Thing]
) -> None:
    """Twice the same place, under two names, is once the same thing."""
    from actions.network import SystemNetwork

    context = Context(
        region=one.region, account=one.account.id if one.account is not None else None, clients=clients, secret=_none,
        network=SystemNetwork(), now=clock.now,
    )  # fmt: skip
    try:
        for thing in things(here.registry.kinds.values(), one, context, clock.sleep):
            found.setdefault((thing.kind, thing.arn or thing.id), thing)
    except TROUBLE as error:
        scan.troubles.append(f"{one} cannot be looked at: {error}")


def _none(_: Any) -> Any:
    message = "a listing needs no secret"
    raise AssertionError(message)


def _of_the_sandbox(
    here: Surroundings, operations: list[Loaded], regions: list[str], scan: Scan, found: dict[tuple[str, str], Thing]
) -> None:
    for one in operations:
        file = world_file(here.store.name, one.operation.id)
        if file is None or not file.exists():
            continue  # its world is gone, and all that was in it
        engine = here.composed(one.runbook, one.operation.id, begins=False)
        its = _distinct(_of_operation(one))
        for at in _named(regions, its) or its:
            if at not in scan.places:
                scan.places.append(at)
            _look(here, at, engine.world.clients, engine.clock, scan, found)
        scan.now = engine.clock.now()


def _clients(here: Surroundings, places: Iterable[Place]) -> Clients:
    """Accounts by their ids: two runbooks may call two accounts by one name."""
    from actions.aws.sessions import Sessions

    accounts = {one.account.id: changed(one.account, name=one.account.id) for one in places if one.account is not None}
    sessions = Sessions(**here.session_words, accounts=accounts)
    return sessions.clients


# -- places --------------------------------------------------------------------------------------------------


def _places(here: Surroundings, operations: list[Loaded], regions: list[str], runbook: Runbook | None) -> list[Place]:
    own = default_region(here.options)
    known = [place for one in operations for place in _of_operation(one)]
    known += list(_of_runbook(runbook, own)) if runbook is not None else []
    known += [Place(region=own)] if own else []
    found = _distinct(_named(regions, known) if regions else known)
    if not found:
        message = "no operation and no runbook says where to look: add --region NAME"
        raise UsageError(message)
    return found


def _named(regions: list[str], known: Iterable[Place]) -> list[Place]:
    """Each region that was named, in each account that is known."""
    accounts = [None, *(one.account for one in known if one.account is not None)]
    return _distinct(Place(region=region, account=account) for region in regions for account in accounts)


def _distinct(places: Iterable[Place]) -> list[Place]:
    return list({one.key: one for one in places}.values())


def _of_operation(one: Loaded) -> Iterator[Place]:
    """Where it has made something, or would have."""
    operation, runbook = one.operation, one.runbook
    for entry in operation.ledger:
        yield Place(region=entry.region, account=_account(runbook, entry.account))
    for record in operation.steps.values():
        if record.region:
            yield Place(region=record.region, account=_account(runbook, record.account))
    if operation.region:
        yield Place(region=operation.region, account=_account(runbook, runbook.account))


def _of_runbook(runbook: Runbook, own: str) -> Iterator[Place]:
    """Where it makes things, as far as defaults say."""
    inputs = {name: one.default for name, one in runbook.inputs.items() if not one.required}
    bare = Operation(id="orphans", runbook=runbook.name, digest=runbook.digest, started=0.0, region=own, inputs=inputs)
    for step in runbook.index.values():
        if not isinstance(step.body, Ensure):
            continue
        try:
            region, account = place(runbook, bare, step, lambda: Names(runbook, bare))
        except ExpressionError:
            continue
        if region:
            yield Place(region=region, account=_account(runbook, account))


def _account(runbook: Runbook, name: str | None) -> Account | None:
    if name is None:
        return None
    return runbook.accounts.get(name) or next((one for one in runbook.accounts.values() if one.id == name), None)
