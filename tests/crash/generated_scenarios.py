"""Random scenarios from a seed: a restore or a similar runbook, and up to three faults or kills.

A person resumes a held operation, and cancels it with undo if it holds again, so that every scenario ends.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actions.sandbox import Fault as CallFault
from tests.crash.sandbox_run import SandboxTrial
from tests.crash.sandbox_scenarios import REWIND
from tests.crash.sandbox_world import Outage
from tests.laws.failure_scenarios import NOTE, SWAP, THEN_FAILS
from tests.laws.scenario_parts import (
    BUSY,
    CAPACITY,
    CLUSTER,
    COPY_FAILS,
    CREATE_FAILS,
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
from tests.laws.scenario_run import Scenario, cancel, fault, is_unfinished, lifecycles, problem, resume, run
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
KINDS = (SNAPSHOT, CLUSTER, INSTANCE)
CALLS = ("postgres.setup_users", "sns.publish", "test.rename", "test.note", "aws.rds.modify_db_cluster")
REFUSALS = {SNAPSHOT: BUSY, CLUSTER: CAPACITY, INSTANCE: BUSY}


def _create_fault(rng: random.Random) -> Arrange:
    kind = rng.choice(KINDS)
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
            return lifecycles(kind, *[_failing(kind)] * rng.choice((1, 2, 4)))


def _failing(kind: str) -> list[tuple[str, float]]:
    return {SNAPSHOT: COPY_FAILS, INSTANCE: CREATE_FAILS}.get(kind, [("creating", 60), ("failed", FOREVER)])


def _delete_fault(rng: random.Random) -> Arrange:
    kind = rng.choice(KINDS)
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


def _look_fault(rng: random.Random) -> Arrange:
    return fault(
        f"look {rng.choice(KINDS)}",
        rng.choice((INTERNAL, "not_sent")),
        first=rng.randrange(8),
        times=rng.randrange(1, 5),
    )


def _call_fault(rng: random.Random) -> Arrange:
    name = rng.choice(CALLS)
    do: Any = rng.choice(("lost", "nothing", "not_sent", "refused"))
    refusal = {"postgres.setup_users": UNANSWERED, "sns.publish": problem("AuthorizationError", "denied")}
    if do == "refused":
        do = refusal.get(name, BUSY)
    return fault(f"call {name}", do, first=rng.randrange(2), times=rng.choice((1, 1, 2)))


READS = ("rds.Describe*", "rds.DescribeDBInstances", "ec2.*", "ssm.*", "secretsmanager.*")


def _read_fault(rng: random.Random) -> Arrange:
    """A fault of single reading calls, wherever they are made: before the first record, in a create, in a check."""
    kind = rng.choice(("throttle", "server_error", "unsent", "lost_unperformed"))
    met = CallFault(kind=kind, call=rng.choice(READS), nth=rng.randrange(1, 40), times=rng.randrange(1, 4))
    return lambda world: world.sandbox.fault(met)


def _expired_credentials(rng: random.Random) -> Arrange:
    on = rng.choice(("look", "create", "delete", "call"))
    # `test.note` calls a made-up service: its credentials cannot expire
    what = rng.choice([name for name in CALLS if name != "test.note"] if on == "call" else KINDS)
    return fault(f"{on} {what}", "not_sent", first=rng.randrange(3), category="credentials")


def _store_outage(rng: random.Random) -> Arrange:
    outage = (rng.randrange(1, 60), rng.choice((0.0, 0.0, 10.0, 200.0, 1500.0)))
    return lambda world: world.outages.append(Outage(*outage))


FAULTS = (
    _create_fault,
    _create_fault,
    _create_fault,
    _delete_fault,
    _delete_fault,
    _look_fault,
    _read_fault,
    _call_fault,
    _expired_credentials,
    _store_outage,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedScenario:
    """A scenario, and where its process is killed: as fractions of its points."""

    scenario: Scenario
    kills: tuple[float, ...]

    def __str__(self) -> str:
        return f"{self.scenario.name}, {len(self.kills)} deaths"


def generated(seed: int) -> GeneratedScenario:
    """The scenario of a seed: up to three faults, and kills for the rest of the three."""
    rng = random.Random(seed)
    name = rng.choice(list(TEXTS))
    faults = rng.choice((0, 1, 1, 1, 2, 2, 3))
    arrange = tuple(rng.choice(FAULTS)(rng) for _ in range(faults))
    kills = tuple(sorted(rng.random() for _ in range(rng.randrange(1, 4 - faults)))) if faults < 3 else ()
    scenario = Scenario(name=f"{seed}: {name}", text=TEXTS[name], arrange=arrange, acts=(run(), finish), ends=())
    return GeneratedScenario(scenario=scenario, kills=kills)


def finish(trial: Any) -> None:
    """What a person does until the operation has ended."""
    for act in (resume(), resume(), cancel(undo=True, past=("delete-rds",))):
        _resume_until_halt(trial)
        operation = trial.operation
        if operation is None or operation.ended:
            return
        _enter(trial, act)
    _resume_until_halt(trial)


def _enter(trial: SandboxTrial, act: Callable[[Any], None]) -> None:
    """Repeat a command of which nothing was written, because the store was unavailable."""
    before = trial.writes
    for _ in range(20):
        act(trial)
        if trial.writes != before:
            return
    raise AssertionError(trial.stopped)


def _resume_until_halt(trial: SandboxTrial) -> None:
    for _ in range(20):
        if not is_unfinished(trial.operation):
            return
        trial.resume_until_halt()
    raise AssertionError(trial.stopped)
