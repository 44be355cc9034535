"""RB60x: what is made, what is deleted, and what is seen to be so before."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.dataflow.facts import canonical
from engine.checks.dataflow.identity import about, identity_of
from engine.checks.dataflow.scope import order
from engine.checks.rule import rule
from engine.checks.subject import Found, Place, Subject
from engine.errors import ExpressionError
from engine.language.expressions import nodes as ast
from engine.language.expressions.grammar import parsed
from engine.language.expressions.template import bare
from engine.language.expressions.tokens import NotAnExpression
from engine.language.model import Call, Check, Ensure, Remove
from engine.language.yaml.nodes import MapNode, Scalar


@rule(
    id="RB601",
    title="Made without saying how it is taken back",
    why="When an operation fails, what it made is taken back, newest first. So every `ensure` says what becomes of its "
    "resource then: `undo: delete`, or `undo: keep` where it is to stay.",
)
def made_without_undo(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        if isinstance(place.step.body, Ensure) and "undo" not in place.node:
            message = f"what becomes of this {place.name} when all is taken back must be said"
            yield Found(span=place.key("ensure"), message=message, help="`undo: delete`, or `undo: keep`")


@rule(
    id="RB602",
    title="`irreversible` without `requires`",
    why="Past this step a failure holds, and nothing is taken back by itself. Before such a step begins, what the rest "
    "depends on must be seen to be there, now: the copy that is to be restored, the network that it goes into.",
)
def irreversible_without_requires(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        if place.step.irreversible and not place.step.requires:
            message = "nothing is seen to be there before the point of no return"
            help = "`requires: [STEP, …]`: earlier `ensure` and `check` steps, looked at again just before"
            yield Found(span=place.key("irreversible"), message=message, help=help)


@rule(
    id="RB603",
    title="A removal of what is not the operation's own",
    why="Without `owner` a `remove` takes only what this operation has made, and no earlier step makes a thing of this "
    "name: it would hold every time. Say whose it may be; `owner: any` and `target` have the thing that is meant shown and "
    "confirmed before anything begins, and nothing else is ever deleted.",
)
def foreign_removal(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        body = place.step.body
        if not isinstance(body, Remove) or "owner" in place.node or "target" in place.node or place.kind is None:
            continue
        identity = identity_of(subject, place)
        if identity is not None and not any(_makes(other, place) for other in about(subject, identity)):
            message = f"no earlier step makes this {body.kind}: it is not the operation's own, and the step would hold"
            help = "`owner: any` (what is meant is confirmed before it begins), `owner: kin`, or `target: STEP`"
            yield Found(span=place.key("remove"), message=message, help=help)


def _makes(other: Place, place: Place) -> bool:
    return isinstance(other.step.body, Ensure) and order(other.path, place.path) in ("before", "perhaps", "ended")


@rule(
    id="RB604",
    title="A `call` that says neither `until` nor `repeatable`",
    why="When a reply is lost, nobody knows whether the call was done. `until` lets it be seen; `repeatable: true` lets it "
    "be done again; `repeatable: false` makes the operation hold and ask. The action does not say it itself, so the "
    "step must.",
)
def neither_seen_nor_repeatable(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        if isinstance(place.step.body, Call):
            yield from _silent(subject, place.node)
            undo = place.node.get("undo")
            if isinstance(undo, MapNode):
                yield from _silent(subject, undo)


def _silent(subject: Subject, node: MapNode) -> Iterator[Found]:
    name, key = node.get("call"), node.key("call")
    action = subject.catalogue.action(name.text) if isinstance(name, Scalar) else None
    if action is None or key is None or action.facts.repeatable is not None or "repeatable" in node or "until" in node:
        return
    message = f"`{action.name}` changes something: say how it is seen that it has been done, or if it may be repeated"
    yield Found(span=key.span, message=message, help="`until: {check: …}`, or `repeatable: true` or `false`")


@rule(
    id="RB606",
    title="Two steps that make one thing",
    why="Both name the same resource. The second finds what the first has made, counts it as its own and done, and both "
    "would take it back.",
)
def made_twice(subject: Subject) -> Iterator[Found]:
    made: dict[tuple[str, ...], Place] = {}
    for place in subject.steps:
        identity = identity_of(subject, place)
        if identity is None:
            continue
        if isinstance(place.step.body, Remove):
            made.pop(identity, None)
        elif isinstance(place.step.body, Ensure):
            first = made.setdefault(identity, place)
            if first is not place and first.step.condition == place.step.condition:
                message = f"this is the {place.name} that {first.step.id} makes"
                yield Found(span=place.key("ensure"), message=message, help="one step for one resource")


@rule(
    id="RB607",
    title="An `until` that is true before the call",
    why="`until` is asked first: where it is true already, nothing is called. One that only looks whether a thing is there "
    "and well, which an earlier step has seen to, is true from the beginning, and so is one whose `is` does not depend on "
    "`seen`.",
)
def true_before(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        body = place.step.body
        until = subject.by_path.get(f"{place.step.path}/until")
        if not isinstance(body, Call) or until is None or body.repeatable:
            continue
        check = until.step.body
        condition = check.is_ if isinstance(check, Check) else None
        if condition is not None:
            if not _depends_on_seen(condition):
                message = "`is` does not ask what is seen: it is the same before the call as after it"
                yield Found(
                    span=until.value("is"), message=message, help="say what the call changes: `is: seen.… == …`"
                )
            continue
        for other in about(subject, identity_of(subject, until)):
            seen = isinstance(other.step.body, (Ensure, Check)) and not other.step.path.endswith("/until")
            if seen and order(other.path, place.path) == "before":
                message = f"{other.step.id} has seen it there and well: nothing would ever be called"
                yield Found(span=until.key("check"), message=message, help="say what the call changes: `is: seen.…`")
                break


def _depends_on_seen(condition: str) -> bool:
    try:
        tree = parsed(bare(condition)[0].strip())
    except (NotAnExpression, ExpressionError):
        return True  # that is told elsewhere
    return any(isinstance(node, ast.Name) and node.name == "seen" for node in ast.walk(tree)) and not _same(tree)


def _same(tree: ast.Node) -> bool:
    """`seen.id == seen.id`."""
    match tree:
        case ast.Compare(left=left, ops=(("==", right),)):
            return canonical(left) == canonical(right)
        case _:
            return False


@rule(
    id="RB608",
    title="The last copy of the data may be deleted",
    why="Before a cluster or a snapshot goes, something else that holds its data must be seen to be there, just before: an "
    "earlier `ensure` or `check` of a snapshot or a cluster in `requires`, or a `final_snapshot`.",
)
def last_copy(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        body, facts = place.step.body, place.facts
        if not isinstance(body, Remove) or facts is None or facts.data == "none" or "final_snapshot" in body.params:
            continue
        if not any(row.verb == "delete" for row in body.states):
            continue
        own = identity_of(subject, place)
        required = [subject.by_id.get(name.replace("-", "_")) for name in place.step.requires]
        if not any(_holds_data(subject, one, own) for one in required if one is not None):
            message = f"nothing in `requires` holds the data of this {body.kind}: it may be the last copy"
            help = "require an earlier `ensure` or `check` of a snapshot or cluster that has it"
            yield Found(span=place.key("requires" if place.step.requires else "remove"), message=message, help=help)


def _holds_data(subject: Subject, place: Place, own: tuple[str, ...] | None) -> bool:
    facts = place.facts
    if facts is None or facts.data == "none" or not isinstance(place.step.body, (Ensure, Check)):
        return False
    return own is None or identity_of(subject, place) != own


@rule(
    id="RB609",
    title="Foreign data removed, and not marked `irreversible`",
    why="What was there before the operation cannot be made again by undoing. If a later step fails, everything that was "
    "made would be taken back, and neither the old nor the new is there. `irreversible: true` makes a failure hold from "
    "here on.",
)
def foreign_and_reversible(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        body, facts = place.step.body, place.facts
        if not isinstance(body, Remove) or facts is None or facts.data == "none" or place.step.irreversible:
            continue
        if not _something_follows(subject, place):
            continue
        if (body.owner != "own" or body.target is not None) and any(row.verb == "delete" for row in body.states):
            key = "owner" if "owner" in place.node else "target"
            message = f"nothing can bring this {body.kind} back, and a later failure would undo the rest"
            yield Found(span=place.key(key), message=message, help="`irreversible: true`")


def _something_follows(subject: Subject, place: Place) -> bool:
    """Is there a later step in its list, or around it, that could fail?"""
    head = place.step.path.split("/")[0]
    return head != "steps" or place.path[1] != len(subject.runbook.steps) - 1
