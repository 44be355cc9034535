"""The names of a whole runbook: inputs, settings, accounts, and the result of each step and when it may be null."""

from __future__ import annotations

from typing import Final

from engine.checks.dataflow.facts import conditions
from engine.checks.dataflow.scope import Binding, Globals, Result
from engine.checks.dataflow.types import ANYTHING, INPUTS, MOST, NULL, SECRET, TEXT, TEXTS, Type, of_value, union
from engine.checks.subject import StepPlace, Subject
from engine.errors import ExpressionError
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.grammar import parse_condition
from engine.language.model import (
    Call,
    Check,
    Ensure,
    Fail,
    Hold,
    Input,
    Notify,
    Remove,
    Row,
    Setting,
    Step,
    TakeBack,
    Wait,
)
from engine.values import changed

_SETTING: Final = Type(frozenset({"string", "array"}), items=TEXT)
_ACCOUNT: Final = Type(frozenset({"object"}), {"id": TEXT})


def globals_of(subject: Subject) -> Globals:
    """The names that are defined everywhere; vars are added later, as they are read."""
    runbook = subject.runbook
    settings = {name: setting(one) for name, one in runbook.settings.items()}
    accounts = dict.fromkeys(runbook.accounts, _ACCOUNT)
    return Globals(
        inputs={name: input_(one) for name, one in runbook.inputs.items()},
        settings=Binding(type=Type(frozenset({"object"}), settings)),
        accounts=Binding(type=Type(frozenset({"object"}), accounts)),
        results={name: result(subject, place) for name, place in subject.by_id.items()},
        all_vars=frozenset(runbook.vars),
        first=subject.steps[0] if subject.steps else None,
        suggestions=subject.suggestions,
    )


def input_(input: Input) -> Binding:
    type = INPUTS.get(input.type, ANYTHING)
    if input.enum and len(input.enum) <= MOST:
        type = Type(type.names, literals=tuple(input.enum), format=type.format)
    if not input.required and input.default is None:
        type = Type(type.names | {"null"}, type.attributes, type.items, format=type.format)
    return Binding(type=type)


def setting(setting: Setting) -> Type:
    """The type of a setting: a secret, its `type`, else text or a list, or the type of its default."""
    if setting.source.startswith("secret:"):
        return SECRET
    if setting.type is not None:
        type = TEXTS if setting.type == "list" else INPUTS[setting.type]
        nullable = setting.has_default and setting.default is None
        return changed(type, names=type.names | {"null"}) if nullable else type
    return union((_SETTING, of_value(setting.default))) if setting.has_default else _SETTING


def result(subject: Subject, place: StepPlace) -> Result:
    """The result of a step: its type, and why it may be missing or null."""
    step = place.step
    type = yielded(subject, place)
    null, empty = why_null(step), False
    if step.for_each is not None:
        type = Type(frozenset({"array"}), items=type if type.known else None)
        null, empty = "", not _certainly_filled(subject, step.for_each)
    return Result(
        id=step.id,
        path=place.path,
        place=place,
        binding=Binding(type=type, absent=null, empty=empty),
        skipped=f"`{step.id}` is skipped if its `if` is false" if step.condition is not None else "",
        conditions=condition_of(step),
    )


def yielded(subject: Subject, place: StepPlace) -> Type:
    """The type of the result, of one item for a `for_each`."""
    body = place.step.body
    match body:
        case Ensure(kind=kind, states=rows) | Check(kind=kind, states=rows):
            return subject.catalogue.observed(kind, _final_statuses(place, rows))
        case Remove(kind=kind):
            return subject.catalogue.attributes(kind)
        case Call(action=action):
            return subject.catalogue.output(action)
        case Wait() | Fail():
            return NULL
        case TakeBack() | Hold() | Notify():
            return ANYTHING


def _final_statuses(place: StepPlace, rows: tuple[Row, ...]) -> tuple[str, ...]:
    """The statuses in which the step is done; () if any status may be one of them."""
    done = {name for row in rows if row.verb == "done" for name in row.names}
    other = {name for row in rows if row.verb != "done" for name in row.names}
    if "unknown" in done:
        return ()
    return tuple(
        status
        for cls, statuses in place.statuses.items()
        for status in statuses
        if cls != "missing" and (f"={status}" in done or (cls in done and f"={status}" not in other))
    )


def why_null(step: Step) -> str:
    """Why the result may be null although the step is done; "" if it cannot be."""
    body = step.body
    if isinstance(body, Remove):
        return f"`{step.id}` yields null if there is nothing to remove"
    if isinstance(body, (Check, Ensure)):
        row = next((row for row in body.states if "missing" in row.names), None)
        if row is not None and row.verb == "done":
            return f"`{step.id}` is also done if the resource is missing (`missing: done`)"
    if any(rescue.may_end_as_done for rescue in step.rescue):
        return f"a rescue of `{step.id}` ends with `done`, without a result"
    return ""


def condition_of(step: Step) -> frozenset[str]:
    """The conditions under which it is not skipped; none if it has no `if`, or an invalid one."""
    if step.condition is None:
        return frozenset()
    try:
        return conditions(parse_condition(step.condition))
    except ExpressionError:
        return frozenset()


def _certainly_filled(subject: Subject, for_each: object) -> bool:
    """Is it certain to have an item: a literal list, a var with one, or a `default([…], true)`?"""
    if isinstance(for_each, (list, tuple)):
        return bool(for_each)
    if not isinstance(for_each, str):
        return False
    try:
        node = parse_condition(for_each)
    except ExpressionError:
        return True  # RB308 reports it
    if isinstance(node, ast.Filter) and node.name == "default" and len(node.args) == 2:
        empty_too = node.args[1]
        if isinstance(empty_too, ast.Const) and empty_too.value is True:
            node = node.args[0]
    match node:
        case ast.Name(name=name):
            value = subject.runbook.vars.get(name)
            return isinstance(value, list) and bool(value)
        case ast.List(items=items):
            return bool(items)
        case _:
            return False
