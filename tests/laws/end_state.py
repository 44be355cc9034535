"""The end state of a trial, and the check that it is the same as without crashes."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.kernel.codec import durable
from engine.runtime.load import load, replayed
from tests.laws.scenario_run import ID, Trial, describe

FOLDED = 7
"""The log of one in this number of killed trials is folded again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndState:
    """What is compared between two trials of one scenario."""

    status: str
    at: str
    things: tuple[tuple[str, str, str, str, bool], ...]
    made: tuple[tuple[str, str], ...] = field(default=())
    foreign_deleted: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    users: tuple[str, ...] = ()
    asked: frozenset[str] = frozenset()


def end_state(trial: Trial) -> EndState:
    operation, world = trial.operation, trial.world
    assert operation is not None
    now = world.now + 600
    things = [
        (t.kind, t.name, t.region, t.status(now), t.id in trial.before) for t in world.things if t.status(now) != "gone"
    ]
    made = [(act.kind, act.name) for act in world.journal if act.verb == "create"]
    deleted = {act.id for act in world.journal if act.verb == "delete" and act.id in trial.before}
    return EndState(
        status=operation.status, at=operation.hold.step if operation.hold is not None else "",
        things=tuple(sorted(things)), made=tuple(sorted(made)),
        foreign_deleted=frozenset(deleted), subjects=frozenset(str(m["subject"]) for m in world.messages),
        users=tuple(sorted(world.users)), asked=frozenset(key for key in world.asked if "sns" not in key and "/on_" not in key),
    )  # fmt: skip


def check_end(trial: Trial, undisturbed: EndState) -> None:
    """K9: the end state is the same as without crashes; K3 and K4 hold for what is stored."""
    end = end_state(trial)
    assert end.status == undisturbed.status, description(trial)
    assert end == undisturbed, description(trial)
    unnamed = not_in_ledger(trial)
    assert not unnamed, (unnamed, description(trial))
    twice = performed_twice(trial)
    assert not twice, twice
    if trial.kills == 0 or trial.killer.count % FOLDED == 0:
        check_log(trial)


def description(trial: Trial) -> str:
    operation = trial.operation
    assert operation is not None
    return describe(operation)


def performed_twice(trial: Trial) -> list[str]:
    """Keys of effects that were performed twice, as a create or as a call."""
    keys = [act.key for act in trial.world.journal if act.verb == "create"]
    once = [act.key for act in trial.world.journal if act.verb == "call" and act.kind == "test.once"]
    return [key for key in {*keys, *once} if (keys + once).count(key) > 1]


def not_in_ledger(trial: Trial) -> list[str]:
    """Existing resources that the operation created and that are not in its ledger."""
    operation = trial.operation
    assert operation is not None
    named = {entry.id for entry in operation.ledger if entry.state in ("open", "kept", "stuck", "delivered")}
    ours = [t for t in trial.world.things if t.id not in trial.before and t.by.startswith(f"{ID}/")]
    left = [t for t in ours if t.status(trial.world.now) not in ("gone", "deleting")]
    return [f"{t.kind} {t.name} {t.id}" for t in left if t.id not in named]


def check_log(trial: Trial) -> None:
    """K4: folding the events gives the stored state."""
    assert durable(replayed(trial.store, ID, trial.parse)) == durable(load(trial.store, ID, trial.parse).operation)
