"""The judgement of a telling over the sandbox: what the laws judge, and what only the real actions can get wrong.

Fails on a thing made twice, a foreign thing touched, a thing left that the ledger does not name, a history that does not
fold or whose chain is broken, an end that differs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.stores.port import verify
from tests.crash.effect_faults import MAKES
from tests.crash.sandbox_run import RealScene
from tests.laws import end_state as laws
from tests.laws.end_state import End
from tests.laws.scenario_run import ID


@dataclass(frozen=True, slots=True, kw_only=True)
class RealEnd:
    """What there is to compare of two tellings."""

    end: End
    foreign: frozenset[tuple[str, str]]  # what was changed of that which was there before: call and thing


def end_of(scene: RealScene) -> RealEnd:
    return RealEnd(end=laws.end_of(scene), foreign=frozenset(touched(scene)))


def touched(scene: RealScene) -> set[tuple[str, str]]:
    """Every call that has changed something of RDS that no effect of ours made."""
    ours = {thing.resource.id for thing in scene.world.things if thing.by.startswith(f"{ID}/")}
    return {
        (call.name, call.resource)
        for call in scene.world.sandbox.journal
        if call.service == "rds" and call.changes and call.performed and call.name not in MAKES
        if call.resource.rpartition("#")[2] not in ours
    }


def without_keys(told: RealEnd) -> RealEnd:
    """For stories in which a death spares an attempt: what a living runner has used up, a dead one has not."""
    return replace(told, end=replace(told.end, asked=frozenset()))


def judge(scene: RealScene, undisturbed: RealEnd) -> None:
    """K9: the world ends as without crashes."""
    found = end_of(scene)
    if not undisturbed.end.asked:
        found = without_keys(found)
    foreign = found.foreign - undisturbed.foreign
    assert not foreign, f"a foreign thing was touched: {sorted(foreign)}; {laws.told_of(scene)}"
    keeps_the_laws(scene)
    assert found == undisturbed, f"another end: {differences(found, undisturbed)}; {laws.told_of(scene)}"


def keeps_the_laws(scene: RealScene, *, destroyed: str = "-") -> None:
    """Whatever the end: nothing twice, nothing unnamed, and the history stands.

    What somebody has destroyed before it was seen is made again, and rightly; `destroyed` is how its key begins.
    """
    twice = [key for key in laws.made_twice(scene) if not key.startswith(destroyed)]
    assert not twice, f"made twice: {twice}"
    unnamed = laws.not_in_the_ledger(scene)
    assert not unnamed, f"the ledger does not name {unnamed}; {laws.told_of(scene)}"
    laws.folds(scene)
    broken = verify(scene.store.records(ID))
    assert broken is None, broken


def differences(one: RealEnd, other: RealEnd) -> list[str]:
    """In a line each, for whoever has to find out."""
    lines = [] if one.foreign == other.foreign else [f"foreign: {sorted(one.foreign ^ other.foreign)}"]
    for name in End.__slots__:
        here, there = getattr(one.end, name), getattr(other.end, name)
        if here != there:
            lines.append(f"{name}: {here} instead of {there}")
    return lines
