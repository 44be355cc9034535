"""The check of a trial over the sandbox: what the laws check, and what only the real actions can get wrong.

It fails if a resource is created twice, a foreign resource is changed, a resource is left that is not in the ledger, the
history does not fold, its chain is broken, or the end state differs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.stores.port import verify
from tests.crash.effect_faults import CREATES
from tests.crash.sandbox_run import SandboxTrial
from tests.laws import end_state as laws
from tests.laws.end_state import EndState
from tests.laws.scenario_run import ID


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxEndState:
    """What is compared between two trials."""

    end: EndState
    foreign: frozenset[tuple[str, str]]  # changes to resources of others: call and resource


def end_state(trial: SandboxTrial) -> SandboxEndState:
    return SandboxEndState(end=laws.end_state(trial), foreign=frozenset(foreign_changes(trial)))


def foreign_changes(trial: SandboxTrial) -> set[tuple[str, str]]:
    """Every call that has changed an RDS resource that this operation did not create."""
    ours = {thing.resource.id for thing in trial.world.things if thing.by.startswith(f"{ID}/")}
    return {
        (call.name, call.resource)
        for call in trial.world.sandbox.journal
        if call.service == "rds" and call.changes and call.performed and call.name not in CREATES
        if call.resource.rpartition("#")[2] not in ours
    }


def without_requested(end: SandboxEndState) -> SandboxEndState:
    """Without the requested effects, for scenarios in which a kill saves an attempt that a live runner uses up."""
    return replace(end, end=replace(end.end, asked=frozenset()))


def check_end(trial: SandboxTrial, undisturbed: SandboxEndState) -> None:
    """K9: the end state is the same as without crashes."""
    found = end_state(trial)
    if not undisturbed.end.asked:
        found = without_requested(found)
    foreign = found.foreign - undisturbed.foreign
    assert not foreign, f"a foreign resource was changed: {sorted(foreign)}; {laws.description(trial)}"
    check_laws(trial)
    assert found == undisturbed, f"another end state: {differences(found, undisturbed)}; {laws.description(trial)}"


def check_laws(trial: SandboxTrial, *, destroyed: str = "-") -> None:
    """Whatever the end state: nothing is created twice, the ledger is complete, and the history is intact.

    A resource that another person destroys before it was seen is rightly created again: its key begins with `destroyed`.
    """
    twice = [key for key in laws.performed_twice(trial) if not key.startswith(destroyed)]
    assert not twice, f"performed twice: {twice}"
    unnamed = laws.not_in_ledger(trial)
    assert not unnamed, f"not in the ledger: {unnamed}; {laws.description(trial)}"
    laws.check_log(trial)
    broken = verify(trial.store.records(ID))
    assert broken is None, broken


def differences(one: SandboxEndState, other: SandboxEndState) -> list[str]:
    """A line for each difference."""
    lines = [] if one.foreign == other.foreign else [f"foreign: {sorted(one.foreign ^ other.foreign)}"]
    for name in EndState.__slots__:
        here, there = getattr(one.end, name), getattr(other.end, name)
        if here != there:
            lines.append(f"{name}: {here} instead of {there}")
    return lines
