"""Intents: what an effect will send, rendered for this attempt, with its tags, its key and its line in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.kernel.decide.deletions import call_deletions, held_for_word
from engine.kernel.decide.errors import next_attempt
from engine.kernel.decide.requirements import must_prove, must_see_source, source_of
from engine.kernel.decide.view import View
from engine.kernel.effect import Effect, Seen
from engine.kernel.events import Event, Intended, ProofBegun
from engine.kernel.frame import Looking
from engine.kernel.operation import Entry
from engine.kernel.ownership import account_id_of, tags_of
from engine.kernel.rendering import place, region_of, rendered, sources
from engine.kernel.undo_calls import undo_record
from engine.language.model import Call, Ensure, UndoCall

NOTIFY = "sns.publish"


def intend_create(view: View) -> Event:
    """The attempt in hand, sent again as it was; else the next one, with its line in the ledger. `requires` first."""
    frame, address, body, kind = view.frame, view.frame.address, view.step.body, view.kind
    repeat = frame.performed.repeat
    if repeat is None and frame.removal.routine == "" and (waiting := next_attempt(view)) is not None:
        return waiting
    is_repeated = repeat is not None and repeat.verb == "create"
    if must_prove(view) or (not is_repeated and must_see_source(view)):
        return ProofBegun(at=view.now)
    if repeat is not None and is_repeated:
        return Intended(at=view.now, effect=repeat, takes=False)
    assert isinstance(body, Ensure)
    assert kind is not None
    takes = frame.removal.routine != "creating"  # of a `replace`, whose attempt began with the removal
    attempt = frame.attempts.number + (1 if takes else 0)
    tag = f"{frame.visit}.{attempt}"
    params: dict[str, Any] = dict(rendered(body.params, view.names())) | dict(address.identity)
    more = rendered(view.runbook.tags, view.names())
    effect = Effect(
        verb="create", name=body.kind, key=view.effect_key("create", attempt=attempt), params=params,
        region=address.region, account=address.account, tags=tags_of(view.operation, view.key, tag, more),
        timeout=view.step.timeout, sources=sources(view.runbook, view.operation, body.params),
    )  # fmt: skip
    entry = Entry(
        step=view.key, path=frame.path, kind=body.kind, identity=address.identity, region=address.region,
        account=address.account, tag=tag, at=view.now, undo="keep" if body.undo == "keep" else "delete",
        monitor=view.step.monitor,
        source=source_of(view), source_id=frame.phase.source if isinstance(frame.phase, Looking) else None,
        part_of=params.get(kind.part_of) if kind.part_of is not None else None, live=kind.data == "live",
        account_id=account_id_of(view.operation, address.account),
    )  # fmt: skip
    irreversible = view.step.id if view.step.irreversible else ""
    return Intended(at=view.now, effect=effect, entry=entry, takes=takes, irreversible=irreversible)


def intend_delete(view: View, seen: Seen, name: str, params: Mapping[str, Any], target: str | None) -> Event:
    """One delete of one id. An attempt sends each delete once; what is still there after its grace needs the next."""
    frame, removal, repeat = view.frame, view.frame.removal, view.frame.performed.repeat
    takes = removal.routine == "" or f"{frame.attempts.number}:{target}" in removal.sent
    if repeat is not None and repeat.target == target:
        takes = False
    if takes and (waiting := next_attempt(view)) is not None:
        return waiting
    if must_prove(view):
        return ProofBegun(at=view.now)
    attempt = frame.attempts.number + (1 if takes else 0)
    effect = Effect(
        verb="delete", name=name, key=view.effect_key("delete", target or "", attempt), params=params,
        region=frame.address.region, account=frame.address.account, target=target, timeout=view.step.timeout,
    )  # fmt: skip
    return Intended(
        at=view.now, effect=effect, takes=takes, routine=removal.routine or "removing",
        irreversible=view.step.id if view.step.irreversible else "", saw=dict(seen.attributes),
    )  # fmt: skip


def intend_call(view: View) -> Event:
    """A call, or the one in hand again; its undo is recorded with its intent."""
    frame, body = view.frame, view.step.body
    if frame.performed.repeat is not None:
        return Intended(at=view.now, effect=frame.performed.repeat, takes=False)
    assert isinstance(body, Call)
    attempt = frame.attempts.number + 1
    # The parameters of an undo were rendered when its call was intended.
    params = dict(body.params) if view.entry is not None else rendered(body.params, view.names())
    if body.deletes is not None and (deletions := call_deletions(view, params)):
        return held_for_word(view, deletions)
    effect = Effect(
        verb="call", name=body.action, key=view.effect_key("call", attempt=attempt), params=params,
        region=frame.address.region, account=frame.address.account, timeout=view.step.timeout,
        sources=sources(view.runbook, view.operation, body.params),
        token_until=view.now + body.token_for if body.token_for is not None else None,
    )  # fmt: skip
    entry = _undo_entry(view, body.undo, attempt) if body.undo is not None and view.entry is None else None
    irreversible = view.step.id if view.step.irreversible else ""
    return Intended(at=view.now, effect=effect, entry=entry, irreversible=irreversible)


def _undo_entry(view: View, undo: UndoCall, attempt: int) -> Entry:
    """The line of the ledger for a call: what it takes to take it back."""
    step, frame = undo.call, view.frame
    region, account = frame.address.region, frame.address.account
    if step.region:
        region, account = place(view.runbook, view.operation, step, view.names)
    record = undo_record(view.runbook, step, view.names())
    return Entry(
        step=view.key, path=frame.path, kind="call", identity={}, region=region, account=account,
        tag=f"{frame.visit}.{attempt}", at=view.now, id=view.effect_key("call", attempt=attempt), undo=record,
        monitor=step.monitor,
        account_id=account_id_of(view.operation, account),
    )  # fmt: skip


def intend_notice(view: View, topic: str, subject: str, text: str) -> Event:
    """A message, in the region of its topic's ARN."""
    params = {"topic": topic, "subject": subject, "text": text}
    effect = Effect(
        verb="call", name=NOTIFY, key=view.effect_key("call", attempt=view.frame.attempts.number + 1), params=params,
        region=region_of(topic) or view.frame.address.region, account=view.frame.address.account, timeout=view.step.timeout,
    )  # fmt: skip
    return Intended(at=view.now, effect=effect)


def look_effect(view: View, params: Mapping[str, Any], removal: Mapping[str, Any] | None) -> Effect:
    """A look at this frame's own resource."""
    return Effect(
        verb="look", name=view.kind.name if view.kind is not None else "", key="", params=params,
        region=view.frame.address.region, account=view.frame.address.account, timeout=view.step.timeout, removal=removal,
        sources=sources(view.runbook, view.operation, getattr(view.step.body, "params", None)),
    )  # fmt: skip
