"""`resume --with`: can an operation continue with an edited runbook? It is refused if the remaining steps could not run.

Nothing is written here. Errors: UsageError with the step, the input or the resource that prevents it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import EffectFailed, EffectNotSent, EffectUnknown, EnvironmentProblem, ExpressionError, UsageError
from engine.kernel import Operation
from engine.kernel import events as ev
from engine.kernel.frame import Acting, MainStep
from engine.kernel.operation import Entry
from engine.kernel.queries import is_running_on_hold, step_of
from engine.kernel.rendering import Names, place, rendered
from engine.language.model import Call, Ensure, Runbook
from engine.runtime.performer import ReadSetting, read_settings
from engine.values import changed


def edit_operation(
    before: Runbook, after: Runbook, operation: Operation, read: ReadSetting, at: float, actor: str
) -> ev.Event:
    """The event that continues the operation with the runbook `after`."""
    current = _current_path(before, operation)
    moves = {one.path: other.path for one in before.steps for other in after.steps if one.id == other.id}
    if current not in moves:
        raise _refusal(operation, f"its current step, {before.step(current).id}, was removed")
    _check_calls(before, operation)
    _check_earlier_steps(before, after, operation, moves[current])
    _check_accounts(after, operation)
    inputs = _inputs(after, operation)
    bare = changed(operation, inputs=inputs)
    settings = _settings(before, after, bare, read)
    _check_identities(after, changed(bare, settings=settings))
    return ev.RunbookEdited(
        at=at, digest=after.digest, moves=moves, inputs=inputs, settings=settings, actor=actor
    )  # fmt: skip


def _current_path(before: Runbook, operation: Operation) -> str:
    if operation.ending is not None or operation.ended:
        raise _refusal(operation, "it has ended, or is ending")
    if is_running_on_hold(operation):
        raise _refusal(operation, f"it is sending notifications; first run `runbook resume {operation.id}`")
    position = operation.frames[0].position
    if not isinstance(position, MainStep) or position.path not in before.index:
        raise _refusal(operation, f"it is not at a step of the main list, but at {position.path}")
    return position.path


def _check_calls(before: Runbook, operation: Operation) -> None:
    """● A call that may have taken effect is not sent again in its edited form: that would be another call to AWS."""
    for frame in operation.frames:
        step = step_of(before, operation, frame)
        body, performed = step.body, frame.performed
        if not isinstance(body, Call) or body.repeatable or body.until is not None:
            continue
        sent = isinstance(frame.phase, Acting) and frame.phase.failed is None
        if sent or (performed.perhaps_done and performed.repeat is not None):
            raise _refusal(
                operation,
                f"the outcome of {body.action} in {step.id} is unknown, and the edited call could be made twice. First run "
                f"`runbook resume {operation.id}`, and answer whether it took effect",
            )


def _check_earlier_steps(before: Runbook, after: Runbook, operation: Operation, current: str) -> None:
    """All steps before the current one must have been done, as steps of the same kind."""
    known = {step.id: step for step in before.steps}
    for step in after.steps[: int(current.partition("/")[2])]:
        record = operation.steps.get(step.id)
        if record is None or record.status not in ("DONE", "SKIPPED"):
            raise _refusal(operation, f"{step.id} is before the current step, and has not been done")
        if type(known[step.id].body) is not type(step.body):
            raise _refusal(operation, f"{step.id} has been done, and was changed to another kind of step")


def _check_accounts(after: Runbook, operation: Operation) -> None:
    """What was made in an account stays there: its name cannot be given to another one."""
    for account in after.accounts.values():
        recorded = operation.accounts.get(account.name)
        if recorded is not None and recorded.id != account.id:
            raise _refusal(operation, f"its account {account.name} is {recorded.id}, and was changed to {account.id}")


def _inputs(after: Runbook, operation: Operation) -> Mapping[str, Any]:
    """The inputs that were given, and the defaults of new ones."""
    missing = [one.name for one in after.inputs.values() if one.required and one.name not in operation.inputs]
    if missing:
        raise _refusal(operation, f"the new input {missing[0]} has no default")
    return {one.name: operation.inputs.get(one.name, one.default) for one in after.inputs.values()}


def _settings(before: Runbook, after: Runbook, bare: Operation, read: ReadSetting) -> Mapping[str, Any]:
    """Recorded settings stay as they are; those that are new, or have another source or type, are read."""
    try:
        now = read_settings(after, bare, read)
    except (EffectFailed, EffectNotSent, EffectUnknown) as error:
        message = f"a setting cannot be read: {error}"
        raise EnvironmentProblem(message) from error
    types = {name: one.type for name, one in before.settings.items()}
    return {
        name: old
        if (old := bare.settings.get(name)) is not None
        and old.source == one.source
        and types.get(name) == after.settings[name].type
        else one
        for name, one in now.items()
    }


def _check_identities(after: Runbook, operation: Operation) -> None:
    """No step may name another resource than the one that it created."""
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
            raise _refusal(
                operation, f"{entry.step} created {entry.kind} {_name(entry)}, and now names another resource"
            )


def _same(after: Runbook, operation: Operation, path: str, entry: Entry) -> bool:
    step = after.step(path)
    assert isinstance(step.body, Ensure)
    names = Names(after, operation)
    try:
        written = {key: step.body.params[key] for key in after.kinds[entry.kind].identity if key in step.body.params}
        identity, where = rendered(written, names), place(after, operation, step, lambda: names)
    except ExpressionError:
        return True  # its name is not known before the step is entered
    return identity == dict(entry.identity) and where == (entry.region, entry.account)


def _name(entry: Entry) -> str:
    return str(next(iter(entry.identity.values()), entry.id))


def _refusal(operation: Operation, why: str) -> UsageError:
    return UsageError(f"operation {operation.id} cannot continue with this runbook: {why}. Nothing was changed")
