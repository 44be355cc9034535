"""Stories that nobody wrote: a restore, or something like it, and up to three things that happen to it, by a seed.

A person resumes what is held, and gives it up with its undo if it still is; so every one of them comes to an end.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actions.sandbox import Fault as CallFault
from tests.crash.sandbox_run import RealScene
from tests.crash.sandbox_scenarios import REWIND
from tests.crash.sandbox_world import Outage
from tests.laws.failure_scenarios import NOTE, SWAP, THEN_FAILS
from tests.laws.scenario_parts import (
    BREAKS,
    BUSY,
    CAPACITY,
    CLUSTER,
    FAILS,
    GONE,
    HOLD,
    INSTANCE,
    INTERNAL,
    NO_NETWORK,
    RESTORE,
    SNAPSHOT,
    UNANSWERED,
    WITH_PAST,
    before,
    edited,
)
from tests.laws.scenario_run import Story, cancel, fault, is_walking, lives, problem, resume, run
from tests.laws.world import FOREVER

Arrange = Callable[[Any], None]

TEXTS = {
    "restore": RESTORE,
    "restore, with past": WITH_PAST,
    "restore, then fails": edited(before("archive-snapshot", THEN_FAILS), text=WITH_PAST),
    "restore, with an approval": edited(before("delete-rds", HOLD)),
    "restore, without a second try": edited(("    retry: slow\n    irreversible: true", "    irreversible: true")),
    "swap": SWAP % "",
    "swap, then fails": SWAP % THEN_FAILS,
    "rewind": REWIND % "",
    "rewind, then fails": REWIND % THEN_FAILS,
    "notes": NOTE % "test.note, repeatable: true",
}
MADE = (SNAPSHOT, CLUSTER, INSTANCE)
CALLS = ("postgres.setup_users", "sns.publish", "test.rename", "test.note", "aws.rds.modify_db_cluster")
REFUSALS = {SNAPSHOT: BUSY, CLUSTER: CAPACITY, INSTANCE: BUSY}


def _of_makes(rng: random.Random) -> Arrange:
    kind = rng.choice(MADE)
    how: dict[str, Any] = {"first": rng.randrange(2 if kind == INSTANCE else 1), "times": rng.choice((1, 1, 2, 4))}
    match rng.randrange(7):
        case 0:
            return fault(f"create {kind}", "lost", **how)
        case 1:
            return fault(f"create {kind}", "nothing", **how)
        case 2:
            return fault(
                f"create {kind}", NO_NETWORK if kind == CLUSTER and rng.randrange(2) else REFUSALS[kind], **how
            )
        case 3:
            return fault(f"create {kind}", "not_sent", **how)
        case 4:
            return fault(f"create {kind}", "invisible", seconds=rng.choice((20, 45, 55)), **how)
        case 5:
            return fault(f"create {kind}", INTERNAL, **how)
        case _:
            return lives(kind, *[_broken(kind)] * rng.choice((1, 2, 4)))


def _broken(kind: str) -> list[tuple[str, float]]:
    return {SNAPSHOT: FAILS, INSTANCE: BREAKS}.get(kind, [("creating", 60), ("failed", FOREVER)])


def _of_removals(rng: random.Random) -> Arrange:
    kind = rng.choice(MADE)
    how: dict[str, Any] = {"first": rng.randrange(2 if kind == INSTANCE else 1), "times": rng.choice((1, 1, 2, 4))}
    match rng.randrange(6):
        case 0 | 1:
            return fault(f"delete {kind}", rng.choice(("lost", "nothing")), **how)
        case 2:
            return fault(f"delete {kind}", BUSY, **how)
        case 3:
            return fault(f"delete {kind}", "not_sent", **how)
        case 4:
            return fault(f"delete {kind}", GONE, **how)
        case _:
            return fault(f"delete {kind}", "stale", seconds=rng.choice((20, 40, 55)), **how)


def _of_looks(rng: random.Random) -> Arrange:
    return fault(
        f"look {rng.choice(MADE)}",
        rng.choice((INTERNAL, "not_sent")),
        first=rng.randrange(8),
        times=rng.randrange(1, 5),
    )


def _of_calls(rng: random.Random) -> Arrange:
    name = rng.choice(CALLS)
    do: Any = rng.choice(("lost", "nothing", "not_sent", "refused"))
    refusal = {"postgres.setup_users": UNANSWERED, "sns.publish": problem("AuthorizationError", "denied")}
    if do == "refused":
        do = refusal.get(name, BUSY)
    return fault(f"call {name}", do, first=rng.randrange(2), times=rng.choice((1, 1, 2)))


READS = ("rds.Describe*", "rds.DescribeDBInstances", "ec2.*", "ssm.*", "secretsmanager.*")


def _of_reads(rng: random.Random) -> Arrange:
    """Of single calls that read, wherever they are made: before record 1, in a create, in a proof."""
    kind = rng.choice(("throttle", "server_error", "unsent", "lost_unperformed"))
    met = CallFault(kind=kind, call=rng.choice(READS), nth=rng.randrange(1, 40), times=rng.randrange(1, 4))
    return lambda world: world.sandbox.fault(met)


def _of_credentials(rng: random.Random) -> Arrange:
    on = rng.choice(("look", "create", "delete", "call"))
    # `test.note` is a service of nobody's: that its credentials are over is an error like any other
    what = rng.choice([name for name in CALLS if name != "test.note"] if on == "call" else MADE)
    return fault(f"{on} {what}", "not_sent", first=rng.randrange(3), category="credentials")


def _of_the_store(rng: random.Random) -> Arrange:
    outage = (rng.randrange(1, 60), rng.choice((0.0, 0.0, 10.0, 200.0, 1500.0)))
    return lambda world: world.outages.append(Outage(*outage))


HAPPENS = (
    _of_makes,
    _of_makes,
    _of_makes,
    _of_removals,
    _of_removals,
    _of_looks,
    _of_reads,
    _of_calls,
    _of_credentials,
    _of_the_store,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A story, and where in it processes die, as parts of the way."""

    story: Story
    deaths: tuple[float, ...]

    def __str__(self) -> str:
        return f"{self.story.name}, {len(self.deaths)} deaths"


def generated(seed: int) -> Generated:
    """Up to three things: faults first, deaths for the rest."""
    rng = random.Random(seed)
    name = rng.choice(list(TEXTS))
    faults = rng.choice((0, 1, 1, 1, 2, 2, 3))
    arrange = tuple(rng.choice(HAPPENS)(rng) for _ in range(faults))
    deaths = tuple(sorted(rng.random() for _ in range(rng.randrange(1, 4 - faults)))) if faults < 3 else ()
    story = Story(name=f"{seed}: {name}", text=TEXTS[name], arrange=arrange, acts=(run(), finish), ends=())
    return Generated(story=story, deaths=deaths)


def finish(scene: Any) -> None:
    """What a person does, until it has ended."""
    for act in (resume(), resume(), cancel(undo=True, past=("delete-rds",))):
        _goes_on(scene)
        operation = scene.operation
        if operation is None or operation.ended:
            return
        _typed(scene, act)
    _goes_on(scene)


def _typed(scene: RealScene, act: Callable[[Any], None]) -> None:
    """A word of which nothing was written, for the store was away, is typed again."""
    before = scene.writes
    for _ in range(20):
        act(scene)
        if scene.writes != before:
            return
    raise AssertionError(scene.stopped)


def _goes_on(scene: RealScene) -> None:
    for _ in range(20):
        if not is_walking(scene.operation):
            return
        scene.go_on()
    raise AssertionError(scene.stopped)
