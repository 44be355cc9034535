"""What is told to be typed next works: a restart that it names is taken, and finds what its steps require."""

from __future__ import annotations

import re

import pytest

from engine.kernel.decide.notices import standard_text
from engine.reports.status import status_document
from tests.laws.end_state import told_of
from tests.laws.scenario_parts import (
    CAPACITY,
    CLUSTER,
    FAILS,
    HOLD,
    RESTORE,
    SNAPSHOT,
    UNANSWERED,
    WITH_PAST,
    before,
    edited,
)
from tests.laws.scenario_run import Scene, Story, cancel, cleanup, fault, lives, restart, run
from tests.laws.test_k9_changes_while_down import WELL, dies, points
from tests.laws.world import World

NAMED = re.compile(r"runbook restart op-001 --from ([a-z-]+)")
TIMES_OUT = fault("call postgres.setup_users", UNANSWERED, times=4)
FULL = fault(f"create {CLUSTER}", CAPACITY, times=4)


def no_network(world: World) -> None:
    world.broken_checks.add("ec2.network")


def named(scene: Scene) -> str:
    """The step that every text names."""
    operation, runbook = scene.operation, scene.parse(scene.story.text)
    assert operation is not None
    texts = [str(status_document(operation, runbook)["next"]), standard_text(operation, runbook)]
    (step,) = {step for text in texts for step in NAMED.findall(text)}
    return step


def goes_well(scene: Scene, step: str) -> None:
    """The restart is taken, and what its steps require is there."""
    scene.stopped = ""
    scene.world.broken_checks.clear()
    restart(step)(scene)
    operation = scene.operation
    assert operation is not None
    assert not scene.stopped, scene.stopped
    assert operation.status == "SUCCEEDED", (step, told_of(scene))


@pytest.mark.parametrize(
    ("undo", "past"), [(False, ()), (True, ()), (True, ("delete-rds",))], ids=["cancel", "undo", "past"]
)
def test_after_a_cancel_at_every_moment(undo: bool, past: tuple[str, ...]) -> None:
    for point in points(WELL):
        scene = Scene(WELL, [point])
        dies(scene)
        if scene.operation is None or scene.operation.ending is not None:
            continue
        cancel(undo=undo, past=past)(scene)
        goes_well(scene, named(scene))


@pytest.mark.parametrize(
    ("story", "step"),
    [
        (Story(name="the copy fails for ever", text=RESTORE, arrange=(lives(SNAPSHOT, *[FAILS] * 4),)), "copy-snapshot"),
        (Story(name="the restore is refused, and all is taken back", text=WITH_PAST, arrange=(FULL,)), "copy-snapshot"),
        (Story(name="the restore is refused, and it is cancelled", text=RESTORE, arrange=(FULL,),
               acts=(run(), cancel())), "restore-snapshot"),
        (Story(name="it is cancelled at a check, and the copy is taken back, which a later step requires", text=RESTORE,
               arrange=(no_network,), acts=(run(), cancel(undo=True))), "copy-snapshot"),
        (Story(name="cancelled, then cleaned up", text=RESTORE, arrange=(TIMES_OUT,),
               acts=(run(), cancel(), cleanup(("delete-rds",)))), "copy-snapshot"),
        (Story(name="what is past is kept", text=RESTORE, arrange=(TIMES_OUT,), acts=(run(), cancel(undo=True))),
         "setup-db-users"),
        (Story(name="what was archived is not required any more", text=edited(("outputs:", f"{HOLD}outputs:")),
               acts=(run(), cancel(undo=True))), "approval"),
        (Story(name="the first step fails", text=edited(before("snapshot-check", "  - {id: no, fail: no}\n"))), "no"),
    ],
    ids=str,
)  # fmt: skip
def test_it_is_the_latest_that_can_go_well(story: Story, step: str) -> None:
    scene = Scene(Story(name=story.name, text=story.text, arrange=story.arrange, acts=story.acts, ends=())).tell()
    assert named(scene) == step
    if step not in ("no", "approval"):
        goes_well(scene, step)
