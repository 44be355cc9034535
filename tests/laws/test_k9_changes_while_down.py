"""K9, where the world goes on while nobody runs: what was finished, what has gone, whose names are taken; and cancels."""

from __future__ import annotations

import pytest

from tests.laws.end_state import end_of, judge, made_twice, not_in_the_ledger, told_of
from tests.laws.scenario_parts import CLUSTER, INSTANCE, INVISIBLE, RESTORE, SNAPSHOT, edited, swapped, vanishes
from tests.laws.scenario_run import Scene, Story, cancel, run
from tests.laws.world import Thing, World

WELL = Story(name="all goes well", text=RESTORE)
KEPT = Story(
    name="what is made is kept",
    text=edited(("    retry: slow\n    undo: delete\n\n  - id: network-check", "    retry: slow\n    undo: keep\n\n  - id: network-check")),
)  # fmt: skip
LATE = Story(name="everything made is invisible for a while", text=RESTORE, arrange=INVISIBLE)
KEPT_LATE = Story(name="what is made is kept, and invisible for a while", text=KEPT.text, arrange=INVISIBLE)


def points(story: Story) -> range:
    return range(1, Scene(story).tell().killer.count + 1)


def test_what_was_finished_while_nobody_ran_for_30_hours_is_finished() -> None:
    end = end_of(Scene(WELL).tell())
    for point in points(WELL):
        judge(Scene(WELL, [point], away=30 * 3600.0).tell(), end)


def swaps(world: World) -> None:
    """While the old cluster is there, it is swapped for another; once it has gone, somebody takes its name."""
    there = world.named(CLUSTER, "orders", "us-west-2")
    if there is None:
        world.put(CLUSTER, "orders", "us-west-2")
    elif there.by == "somebody":
        swapped(world)


@pytest.mark.parametrize("meanwhile", [vanishes, swaps])
def test_whatever_somebody_does_nothing_foreign_is_touched(meanwhile: object) -> None:
    unreached = 0
    for point in points(WELL):
        scene = Scene(WELL, [point], meanwhile=meanwhile)  # type: ignore[arg-type]
        scene.story = Story(name="", text=RESTORE, ends=("",))
        scene.tell()
        operation = scene.operation
        assert operation is not None
        assert operation.status in ("SUCCEEDED", "HELD"), (point, told_of(scene))
        unreached += operation.status == "HELD"
        meant = operation.targets["delete-rds"].id
        assert not [one for one in touched(scene) if one.id != meant], (point, told_of(scene))
        assert not not_in_the_ledger(scene), point
        there = {thing.id for thing in scene.world.things if thing.there(scene.world.now)}
        assert all(entry.id in there for entry in operation.ledger if entry.state == "delivered"), point
    assert unreached


def touched(scene: Scene) -> list[Thing]:
    """Things that this operation has deleted, and neither made nor were there when it began."""
    deleted = {act.id for act in scene.world.journal if act.verb == "delete" and act.kind == CLUSTER}
    return [thing for thing in scene.world.things if thing.id in deleted and not thing.by.startswith("op-001/")]


@pytest.mark.parametrize("story", [WELL, KEPT, LATE, KEPT_LATE], ids=str)
@pytest.mark.parametrize(
    ("undo", "past"), [(False, ()), (True, ()), (True, ("delete-rds",))], ids=["cancel", "undo", "past"]
)
def test_a_cancel_at_every_moment_leaves_nothing_that_the_ledger_does_not_name(
    story: Story, undo: bool, past: tuple[str, ...]
) -> None:
    for point in points(story):
        scene = Scene(story, [point])
        dies(scene)
        if scene.operation is None or scene.operation.ending is not None:
            continue
        cancel(undo=undo, past=past)(scene)
        operation = scene.operation
        assert operation.ended == "CANCELLED", (point, told_of(scene))
        scene.clock.sleep(600)
        assert not not_in_the_ledger(scene), (point, told_of(scene))
        assert not made_twice(scene)
        assert undo is False or not [entry for entry in operation.ledger if entry.state == "open"]
        copies = [act for act in scene.world.journal if act.kind == SNAPSHOT and act.verb == "delete"]
        archived = operation.steps.get("archive-snapshot") is not None
        assert archived or not copies or story not in (KEPT, KEPT_LATE), (point, "what is to be kept was deleted")
        if undo and past and story is not KEPT and story is not KEPT_LATE:
            assert not ours(scene), point


def ours(scene: Scene) -> list[str]:
    now = scene.world.now
    return [t.name for t in scene.world.things if t.by.startswith("op-001/") and t.there(now) and t.kind != INSTANCE]


def dies(scene: Scene) -> None:
    """The run is begun, and its process dies; nobody takes it up."""
    scene.go_on = lambda: None  # type: ignore[method-assign]
    run()(scene)
    del scene.go_on
