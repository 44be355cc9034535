"""The judgement of a telling: has the world ended as it does when nothing disturbs the story?"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.kernel.codec import durable
from engine.runtime.load import load, replayed
from tests.laws.scenario_run import ID, Scene, told

FOLDED = 7
"""Of so many killed scenes, the log of one is folded anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What there is to compare of two tellings of one story."""

    status: str
    at: str
    things: tuple[tuple[str, str, str, str, bool], ...]
    made: tuple[tuple[str, str], ...] = field(default=())
    foreign_deleted: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    users: tuple[str, ...] = ()
    asked: frozenset[str] = frozenset()


def end_of(scene: Scene) -> End:
    operation, world = scene.operation, scene.world
    assert operation is not None
    now = world.now + 600
    things = [
        (t.kind, t.name, t.region, t.status(now), t.id in scene.before) for t in world.things if t.status(now) != "gone"
    ]
    made = [(act.kind, act.name) for act in world.journal if act.verb == "create"]
    deleted = {act.id for act in world.journal if act.verb == "delete" and act.id in scene.before}
    return End(
        status=operation.status, at=operation.hold.step if operation.hold is not None else "",
        things=tuple(sorted(things)), made=tuple(sorted(made)),
        foreign_deleted=frozenset(deleted), subjects=frozenset(str(m["subject"]) for m in world.messages),
        users=tuple(sorted(world.users)), asked=frozenset(key for key in world.asked if "sns" not in key and "/on_" not in key),
    )  # fmt: skip


def judge(scene: Scene, undisturbed: End) -> None:
    """K9: the world ends as without crashes; K3 and K4 of what is stored."""
    end = end_of(scene)
    assert end.status == undisturbed.status, told_of(scene)
    assert end == undisturbed, told_of(scene)
    unnamed = not_in_the_ledger(scene)
    assert not unnamed, (unnamed, told_of(scene))
    twice = made_twice(scene)
    assert not twice, twice
    if scene.deaths == 0 or scene.killer.count % FOLDED == 0:
        folds(scene)


def told_of(scene: Scene) -> str:
    operation = scene.operation
    assert operation is not None
    return told(operation)


def made_twice(scene: Scene) -> list[str]:
    """Effects that were performed twice: two creates, or two calls, of one key."""
    keys = [act.key for act in scene.world.journal if act.verb == "create"]
    once = [act.key for act in scene.world.journal if act.verb == "call" and act.kind == "test.once"]
    return [key for key in {*keys, *once} if (keys + once).count(key) > 1]


def not_in_the_ledger(scene: Scene) -> list[str]:
    """What the operation made, is there, and no line of the ledger names."""
    operation = scene.operation
    assert operation is not None
    named = {entry.id for entry in operation.ledger if entry.state in ("open", "kept", "stuck", "delivered")}
    ours = [t for t in scene.world.things if t.id not in scene.before and t.by.startswith(f"{ID}/")]
    left = [t for t in ours if t.status(scene.world.now) not in ("gone", "deleting")]
    return [f"{t.kind} {t.name} {t.id}" for t in left if t.id not in named]


def folds(scene: Scene) -> None:
    """K4: folding the events gives the stored state."""
    assert durable(replayed(scene.store, ID, scene.parse)) == durable(load(scene.store, ID, scene.parse).operation)
