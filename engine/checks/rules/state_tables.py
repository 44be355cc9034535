"""RB4xx: state tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from engine.checks.dataflow.flow import flow_of
from engine.checks.rule import rule
from engine.checks.subject import Found, Place, Subject, WrittenRow, scalars
from engine.language.model import CLASSES, Check, Ensure, Remove
from engine.language.nearest import listed
from engine.language.parse.shapes import VERBS
from engine.language.yaml.nodes import Span

ALWAYS: Final = frozenset({"missing", "unknown", "leaving"})
"""Classes that any look may come to, whatever the catalogue has."""


@rule(
    id="RB401",
    title="A `remove` that does not say what to do with what is there",
    why="Rows that are not written are filled in safely, never with a verb that destroys. So a `remove` must say itself "
    "what happens to a thing that is there and well: `available: delete`.",
)
def unsaid_removal(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        body = place.step.body
        if not isinstance(body, Remove):
            continue
        written = {name for one in place.rows for name in one.row.names}
        if "available" in written or _covered(place, "available", written) or _misspelt(place, written):
            continue
        message = f"what is to be done with an {body.kind} that is there must be said: there is no row `available`"
        yield Found(span=place.key("states"), message=message, help="`available: delete`, or `available: hold`")


def _misspelt(place: Place, written: set[str]) -> bool:
    """Is a row there whose name nothing has? That is told by RB404, and this would be told twice."""
    known = {word for words in statuses_of(place).values() for word in words}
    return any(name not in CLASSES and name.removeprefix("=") not in known for name in written)


def _covered(place: Place, cls: str, written: set[str]) -> bool:
    """Has every status of the class a row of its own?"""
    statuses = statuses_of(place).get(cls, ())
    return bool(statuses) and all(f"={status}" in written for status in statuses)


def statuses_of(place: Place) -> dict[str, tuple[str, ...]]:
    """The statuses that are known of a step's kind, by class."""
    body = place.step.body
    if isinstance(body, Check) and body.classes:
        return dict(body.classes)
    return place.statuses


@rule(
    id="RB402",
    title="A verb that does not fit",
    why="`create` begins what is missing, `replace` puts another in the place of what is there, and both belong to "
    "`ensure`; `delete` belongs to `remove`. A `check` changes nothing. What is missing can be neither replaced nor "
    "deleted.",
)
def unfit_verb(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        word = _step_word(place)
        for written in place.rows:
            verb, names = written.row.verb, written.row.names
            if verb not in VERBS[word]:
                legal = listed(VERBS[word])
                yield Found(
                    span=written.value.span, message=f"`{word}` has no verb `{verb}`", help=f"there are: {legal}"
                )
            elif verb == "create" and set(names) != {"missing"}:
                message = "`create` begins what is missing, and this row is for what is there"
                yield Found(
                    span=written.value.span, message=message, help="`replace`, `monitor`, `done`, `hold` or `fail`"
                )
            elif verb in ("replace", "delete") and "missing" in names:
                yield Found(span=written.name_span("missing"), message=f"what is missing cannot be taken by `{verb}`")


def _step_word(place: Place) -> str:
    match place.step.body:
        case Ensure():
            return "ensure"
        case Remove():
            return "remove"
        case _:
            return "check"


@rule(
    id="RB404",
    title="Neither a class nor a status",
    why="A row is for a class (`missing pending available blocked broken leaving unknown`), or for an exact status of the "
    "kind, which is written with an equals sign: `=stopped`. A word that nobody ever answers is a row that is never "
    "taken, and what it was meant for is filled in otherwise.",
)
def unknown_row(subject: Subject) -> Iterator[Found]:
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


def _unknown(subject: Subject, place: Place, written: WrittenRow, name: str, known: set[str]) -> Iterator[Found]:
    word = name.removeprefix("=")
    span = written.name_span(name)
    if name.startswith("="):
        if word in known or not known:
            return
        guess = subject.guesses.nearest(word, lambda: sorted(known))
        help = (f"did you mean `={guess}`? " if guess else "") + f"its statuses: {listed(known)}"
        yield Found(span=span, message=f"`{word}` is no status of {place.name}", help=help)
    elif word in known:
        message = f"`{word}` is a status of {place.name}, and a row without `=` is for a class"
        yield Found(span=span, message=message, help=f"write `={word}`; or its class: {_class_of(place, word)}")
    else:
        guess = subject.guesses.nearest(word, lambda: [*CLASSES, *(f"={one}" for one in sorted(known))])
        example = next((one for one in sorted(known) if one not in CLASSES), "stopped")
        help = (f"did you mean `{guess}`? " if guess else "") + f"A status is written `={example}`."
        message = f"`{word}` is neither a class nor a status of {place.name}"
        yield Found(span=span, message=message, help=f"{help} Classes: {listed(CLASSES)}")


def _unknown_words(subject: Subject, place: Place) -> Iterator[Found]:
    """Of a call that is looked at: the values of `status`, where the API's model knows them all."""
    status, classes = place.node.get("status"), place.node.get("classes")
    type = flow_of(subject).types.get(id(status))
    values = dict.fromkeys(map(str, type.literals)) if type is not None else {}
    said = dict.fromkeys(word for words in statuses_of(place).values() for word in words)
    for written in place.rows:
        for name in written.row.names:
            if not name.startswith("=") and name not in CLASSES:
                message = f"`{name}` is no class: a status of {place.name} is written `={name}`"
                yield Found(span=written.name_span(name), message=message, help=f"classes: {listed(CLASSES)}")
            elif name.startswith("="):
                yield from _unknown_word(subject, name[1:], written.name_span(name), values, said)
    for word in scalars(classes) if values else ():
        yield from _unknown_word(subject, word.text, word.span, values, {})


def _unknown_word(
    subject: Subject, word: str, span: Span, values: Mapping[str, None], said: Mapping[str, None]
) -> Iterator[Found]:
    """No value of the API's; where those are not known, one that is nearly one of `classes`."""
    if word in values or word in said:
        return
    legal = values or said
    guess = subject.guesses.meant(word, lambda: legal, "there are")
    if values:
        yield Found(span=span, message=f"`{word}` is none of the values of `status`", help=guess)
    elif guess.startswith("did you mean"):
        yield Found(span=span, message=f"`{word}` is in none of `classes`", help=guess)


def _class_of(place: Place, status: str) -> str:
    return next((cls for cls, words in statuses_of(place).items() if status in words), "unknown")


@rule(
    id="RB405",
    title="A row that can never be taken",
    why="The exact status is asked before the class, a class that the kind has no status for is never seen, and what is "
    "leaving is always watched until it is gone. Such a row promises something that does not happen.",
)
def never_taken(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        if not place.rows or place.kind is None:
            continue
        statuses = statuses_of(place)
        written = {name for one in place.rows for name in one.row.names}
        for one in place.rows:
            for name in one.row.names:
                why = _why_never(place, name, one.row.verb, statuses, written)
                if why:
                    yield Found(
                        span=one.name_span(name), message=f"this row is never taken: {why}", help="leave it out"
                    )


def _why_never(place: Place, name: str, verb: str, statuses: dict[str, tuple[str, ...]], written: set[str]) -> str:
    leaving = name == "leaving" or (name.startswith("=") and name[1:] in statuses.get("leaving", ()))
    if leaving:
        return "" if verb == "monitor" else "what is leaving is watched until it is gone"
    if name not in CLASSES or name in ALWAYS:
        return ""
    if name == "pending" and (isinstance(place.step.body, Ensure) or "is" in place.node):
        return ""  # a late list, or `is` that is false, counts as pending
    if not statuses:
        return "" if not place.name.startswith("aws.") else "`classes` says of no status that it is of this class"
    if not statuses.get(name):
        return f"{place.name} has no status of the class `{name}`"
    if _covered(place, name, written):
        return f"every status of the class has a row of its own ({listed(statuses[name])})"
    return ""


@rule(
    id="RB406",
    title="`replace` without `retry`",
    why="`replace` deletes what is broken and makes it anew: that is the next attempt, and only `retry` says how many "
    "there are and what comes between them. Without one the step fails before it deletes.",
)
def replace_without_retry(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        for written in place.rows:
            if written.row.verb == "replace" and isinstance(place.step.body, Ensure) and place.step.retry is None:
                message = "`replace` is the next attempt, and without `retry` there is none"
                yield Found(span=written.value.span, message=message, help="`retry: [5m, 10m, 15m]`")


@rule(
    id="RB409",
    title="A `remove` that never removes",
    why="No row of it says `delete`: whatever is there, stays there, and the step still counts as done or held.",
)
def never_removes(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        body = place.step.body
        if isinstance(body, Remove) and place.rows and not any(row.verb == "delete" for row in body.states):
            if any("available" in one.row.names for one in place.rows):
                message = "no row says `delete`: nothing is ever removed"
                yield Found(span=place.key("states"), message=message, help="`available: delete`; or make it a `check`")
