"""What is settled before anything begins: settings, the targets of removals, and a person's word for them.

Nothing here writes. Errors: EnvironmentProblem for what cannot be read, UsageError where it is not confirmed.
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


class Looker(Resources, kw_only=False):
    """Looks outside of the loop, at what is settled before a record is written."""

    performer: RegistryPerformer
    now: Callable[[], float]

    def look(self, runbook: Runbook, operation: Operation, effect: Effect) -> Seen:
        """What is there; EnvironmentProblem where it cannot be had."""
        try:
            looked = self.performer.perform(effect, operation, runbook, self.now)
        except EffectNotSent as error:
            raise EnvironmentProblem(str(error)) from error
        assert isinstance(looked, ev.Looked)
        if looked.seen.problem is not None:
            message = f"{effect.name} cannot be looked at: {looked.seen.problem.message}"
            raise EnvironmentProblem(message)
        return looked.seen


def prepared(
    looker: Looker, runbook: Runbook, bare: Operation, observer: Observer
) -> tuple[Operation, dict[str, Target]]:
    """The operation with its settings, and what its removals mean, which a person has confirmed."""
    bare = changed(bare, settings=settings_now(looker, runbook, bare))
    removals = planned_removals(looker, runbook, bare)
    if not observer.confirms(removals):
        message = "not confirmed; nothing was begun"
        raise UsageError(message)
    return bare, {one.step: one.target for one in removals}


def settings_now(looker: Looker, runbook: Runbook, operation: Operation) -> dict[str, SettingValue]:
    """Every setting, as it is now; EnvironmentProblem where one cannot be read."""
    try:
        return read_settings(runbook, operation, looker.performer.world.read_setting)
    except (EffectFailed, EffectNotSent, EffectUnknown) as error:
        message = f"a setting cannot be read: {error}"
        raise EnvironmentProblem(message) from error


def planned_removals(looker: Looker, runbook: Runbook, bare: Operation) -> list[PlannedRemoval]:
    """Every removal that may take what is not own, and whose name is known from inputs and settings."""
    found = []
    for step in runbook.steps:
        body = step.body
        settled = isinstance(body, Remove) and body.owner != "own" and body.target is None and step.for_each is None
        if settled and isinstance(body, Remove):
            target = _target(looker, runbook, bare, step, body)
            if target is not None:
                found.append(PlannedRemoval(step=step.id, kind=body.kind, target=target))
    return found


def _target(looker: Looker, runbook: Runbook, bare: Operation, step: Step, body: Remove) -> Target | None:
    kind = runbook.kinds[body.kind]
    names = Names(runbook, bare)
    try:
        written = {key: body.params[key] for key in kind.identity if key in body.params}
        identity: dict[str, Any] = rendered(written, names)
        region, account = place(runbook, bare, step, lambda: names)
    except ExpressionError:
        return None  # known only later: recorded at its first look
    effect = Effect(verb="look", name=body.kind, key="", params=identity, region=region, account=account)
    seen = looker.look(runbook, bare, effect)
    name = str(next(iter(identity.values()), ""))
    return Target(id=seen.id, name=name, region=region, account=account)
