"""`resume --with`: may an operation go on with an edited runbook? What the rest could not use is refused.

Nothing here writes. Errors: UsageError that names the step, the name or the thing that is in the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import EffectFailed, EffectNotSent, EffectUnknown, EnvironmentProblem, ExpressionError, UsageError
from engine.kernel import Operation
from engine.kernel import events as ev
from engine.kernel.frame import MainStep
from engine.kernel.operation import Entry
from engine.kernel.queries import is_telling
from engine.kernel.rendering import Names, place, rendered
from engine.language.model import Ensure, Runbook
from engine.runtime.performer import ReadSetting, read_settings
from engine.values import changed


def edited(before: Runbook, after: Runbook, operation: Operation, read: ReadSetting, at: float, actor: str) -> ev.Event:
    """The event of going on with `after`."""
    standing = _standing(before, operation)
    moves = {one.path: other.path for one in before.steps for other in after.steps if one.id == other.id}
    if standing not in moves:
        raise _refused(operation, f"the step where it stands, {before.step(standing).id}, is no longer there")
    _must_have_what_is_needed(before, after, operation, moves[standing])
    inputs = _inputs(after, operation)
    bare = changed(operation, inputs=inputs)
    settings = _settings(after, bare, read)
    _must_name_the_same(after, changed(bare, settings=settings))
    return ev.RunbookEdited(
        at=at, digest=after.digest, moves=moves, inputs=inputs, settings=settings, actor=actor
    )  # fmt: skip


def _standing(before: Runbook, operation: Operation) -> str:
    if operation.ending is not None or operation.ended:
        raise _refused(operation, "its end is recorded")
    if is_telling(operation):
        raise _refused(operation, f"it is still telling people; `runbook resume {operation.id}` first")
    position = operation.frames[0].position
    if not isinstance(position, MainStep) or position.path not in before.index:
        raise _refused(operation, f"it does not stand at a step ({position.path})")
    return position.path


def _must_have_what_is_needed(before: Runbook, after: Runbook, operation: Operation, standing: str) -> None:
    """Every step before the one where it stands has been done, as a step of that kind."""
    known = {step.id: step for step in before.steps}
    for step in after.steps[: int(standing.partition("/")[2])]:
        record = operation.steps.get(step.id)
        if record is None or record.status not in ("DONE", "SKIPPED"):
            raise _refused(operation, f"{step.id} stands before the step that is next, and has not been done")
        if type(known[step.id].body) is not type(step.body):
            raise _refused(operation, f"{step.id} has been done, and is another kind of step now")


def _inputs(after: Runbook, operation: Operation) -> Mapping[str, Any]:
    """Those that were given, and the defaults of new ones."""
    missing = [one.name for one in after.inputs.values() if one.required and one.name not in operation.inputs]
    if missing:
        raise _refused(operation, f"the new input {missing[0]} has no default")
    return {one.name: operation.inputs.get(one.name, one.default) for one in after.inputs.values()}


def _settings(after: Runbook, bare: Operation, read: ReadSetting) -> Mapping[str, Any]:
    """What was recorded stays; what is new, or comes from elsewhere now, is read."""
    try:
        now = read_settings(after, bare, read)
    except (EffectFailed, EffectNotSent, EffectUnknown) as error:
        message = f"a setting cannot be read: {error}"
        raise EnvironmentProblem(message) from error
    return {
        name: before if (before := bare.settings.get(name)) is not None and before.source == one.source else one
        for name, one in now.items()
    }


def _must_name_the_same(after: Runbook, operation: Operation) -> None:
    """The identity of nothing in the ledger may change."""
    for entry in operation.ledger:
        step = next((one for one in after.steps if one.id == entry.step.partition("[")[0]), None)
        if (
            entry.state in ("void", "gone")
            or step is None
            or not isinstance(step.body, Ensure)
            or step.for_each is not None
        ):
            continue
        if step.body.kind != entry.kind or not _same(after, operation, step.path, entry):
            raise _refused(operation, f"{entry.step} has made {entry.kind} {_name(entry)}, and means another now")


def _same(after: Runbook, operation: Operation, path: str, entry: Entry) -> bool:
    step = after.step(path)
    assert isinstance(step.body, Ensure)
    names = Names(after, operation)
    try:
        written = {key: step.body.params[key] for key in after.kinds[entry.kind].identity if key in step.body.params}
        identity, where = rendered(written, names), place(after, operation, step, lambda: names)
    except ExpressionError:
        return True  # it cannot be known before the step is entered
    return identity == dict(entry.identity) and where == (entry.region, entry.account)


def _name(entry: Entry) -> str:
    return str(next(iter(entry.identity.values()), entry.id))


def _refused(operation: Operation, why: str) -> UsageError:
    return UsageError(f"operation {operation.id} cannot go on with this runbook: {why}; nothing was changed")
