"""RB3xx: names, attributes, types, missing results and secrets. Most are found by the walk in `dataflow.flow`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from engine.checks.dataflow.flow import flow_of, mismatches
from engine.checks.dataflow.problems import SECRET_HELP
from engine.checks.dataflow.secrets import plain_values
from engine.checks.dataflow.types import Type
from engine.checks.rule import rule, rules_from
from engine.checks.subject import Found, Subject, scalars, written_params
from engine.language.yaml.nodes import Node

RULES: Final = rules_from("""
RB301 Undefined name
    An expression may use inputs, vars, `settings`, `accounts`, `operation`, and the results of earlier steps by their
    ids (with `_` for `-`). Any other name is undefined, and the operation would fail when it gets there.
RB302 Name used before it is available
    Steps run in order, and a step's result is available once it is done. After a restart, only the results of the steps
    before the restarted one remain. The `undo` of a call uses the call's own reply as `result`:
    `${result.VolumeId}`. Vars and settings are evaluated before any step; a var may use the vars above it.
RB303 Unknown attribute
    The result of a step has the attributes of its kind or action; `runbook actions NAME` lists them. Settings and
    accounts have the names that the runbook declares. Text has no attributes, and a list has none until you take an
    item. A read of `aws.…` is merged over its pages; what belongs to one page, such as `NextToken`, is not part of it.
RB304 A hyphen in an expression
    In an expression a hyphen is a minus sign. Name a step's result by its id with `_` for `-`.
RB305 A result that may be missing
    A step that is skipped, or that ends as done without finding anything, yields null, and null has no attributes. A
    step in a `do` or `on_*` list may never run. A `for_each` over an empty list yields an empty list. Give a fallback
    with `| default(…)`, or test first with `if` or `… if … else …`.
RB308 Invalid expression
    An expression consists of names, attributes, indexes, literals, comparisons, `and or not in`, `+ - * / // %`, `~`,
    `a if b else c` and a few filters. There are no function calls, no powers and no statements.
RB309 A special name used in the wrong place
    `seen` is the resource as the same step observed it, `each` an item of its `for_each`, and `error` the error of a
    rescue. They are undefined everywhere else.
""")
"""Those that only the walk finds."""


@rule("RB306")
def secret_in_text(subject: Subject) -> Iterator[Found]:
    """A secret where it could leak

    A secret may only be passed, on its own, to a parameter that takes secrets. As part of a text, in a comparison or in
    any other parameter it would end up in the log, in a notification or on somebody's terminal.
    """
    flow = flow_of(subject)
    yield from flow.found("RB306")
    for place, param, value in written_params(subject):
        if not param.secret:
            yield from _secrets(value, flow.types, place.name)


def _secrets(node: Node, types: Mapping[int, Type], what: str) -> Iterator[Found]:
    for scalar in scalars(node):
        type = types.get(id(scalar))
        if type is not None and "secret" in type.names:
            yield Found(span=scalar.span, message=f"{what} does not accept a secret here", help=SECRET_HELP)


@rule("RB307")
def wrong_type(subject: Subject) -> Iterator[Found]:
    """A value of the wrong type

    The type of an expression follows from the types of the inputs and from the declared results of kinds and actions. A
    list where text is expected, or a comparison whose outcome is always the same, is a mistake. So is text alone as a
    condition, because `"false"` would be true; a timestamp or a duration that is compared with other text; arithmetic
    on what is no number; and `for_each` over what may be text.
    """
    yield from flow_of(subject).found("RB307")
    for _, one in mismatches(subject).expressions:
        yield Found(span=one.node.span, message=one.message, help=one.help)


@rule("RB310")
def plain_secret(subject: Subject) -> Iterator[Found]:
    """A secret in plain text

    Runbooks are read by many people and kept in version control, and inputs, vars and parameters of SSM are recorded with
    the operation. Store the password in AWS Secrets Manager and refer to it by a setting: `secret:NAME`, or
    `secret:NAME#FIELD` for one of its fields. Passwords, private keys and access tokens must be secrets; what AWS only
    marks as sensitive may be one.
    """
    flow = flow_of(subject)
    for _, param, value in written_params(subject):
        if param.secret:
            for node, found in plain_values(value, param.schema, flow.types):
                message = f"expected a secret, found {found}"
                help = "store it in Secrets Manager and refer to it by a setting: `secret:NAME#FIELD`"
                yield Found(span=node.span, message=message, help=help)
