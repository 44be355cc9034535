"""RB4xx: state tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from engine.checks.dataflow.flow import flow_of
from engine.checks.rule import rule
from engine.checks.subject import Found, StepPlace, Subject, WrittenRow, scalars
from engine.language.model import CLASSES, Check, Ensure, Remove
from engine.language.nearest import list_words
from engine.language.parse.shapes import VERBS
from engine.language.yaml.nodes import Span

ALWAYS: Final = frozenset({"missing", "unknown", "leaving"})
"""Classes that can be observed for every kind, even if its catalogue has no status of them."""


@rule("RB401")
def remove_without_available(subject: Subject) -> Iterator[Found]:
    """`remove` without an `available` row

    Missing rows are filled in with safe defaults, never with a destructive verb. So a `remove` must say explicitly what
    happens to a resource that exists: `available: delete`.
    """
    for place in subject.steps:
        body = place.step.body
        if not isinstance(body, Remove):
            continue
        written = {name for one in place.rows for name in one.row.names}
        if "available" in written or _covered(place, "available", written) or _misspelt(place, written):
            continue
        message = f"no `available` row: what should happen to the {body.kind} that is there?"
        yield Found(span=place.key("states"), message=message, help="add `available: delete` or `available: hold`")


def _misspelt(place: StepPlace, written: set[str]) -> bool:
    """Has a row an unknown name? RB404 reports it, and it may well be the `available` row."""
    known = {word for words in statuses_of(place).values() for word in words}
    return any(name not in CLASSES and name.removeprefix("=") not in known for name in written)


def _covered(place: StepPlace, cls: str, written: set[str]) -> bool:
    """Does every status of the class have a row of its own?"""
    statuses = statuses_of(place).get(cls, ())
    return bool(statuses) and all(f"={status}" in written for status in statuses)


def statuses_of(place: StepPlace) -> dict[str, tuple[str, ...]]:
    """The known statuses of the step's kind, by class; those of `classes` for `check: aws.…`."""
    body = place.step.body
    if isinstance(body, Check) and body.classes:
        return dict(body.classes)
    return place.statuses


@rule("RB402")
def inapplicable_verb(subject: Subject) -> Iterator[Found]:
    """A verb that does not apply

    `create` is for a missing resource and `replace` for one that exists; both belong to `ensure`. `delete` belongs to
    `remove`. A `check` changes nothing. A missing resource can be neither replaced nor deleted.
    """
    for place in subject.steps:
        word = _step_word(place)
        for written in place.rows:
            verb, names = written.row.verb, written.row.names
            if verb not in VERBS[word]:
                help = f"its verbs: {list_words(VERBS[word])}"
                yield Found(span=written.value.span, message=f"`{word}` has no verb `{verb}`", help=help)
            elif verb == "create" and set(names) != {"missing"}:
                message = "`create` is for a missing resource, and this row is for one that exists"
                help = "use `replace`, `monitor`, `done`, `hold` or `fail`"
                yield Found(span=written.value.span, message=message, help=help)
            elif verb in ("replace", "delete") and "missing" in names:
                yield Found(span=written.name_span("missing"), message=f"`{verb}` does not apply to a missing resource")


def _step_word(place: StepPlace) -> str:
    match place.step.body:
        case Ensure():
            return "ensure"
        case Remove():
            return "remove"
        case _:
            return "check"


@rule("RB404")
def unknown_row(subject: Subject) -> Iterator[Found]:
    """Unknown class or status

    A row is for a class (`missing pending available blocked broken leaving unknown`) or for an exact status of the
    kind, written with an equals sign: `=stopped`. A row with any other name never applies, and a default row is used
    instead.
    """
    for place in subject.steps:
        if place.kind is None:
            continue
        if place.name.startswith("aws."):
            yield from _unknown_words(subject, place)
            continue
        known = {word for words in statuses_of(place).values() for word in words}
        for written in place.rows:
            for name in written.row.names:
                if name not in CLASSES:
                    yield from _unknown(subject, place, written, name, known)


def _unknown(subject: Subject, place: StepPlace, written: WrittenRow, name: str, known: set[str]) -> Iterator[Found]:
    word = name.removeprefix("=")
    span = written.name_span(name)
    if name.startswith("="):
        if word in known or not known:
            return
        legal = [f"={one}" for one in sorted(known)]
        help = subject.suggestions.did_you_mean(name, lambda: legal, rest=f"its statuses: {list_words(known)}")
        yield Found(span=span, message=f"`{word}` is not a status of {place.name}", help=help)
    elif word in known:
        message = f"`{word}` is a status of {place.name}, not a class"
        yield Found(span=span, message=message, help=f"write `={word}`, or use its class: {_class_of(place, word)}")
    else:
        legal = [*CLASSES, *(f"={one}" for one in sorted(known))]
        example = next((one for one in sorted(known) if one not in CLASSES), "stopped")
        rest = f"A status is written `={example}`. Classes: {list_words(CLASSES)}"
        message = f"`{word}` is neither a class nor a status of {place.name}"
        yield Found(span=span, message=message, help=subject.suggestions.did_you_mean(word, lambda: legal, rest=rest))


def _unknown_words(subject: Subject, place: StepPlace) -> Iterator[Found]:
    """The rows and `classes` of `check: aws.…`: compared with the values of `status`, if the API's model lists them."""
    status, classes = place.node.get("status"), place.node.get("classes")
    type = flow_of(subject).types.get(id(status))
    values = dict.fromkeys(map(str, type.literals)) if type is not None else {}
    classified = dict.fromkeys(word for words in statuses_of(place).values() for word in words)
    for written in place.rows:
        for name in written.row.names:
            if not name.startswith("=") and name not in CLASSES:
                message = f"`{name}` is not a class; write a status of {place.name} as `={name}`"
                yield Found(span=written.name_span(name), message=message, help=f"classes: {list_words(CLASSES)}")
            elif name.startswith("="):
                yield from _unknown_word(subject, name[1:], written.name_span(name), values, classified)
    for word in scalars(classes) if values else ():
        yield from _unknown_word(subject, word.text, word.span, values, {})


def _unknown_word(
    subject: Subject, word: str, span: Span, values: Mapping[str, None], classified: Mapping[str, None]
) -> Iterator[Found]:
    """A word that the API does not return; if its values are unknown, one that looks like a misspelt word of `classes`."""
    if word in values or word in classified:
        return
    legal = values or classified
    guess = subject.suggestions.did_you_mean(word, lambda: legal, rest=None if values else "")
    if values:
        yield Found(span=span, message=f"`status` is never `{word}`", help=guess)
    elif guess:
        yield Found(span=span, message=f"`{word}` is not in `classes`", help=guess)


def _class_of(place: StepPlace, status: str) -> str:
    return next((cls for cls, words in statuses_of(place).items() if status in words), "unknown")


@rule("RB405")
def unreachable_row(subject: Subject) -> Iterator[Found]:
    """Unreachable row

    This row never applies, because an exact status takes precedence over its class, because the kind has no status of
    this class, or because a resource that is being deleted is always monitored until it is gone.
    """
    for place in subject.steps:
        if not place.rows or place.kind is None:
            continue
        statuses = statuses_of(place)
        written = {name for one in place.rows for name in one.row.names}
        for one in place.rows:
            for name in one.row.names:
                why = _why_never(place, name, one.row.verb, statuses, written)
                if why:
                    message = f"this row never applies: {why}"
                    yield Found(span=one.name_span(name), message=message, help="remove it")


def _why_never(place: StepPlace, name: str, verb: str, statuses: dict[str, tuple[str, ...]], written: set[str]) -> str:
    leaving = name == "leaving" or (name.startswith("=") and name[1:] in statuses.get("leaving", ()))
    if leaving:
        return "" if verb == "monitor" else "a resource that is being deleted is monitored until it is gone"
    if name not in CLASSES or name in ALWAYS:
        return ""
    if name == "pending" and (isinstance(place.step.body, Ensure) or "is" in place.node):
        return ""  # a resource that is not listed yet, or whose `is` is false, counts as pending
    if not statuses:
        return "" if not place.name.startswith("aws.") else "`classes` has no status of this class"
    if not statuses.get(name):
        return f"{place.name} has no status of the class `{name}`"
    if _covered(place, name, written):
        return f"each status of the class has its own row ({list_words(statuses[name])})"
    return ""


@rule("RB406")
def replace_without_retry(subject: Subject) -> Iterator[Found]:
    """`replace` without `retry`

    `replace` deletes the resource and creates it again, as the next attempt. `retry` says how many attempts there are
    and how long to wait between them; without it the step fails and deletes nothing.
    """
    for place in subject.steps:
        for written in place.rows:
            if written.row.verb == "replace" and isinstance(place.step.body, Ensure) and place.step.retry is None:
                message = "the step has no `retry`, so there is no next attempt for `replace`"
                yield Found(span=written.value.span, message=message, help="add `retry: [5m, 10m, 15m]`, for example")


@rule("RB409")
def remove_without_delete(subject: Subject) -> Iterator[Found]:
    """`remove` without `delete`

    None of its rows uses `delete`, so the resource is never removed, whatever its status.
    """
    for place in subject.steps:
        body = place.step.body
        if not isinstance(body, Remove) or any(row.verb == "delete" for row in body.states):
            continue
        if any("available" in one.row.names for one in place.rows):
            message = "no row uses `delete`, so nothing is ever removed"
            yield Found(span=place.key("states"), message=message, help="write `available: delete`, or use a `check`")


@rule("RB410")
def never_true(subject: Subject) -> Iterator[Found]:
    """A condition that can never be true

    `is` is evaluated only while the resource is available, so it cannot ask for another status: a step that waits for
    that would wait until it times out. The result of a step has only the statuses whose row is `done`. A call has taken
    effect only if its `until` is available, which for `check: aws.…` needs `classes: {available: […]}`. To wait for
    another status, use `check: aws.…` with `classes`, or a row such as `=stopped: done`.
    """
    yield from flow_of(subject).found("RB410")
    for place in subject.steps:
        body = place.step.body
        is_until = place.path[-1] == "until" and isinstance(body, Check) and not body.gone
        if (
            is_until
            and isinstance(body, Check)
            and body.kind.startswith("aws.")
            and not statuses_of(place).get("available")
        ):
            message = "`until` can never be true: no status has the class `available`"
            help = "add `classes: {available: [STATUS, …]}`"
            yield Found(span=place.key("classes" if "classes" in place.node else "check"), message=message, help=help)
