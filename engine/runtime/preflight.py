"""What happens before an operation starts: its settings are read, and a person confirms what it removes.

Nothing is written here. Errors: EnvironmentProblem for what cannot be read, UsageError if it is not confirmed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.errors import (
    EffectFailed,
    EffectNotSent,
    EffectUnknown,
    EnvironmentProblem,
    ExpressionError,
    UsageError,
)
from engine.kernel import Operation
from engine.kernel import events as ev
from engine.kernel.effect import Effect, Seen
from engine.kernel.operation import SettingValue, Target
from engine.kernel.rendering import Names, place, rendered
from engine.language.model import Remove, Runbook, Step
from engine.runtime.observer import Observer, PlannedRemoval
from engine.runtime.performer import RegistryPerformer, read_settings
from engine.values import Resources, changed


class Inspector(Resources, kw_only=False):
    """Looks at resources outside of the driver's loop, before anything is recorded."""

    performer: RegistryPerformer
    now: Callable[[], float]

    def look(self, runbook: Runbook, operation: Operation, effect: Effect) -> Seen:
        """The observation; EnvironmentProblem if the look failed."""
        try:
            looked = self.performer.perform(effect, operation, runbook, self.now)
        except EffectNotSent as error:
            raise EnvironmentProblem(str(error)) from error
        assert isinstance(looked, ev.Looked)
        if looked.seen.problem is not None:
            message = f"{effect.name} cannot be read: {looked.seen.problem.message}"
            raise EnvironmentProblem(message)
        return looked.seen


def prepare(
    inspector: Inspector, runbook: Runbook, bare: Operation, observer: Observer
) -> tuple[Operation, dict[str, Target]]:
    """The operation with its settings, and the confirmed targets of its removals by step."""
    bare = changed(bare, settings=current_settings(inspector, runbook, bare))
    removals = planned_removals(inspector, runbook, bare)
    if not observer.confirms(removals):
        message = "not confirmed, so the operation was not started"
        raise UsageError(message)
    return bare, {one.step: one.target for one in removals}


def current_settings(inspector: Inspector, runbook: Runbook, operation: Operation) -> dict[str, SettingValue]:
    """The current value of every setting; EnvironmentProblem if one cannot be read."""
    try:
        return read_settings(runbook, operation, inspector.performer.world.read_setting)
    except (EffectFailed, EffectNotSent, EffectUnknown) as error:
        message = f"a setting cannot be read: {error}"
        raise EnvironmentProblem(message) from error


def planned_removals(inspector: Inspector, runbook: Runbook, bare: Operation) -> list[PlannedRemoval]:
    """The removals that may delete what other operations created, if inputs and settings determine their names."""
    found = []
    for step in runbook.steps:
        body = step.body
        is_planned = isinstance(body, Remove) and body.owner != "own" and body.target is None and step.for_each is None
        if is_planned and isinstance(body, Remove):
            target = _target(inspector, runbook, bare, step, body)
            if target is not None:
                found.append(PlannedRemoval(step=step.id, kind=body.kind, target=target))
    return found


def _target(inspector: Inspector, runbook: Runbook, bare: Operation, step: Step, body: Remove) -> Target | None:
    kind = runbook.kinds[body.kind]
    names = Names(runbook, bare)
    try:
        written = {key: body.params[key] for key in kind.identity if key in body.params}
        identity: dict[str, Any] = rendered(written, names)
        region, account = place(runbook, bare, step, lambda: names)
    except ExpressionError:
        return None  # not known yet: the target is recorded at the first look
    effect = Effect(verb="look", name=body.kind, key="", params=identity, region=region, account=account)
    seen = inspector.look(runbook, bare, effect)
    name = str(next(iter(identity.values()), ""))
    return Target(id=seen.id, name=name, region=region, account=account)
