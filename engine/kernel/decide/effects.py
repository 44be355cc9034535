"""What an effect is told: its parameters rendered for this attempt, its tags, its key, its line in the ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.kernel.decide.view import View
from engine.kernel.events import Event, Intended
from engine.kernel.operation import Effect, Entry, Frame, Seen, UndoRecord
from engine.kernel.ownership import tags_of
from engine.kernel.queries import is_undo
from engine.kernel.rendering import place, rendered, sources
from engine.language.model import Call, Check, Ensure, UndoCall

NOTIFY = "sns.publish"


def intend_create(v: View) -> Event:
    """The attempt in hand, sent again as it was; else the next one, with its line in the ledger."""
    if v.frame.repeat is not None and v.frame.repeat.verb == "create":
        return Intended(at=v.now, effect=v.frame.repeat, takes=False)
    body = v.step.body
    assert isinstance(body, Ensure)
    takes = v.frame.routine != "creating"
    attempt = v.frame.attempt + (1 if takes else 0)
    tag = f"{v.frame.visit}.{attempt}"
    params = dict(rendered(body.params, v.names())) | dict(v.frame.identity)
    more = rendered(v.runbook.tags, v.names())
    effect = Effect(
        verb="create", name=body.kind, key=v.effect_key("create", attempt=attempt), params=params,
        region=v.frame.region, account=v.frame.account, tags=tags_of(v.operation, v.key, tag, more),
        timeout=v.step.timeout, sources=sources(v.runbook, v.operation, body.params),
    )  # fmt: skip
    return Intended(
        at=v.now, effect=effect, entry=_entry(v, body, params, tag), takes=takes, irreversible=_irreversible(v)
    )


def _entry(v: View, body: Ensure, params: Mapping[str, Any], tag: str) -> Entry:
    kind = v.kind
    assert kind is not None
    source = params.get(kind.source) if kind.source is not None and kind.data == "copy" else None
    part_of = params.get(kind.part_of) if kind.part_of is not None else None
    return Entry(
        step=v.key, path=v.frame.path, kind=body.kind, identity=v.frame.identity, region=v.frame.region,
        account=v.frame.account, tag=tag, at=v.now, undo="keep" if body.undo == "keep" else "delete",
        source=source, part_of=part_of, live=kind.data == "live",
    )  # fmt: skip


def _irreversible(v: View) -> str:
    return v.step.id if v.step.irreversible else ""


def intend_delete(v: View, seen: Seen, effect: Effect, *, takes: bool) -> Event:
    """One delete of one id."""
    attempt = v.frame.attempt + (1 if takes else 0)
    whole = Effect(
        verb="delete", name=effect.name, key=v.effect_key("delete", effect.target or "", attempt), params=effect.params,
        region=v.frame.region, account=v.frame.account, target=effect.target, timeout=v.step.timeout,
    )  # fmt: skip
    routine = v.frame.routine or "removing"
    return Intended(
        at=v.now, effect=whole, takes=takes, routine=routine, irreversible=_irreversible(v), saw=dict(seen.attributes)
    )


def intend_call(v: View) -> Event:
    """A call, or the one in hand again; its undo is recorded with its intent."""
    if v.frame.repeat is not None:
        return Intended(at=v.now, effect=v.frame.repeat, takes=False)
    body = v.step.body
    assert isinstance(body, Call)
    attempt = v.frame.attempt + 1
    params = dict(body.params) if is_undo(v.frame) else rendered(body.params, v.names())
    effect = Effect(
        verb="call", name=body.action, key=v.effect_key("call", attempt=attempt), params=params,
        region=v.frame.region, account=v.frame.account, timeout=v.step.timeout,
        sources=sources(v.runbook, v.operation, body.params),
    )  # fmt: skip
    return Intended(at=v.now, effect=effect, entry=_call_entry(v, body, attempt), irreversible=_irreversible(v))


def _call_entry(v: View, body: Call, attempt: int) -> Entry | None:
    if type(body.undo) is not UndoCall or is_undo(v.frame):
        return None
    step = body.undo.call
    call = step.body
    assert isinstance(call, Call)
    until = None
    if call.until is not None and isinstance(call.until.body, Check):
        until = rendered(call.until.body.params, v.names())
    region, account = place(v.runbook, v.operation, step, v.names) if step.region else (v.frame.region, v.frame.account)
    undo = UndoRecord(action=call.action, params=rendered(call.params, v.names()), path=step.path, until=until)
    return Entry(
        step=v.key, path=v.frame.path, kind="call", identity={}, region=region, account=account,
        tag=f"{v.frame.visit}.{attempt}", at=v.now, id=v.effect_key("call", attempt=attempt), undo=undo,
    )  # fmt: skip


def intend_notice(v: View, topic: str, subject: str, text: str) -> Event:
    """A message, in the region of its topic's ARN."""
    attempt = v.frame.attempt + 1
    params = {"topic": topic, "subject": subject, "text": text}
    effect = Effect(
        verb="call", name=NOTIFY, key=v.effect_key("call", attempt=attempt), params=params,
        region=region_of(topic) or v.frame.region, account=v.frame.account, timeout=v.step.timeout,
    )  # fmt: skip
    return Intended(at=v.now, effect=effect)


def region_of(arn: str) -> str:
    """The region in `arn:aws:sns:us-west-2:…`; "" for what is no ARN."""
    match = re.match(r"arn:[^:]*:[^:]*:([a-z0-9-]*):", arn)
    return match.group(1) if match else ""


def look_effect(v: View, params: Mapping[str, Any], removal: Mapping[str, Any] | None) -> Effect:
    """A look of this frame's own thing."""
    frame: Frame = v.frame
    name = v.kind.name if v.kind is not None else ""
    return Effect(
        verb="look", name=name, key="", params=params, region=frame.region, account=frame.account,
        timeout=v.step.timeout, removal=removal,
        sources=sources(v.runbook, v.operation, getattr(v.step.body, "params", None)),
    )  # fmt: skip
