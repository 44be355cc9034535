"""RB50x: error names, and the rescues for them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.rule import rule
from engine.checks.step_errors import aws_error_code, covering, every_name, exists, raised, why_never
from engine.checks.subject import Found, StepPlace, Subject
from engine.errors import CATEGORIES
from engine.language.model import RetryIf
from engine.language.nearest import list_words
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar


def words(node: Node | None) -> Iterator[Scalar]:
    """The name, or each name of the list."""
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, ListNode):
        yield from (one for one in node.items if isinstance(one, Scalar))


def named_errors(place: StepPlace) -> Iterator[Scalar]:
    """Every error name that the step matches against: in `rescue` and `retry`."""
    for _, node in place.rescues:
        yield from words(node.get("error"))
    retry = place.node.get("retry")
    if isinstance(retry, MapNode):
        yield from words(retry.get("errors"))


def given_names(place: StepPlace) -> Iterator[Scalar]:
    """The error names that the step defines itself: in rows that hold or fail, and in `fail`."""
    for written in place.rows:
        if isinstance(written.value, MapNode):
            yield from words(written.value.get("error"))
    yield from words(place.node.get("error"))


@rule("RB501")
def unknown_error(subject: Subject) -> Iterator[Found]:
    """Unknown error name

    A rescue matches an error name, a category, or `any`. Names are AWS's error codes, which can differ from the names
    of boto3's exceptions, and the broader names of this tool. A name that nothing raises never matches.
    """
    for place in subject.steps:
        for one in named_errors(place):
            if one.text and not exists(subject, place, one.text):
                message = f"unknown error name `{one.text}`"
                yield Found(span=one.span, message=message, help=_suggestion(subject, one.text))
        for one in given_names(place):
            near = _similar(subject, place, one.text)
            if near is not None:
                message = f"custom error name `{one.text}` is easily confused with `{near}`"
                help = f"use `{near}`, or a name that is clearly different"
                yield Found(span=one.span, message=message, help=help)


def _similar(subject: Subject, place: StepPlace, name: str) -> str | None:
    if not name or exists(subject, place, name):
        return None
    return subject.suggestions.nearest(name, lambda: sorted(every_name(subject)), most=2)


def _suggestion(subject: Subject, name: str) -> str:
    code = aws_error_code(subject, name)
    if code is not None:
        return f"AWS's error code is `{code}`"
    rest = f"use AWS's error code, one of this tool's broader names, or a category: {', '.join(CATEGORIES)}, any"
    return subject.suggestions.did_you_mean(name, lambda: sorted(every_name(subject) | set(CATEGORIES)), rest=rest)


@rule("RB502")
def never_matches(subject: Subject) -> Iterator[Found]:
    """A rescue that can never match

    The error exists, but this step cannot raise it. Either none of its calls returns it, or the step handles it itself:
    a resource that already exists is observed again, a transient failure of a look counts as the status `unknown`, and
    missing credentials stop the runner.
    """
    for place in subject.steps:
        for _, node in place.rescues:
            for one in words(node.get("error")):
                why = why_never(subject, place, one.text) if exists(subject, place, one.text) else ""
                if why:
                    names = [] if one.text in CATEGORIES or not subject.suggestions.take() else raised(subject, place)
                    help = f"{place.name} can raise: {list_words(names)}" if names else "remove it"
                    yield Found(span=one.span, message=f"this step never raises `{one.text}`: {why}", help=help)


@rule("RB503")
def shadowed(subject: Subject) -> Iterator[Found]:
    """Unreachable rescue

    The first rescue that matches is used. A rescue after `any`, after the same name, or after the category of its name
    is never reached.
    """
    for place in subject.steps:
        earlier: dict[str, Scalar] = {}
        for _, node in place.rescues:
            here = list(words(node.get("error")))
            for one in here:
                before = next((earlier[name] for name in covering(subject, one.text) if name in earlier), None)
                if before is not None:
                    message = f"`{one.text}` already matches the rescue on line {before.span.line}"
                    yield Found(span=one.span, message=message, help="put the more specific one first")
            for one in here:
                earlier.setdefault(one.text, one)


@rule("RB504")
def retry_without_schedule(subject: Subject) -> Iterator[Found]:
    """`then: retry` without `retry`

    `then: retry` waits for the next delay of the step's own `retry` and starts the next attempt. If the step has no
    `retry`, there is no next attempt and it fails at once.
    """
    for place in subject.steps:
        if place.step.retry is not None or "retry" in place.node:
            continue
        for rescue, node in place.rescues:
            then = node.get("then")
            if then is None or not (rescue.then == "retry" or isinstance(rescue.then, RetryIf)):
                continue
            at = then.key("retry_if") if isinstance(then, MapNode) else None
            message = "the step has no `retry`, so there is no next attempt"
            yield Found(span=(at or then).span, message=message, help="add `retry: [1m, 2m, 3m]`, for example")
