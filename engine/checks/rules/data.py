"""RB3xx: names, attributes, and results that may not be there. The walk of `engine.checks.dataflow.flow` finds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from engine.checks.dataflow.checker import SECRET_HELP
from engine.checks.dataflow.conformity import untyped
from engine.checks.dataflow.flow import flow_of, unfit
from engine.checks.dataflow.types import Type, of_value, told
from engine.checks.rule import rule
from engine.checks.subject import Found, Subject, scalars, written_params
from engine.language.tree import Node, Scalar


@rule(
    id="RB301",
    title="A name that nothing has",
    why="An expression may use inputs, vars, `settings`, `accounts`, `operation`, and the results of earlier steps, by "
    "their ids with `_` for `-`. Any other name is undefined, and the operation would fail when it comes there.",
    wrong="""
- id: old
  check: rds.cluster
  with: {name: "${clutser}"}
""",
    right="""
inputs:
  cluster: {description: the cluster}
steps:
  - id: old
    check: rds.cluster
    with: {name: "${cluster}"}
""",
)
def undefined_name(subject: Subject) -> Iterable[Found]:
    return flow_of(subject).found("RB301")


@rule(
    id="RB302",
    title="A name that is used before it is there",
    why="Steps are done in order, and a step's result is there when it is done; a restart goes back and keeps the results "
    "before its step alone, so that the same holds after it. A call's `undo` is recorded before the call is made: the "
    "call's own result is not in it. Vars and settings are worked out before any step, each var from those before it.",
    wrong="""
- id: first
  check: rds.cluster
  with: {name: "${second.cluster}"}
- id: second
  check: rds.cluster_snapshot
  with: {name: daily}
""",
    right="""
- id: second
  check: rds.cluster_snapshot
  with: {name: daily}
- id: first
  check: rds.cluster
  with: {name: "${second.cluster}"}
""",
)
def used_too_early(subject: Subject) -> Iterable[Found]:
    return flow_of(subject).found("RB302")


@rule(
    id="RB303",
    title="An attribute that there is not",
    why="What a step yields has the attributes of its kind or action (`runbook actions NAME` lists them); settings and "
    "accounts have those that the runbook gives them. Text has none, and of a list an item is to be taken first.",
    wrong="""
- id: daily
  check: rds.cluster_snapshot
  with: {name: daily}
- id: old
  check: rds.cluster
  with: {name: "${daily.clutser}"}
""",
    right="""
- id: daily
  check: rds.cluster_snapshot
  with: {name: daily}
- id: old
  check: rds.cluster
  with: {name: "${daily.cluster}"}
""",
)
def unknown_attribute(subject: Subject) -> Iterable[Found]:
    return flow_of(subject).found("RB303")


@rule(
    id="RB304",
    title="A hyphen in an expression",
    why="In an expression a hyphen would be a minus, and there is no arithmetic. A step's result is named by its id with "
    "an underscore for every hyphen.",
    wrong="""
- id: daily-backup
  check: rds.cluster_snapshot
  with: {name: daily}
- id: old
  check: rds.cluster
  with: {name: "${daily-backup.cluster}"}
""",
    right="""
- id: daily-backup
  check: rds.cluster_snapshot
  with: {name: daily}
- id: old
  check: rds.cluster
  with: {name: "${daily_backup.cluster}"}
""",
)
def hyphen(subject: Subject) -> Iterable[Found]:
    return flow_of(subject).found("RB304")


@rule(
    id="RB305",
    title="A result that may not be there",
    why="A step that is skipped, or that is done with nothing there, yields null, and null has no attributes; a step in a "
    "`do` or an `on_*` list may not have been reached; a `for_each` over an empty list yields none. Say what else with "
    "`| default(…)`, or ask first, with `if` or `… if … else …`.",
    wrong="""
- id: old
  check: rds.cluster
  with: {name: orders}
  states: {missing: done}
- id: backup
  check: rds.cluster_snapshot
  with: {name: "${old.name}-final"}
""",
    right="""
- id: old
  check: rds.cluster
  with: {name: orders}
  states: {missing: done}
- id: backup
  if: old
  check: rds.cluster_snapshot
  with: {name: "${old.name}-final"}
""",
)
def perhaps_not_there(subject: Subject) -> Iterable[Found]:
    return flow_of(subject).found("RB305")


@rule(
    id="RB306",
    title="A secret in text, or where none may be",
    why="A secret stays a reference: it is handed, alone, to a parameter that takes secrets. Put into text, compared, or "
    "given to anything else, it would stand in the log, in a notice or in somebody's terminal.",
    wrong="""
settings:
  admin: secret:db/admin
steps:
  - id: old
    check: rds.cluster
    with: {name: "cluster-of-${settings.admin}"}
""",
    right="""
settings:
  admin: secret:db/admin
steps:
  - id: users
    call: postgres.setup_users
    with:
      host: db.example
      admin: ${settings.admin}
      users: [{name: app}]
""",
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
    wrong="""
- id: daily
  check: rds.cluster_snapshot
  with: {name: daily}
- id: door
  check: net.endpoint
  with: {host: db.example, port: "${daily.arn}"}
""",
    right="""
- id: old
  check: rds.cluster
  with: {name: orders}
- id: door
  check: net.endpoint
  with: {host: "${old.endpoint}", port: "${old.port}"}
""",
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
    wrong="""
- id: old
  check: rds.cluster
  with: {name: "${operation.id | capitalise}"}
""",
    right="""
- id: old
  check: rds.cluster
  with: {name: "${operation.id | lower}"}
""",
)
def unreadable(subject: Subject) -> Iterable[Found]:
    return flow_of(subject).found("RB308")


@rule(
    id="RB309",
    title="A name that has no meaning here",
    why="`seen` is what a look of the same step saw, `each` an item of its `for_each`, `error` the error of a rescue. "
    "Elsewhere there is no such thing.",
    wrong="""
- id: old
  check: rds.cluster
  with: {name: "${each}"}
""",
    right="""
- id: old
  for_each: [orders, stock]
  check: rds.cluster
  with: {name: "${each}"}
""",
)
def not_here(subject: Subject) -> Iterable[Found]:
    return flow_of(subject).found("RB309")


@rule(
    id="RB310",
    title="A secret that is written down",
    why="A runbook is read by many and kept for ever. A password stands in AWS Secrets Manager, and the runbook names it: "
    "a setting `secret:NAME`, or `secret:NAME#FIELD` for one field of it.",
    wrong="""
- id: users
  call: postgres.setup_users
  with:
    host: db.example
    admin: swordfish
    users: [{name: app}]
""",
    right="""
settings:
  admin: secret:db/admin
steps:
  - id: users
    call: postgres.setup_users
    with:
      host: db.example
      admin: ${settings.admin}
      users: [{name: app}]
""",
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


RULES: Final = (
    undefined_name,
    used_too_early,
    unknown_attribute,
    hyphen,
    perhaps_not_there,
    secret_in_text,
    wrong_type,
    unreadable,
    not_here,
    written_secret,
)
