"""Readers of steps: which kind one is, its keys, its body."""

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
from engine.language.nearest import did_you_mean, listed
from engine.language.parse.draft import Draft, Reader
from engine.language.parse.shapes import KINDS, RESERVED, STEPS, UNDO_CALL, UNTIL, Shape
from engine.language.parse.state_tables import filled
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar

Fields = Mapping[str, Any]

_NOTHING: Final = Call(action="", params={})
"""Stands in a runbook for a step of which nobody knows what it is; the finding is told."""
_NO_INTERVAL: Final = "generic AWS calls have no default polling interval and timeout"
_GENERIC: Final = "write `aws.SERVICE.OPERATION` with boto3's names, such as `aws.rds.describe_db_clusters`"


# -- lists of steps --------------------------------------------------------------------------------------------


def steps(d: Draft, node: Node, path: str) -> list[Step]:
    """A list of steps, one at least."""
    found = list_of_steps(d, node, path)
    if isinstance(node, ListNode) and not node.items:
        d.tell("RB202", node, "the list of steps is empty", "add a step")
    return found


def list_of_steps(d: Draft, node: Node, path: str) -> list[Step]:
    """A list of steps, perhaps empty."""
    if not isinstance(node, ListNode):
        d.wrong(node, "a list of steps", "begin each step with `- `")
        return []
    return [step(d, item, f"{path}/{number}") for number, item in enumerate(node.items)]


def step(d: Draft, node: Node, path: str) -> Step:
    """One step. Where it cannot be read, one that does nothing stands in its place."""
    d.places[path] = node
    kind = _kind(d, node)
    if kind is None or not isinstance(node, MapNode):
        return _kept(d, node, Step(path=path, id=_id_of(node) or path, body=_NOTHING))
    found = d.fields(node, _shape(node, kind), path, f"a step with `{kind}`")
    if "id" not in node and path.startswith("steps/") and path.count("/") == 1:
        d.missing(node, "id", "a step")
    return _kept(d, node, _built(d, node, path, found, _BODIES[kind](d, node, found, path)))


def _shape(node: MapNode, kind: str) -> Shape:
    """The keys that it may have; of one that is several things, those of all of them: that is told already."""
    others = [other for other in KINDS if other != kind and other in node]
    if not others:
        return STEPS[kind]
    return {name: key for one in (*others, kind) for name, key in STEPS[one].items()}


def _built(d: Draft, node: MapNode, path: str, found: Fields, body: Body) -> Step:
    made = Step(
        path=path, id=found.get("id") or path, body=body, description=found.get("description") or "",
        condition=found.get("if"), region=found.get("region"), account=found.get("account"),
        timeout=found.get("timeout"), requires=found.get("requires") or (), for_each=found.get("for_each"),
        retry=found.get("retry"), rescue=found.get("rescue") or (), monitor=_watched(d, body, found),
        irreversible=bool(found.get("irreversible")),
    )  # fmt: skip
    look = body.until.body if isinstance(body, Call) and body.until is not None else body
    if isinstance(look, Check) and look.kind.startswith("aws.") and None in (made.monitor.every, made.monitor.longest):
        d.missing(node, "monitor: {every, for}", f"`check: {look.kind}`", _NO_INTERVAL)
    return made


def _kept(d: Draft, node: Node, made: Step) -> Step:
    """In the index, and under its name in expressions."""
    d.index[made.path] = made
    if made.id != made.path:
        place = node.get("id") if isinstance(node, MapNode) else None
        d.name(made.id, f"the step `{made.id}`", place)
        d.by_name.setdefault(made.name, made)
    return made


def _id_of(node: Node) -> str | None:
    written = node.get("id") if isinstance(node, MapNode) else None
    return written.value if isinstance(written, Scalar) and isinstance(written.value, str) else None


def _kind(d: Draft, node: Node) -> str | None:
    """Which of its keys says what it does: exactly one."""
    if not isinstance(node, MapNode):
        d.wrong(node, "a step (a map)")
        return None
    kinds = [key for key in node if key in KINDS]
    if len(kinds) == 1:
        return kinds[0]
    if kinds == ["fail", "hold"] or len(kinds) > 1:
        second = node.key(kinds[1]) or node.key(kinds[0])
        assert second is not None
        d.tell(
            "RB208",
            second,
            f"a step does one thing, but this one has `{kinds[0]}` and `{kinds[1]}`",
            "split it into two steps",
        )
        return kinds[0]
    strange = [key for key, _ in node.entries if not any(key.text in shape for shape in STEPS.values())]
    reserved = [key for key in strange if key.text in RESERVED]
    if reserved:
        d.unknown(reserved[0], {}, "a step")
        return None
    # Point at the key that was probably meant for a kind of step, else at the first one that is unknown.
    near = next((key for key in strange[:20] if d.guesses.nearest(key.text, lambda: KINDS)), None)
    where = (near or strange[0]).span if strange else node.head
    help = did_you_mean(near.text if near is not None else "", KINDS)
    d.tell("RB208", where, "this step has no key that says what it does", help)
    return None


# -- bodies ----------------------------------------------------------------------------------------------------


def _ensure(d: Draft, node: MapNode, found: Fields, path: str) -> Body:
    kind = _of_kind(d, node, found, "ensure")
    return Ensure(
        kind=kind, params=found.get("with") or {}, states=filled("ensure", path, found.get("states") or ()),
        owner=found.get("owner") or "own", only=found.get("only"), is_=found.get("is"),
        undo=found.get("undo") or "keep",
    )  # fmt: skip


def _remove(d: Draft, node: MapNode, found: Fields, path: str) -> Body:
    kind = _of_kind(d, node, found, "remove")
    return Remove(
        kind=kind, params=found.get("with") or {}, states=filled("remove", path, found.get("states") or ()),
        owner=found.get("owner") or "own", only=found.get("only"), target=found.get("target"),
    )  # fmt: skip


def _check(d: Draft, node: MapNode, found: Fields, path: str) -> Check:
    kind = _of_kind(d, node, found, "check")
    if kind.startswith("aws."):
        if "status" not in node:
            d.missing(node, "status", f"`check: {kind}`")
    else:
        for key in ("status", "classes", "missing_on"):
            if key in node:
                message = f"`{key}` is only for `check: aws.SERVICE.OPERATION`; `{kind}` has statuses of its own"
                d.tell("RB209", node.key(key) or node, message, "remove it")
    return Check(
        kind=kind, params=found.get("with") or {}, states=filled("check", path, found.get("states") or ()),
        is_=found.get("is"), status=found.get("status"), missing_on=found.get("missing_on") or (),
        classes=found.get("classes") or {},
    )  # fmt: skip


def _call(d: Draft, node: MapNode, found: Fields, path: str) -> Body:
    action = found.get("call") or ""
    facts = d.vocabulary.action_facts(action) if action and not d.overdrawn else None
    said, until = found.get("repeatable"), found.get("until")
    repeatable = said if said is not None else bool(facts is not None and facts.repeatable)
    return Call(
        action=action, params=found.get("with") or {}, repeatable=repeatable, until=until, undo=found.get("undo")
    )


def _take_back(d: Draft, node: MapNode, found: Fields, path: str) -> Body:
    which = found.get("take_back")
    return TakeBack(steps=None if which in ("all", None) else which, past=found.get("past") or ())


def _wait(d: Draft, node: MapNode, found: Fields, path: str) -> Body:
    return Wait(duration=found.get("wait") or 0.0)


def _hold(d: Draft, node: MapNode, found: Fields, path: str) -> Body:
    return Hold(reason=found.get("hold") or "")


def _fail(d: Draft, node: MapNode, found: Fields, path: str) -> Body:
    return Fail(reason=found.get("fail") or "", error=found.get("error") or "")


def _notify(d: Draft, node: MapNode, found: Fields, path: str) -> Body:
    return Notify(topic=found.get("notify"), subject=found.get("subject"), text=found.get("text"))


_BODIES: Final[Mapping[str, Callable[[Draft, MapNode, Fields, str], Body]]] = {
    "ensure": _ensure, "remove": _remove, "check": _check, "call": _call, "take_back": _take_back, "wait": _wait,
    "hold": _hold, "fail": _fail, "notify": _notify,
}  # fmt: skip


# -- kinds, actions --------------------------------------------------------------------------------------------


def kind(d: Draft, node: Node, path: str) -> str | None:
    """The name of a kind of resource."""
    name: str | None = d.readers["word"](d, node, path)
    if name is None or name in d.kinds or not d.may_ask_for(name, node):
        return name
    facts = d.vocabulary.kind_facts(name)
    if facts is None and not d.full:
        help = d.guesses.did_you_mean(name, d.vocabulary.kind_names) if not name.startswith("aws.") else _GENERIC
        if d.vocabulary.action_facts(name) is not None:
            help = f"`{name}` is an action: write `call: {name}`"
        d.tell("RB211", node, f"there is no kind `{name}`", help)
    elif facts is not None:
        d.kinds[name] = facts
    return name


def _of_kind(d: Draft, node: MapNode, found: Fields, verb: str) -> str:
    """The kind, which must be one that such a step can have."""
    name: str = found.get(verb) or ""
    facts = d.kinds.get(name)
    if facts is not None and verb not in facts.verbs:
        help = f"it supports: {listed(facts.verbs)}"
        d.tell("RB213", node.get(verb) or node, f"the kind `{name}` does not support `{verb}`", help)
    return name


def action(d: Draft, node: Node, path: str) -> str | None:
    """The name of an action."""
    name: str | None = d.readers["word"](d, node, path)
    if name is not None and not d.full and d.may_ask_for(name, node) and d.vocabulary.action_facts(name) is None:
        help = d.guesses.did_you_mean(name, d.vocabulary.action_names) if not name.startswith("aws.") else _GENERIC
        if d.vocabulary.kind_facts(name) is not None:
            help = f"`{name}` is a kind of resource: use it with `ensure`, `remove` or `check`"
        d.tell("RB212", node, f"there is no action `{name}`", help)
    return name


# -- until, undo -----------------------------------------------------------------------------------------------


def until(d: Draft, node: Node, path: str) -> Step | None:
    """A check that says whether a call has been done."""
    d.places[path] = node
    if not isinstance(node, MapNode):
        d.wrong(node, "a check: `{check: KIND, with: …, is: …}`")
        return None
    found = d.fields(node, UNTIL, path, "`until`")
    body = _check(d, node, found, path)
    made = Step(path=path, id=path, body=body, monitor=found.get("monitor") or Monitor())
    d.index[path] = made
    return made


def undo_call(d: Draft, node: Node, path: str) -> UndoCall | None:
    """The call that takes a call back."""
    d.places[path] = node
    if not isinstance(node, MapNode):
        d.wrong(node, "a call: `{call: ACTION, with: …}`", "`delete` and `keep` are only for `ensure`")
        return None
    found = d.fields(node, UNDO_CALL, path, "`undo`")
    made = _built(d, node, path, found, _call(d, node, found, path))
    d.index[path] = made
    return UndoCall(call=made)


def _watched(d: Draft, body: Body, found: Fields) -> Monitor:
    """The step's own word, else its `until`'s, else the top level's; where all are silent, the kind's."""
    if "monitor" not in found and not isinstance(body, Call):
        return d.monitor
    own: Monitor = found.get("monitor") or Monitor()
    said = body.until.monitor if isinstance(body, Call) and body.until is not None else Monitor()
    top = d.monitor

    def first(*values: float | None) -> float | None:
        return next((value for value in values if value is not None), None)

    return Monitor(
        every=first(own.every, said.every, top.every),
        longest=first(own.longest, said.longest, top.longest),
        grace=first(own.grace, said.grace, top.grace),
    )


READERS: Final[Mapping[str, Reader]] = {
    "main_steps": steps, "steps": steps, "list_of_steps": list_of_steps, "kind": kind, "action": action, "until": until,
    "undo_call": undo_call,
}  # fmt: skip
