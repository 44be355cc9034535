"""What happens before an operation starts: its settings are read, and a person confirms what it removes.

Nothing is written here. Errors: EnvironmentProblem for what cannot be read, UsageError if it is not confirmed.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import (
    EffectFailed,
    EffectNotSent,
    EffectUnknown,
    EnvironmentProblem,
    UsageError,
)
from engine.kernel import Operation
from engine.kernel import events as ev
from engine.kernel.effect import Deletion, Effect, Seen
from engine.kernel.operation import SettingValue, Target
from engine.language.model import Runbook
from engine.runtime.observer import Observer
from engine.runtime.performer import RegistryPerformer, read_settings
from engine.runtime.removals import planned_removals
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
) -> tuple[Operation, dict[str, Target], tuple[Deletion, ...]]:
    """The operation with its settings, the targets of its removals by step, and what a person has confirmed."""
    bare = changed(bare, settings=current_settings(inspector, runbook, bare))
    removals = planned_removals(lambda effect: inspector.look(runbook, bare, effect), runbook, bare)
    if not observer.confirms(removals):
        message = "not confirmed, so the operation was not started"
        raise UsageError(message)
    confirmed = tuple(one.deletion for one in removals if one.target.id is not None)
    return bare, {one.step: one.target for one in removals if one.meant}, confirmed


def current_settings(inspector: Inspector, runbook: Runbook, operation: Operation) -> dict[str, SettingValue]:
    """The current value of every setting; EnvironmentProblem if one cannot be read."""
    try:
        return read_settings(runbook, operation, inspector.performer.world.read_setting)
    except (EffectFailed, EffectNotSent, EffectUnknown) as error:
        message = f"a setting cannot be read: {error}"
        raise EnvironmentProblem(message) from error
