"""RB3xx: names, attributes, and results that may not be there. The walk of `engine.checks.dataflow.flow` finds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.checks.dataflow.checker import SECRET_HELP
from engine.checks.dataflow.conformity import untyped
from engine.checks.dataflow.flow import flow_of, unfit
from engine.checks.dataflow.types import Type, of_value, told
from engine.checks.rule import rule
from engine.checks.subject import Found, Subject, scalars, written_params
from engine.language.yaml.nodes import Node, Scalar


@rule(
    id="RB301",
    title="A name that nothing has",
    why="An expression may use inputs, vars, `settings`, `accounts`, `operation`, and the results of earlier steps, by "
    "their ids with `_` for `-`. Any other name is undefined, and the operation would fail when it comes there.",
)
def undefined_name(subject: Subject) -> Iterable[Found]:
    return flow_of(subject).found("RB301")


@rule(
    id="RB302",
    title="A name that is used before it is there",
    why="Steps are done in order, and a step's result is there when it is done; a restart goes back and keeps the results "
    "before its step alone, so that the same holds after it. A call's `undo` is recorded before the call is made: the "
    "call's own result is not in it. Vars and settings are worked out before any step, each var from those before it.",
)
def used_too_early(subject: Subject) -> Iterable[Found]:
    return flow_of(subject).found("RB302")


@rule(
    id="RB303",
    title="An attribute that there is not",
    why="What a step yields has the attributes of its kind or action (`runbook actions NAME` lists them); settings and "
    "accounts have those that the runbook gives them. Text has none, and of a list an item is to be taken first.",
)
def unknown_attribute(subject: Subject) -> Iterable[Found]:
    return flow_of(subject).found("RB303")


@rule(
    id="RB304",
    title="A hyphen in an expression",
    why="In an expression a hyphen would be a minus, and there is no arithmetic. A step's result is named by its id with "
    "an underscore for every hyphen.",
)
def hyphen(subject: Subject) -> Iterable[Found]:
    return flow_of(subject).found("RB304")


@rule(
    id="RB305",
    title="A result that may not be there",
    why="A step that is skipped, or that is done with nothing there, yields null, and null has no attributes; a step in a "
    "`do` or an `on_*` list may not have been reached; a `for_each` over an empty list yields none. Say what else with "
    "`| default(…)`, or ask first, with `if` or `… if … else …`.",
)
def perhaps_not_there(subject: Subject) -> Iterable[Found]:
    return flow_of(subject).found("RB305")


@rule(
    id="RB306",
    title="A secret in text, or where none may be",
    why="A secret stays a reference: it is handed, alone, to a parameter that takes secrets. Put into text, compared, or "
    "given to anything else, it would stand in the log, in a notice or in somebody's terminal.",
)
def secret_in_text(subject: Subject) -> Iterator[Found]:
    flow = flow_of(subject)
    yield from flow.found("RB306")
    for place, param, value in written_params(subject):
        if not param.secret:
            yield from _secrets(value, flow.types, place.name)


def _secrets(node: Node, types: Mapping[int, Type], what: str) -> Iterator[Found]:
    for scalar in scalars(node):
        type = types.get(id(scalar))
        if type is not None and "secret" in type.names:
            yield Found(span=scalar.span, message=f"{what} takes no secret", help=SECRET_HELP)


@rule(
    id="RB307",
    title="A value of the wrong type",
    why="What an expression yields is known before anything runs: from the inputs' types, from what kinds and actions "
    "yield. A list where text is wanted, or a comparison that can only come out in one way, is a mistake.",
)
def wrong_type(subject: Subject) -> Iterator[Found]:
    yield from flow_of(subject).found("RB307")
    for _, one in unfit(subject).expressions:
        yield Found(span=one.node.span, message=one.message, help=one.help)


@rule(
    id="RB308",
    title="An expression that cannot be read",
    why="Expressions are names, dots, indexes, literals, comparisons, `and or not in`, `~`, `a if b else c` and a few "
    "filters. There are no calls, no arithmetic and no statements.",
)
def unreadable(subject: Subject) -> Iterable[Found]:
    return flow_of(subject).found("RB308")


@rule(
    id="RB309",
    title="A name that has no meaning here",
    why="`seen` is what a look of the same step saw, `each` an item of its `for_each`, `error` the error of a rescue. "
    "Elsewhere there is no such thing.",
)
def not_here(subject: Subject) -> Iterable[Found]:
    return flow_of(subject).found("RB309")


@rule(
    id="RB310",
    title="A secret that is written down",
    why="A runbook is read by many and kept for ever. A password stands in AWS Secrets Manager, and the runbook names it: "
    "a setting `secret:NAME`, or `secret:NAME#FIELD` for one field of it.",
)
def written_secret(subject: Subject) -> Iterator[Found]:
    flow = flow_of(subject)
    for _, param, value in written_params(subject):
        if not param.secret:
            continue
        plainly = isinstance(value, Scalar) and id(value) not in flow.types
        for leaf in [value] if isinstance(value, Scalar) and plainly else untyped(value, param.schema):
            type = flow.types.get(id(leaf), of_value(leaf.value))
            if type.known and not type.may_be("secret", "null"):
                message = "a secret is wanted here, and this is " + told(type)
                yield Found(span=leaf.span, message=message, help="name it in `settings`: `secret:NAME#FIELD`")
