"""RB50x: names of errors, and the branches for them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.rule import rule
from engine.checks.step_errors import covering, every_name, exists, raised, why_never, wire_code
from engine.checks.subject import Found, Place, Subject
from engine.errors import CATEGORIES
from engine.language.model import Rescue, RetryIf
from engine.language.nearest import listed
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar


def rescues(place: Place) -> Iterator[tuple[Rescue, MapNode]]:
    """Each branch with the map that it was written as."""
    node = place.node.get("rescue")
    written = node.items if isinstance(node, ListNode) else ()
    by_path = {rescue.path: rescue for rescue in place.step.rescue}
    for number, one in enumerate(written):
        rescue = by_path.get(f"{place.step.path}/rescue/{number}")
        if rescue is not None and isinstance(one, MapNode):
            yield rescue, one


def words(node: Node | None) -> Iterator[Scalar]:
    """A name, or each of a list of them."""
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, ListNode):
        yield from (one for one in node.items if isinstance(one, Scalar))


def named_errors(place: Place) -> Iterator[Scalar]:
    """Every error's name that the step writes: of rescues, `retry` and `missing_on`."""
    for _, node in rescues(place):
        yield from words(node.get("error"))
    retry = place.node.get("retry")
    if isinstance(retry, MapNode):
        yield from words(retry.get("errors"))


def given_names(place: Place) -> Iterator[Scalar]:
    """The names that the step itself gives to what ends it: of rows that hold or fail, and of `fail`."""
    for written in place.rows:
        if isinstance(written.value, MapNode):
            yield from words(written.value.get("error"))
    yield from words(place.node.get("error"))


@rule(
    id="RB501",
    title="An error's name that nothing raises",
    why="A rescue is for an error's name, its category, or `any`. Names are AWS's wire codes (which are not always the "
    "names in boto3's documentation) and the tool's own wider ones; a name that nothing raises is a branch that is never "
    "taken.",
)
def unknown_error(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        for one in named_errors(place):
            if one.text and not exists(subject, place, one.text):
                message = f"nothing raises an error `{one.text}`"
                yield Found(span=one.span, message=message, help=_meant(subject, one.text))
        for one in given_names(place):
            near = _nearly(subject, place, one.text)
            if near is not None:
                message = f"`{one.text}` is hardly a name of your own: it is nearly `{near}`"
                yield Found(span=one.span, message=message, help=f"write `{near}`, or a name that differs more from it")


def _nearly(subject: Subject, place: Place, name: str) -> str | None:
    if not name or exists(subject, place, name):
        return None
    return subject.guesses.nearest(name, lambda: sorted(every_name(subject)), most=2)


def _meant(subject: Subject, name: str) -> str:
    code = wire_code(subject, name)
    if code is not None:
        return f"its wire code is `{code}`"
    guess = subject.guesses.nearest(name, lambda: sorted(every_name(subject) | set(CATEGORIES)))
    categories = ", ".join(CATEGORIES)
    legal = f"it is AWS's wire code, one of the tool's wider names, or a category: {categories}, any"
    return (f"did you mean `{guess}`? " if guess else "") + legal


@rule(
    id="RB502",
    title="A rescue that can never match",
    why="The error exists, and this step cannot raise it: none of its calls answers so, or it is no error here (a thing "
    "that is there already is looked at again; a look that fails for a while counts as `unknown`; without credentials "
    "the runner stops).",
)
def never_matches(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        for _, node in rescues(place):
            for one in words(node.get("error")):
                why = why_never(subject, place, one.text) if exists(subject, place, one.text) else ""
                if why:
                    names = [] if one.text in CATEGORIES or not subject.guesses.another() else raised(subject, place)
                    help = f"{place.name} can raise: {listed(names)}" if names else "leave it out"
                    yield Found(span=one.span, message=f"`{one.text}` never comes here: {why}", help=help)


@rule(
    id="RB503",
    title="A rescue behind one that takes everything first",
    why="The first rescue that matches is taken. One that stands behind `any`, behind the same name or behind the name's "
    "category is never reached.",
)
def shadowed(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        earlier: dict[str, Scalar] = {}
        for _, node in rescues(place):
            here = list(words(node.get("error")))
            for one in here:
                before = next((earlier[name] for name in covering(subject, one.text) if name in earlier), None)
                if before is not None:
                    message = f"`{one.text}` is taken by the rescue in line {before.span.line} already"
                    yield Found(span=one.span, message=message, help="put the narrower one first")
            for one in here:
                earlier.setdefault(one.text, one)


@rule(
    id="RB504",
    title="`then: retry` without `retry`",
    why="`retry` of a rescue means the next delay and the next attempt of the step's own `retry`. Without one there is no "
    "next attempt, and the step fails at once.",
)
def retry_of_nothing(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        if place.step.retry is not None or "retry" in place.node:
            continue
        for rescue, node in rescues(place):
            then = node.get("then")
            if then is None or not (rescue.then == "retry" or isinstance(rescue.then, RetryIf)):
                continue
            at = then.key("retry_if") if isinstance(then, MapNode) else None
            message = "there is no next attempt: the step has no `retry`"
            yield Found(span=(at or then).span, message=message, help="`retry: [1m, 2m, 3m]`")
