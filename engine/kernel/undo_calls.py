"""What `undo: {call: …}` takes to take a call back: rendered, so that it means the same whatever is edited later.

It is rendered with the intent, before the call is sent. An undo that uses `${result…}`, the call's own reply, can only be
rendered when the reply is recorded; until then its entry awaits it.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping
from typing import Any, Final, cast

from engine.errors import ExpressionError
from engine.kernel.decide.deletions import switches_off, texts_in
from engine.kernel.operation import Entry, UndoRecord
from engine.kernel.rendering import Names, rendered
from engine.language.model import Call, Check, Runbook, Step
from engine.values import changed

RESULT: Final = "result"
"""The name of the call's reply in the expressions of its undo, unless the runbook has an input, var or step of that name."""
_USES_RESULT: Final = re.compile(r"\$\{[^}]*\bresult\b")


def undo_record(runbook: Runbook, step: Step, names: Names) -> UndoRecord:
    """What the undo's step takes, before its call is sent."""
    call = step.body
    assert isinstance(call, Call)
    if uses_result(runbook, call):
        return UndoRecord(action=call.action, params={}, path=step.path, awaits_result=True)
    return _rendered(call, step.path, names)


def uses_result(runbook: Runbook, call: Call) -> bool:
    """Does the undo name the reply of the call that it takes back?"""
    if RESULT in runbook.inputs or RESULT in runbook.vars or RESULT in runbook.by_name:
        return False
    return any(_USES_RESULT.search(text) for text in texts_in((call.params, _check_params(call))))


def with_result(runbook: Runbook, entry: Entry, names: Names, output: Any) -> Entry:
    """The entry with its undo, now that the reply of its call is known. As it was if the undo cannot be rendered with it."""
    undo = entry.undo
    if not isinstance(undo, UndoRecord) or not undo.awaits_result:
        return entry
    written = runbook.index.get(undo.path)
    if written is None or not isinstance(written.body, Call):
        return entry  # an edited runbook has lost it
    with_reply = ChainMap({RESULT: output}, cast("dict[str, Any]", names))  # expressions only read it
    try:
        return changed(entry, undo=_rendered(written.body, undo.path, with_reply))
    except ExpressionError as error:
        return changed(entry, why=f"its undo cannot be rendered: {error}")


def _rendered(call: Call, path: str, names: Mapping[str, Any]) -> UndoRecord:
    params, check = rendered(call.params, names), _check_params(call)
    return UndoRecord(
        action=call.action, params=params, path=path, names=names_in_undo(call, params),
        until=rendered(check, names) if check is not None else None,
    )  # fmt: skip


def names_in_undo(call: Call, params: Mapping[str, Any]) -> tuple[str, ...]:
    """● What an undo deletes is recorded: protected names hold it, also if an edited runbook has lost the undo."""
    if call.deletes is None or not switches_off(call.deletes, params):
        return ()
    return tuple([name for name in (*call.deletes.names, *call.deletes.within) if name in params])


def _check_params(call: Call) -> Mapping[str, Any] | None:
    check = call.until.body if call.until is not None else None
    return check.params if isinstance(check, Check) else None
