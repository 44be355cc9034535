"""RB605 and its like: steps that other steps name."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.checks.dataflow.identity import identity_of
from engine.checks.dataflow.scope import order
from engine.checks.rule import rule
from engine.checks.subject import Found, Place, Subject
from engine.language.model import Check, Ensure, Remove, TakeBack
from engine.language.yaml.nodes import ListNode, Scalar


def _named(place: Place, key: str) -> Iterator[Scalar]:
    node = place.node.get(key)
    if isinstance(node, ListNode):
        yield from (one for one in node.items if isinstance(one, Scalar))
    elif isinstance(node, Scalar):
        yield node


def _found(subject: Subject, one: Scalar) -> Place | None:
    return subject.by_id.get(one.text.replace("-", "_"))


def _nothing(subject: Subject, one: Scalar) -> Found:
    help = subject.guesses.meant(one.text, lambda: subject.ids, "steps")
    return Found(span=one.span, message=f"there is no step `{one.text}`", help=help)


@rule(
    id="RB605",
    title="`requires` of a step that cannot be required",
    why="`requires` names earlier steps whose thing is looked at again just before a change: `ensure` and `check` steps. A "
    "later step has nothing yet to look at, and a `call` has nothing to look at at all. What was made and has been taken "
    "back, or removed, by then is never met again: the operation would hold each time, after a restart too.",
)
def wrong_requirement(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        for one in _named(place, "requires"):
            other = _found(subject, one)
            if other is None:
                yield _nothing(subject, one)
            elif order(other.path, place.path) not in ("before", "ended", "perhaps"):
                yield Found(
                    span=one.span, message=f"`{one.text}` is not an earlier step", help="require what is done before"
                )
            elif not isinstance(other.step.body, (Ensure, Check)):
                message = f"`{one.text}` is neither an `ensure` nor a `check`: there is nothing to look at again"
                yield Found(
                    span=one.span, message=message, help="require the step that makes, or looks at, what is needed"
                )
            else:
                yield from _gone(subject, one, other, place)


def _gone(subject: Subject, one: Scalar, other: Place, place: Place) -> Iterator[Found]:
    """What an `ensure` of the main list has made, and a step between the two has surely taken away."""
    if not isinstance(other.step.body, Ensure) or len(other.path) != 2 or len(place.path) != 2:
        return
    away = _taking_away(subject)
    made: tuple[str | int, ...] = other.path
    keys: list[Any] = [identity_of(subject, other)]
    if other.step.body.undo == "delete":
        keys += [other.step.name, ALL]
    for key in keys:
        candidates = away.get(key, [])
        after = bisect_right(candidates, made, key=_path)  # they are in their order
        if after < len(candidates) and candidates[after].path < place.path:
            message = f"`{one.text}` is not there any more: {candidates[after].step.id} has taken it away"
            help = "require what is still there, or do this step before that one"
            yield Found(span=one.span, message=message, help=help)
            return


def _path(place: Place) -> tuple[str | int, ...]:
    return place.path


ALL: Final = "all"


def _taking_away(subject: Subject) -> Mapping[Any, list[Place]]:
    """The unconditional steps of the main list that undo a step, by its name, or remove a thing, by its identity."""
    found: dict[Any, list[Place]] | None = subject.memo.get("taking away")
    if found is None:
        found = subject.memo["taking away"] = {}
        for place in subject.steps:
            if len(place.path) == 2 and place.path[0] == "steps" and place.step.condition is None:
                for key in _takes_away(subject, place):
                    found.setdefault(key, []).append(place)
    return found


def _takes_away(subject: Subject, place: Place) -> tuple[Any, ...]:
    match place.step.body:
        case TakeBack(steps=steps):
            return tuple(name.replace("-", "_") for name in steps) if steps is not None else (ALL,)
        case Remove(states=rows) if any(row.verb == "delete" for row in rows):
            identity = identity_of(subject, place)
            return (identity,) if identity is not None else ()
        case _:
            return ()


@rule(
    id="RB610",
    title="A step that is named and cannot be meant",
    why="`target` names the earlier `check` whose thing is to go, and that is a thing of the same kind. `take_back` names "
    "steps that make something, and `past` the irreversible step beyond which is taken back too.",
)
def wrong_reference(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        body = place.step.body
        if isinstance(body, Remove) and body.target is not None:
            yield from _target(subject, place, body)
        if isinstance(body, TakeBack):
            for one in _named(place, "take_back") if body.steps is not None else ():
                if _found(subject, one) is None:
                    yield _nothing(subject, one)
            for one in _named(place, "past"):
                other = _found(subject, one)
                if other is None:
                    yield _nothing(subject, one)
                elif not other.step.irreversible:
                    message = f"`{one.text}` is not `irreversible`: there is no point to be past"
                    yield Found(span=one.span, message=message, help="leave `past` out, or name an irreversible step")


def _target(subject: Subject, place: Place, body: Remove) -> Iterator[Found]:
    for one in _named(place, "target"):
        other = _found(subject, one)
        if other is None:
            yield _nothing(subject, one)
        elif not isinstance(other.step.body, Check) or other.step.body.kind != body.kind:
            help = f"`target` names an earlier `check: {body.kind}`, whose thing is the one to be removed"
            yield Found(span=one.span, message=f"`{one.text}` is no `check: {body.kind}`", help=help)
        elif order(other.path, place.path) != "before":
            yield Found(span=one.span, message=f"`{one.text}` is not an earlier step")


@rule(
    id="RB311",
    title="An account that is not declared",
    why="`account` says by name where a step works; the names are those of `accounts`, each with its id, which is compared "
    "with the identity behind the client before the first call.",
)
def unknown_account(subject: Subject) -> Iterator[Found]:
    accounts = subject.runbook.accounts
    nodes = [place.node.get("account") for place in subject.steps] + [subject.root.get("account")]
    nodes += [subject.node("settings", name, "account") for name in subject.runbook.settings]
    for node in nodes:
        if isinstance(node, Scalar) and node.text and node.text not in accounts:
            help = subject.guesses.meant(node.text, lambda: accounts, "accounts")
            yield Found(span=node.span, message=f"there is no account `{node.text}`", help=help)
