"""RB311, RB605 and RB610: accounts and steps that a step refers to by name."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.checks.dataflow.identity import identity_of
from engine.checks.dataflow.scope import order
from engine.checks.rule import rule
from engine.checks.subject import Found, StepPlace, Subject, computed_once
from engine.language.model import Check, Ensure, Remove, TakeBack
from engine.language.yaml.nodes import ListNode, Scalar


def _names(place: StepPlace, key: str) -> Iterator[Scalar]:
    """The step ids under a key: one, or a list of them."""
    node = place.node.get(key)
    if isinstance(node, ListNode):
        yield from (one for one in node.items if isinstance(one, Scalar))
    elif isinstance(node, Scalar):
        yield node


def _step(subject: Subject, one: Scalar) -> StepPlace | None:
    return subject.by_id.get(one.text.replace("-", "_"))


def _no_such_step(subject: Subject, one: Scalar) -> Found:
    help = subject.suggestions.did_you_mean(one.text, lambda: subject.ids, "steps")
    return Found(span=one.span, message=f"there is no step `{one.text}`", help=help)


@rule("RB605")
def wrong_requirement(subject: Subject) -> Iterator[Found]:
    """A step that cannot be required

    `requires` names earlier `ensure` and `check` steps; their resources are checked again just before the change. A
    later step has no resource yet, and a `call` has none at all. If a step in between removes the required resource,
    the requirement can never be met, and the operation holds every time.
    """
    for place in subject.steps:
        for one in _names(place, "requires"):
            other = _step(subject, one)
            if other is None:
                yield _no_such_step(subject, one)
            elif order(other.path, place.path) not in ("before", "ended", "perhaps"):
                yield Found(
                    span=one.span,
                    message=f"`{one.text}` is not an earlier step",
                    help="require a step that comes before this one",
                )
            elif not isinstance(other.step.body, (Ensure, Check)):
                message = f"`{one.text}` is neither an `ensure` nor a `check`, so it has no resource to check again"
                help = "require the step that creates or checks the resource"
                yield Found(span=one.span, message=message, help=help)
            else:
                yield from _removed(subject, one, other, place)


def _removed(subject: Subject, one: Scalar, other: StepPlace, place: StepPlace) -> Iterator[Found]:
    """A required resource that a step in between certainly removes. Only steps of the main list are compared."""
    if not isinstance(other.step.body, Ensure) or len(other.path) != 2 or len(place.path) != 2:
        return
    removals = _removals(subject)
    created: tuple[str | int, ...] = other.path
    keys: list[Any] = [identity_of(subject, other)]
    if other.step.body.undo == "delete":
        keys += [other.step.name, ALL]
    for key in keys:
        candidates = removals.get(key, [])  # in the order of the document
        after = bisect_right(candidates, created, key=lambda removal: removal.path)
        if after < len(candidates) and candidates[after].path < place.path:
            message = f"`{one.text}` no longer exists here: `{candidates[after].step.id}` removes it"
            help = "require a resource that still exists, or move this step before that one"
            yield Found(span=one.span, message=message, help=help)
            return


ALL: Final = "all"


@computed_once
def _removals(subject: Subject) -> Mapping[Any, list[StepPlace]]:
    """The unconditional steps of the main list that remove something: by the name of the step undone, or by identity."""
    found: dict[Any, list[StepPlace]] = {}
    for place in subject.steps:
        if len(place.path) == 2 and place.path[0] == "steps" and place.step.condition is None:
            for key in _removed_by(subject, place):
                found.setdefault(key, []).append(place)
    return found


def _removed_by(subject: Subject, place: StepPlace) -> tuple[Any, ...]:
    match place.step.body:
        case TakeBack(steps=steps):
            return tuple(name.replace("-", "_") for name in steps) if steps is not None else (ALL,)
        case Remove(states=rows) if any(row.verb == "delete" for row in rows):
            identity = identity_of(subject, place)
            return (identity,) if identity is not None else ()
        case _:
            return ()


@rule("RB610")
def wrong_reference(subject: Subject) -> Iterator[Found]:
    """A reference to the wrong step

    `target` names an earlier `check` of the same kind: the resource that it observed is the one to remove. `take_back`
    names the steps to undo. `past` names an irreversible step; steps before it are undone too.
    """
    for place in subject.steps:
        body = place.step.body
        if isinstance(body, Remove) and body.target is not None:
            yield from _target(subject, place, body)
        if isinstance(body, TakeBack):
            for one in _names(place, "take_back") if body.steps is not None else ():
                if _step(subject, one) is None:
                    yield _no_such_step(subject, one)
            for one in _names(place, "past"):
                other = _step(subject, one)
                if other is None:
                    yield _no_such_step(subject, one)
                elif not other.step.irreversible:
                    message = f"`past` names an irreversible step, and `{one.text}` is not `irreversible`"
                    yield Found(span=one.span, message=message, help="remove `past`, or name an irreversible step")


def _target(subject: Subject, place: StepPlace, body: Remove) -> Iterator[Found]:
    for one in _names(place, "target"):
        other = _step(subject, one)
        if other is None:
            yield _no_such_step(subject, one)
        elif not isinstance(other.step.body, Check) or other.step.body.kind != body.kind:
            help = f"`target` names the earlier `check: {body.kind}` that observed the resource to remove"
            yield Found(span=one.span, message=f"`{one.text}` is not a `check: {body.kind}`", help=help)
        elif order(other.path, place.path) != "before":
            yield Found(span=one.span, message=f"`{one.text}` is not an earlier step")


@rule("RB311")
def unknown_account(subject: Subject) -> Iterator[Found]:
    """Undeclared account

    `account` names an entry of `accounts`. Its id is compared with the account of the credentials before the first
    call, so that nothing runs in the wrong account.
    """
    accounts = subject.runbook.accounts
    nodes = [place.node.get("account") for place in subject.steps] + [subject.root.get("account")]
    nodes += [subject.node("settings", name, "account") for name in subject.runbook.settings]
    for node in nodes:
        if isinstance(node, Scalar) and node.text and node.text not in accounts:
            help = subject.suggestions.did_you_mean(node.text, lambda: accounts, "accounts")
            yield Found(span=node.span, message=f"there is no account `{node.text}`", help=help)
