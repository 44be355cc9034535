"""Which resource a step is about, as far as the text says: two steps with equal canonical texts mean the same resource.

Vars are substituted, and `${copy_snapshot.name}` becomes the name that the step `copy-snapshot` gives. Two expressions
that are written differently and yield the same name are not recognized as equal.
"""

from __future__ import annotations

from typing import Any, Final

from engine.checks.dataflow.facts import canonical
from engine.checks.subject import StepPlace, Subject, computed_once
from engine.errors import ExpressionError
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.grammar import parse_expression
from engine.language.expressions.template import split_template
from engine.language.model import Check, Ensure, Remove

DEEPEST: Final = 16
LONGEST: Final = 1_000


def identity_of(subject: Subject, place: StepPlace) -> tuple[str, ...] | None:
    """Kind, region, account, `for_each` and identity as one comparable value; None if the step does not give them."""
    body, facts = place.step.body, place.facts
    if not isinstance(body, (Ensure, Remove, Check)) or facts is None or not facts.identity:
        return None
    known = _known_identities(subject)
    path = place.step.path
    if path not in known:
        known[path] = None  # in case the step refers to itself
        given = [name for name in facts.identity if name in body.params]
        if given:
            step = place.step
            values = [f"{name}={text_of(subject, body.params[name])}" for name in given]
            region = step.region if step.region is not None else subject.runbook.region
            where = (text_of(subject, region), step.account or subject.runbook.account or "")
            known[path] = (body.kind, *where, text_of(subject, step.for_each), *values)
    return known[path]


def about(subject: Subject, identity: tuple[str, ...] | None) -> list[StepPlace]:
    """Every step about that resource, in order."""
    return _by_identity(subject).get(identity, []) if identity is not None else []


@computed_once
def _by_identity(subject: Subject) -> dict[tuple[str, ...] | None, list[StepPlace]]:
    found: dict[tuple[str, ...] | None, list[StepPlace]] = {}
    for place in subject.steps:
        found.setdefault(identity_of(subject, place), []).append(place)
    return found


@computed_once
def _known_identities(subject: Subject) -> dict[str, tuple[str, ...] | None]:
    """Those that `identity_of` has found, by the paths of the steps."""
    return {}


@computed_once
def _known_texts(subject: Subject) -> dict[str, str]:
    """The texts of named values that `_once` has found."""
    return {}


def text_of(subject: Subject, value: Any, depth: int = 0) -> str:
    """The canonical text of a value: literals as written, expressions in canonical form."""
    if not isinstance(value, str):
        return repr(value)
    if "${" not in value:
        return value
    try:
        pieces = split_template(value)
    except ExpressionError:
        return value
    return "".join(piece if isinstance(piece, str) else _expression(subject, piece[0], depth) for piece in pieces)


def _expression(subject: Subject, source: str, depth: int) -> str:
    try:
        node = parse_expression(source)
    except ExpressionError:
        return f"${{{source}}}"
    if depth < DEEPEST:
        match node:
            case ast.Name(name=name) if isinstance(subject.runbook.vars.get(name), str):
                return _once(subject, name, subject.runbook.vars[name], depth)
            case ast.Attr(of=ast.Name(name=step), name=name):
                found = _parameter(subject, step, name)
                if found is not None:
                    return _once(subject, f"{step}.{name}", found, depth)
    return f"${{{canonical(node)}}}"


def _once(subject: Subject, name: str, value: Any, depth: int) -> str:
    """The cached text of a named value; its name, if the text grows beyond LONGEST."""
    known = _known_texts(subject)
    if name not in known:
        known[name] = f"${{{name}}}"  # in case it refers to itself
        text = text_of(subject, value, depth + 1)
        if len(text) <= LONGEST:
            known[name] = text
    return known[name]


def _parameter(subject: Subject, step: str, name: str) -> Any:
    """The identity parameter of a step without `for_each`; None if there is none."""
    place = subject.by_id.get(step)
    if place is None or place.facts is None or name not in place.facts.identity or place.step.for_each is not None:
        return None
    body = place.step.body
    return body.params.get(name) if isinstance(body, (Ensure, Remove, Check)) else None
