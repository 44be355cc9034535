"""What `undo: {call: …}` takes to take a call back: rendered, so that it means the same whatever is edited later.

It is rendered with the intent, before the call is sent. An undo that uses `${result…}`, the call's own reply, can only be
rendered when the reply is recorded; until then its entry awaits it.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, cast

from engine.errors import ExpressionError
from engine.kernel.decide.deletions import switches_off, texts_in
from engine.kernel.operation import Entry, UndoRecord
from engine.kernel.rendering import Names, rendered
from engine.language.expressions.grammar import parse_expression
from engine.language.expressions.syntax_tree import Name, walk
from engine.language.expressions.template import split_template
from engine.language.model import Call, Check, Runbook, Step
from engine.values import changed

RESULT: Final = "result"
"""The name of the call's reply in the expressions of its undo, unless the runbook has an input, var or step of that name."""


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
    return any(map(_names_result, texts_in((call.params, _check_params(call)))))


@lru_cache(maxsize=256)
def _names_result(text: str) -> bool:
    """Is `result` a name in one of the text's expressions? As a member, such as `settings.result`, it is another thing."""
    if RESULT not in text:
        return False
    expressions = [parse_expression(part[0]) for part in split_template(text) if not isinstance(part, str)]
    return any(isinstance(node, Name) and node.name == RESULT for one in expressions for node in walk(one))


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
