"""Intents: what an effect will send, rendered for this attempt, with its tags, its key and its line in the ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.kernel.decide.view import View
from engine.kernel.effect import Effect, Seen
from engine.kernel.events import Event, Intended
from engine.kernel.operation import Entry, UndoRecord
from engine.kernel.ownership import tags_of
from engine.kernel.rendering import place, rendered, sources
from engine.language.model import Call, Check, Ensure, UndoCall

NOTIFY = "sns.publish"


def intend_create(v: View) -> Event:
    """The attempt in hand, sent again as it was; else the next one, with its line in the ledger."""
    frame, address, body, kind = v.frame, v.frame.address, v.step.body, v.kind
    if (repeat := frame.performed.repeat) is not None and repeat.verb == "create":
        return Intended(at=v.now, effect=repeat, takes=False)
    assert isinstance(body, Ensure)
    assert kind is not None
    takes = frame.removal.routine != "creating"  # of a `replace`, whose attempt began with the removal
    attempt = frame.attempts.number + (1 if takes else 0)
    tag = f"{frame.visit}.{attempt}"
    params: dict[str, Any] = dict(rendered(body.params, v.names())) | dict(address.identity)
    more = rendered(v.runbook.tags, v.names())
    effect = Effect(
        verb="create", name=body.kind, key=v.effect_key("create", attempt=attempt), params=params,
        region=address.region, account=address.account, tags=tags_of(v.operation, v.key, tag, more),
        timeout=v.step.timeout, sources=sources(v.runbook, v.operation, body.params),
    )  # fmt: skip
    entry = Entry(
        step=v.key, path=frame.path, kind=body.kind, identity=address.identity, region=address.region,
        account=address.account, tag=tag, at=v.now, undo="keep" if body.undo == "keep" else "delete",
        source=params.get(kind.source) if kind.source is not None and kind.data == "copy" else None,
        part_of=params.get(kind.part_of) if kind.part_of is not None else None, live=kind.data == "live",
    )  # fmt: skip
    return Intended(at=v.now, effect=effect, entry=entry, takes=takes, irreversible=_irreversible(v))


def _irreversible(v: View) -> str:
    return v.step.id if v.step.irreversible else ""


def intend_delete(v: View, seen: Seen, effect: Effect, *, takes: bool) -> Event:
    """One delete of one id."""
    attempt = v.frame.attempts.number + (1 if takes else 0)
    whole = Effect(
        verb="delete", name=effect.name, key=v.effect_key("delete", effect.target or "", attempt), params=effect.params,
        region=v.frame.address.region, account=v.frame.address.account, target=effect.target, timeout=v.step.timeout,
    )  # fmt: skip
    routine = v.frame.removal.routine or "removing"
    return Intended(
        at=v.now, effect=whole, takes=takes, routine=routine, irreversible=_irreversible(v), saw=dict(seen.attributes)
    )


def intend_call(v: View) -> Event:
    """A call, or the one in hand again; its undo is recorded with its intent."""
    frame, body = v.frame, v.step.body
    if frame.performed.repeat is not None:
        return Intended(at=v.now, effect=frame.performed.repeat, takes=False)
    assert isinstance(body, Call)
    attempt = frame.attempts.number + 1
    # The parameters of an undo were rendered when its call was intended.
    params = dict(body.params) if v.undone is not None else rendered(body.params, v.names())
    effect = Effect(
        verb="call", name=body.action, key=v.effect_key("call", attempt=attempt), params=params,
        region=frame.address.region, account=frame.address.account, timeout=v.step.timeout,
        sources=sources(v.runbook, v.operation, body.params),
    )  # fmt: skip
    entry = _undo_entry(v, body.undo, attempt) if isinstance(body.undo, UndoCall) and v.undone is None else None
    return Intended(at=v.now, effect=effect, entry=entry, irreversible=_irreversible(v))


def _undo_entry(v: View, undo: UndoCall, attempt: int) -> Entry:
    """What it takes to take the call back: rendered now, for later the names may mean something else."""
    step, frame = undo.call, v.frame
    call = step.body
    assert isinstance(call, Call)
    region, account = frame.address.region, frame.address.account
    if step.region:
        region, account = place(v.runbook, v.operation, step, v.names)
    check = call.until.body if call.until is not None else None
    record = UndoRecord(
        action=call.action, params=rendered(call.params, v.names()), path=step.path,
        until=rendered(check.params, v.names()) if isinstance(check, Check) else None,
    )  # fmt: skip
    return Entry(
        step=v.key, path=frame.path, kind="call", identity={}, region=region, account=account,
        tag=f"{frame.visit}.{attempt}", at=v.now, id=v.effect_key("call", attempt=attempt), undo=record,
    )  # fmt: skip


def intend_notice(v: View, topic: str, subject: str, text: str) -> Event:
    """A message, in the region of its topic's ARN."""
    params = {"topic": topic, "subject": subject, "text": text}
    effect = Effect(
        verb="call", name=NOTIFY, key=v.effect_key("call", attempt=v.frame.attempts.number + 1), params=params,
        region=region_of(topic) or v.frame.address.region, account=v.frame.address.account, timeout=v.step.timeout,
    )  # fmt: skip
    return Intended(at=v.now, effect=effect)


def region_of(arn: str) -> str:
    """The region in `arn:aws:sns:us-west-2:…`; "" for what is no ARN."""
    match = re.match(r"arn:[^:]*:[^:]*:([a-z0-9-]*):", arn)
    return match.group(1) if match else ""


def look_effect(v: View, params: Mapping[str, Any], removal: Mapping[str, Any] | None) -> Effect:
    """A look at this frame's own resource."""
    return Effect(
        verb="look", name=v.kind.name if v.kind is not None else "", key="", params=params,
        region=v.frame.address.region, account=v.frame.address.account, timeout=v.step.timeout, removal=removal,
        sources=sources(v.runbook, v.operation, getattr(v.step.body, "params", None)),
    )  # fmt: skip
