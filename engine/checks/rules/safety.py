"""RB60x: undo, removals, points of no return, and calls that may be repeated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.checks.dataflow.facts import canonical
from engine.checks.dataflow.identity import about, identity_of, text_of
from engine.checks.dataflow.scope import order
from engine.checks.rule import rule
from engine.checks.subject import Found, StepPlace, Subject
from engine.errors import ExpressionError
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.grammar import parse_condition
from engine.language.model import Call, Check, Ensure, Remove
from engine.language.presence import shows_presence
from engine.language.yaml.nodes import MapNode, Scalar


@rule("RB601")
def ensure_without_undo(subject: Subject) -> Iterator[Found]:
    """`ensure` without `undo`

    When an operation fails, what it created is undone, newest first. Each `ensure` must say what that means for its
    resource: `undo: delete`, or `undo: keep` if it is to stay.
    """
    for place in subject.steps:
        if isinstance(place.step.body, Ensure) and "undo" not in place.node:
            message = f"no `undo`: what should happen to this {place.name} if the operation fails?"
            yield Found(span=place.key("ensure"), message=message, help="add `undo: delete` or `undo: keep`")


@rule("RB602")
def irreversible_without_requires(subject: Subject) -> Iterator[Found]:
    """`irreversible` without `requires`

    After an irreversible step, a failure holds the operation and nothing is undone automatically. So the resources that
    the rest depends on, such as the snapshot to restore and its network, must be checked just before that step.
    """
    for place in subject.steps:
        if place.step.irreversible and not place.step.requires:
            message = "nothing is checked before this point of no return"
            help = (
                "add `requires: [STEP, …]` with earlier `ensure` and `check` steps; they are checked again just before"
            )
            yield Found(span=place.key("irreversible"), message=message, help=help)


@rule("RB603")
def foreign_removal(subject: Subject) -> Iterator[Found]:
    """Removal of a resource that the operation did not create

    Without `owner`, a `remove` deletes only what this operation created, and no earlier step creates a resource of this
    name, so the step would always hold. Say who may own it. With `owner: any` or `target`, the operator confirms the
    exact resource, and nothing else is deleted: before the operation starts if its name is known then, and otherwise
    when it becomes known, at the terminal or with `runbook resume ID --accept-target`.
    """
    for place in subject.steps:
        body = place.step.body
        if not isinstance(body, Remove) or "owner" in place.node or "target" in place.node or place.kind is None:
            continue
        identity = identity_of(subject, place)
        if identity is not None and not any(_creates_before(other, place) for other in about(subject, identity)):
            message = f"no earlier step creates this {body.kind}, so this operation does not own it and would hold here"
            help = "add `owner: any` (the operator confirms the resource), `owner: kin` or `target: STEP`"
            yield Found(span=place.key("remove"), message=message, help=help)


def _creates_before(other: StepPlace, place: StepPlace) -> bool:
    return isinstance(other.step.body, Ensure) and order(other.path, place.path) in ("before", "perhaps", "ended")


@rule("RB604")
def unknown_outcome(subject: Subject) -> Iterator[Found]:
    """`call` without `until` or `repeatable`

    If the response is lost, it is unknown whether the call took effect. `until` checks for its effect, `repeatable:
    true` allows repeating it, and `repeatable: false` makes the operation hold and ask. This action declares none of
    them, so the step must. A call for which AWS takes an idempotency token needs none of them: the tool sends a token,
    and repeats the call for an hour.
    """
    for place in subject.steps:
        if isinstance(place.step.body, Call):
            yield from _undeclared(subject, place.node)
            undo = place.node.get("undo")
            if isinstance(undo, MapNode):
                yield from _undeclared(subject, undo)


def _undeclared(subject: Subject, node: MapNode) -> Iterator[Found]:
    name, key = node.get("call"), node.key("call")
    action = subject.catalogue.action(name.text) if isinstance(name, Scalar) else None
    if action is None or key is None or action.facts.repeatable is not None or "repeatable" in node or "until" in node:
        return
    written = node.get("with")
    if action.facts.tokens and not (
        isinstance(written, MapNode) and any(one in written for one in action.facts.tokens)
    ):
        return  # the tool sends a token of its own: for an hour, to send it again is the same call
    message = f"if the response is lost, nobody can tell whether `{action.name}` took effect"
    help = "add `until: {check: …}` to check for the effect, `repeatable: true` or `repeatable: false`"
    yield Found(span=key.span, message=message, help=help)


@rule("RB606")
def created_twice(subject: Subject) -> Iterator[Found]:
    """Two steps that create the same resource

    Both steps name the same resource. The second finds what the first created and treats it as its own, and both would
    undo it.
    """
    created: dict[tuple[str, ...], StepPlace] = {}
    for place in subject.steps:
        identity = identity_of(subject, place)
        if identity is None:
            continue
        if isinstance(place.step.body, Remove):
            created.pop(identity, None)
        elif isinstance(place.step.body, Ensure):
            first = created.setdefault(identity, place)
            if first is not place and first.step.condition == place.step.condition:
                message = f"the step `{first.step.id}` already creates this {place.name}"
                yield Found(span=place.key("ensure"), message=message, help="use one step for each resource")


@rule("RB607")
def true_before(subject: Subject) -> Iterator[Found]:
    """An `until` that is true before the call

    `until` is evaluated before the call; if it is already true, the call is skipped. An `until` that only checks that a
    resource is available, which an earlier step already ensured, is always true, and an `is` that does not use `seen`
    never changes. An undo that deletes must not check that what it deletes is there: that is true before the call, and
    the resource would stay. `until: {gone: KIND}` is true when it is not there any more.
    """
    yield from _undone_while_there(subject)
    for place in subject.steps:
        body = place.step.body
        until = subject.by_path.get(f"{place.step.path}/until")
        if not isinstance(body, Call) or until is None or body.repeatable:
            continue
        check = until.step.body
        if not isinstance(check, Check) or check.gone or _names_deleted(subject, place, check):
            continue  # `gone` asks for another state, and an undo has been judged above
        condition = check.is_
        if condition is not None:
            if not _depends_on_seen(condition):
                message = "`is` does not depend on `seen`, so the call cannot change it"
                yield Found(
                    span=until.value("is"), message=message, help="test what the call changes: `is: seen.… == …`"
                )
            continue
        for other in about(subject, identity_of(subject, until)):
            seen = isinstance(other.step.body, (Ensure, Check)) and not other.step.path.endswith("/until")
            if seen and order(other.path, place.path) == "before":
                message = f"already true after the step `{other.step.id}`, so the call is never made"
                yield Found(span=until.key("check"), message=message, help="test what the call changes: `is: seen.…`")
                break


def _undone_while_there(subject: Subject) -> Iterator[Found]:
    """Undos whose `until` is true while what they delete is there."""
    for place in subject.steps:
        until = subject.by_path.get(f"{place.step.path}/until")
        check = until.step.body if until is not None else None
        if until is None or not isinstance(check, Check) or check.gone or not _names_deleted(subject, place, check):
            continue
        if shows_presence(check):
            message = "already true before the call, while what the call deletes is still there"
            yield Found(
                span=until.key("check"), message=message, help=f"write `gone: {check.kind}` in place of `check`"
            )


def _names_deleted(subject: Subject, place: StepPlace, check: Check) -> bool:
    """Is it an undo whose call deletes what the check looks at? Both name it."""
    body = place.step.body
    if place.path[-1] != "undo" or not isinstance(body, Call) or body.deletes is None or body.deletes.unprotects:
        return False
    deleted = [body.params[name] for name in body.deletes.names if name in body.params]
    return not _texts(subject, deleted).isdisjoint(_texts(subject, list(check.params.values())))


def _texts(subject: Subject, values: object) -> set[str]:
    """The canonical texts of all values in lists and maps."""
    match values:
        case list() | tuple():
            return {text for one in values for text in _texts(subject, one)}
        case Mapping():
            return {text for one in values.values() for text in _texts(subject, one)}
        case _:
            return {text_of(subject, values)}


def _depends_on_seen(condition: str) -> bool:
    try:
        tree = parse_condition(condition)
    except ExpressionError:
        return True  # RB308 reports it
    return any(
        isinstance(node, ast.Name) and node.name == "seen" for node in ast.walk(tree)
    ) and not _compares_with_itself(tree)


def _compares_with_itself(tree: ast.Node) -> bool:
    """`seen.id == seen.id`."""
    match tree:
        case ast.Compare(left=left, ops=(("==", right),)):
            return canonical(left) == canonical(right)
        case _:
            return False


@rule("RB608")
def last_copy(subject: Subject) -> Iterator[Found]:
    """The last copy of the data may be deleted

    Before a cluster or snapshot is deleted, another copy of its data must be confirmed to exist. List an earlier
    `ensure` or `check` of a snapshot or cluster in `requires`, or set `final_snapshot`.
    """
    for place in subject.steps:
        body, facts = place.step.body, place.facts
        if not isinstance(body, Remove) or facts is None or facts.data == "none" or "final_snapshot" in body.params:
            continue
        if not any(row.verb == "delete" for row in body.states):
            continue
        own = identity_of(subject, place)
        required = [subject.by_id.get(name.replace("-", "_")) for name in place.step.requires]
        if not any(_holds_data(subject, one, own) for one in required if one is not None):
            message = f"this {body.kind} may be the last copy of its data: nothing in `requires` holds another"
            help = "require an earlier `ensure` or `check` of a snapshot or cluster with the same data"
            yield Found(span=place.key("requires" if place.step.requires else "remove"), message=message, help=help)


def _holds_data(subject: Subject, place: StepPlace, own: tuple[str, ...] | None) -> bool:
    facts = place.facts
    if facts is None or facts.data == "none" or not isinstance(place.step.body, (Ensure, Check)):
        return False
    return own is None or identity_of(subject, place) != own


@rule("RB609")
def foreign_and_reversible(subject: Subject) -> Iterator[Found]:
    """Existing data removed without `irreversible`

    Undo cannot restore data that existed before the operation. If a later step failed, everything the operation created
    would be undone, and neither the old data nor the new would be left. With `irreversible: true`, failures from here
    on hold the operation instead.
    """
    for place in subject.steps:
        body, facts = place.step.body, place.facts
        if not isinstance(body, Remove) or facts is None or facts.data == "none" or place.step.irreversible:
            continue
        if not _something_follows(subject, place):
            continue
        if (body.owner != "own" or body.target is not None) and any(row.verb == "delete" for row in body.states):
            key = "owner" if "owner" in place.node else "target"
            message = f"undo cannot restore this {body.kind}, but a later failure would undo the other steps"
            yield Found(span=place.key(key), message=message, help="add `irreversible: true`")


def _something_follows(subject: Subject, place: StepPlace) -> bool:
    """Can a later step fail? Only the last step of the main list has none after it."""
    head = place.step.path.split("/")[0]
    return head != "steps" or place.path[1] != len(subject.runbook.steps) - 1


@rule("RB712", severity="warning")
def call_instead_of_remove(subject: Subject) -> Iterator[Found]:
    """A call deletes what a kind can remove

    `remove` looks at the resource first, deletes its parts, sees what prevents the delete before the first part goes,
    and polls until it is gone. A call sends one request. Both need the operator's confirmation.
    """
    for place in subject.steps:
        body = place.step.body
        if isinstance(body, Call) and body.deletes is not None and body.deletes.kind and not body.deletes.unprotects:
            message = f"`{body.action}` deletes what the kind `{body.deletes.kind}` can remove"
            help = f"use `remove: {body.deletes.kind}`, which looks first and waits until it is gone"
            yield Found(span=place.key("call"), message=message, help=help)
