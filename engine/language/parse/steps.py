"""Readers of steps: the kind of a step, its keys, and its body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.language.model import (
    Body,
    Call,
    Check,
    Ensure,
    Fail,
    Hold,
    Monitor,
    Notify,
    Remove,
    Step,
    TakeBack,
    UndoCall,
    Wait,
)
from engine.language.nearest import did_you_mean, list_words
from engine.language.parse.draft import Draft, Reader
from engine.language.parse.shapes import KINDS, RESERVED, STEPS, UNDO_CALL, UNTIL, Shape
from engine.language.parse.state_tables import with_default_rows
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar
from engine.values import changed

Fields = Mapping[str, Any]

_UNKNOWN_BODY: Final = Call(action="", params={})
"""The body of a step whose kind is not known; a finding says why."""
_NO_INTERVAL: Final = "generic AWS calls have no default polling interval and timeout"
_GENERIC_HELP: Final = "write `aws.SERVICE.OPERATION` with boto3's names, such as `aws.rds.describe_db_clusters`"


# -- lists of steps --------------------------------------------------------------------------------------------


def steps(draft: Draft, node: Node, path: str) -> list[Step]:
    """A list with at least one step."""
    found = list_of_steps(draft, node, path)
    if isinstance(node, ListNode) and not node.items:
        draft.report("RB202", node, "the list of steps is empty", "add a step")
    return found


def list_of_steps(draft: Draft, node: Node, path: str) -> list[Step]:
    """A list of steps; it may be empty."""
    if not isinstance(node, ListNode):
        draft.report_wrong_type(node, "a list of steps", "begin each step with `- `")
        return []
    return [step(draft, item, f"{path}/{number}") for number, item in enumerate(node.items)]


def step(draft: Draft, node: Node, path: str) -> Step:
    """One step. If it cannot be read, the result has an empty body, so that later paths keep their numbers."""
    draft.nodes[path] = node
    kind = _kind_of_step(draft, node)
    if kind is None or not isinstance(node, MapNode):
        return _register(draft, node, Step(path=path, id=_written_id(node) or path, body=_UNKNOWN_BODY))
    found = draft.read_fields(node, _allowed_keys(node, kind), path, f"a step with `{kind}`")
    if "id" not in node and path.startswith("steps/") and path.count("/") == 1:
        draft.report_missing_key(node, "id", "a step")
    built = _build_step(draft, node, path, found, _body(draft, node, kind, found, path))
    return _register(draft, node, _require_monitor(draft, built))


def _allowed_keys(node: MapNode, kind: str) -> Shape:
    """The keys of this kind of step; with two kinds (RB208), those of both, so that their keys are not reported too."""
    others = [other for other in KINDS if other != kind and other in node]
    if not others:
        return STEPS[kind]
    return {name: key for one in (*others, kind) for name, key in STEPS[one].items()}


def _build_step(draft: Draft, node: MapNode, path: str, found: Fields, body: Body) -> Step:
    return Step(
        path=path, id=found.get("id") or path, body=body, description=found.get("description") or "",
        condition=found.get("if"), region=found.get("region"), account=found.get("account"),
        timeout=found.get("timeout") or _default_timeout(draft, body), requires=found.get("requires") or (), for_each=found.get("for_each"),
        retry=found.get("retry"), rescue=found.get("rescue") or (), monitor=_effective_monitor(draft, body, found),
        irreversible=bool(found.get("irreversible")),
    )  # fmt: skip


def _default_timeout(draft: Draft, body: Body) -> float | None:
    if not isinstance(body, Call) or not body.action or draft.too_many_apis:
        return None
    facts = draft.vocabulary.action_facts(body.action)
    return facts.timeout if facts is not None else None


def _require_monitor(draft: Draft, step: Step) -> Step:
    """The step. RB2xx if it looks by a generic call, and nothing says how often."""
    body = step.body
    look = body.until.body if isinstance(body, Call) and body.until is not None else body
    if isinstance(look, Check) and look.kind.startswith("aws.") and None in (step.monitor.every, step.monitor.longest):
        node = draft.nodes[step.path]
        assert isinstance(node, MapNode)
        word = "gone" if look.gone else "check"
        draft.report_missing_key(node, "monitor: {every, for}", f"`{word}: {look.kind}`", _NO_INTERVAL)
    return step


def _register(draft: Draft, node: Node, step: Step) -> Step:
    """Add a step to the index, and to the names that expressions may use."""
    draft.index[step.path] = step
    if step.id != step.path:
        place = node.get("id") if isinstance(node, MapNode) else None
        draft.declare_name(step.id, f"the step `{step.id}`", place)
        draft.by_name.setdefault(step.name, step)
    return step


def _written_id(node: Node) -> str | None:
    written = node.get("id") if isinstance(node, MapNode) else None
    return written.value if isinstance(written, Scalar) and isinstance(written.value, str) else None


def _kind_of_step(draft: Draft, node: Node) -> str | None:
    """The one key of `KINDS` that the step has. RB208 if it has none or two."""
    if not isinstance(node, MapNode):
        draft.report_wrong_type(node, "a step (a map)")
        return None
    kinds = [key for key in node if key in KINDS]
    if len(kinds) == 1:
        return kinds[0]
    if kinds:
        second = node.key(kinds[1])
        assert second is not None
        message = f"a step does one thing, but this one has `{kinds[0]}` and `{kinds[1]}`"
        draft.report("RB208", second, message, "split it into two steps")
        return next(kind for kind in KINDS if kind in kinds)  # the same one in any order, which `fmt` may change
    unknown = [key for key, _ in node.entries if not any(key.text in shape for shape in STEPS.values())]
    reserved = [key for key in unknown if key.text in RESERVED]
    if reserved:
        draft.report_unknown_key(reserved[0], {}, "a step")
        return None
    # Point at the key that is most like a kind of step, else at the first unknown key.
    near = next((key for key in unknown[:20] if draft.suggestions.nearest(key.text, lambda: KINDS)), None)
    where = (near or unknown[0]).span if unknown else node.head
    help = did_you_mean(near.text if near is not None else "", KINDS)
    draft.report("RB208", where, "this step has no key that says what it does", help)
    return None


# -- bodies ----------------------------------------------------------------------------------------------------


def _body(draft: Draft, node: MapNode, kind: str, found: Fields, path: str) -> Body:
    match kind:
        case "ensure":
            return Ensure(
                kind=_supported_kind(draft, node, found, "ensure"), params=found.get("with") or {},
                states=with_default_rows("ensure", path, found.get("states") or ()),
                owner=found.get("owner") or "own", only=found.get("only"), is_=found.get("is"),
                undo=found.get("undo") or "keep",
            )  # fmt: skip
        case "remove":
            return Remove(
                kind=_supported_kind(draft, node, found, "remove"), params=found.get("with") or {},
                states=with_default_rows("remove", path, found.get("states") or ()),
                owner=found.get("owner") or ("any" if found.get("target") else "own"),  # a person confirms the target
                only=found.get("only"), target=found.get("target"),
            )  # fmt: skip
        case "check":
            return _check(draft, node, found, path)
        case "call":
            return _call(draft, found)
        case "take_back":
            which = found.get("take_back")
            return TakeBack(steps=None if which in ("all", None) else which, past=found.get("past") or ())
        case "wait":
            pause = found.get("wait") or 0.0
            return Wait(until=pause.get("until")) if isinstance(pause, dict) else Wait(duration=pause)
        case "hold":
            return Hold(reason=found.get("hold") or "")
        case "fail":
            return Fail(reason=found.get("fail") or "", error=found.get("error") or "")
        case _:
            assert kind == "notify"
            return Notify(topic=found.get("notify"), subject=found.get("subject"), text=found.get("text"))


def _check(draft: Draft, node: MapNode, found: Fields, path: str, word: str = "check") -> Check:
    kind = _supported_kind(draft, node, found, word)
    if kind.startswith("aws."):
        if "status" not in node:
            draft.report_missing_key(node, "status", f"`{word}: {kind}`")
    else:
        for key in ("status", "classes", "missing_on"):
            if key in node:
                message = f"`{key}` is only for `{word}: aws.SERVICE.OPERATION`; `{kind}` has statuses of its own"
                draft.report("RB209", node.key(key) or node, message, "remove it")
    return Check(
        kind=kind, params=found.get("with") or {}, states=with_default_rows("check", path, found.get("states") or ()),
        is_=found.get("is"), status=found.get("status"), missing_on=found.get("missing_on") or (),
        classes=found.get("classes") or {}, gone=word == "gone",
    )  # fmt: skip


TOKEN_FOR: Final = 3600.0
"""Seconds for which a call with a token counts as repeatable after it was first sent (docs/aws.md, "Idempotency and identity")."""


def _call(draft: Draft, found: Fields) -> Call:
    action = found.get("call") or ""
    facts = draft.vocabulary.action_facts(action) if action and not draft.too_many_apis else None
    repeatable, params = found.get("repeatable"), found.get("with") or {}
    tokens = facts.tokens if facts is not None and repeatable is None else ()
    if repeatable is None:
        repeatable = bool(facts is not None and facts.repeatable)
    return Call(
        action=action, params=params, repeatable=repeatable, until=found.get("until"),
        token_for=TOKEN_FOR if tokens and not any(name in params for name in tokens) else None,
        undo=_undo_with_monitor(draft, found), deletes=facts.deletes if facts is not None else None,
        makes=facts.makes if facts is not None else "", names_made=facts is not None and facts.names_made,
    )  # fmt: skip


def _undo_with_monitor(draft: Draft, found: Fields) -> UndoCall | None:
    """The undo polls as it says itself, else as its step says, else as the top level does."""
    undo: UndoCall | None = found.get("undo")
    if not isinstance(undo, UndoCall):
        return None
    above: Monitor = (found.get("monitor") or Monitor()).or_else(draft.monitor)
    call = changed(undo.call, monitor=undo.call.monitor.or_else(above))
    draft.index[call.path] = _require_monitor(draft, call)
    return UndoCall(call=call)


# -- kinds, actions --------------------------------------------------------------------------------------------


def kind(draft: Draft, node: Node, path: str) -> str | None:
    """The name of a kind of resource. RB211 if there is none of this name."""
    name: str | None = draft.readers["word"](draft, node, path)
    if name is None or name in draft.kinds or not draft.within_api_limit(name, node):
        return name
    facts = draft.vocabulary.kind_facts(name)
    if facts is not None:
        draft.kinds[name] = facts
    elif not draft.full:
        help = _unknown_name_help(draft, name, draft.vocabulary.kind_names)
        if draft.vocabulary.action_facts(name) is not None:
            help = f"`{name}` is an action: write `call: {name}`"
        draft.report("RB211", node, f"there is no kind `{name}`", help)
    return name


def _unknown_name_help(draft: Draft, name: str, names: Callable[[], list[str]]) -> str:
    return _GENERIC_HELP if name.startswith("aws.") else draft.suggestions.did_you_mean(name, names)


def _supported_kind(draft: Draft, node: MapNode, found: Fields, verb: str) -> str:
    """The kind of resource. RB213 if it does not support this kind of step; `gone` is for what can be removed."""
    name: str = found.get(verb) or ""
    facts = draft.kinds.get(name)
    needed = verb if verb != "gone" else "check" if name.startswith("aws.") else "remove"
    if facts is not None and needed not in facts.verbs:
        help = f"it supports: {list_words(facts.verbs)}"
        draft.report("RB213", node.get(verb) or node, f"the kind `{name}` does not support `{verb}`", help)
    return name


def action(draft: Draft, node: Node, path: str) -> str | None:
    """The name of an action. RB212 if there is none of this name."""
    name: str | None = draft.readers["word"](draft, node, path)
    if name is None or draft.full or not draft.within_api_limit(name, node):
        return name
    if draft.vocabulary.action_facts(name) is None:
        help = _unknown_name_help(draft, name, draft.vocabulary.action_names)
        if draft.may_read_models() and (similar := draft.vocabulary.similar_action(name)):
            help = did_you_mean(similar, [similar], rest=_GENERIC_HELP)
        if draft.vocabulary.kind_facts(name) is not None:
            help = f"`{name}` is a kind of resource: use it with `ensure`, `remove` or `check`"
        draft.report("RB212", node, f"there is no action `{name}`", help)
    return name


# -- until, undo -----------------------------------------------------------------------------------------------


def until(draft: Draft, node: Node, path: str) -> Step | None:
    """The check that shows whether a call has taken effect."""
    draft.nodes[path] = node
    if not isinstance(node, MapNode):
        draft.report_wrong_type(node, "a check: `{check: KIND, with: …, is: …}` or `{gone: KIND, with: …}`")
        return None
    found = draft.read_fields(node, UNTIL, path, "`until`")
    word = "gone" if "gone" in node else "check"
    if word not in node:
        draft.report_missing_key(node, "check", "`until`", "or `gone: KIND`, for a call that deletes")
    for key in ("check", "is") if word == "gone" else ():
        if key in node:
            message = f"`until` has `gone`, and cannot have `{key}`: what is gone has no attributes"
            draft.report("RB209", node.key(key) or node, message, f"remove `{key}`, or write `check` alone")
    body = _check(draft, node, found, path, word)
    check = Step(path=path, id=path, body=body, monitor=found.get("monitor") or Monitor())
    draft.index[path] = check
    return check


def undo_call(draft: Draft, node: Node, path: str) -> UndoCall | None:
    """The call that undoes a call."""
    draft.nodes[path] = node
    if not isinstance(node, MapNode):
        draft.report_wrong_type(node, "a call: `{call: ACTION, with: …}`", "`delete` and `keep` are only for `ensure`")
        return None
    found = draft.read_fields(node, UNDO_CALL, path, "`undo`")
    body = _call(draft, found)
    call = _build_step(draft, node, path, found, body)
    return UndoCall(call=changed(call, monitor=_own_monitor(body, found)))  # the rest follows when its step is read


def _effective_monitor(draft: Draft, body: Body, found: Fields) -> Monitor:
    """Each value from the step, else from its `until`, else from the top level. None means the default of the kind."""
    if "monitor" not in found and not isinstance(body, Call):
        return draft.monitor
    return _own_monitor(body, found).or_else(draft.monitor)


def _own_monitor(body: Body, found: Fields) -> Monitor:
    own: Monitor = found.get("monitor") or Monitor()
    return own.or_else(body.until.monitor) if isinstance(body, Call) and body.until is not None else own


READERS: Final[Mapping[str, Reader]] = {
    "main_steps": steps, "steps": steps, "list_of_steps": list_of_steps, "kind": kind, "action": action, "until": until,
    "undo_call": undo_call,
}  # fmt: skip
