"""What needs a person's word before it is deleted: what this operation has not made, wherever the removal stands.

A person confirms a deletion before the operation starts, if it is known then. Later the driver asks at a terminal, or the
operation holds (kind `target`) and `resume --accept-target ID` is the word. Where a call deletes, its parameters say what.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.kernel import events as ev
from engine.kernel.decide.view import View
from engine.kernel.effect import Deletion, Seen, SeenPart
from engine.kernel.frame import EndStep, items_of
from engine.kernel.operation import Entry, Operation, UndoRecord
from engine.kernel.ownership import owner_of
from engine.kernel.protected_names import protected_names
from engine.kernel.queries import records_of
from engine.language.model import Call, Deletes, Runbook, Step
from engine.values import changed

Params = Mapping[str, Any]


def is_confirmed(operation: Operation, deletion: Deletion) -> bool:
    """● Has a person said that this is to be deleted? The word is about the thing, not about the step that deletes it."""
    thing = deletion.kind, deletion.id, deletion.region, deletion.account
    return any((one.kind, one.id, one.region, one.account) == thing for one in operation.confirmed)


# -- resources -------------------------------------------------------------------------------------------------


def deletion_of(view: View, seen: Seen) -> Deletion:
    """The deletion of what was seen."""
    address, kind = view.frame.address, view.kind
    key = next(iter(kind.identity), "") if kind is not None else ""
    name = seen.attributes.get(key) or next(iter(address.identity.values()), "")
    return Deletion(
        step=view.key, kind=kind.name if kind is not None else "", id=seen.id or str(name), name=str(name),
        region=address.region, account=address.account, parts=names_of_parts(seen.parts),
        by_hand=f"{seen.by_hand} --region {address.region}" if seen.by_hand and _in_end_list(view) else "",
    )  # fmt: skip


def names_of_parts(parts: Iterable[SeenPart]) -> tuple[str, ...]:
    """What goes with it: the instances of a cluster."""
    return tuple([str(next(iter(part.identity.values()), part.id)) for part in parts])


def needs_word(view: View, seen: Seen) -> bool:
    """● Nothing foreign is deleted without a person's word. What an operation has made, and its kin, needs none."""
    if view.entry is not None or owner_of(view.operation, seen) != "foreign":
        return False
    return not is_confirmed(view.operation, deletion_of(view, seen))


# -- calls that delete -----------------------------------------------------------------------------------------


def call_deletions(view: View, params: Params) -> tuple[Deletion, ...]:
    """What a call would delete or unprotect that needs a word: what nobody has confirmed, and protected names.

    An undo's call needs no word: the person who started the operation wrote it as the way back. Protected names do.
    """
    body = view.step.body
    if not isinstance(body, Call) or body.deletes is None or not switches_off(body.deletes, params):
        return ()
    address = view.frame.address
    named = deletions_in(body, params, view.key, address.region, address.account)
    command = by_hand(body.action, params, address.region) if _in_end_list(view) else ""
    return tuple([changed(one, by_hand=command) for one in named if not is_settled(view, one)])


def is_settled(view: View, deletion: Deletion) -> bool:
    """Is there nothing left to ask about it?"""
    operation, body = view.operation, view.step.body
    if not isinstance(body, Call) or body.deletes is None:
        return is_confirmed(operation, deletion)
    if protected_names(deletion, operation.protected, operation.allowed):
        return False
    known = view.entry is not None or is_confirmed(operation, deletion)
    return known or is_own(view, deletion, body.deletes)


def deletions_in(body: Call, params: Params, step: str, region: str, account: str | None) -> list[Deletion]:
    """What the call's parameters name, value by value for a list."""
    deletes = body.deletes
    assert deletes is not None
    given = [name for name in deletes.names if params.get(name) not in (None, "", [], {})]
    main, others = given[:1], [*given[1:], *deletes.within]
    within = tuple(text for name in others for text in texts_in(params.get(name)))
    ids = list(dict.fromkeys(text for name in main for text in texts_in(params[name]))) or [body.action]
    return [
        Deletion(
            step=step,
            kind=body.action,
            id=id,
            name=id,
            region=region,
            account=account,
            within=within,
            unprotects=deletes.unprotects,
        )
        for id in ids
    ]


def texts_in(value: Any) -> Iterator[str]:
    """Every text and number in a value."""
    match value:
        case None | bool():
            return
        case str() | int() | float():
            yield str(value)
        case Mapping():
            for one in value.values():
                yield from texts_in(one)
        case list() | tuple():
            for one in value:
                yield from texts_in(one)
        case _:
            return  # a secret names nothing


def switches_off(deletes: Deletes, params: Params) -> bool:
    """Does it delete, or switch a protection off, with these parameters?"""
    if not deletes.switches:
        return True
    values = (value for path in deletes.switches for value in _values_at(params, path))
    return any(value is False or (isinstance(value, str) and value.lower() in _OFF) for value in values)


_OFF = frozenset({"false", "inactive", "disabled", "none", "off", "noprotection", "no_protection"})


def _values_at(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """The values at a path of members; `[{Key: NAME, Value: VALUE}]` counts as a map, and so does `{Attribute: NAME, …}`."""
    if not path:
        yield value
    elif isinstance(value, Mapping):
        if path[0] in (value.get("Key"), value.get("Attribute")):
            yield from _values_at(value.get("Value"), path[1:])
        elif path[0] in value:
            yield from _values_at(value[path[0]], path[1:])
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _values_at(one, path)


def is_own(view: View, deletion: Deletion, deletes: Deletes) -> bool:
    """● Own is what the ledger names, or an output of a call of this operation that makes such things. All else is foreign."""
    runbook, operation = view.runbook, view.operation
    where = deletion.region, deletion.account
    if any(_ledger_names(runbook, entry, deletion, deletes) for entry in operation.ledger):
        return True
    for name, result in operation.results.items():
        step = runbook.by_name.get(name)
        if step is None or not _makes(step, deletes):
            continue
        records = records_of(operation, step, items_of(view.frame.position))
        if any((record.region, record.account) == where for _, record in records):
            results = result if step.for_each is not None and isinstance(result, list) else [result]
            if any(_names(one, deletes, deletion.id, 1) for one in results):
                return True
    return False


def _makes(step: Step, deletes: Deletes) -> bool:
    return isinstance(step.body, Call) and bool(deletes.thing) and step.body.makes == deletes.thing


def _ledger_names(runbook: Runbook, entry: Entry, deletion: Deletion, deletes: Deletes) -> bool:
    """A resource of the kind that does the same job; or a call that made it, whose undo is this same deletion."""
    there = entry.id is not None and entry.state not in ("gone", "void")
    if not there or (entry.region, entry.account) != (deletion.region, deletion.account):
        return False
    if isinstance(entry.undo, UndoRecord):
        step, undo = runbook.index.get(entry.path), entry.undo
        names = (text for name in undo.names[:1] for text in texts_in(undo.params.get(name)))
        return step is not None and _makes(step, deletes) and undo.action == deletion.kind and deletion.id in names
    return entry.kind == deletes.kind and deletion.id in (entry.id, *entry.identity.values())


def _names(output: Any, deletes: Deletes, id: str, levels: int) -> bool:
    """Is `id` in the output as the made thing's own name? Deeper, and under other names, an output names other things."""
    if isinstance(output, (list, tuple)):
        return any(_names(one, deletes, id, levels) for one in output)
    if not isinstance(output, Mapping):
        return False
    own = (key for key in output if key.lower() in deletes.own_members)
    return any(output[key] == id for key in own) or (
        levels > 0 and any(_names(one, deletes, id, levels - 1) for one in output.values() if not isinstance(one, str))
    )


_CLI_NAMES = {"s3": "s3api", "codedeploy": "deploy", "config": "configservice"}
"""Services that the AWS CLI calls otherwise than boto3 does."""


def by_hand(action: str, params: Params, region: str) -> str:
    """The AWS CLI command that makes the call; "" if it is not one of AWS."""
    if not action.startswith("aws."):
        return ""
    _, service, operation = action.split(".")
    given = shlex.quote(json.dumps(dict(params), default=lambda _: "***"))
    service = _CLI_NAMES.get(service, service)
    return f"aws {service} {operation.replace('_', '-')} --cli-input-json {given}" + (
        f" --region {region}" if region else ""
    )


# -- both ------------------------------------------------------------------------------------------------------


def held_for_word(view: View, deletions: tuple[Deletion, ...], seen: Seen | None = None) -> ev.Held:
    """The hold for what was seen, for what a call would delete, or for all that the items of a `for_each` would."""
    operation, body = view.operation, view.step.body
    if seen is not None:
        reason = (
            f"{view.describe(seen)} was not made by this operation, and nobody has confirmed that it may be deleted"
        )
    elif isinstance(body, Call) and body.deletes is not None:
        names = ", ".join(one.id for one in deletions)
        does = f"switch the protection of {names} off" if body.deletes.unprotects else f"delete {names}"
        unconfirmed = view.entry is None and not all(is_confirmed(operation, one) for one in deletions)
        why = ", which this operation has not made and nobody has confirmed" if unconfirmed else ""
        reason = f"{body.action} would {does}{why}"
    else:
        what = f"{deletions[0].kind} {', '.join(f'{one.name} ({one.id})' for one in deletions)}"
        reason = f"{what}: not made by this operation, and nobody has confirmed that they may be deleted"
    # What protects them, and the option that allows it.
    policy = operation.protected, operation.allowed
    protected = list(dict.fromkeys(name for one in deletions for name in protected_names(one, *policy)))
    if protected:
        verb, options = "matches" if len(protected) == 1 else "match", (f"--yes-delete {name}" for name in protected)
        reason += f"; {', '.join(protected)} {verb} a protected pattern: add {' '.join(options)}"
    # What a person may type instead, in a list in which nothing holds.
    commands = list(dict.fromkeys(one.by_hand for one in deletions if one.by_hand))
    if commands:
        reason += f". To delete by hand: {'; '.join(commands)}"
    found = seen.id if seen is not None else None
    return ev.Held(at=view.now, kind="target", reason=reason, found=found, deletions=deletions)


def _in_end_list(view: View) -> bool:
    """Is it in a list in which nothing holds?"""
    return any(isinstance(frame.position, EndStep) for frame in view.operation.frames)
