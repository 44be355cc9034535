"""Walks through a runbook once and checks every expression in the scope of its place.

The rules RB3xx report the problems found here; the rules for parameters use the types. Places are visited in the order of
the document, because a var may use the vars above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.checks.dataflow.checker import Flow, facts_of_condition
from engine.checks.dataflow.conformity import Difference, Known, differences
from engine.checks.dataflow.facts import NO_FACTS
from engine.checks.dataflow.globals import globals_of, yielded
from engine.checks.dataflow.scope import ERROR, Binding, Globals, Scope
from engine.checks.dataflow.setting_sources import SettingSources
from engine.checks.dataflow.types import ANYTHING, BOOLEAN, NULL, TEXT, Type, describe_type
from engine.checks.dataflow.waits import check_wait
from engine.checks.subject import StepPlace, Subject, computed_once, parts, written_params
from engine.language.yaml.nodes import MapNode, Node
from engine.language.yaml.reader import MOST_FINDINGS
from engine.registry import Param
from engine.values import Value, changed, field

LAST: Final = 1_000_000
"""An index after every step of a list."""

_MISSING_RESOURCE: Final = Binding(type=Type(frozenset({"object"}), {"status": TEXT, "id": NULL}))
RESULT: Final = "result"
"""The reply of a call, in the expressions of its undo."""
_RESCUED_ERROR: Final = Binding(type=ERROR)


@computed_once
def flow_of(subject: Subject) -> Flow:
    """The result of the walk, which happens on the first call."""
    walk = Walk(subject, globals_of(subject), Flow())
    walk.top()
    for place in subject.steps:
        walk.step(place)
    walk.outputs()
    return walk.flow


class Mismatches(Value, kw_only=False):
    """Parameters whose values do not conform to their schemas, as literals or by the type of an expression. At most MOST each."""

    literals: list[tuple[Param, Difference]] = field(default_factory=list)
    expressions: list[tuple[Param, Difference]] = field(default_factory=list)


@computed_once
def mismatches(subject: Subject) -> Mismatches:
    """Every parameter in the document checked against its schema, on the first call."""
    found = Mismatches()
    known = Known(types=flow_of(subject).types, suggestions=subject.suggestions)
    for _, param, value in written_params(subject):
        for one in differences(value, param.schema, known):
            same = found.literals if one.literal else found.expressions
            if len(same) < MOST_FINDINGS:
                same.append((param, one))
    return found


@dataclass(slots=True)
class Walk:
    """Goes through the document once."""

    subject: Subject
    globals: Globals
    flow: Flow

    # -- the top of the document ---------------------------------------------------------------------

    def top(self) -> None:
        scope = Scope(globals=self.globals)
        settings = self.subject.node("settings")
        if isinstance(settings, MapNode):
            later = {name.text for name, _ in settings.entries}
            for name, value in settings.entries:  # the set shrinks as settings are read; no scope outlives its turn
                self.flow.without_secrets(value, changed(scope, later=later), "a setting's source")
                later.discard(name.text)
        variables = self.subject.node("vars")
        for key, written in variables.entries if isinstance(variables, MapNode) else ():
            self.globals.vars[key.text] = Binding(type=self.flow.value(written, scope))
        for word in ("region", "lock", "notify", "tags"):
            self.flow.without_secrets(self.subject.node(word), scope, f"`{word}`")

    def outputs(self) -> None:
        scope = Scope(globals=self.globals, path=("outputs",))
        self.flow.without_secrets(self.subject.node("outputs"), scope, "an output")

    # -- a step --------------------------------------------------------------------------------------

    def step(self, place: StepPlace) -> None:
        node, scope = place.node, self.scope(place)
        if "if" in node:
            self.flow.condition(node.get("if"), scope)
            scope = changed(scope, facts=scope.facts.also(facts_of_condition(node.get("if"))))
        if "for_each" in node:
            scope = self.each(place, node.get("for_each"), scope)
        self.flow.scopes[place.step.path] = scope
        self.flow.value(node.get("with"), scope)
        for key in ("region", "hold", "fail", "notify", "subject", "text", "wait"):
            if key in node:
                self.flow.without_secrets(node.get(key), scope, f"`{key}`")
        if "wait" in node:
            check_wait(self.flow, node.get("wait"))
        observing = self.observing(place, scope)
        if "only" in node:
            self.flow.condition(node.get("only"), observing)
        if "is" in node:
            self.flow.condition(node.get("is"), self.usable(place, observing))
        if "status" in node:
            self.flow.status(node.get("status"), observing)
        if "states" in node:
            self.rows(place, observing)
        if "rescue" in node:
            self.rescues(place, observing)

    def scope(self, place: StepPlace) -> Scope:
        """The scope of a step's `if`: the names that the steps around it define, and the facts that their conditions prove."""
        given: dict[str, Binding] = {}
        facts = NO_FACTS
        for owner, key in self.owners(place):
            outer = self.flow.scopes.get(owner.step.path)
            if outer is None:
                continue
            facts = facts.also(outer.facts)
            given |= outer.given
            if key in ("states", "rescue", "until"):
                given["seen"] = self.seen(owner if key != "until" else place)
            if key == "rescue":
                given["error"] = _RESCUED_ERROR
            if key == "undo" and not self.is_defined(RESULT):
                given[RESULT] = Binding(type=yielded(self.subject, owner))
        return Scope(globals=self.globals, path=place.path, given=given, facts=facts)

    def is_defined(self, name: str) -> bool:
        """Has the runbook something of its own with that name?"""
        known = self.globals
        return name in known.inputs or name in known.all_vars or name in known.results

    def owners(self, place: StepPlace) -> list[tuple[StepPlace, str]]:
        """The steps that contain it, outermost first, each with the key that it is under."""
        found = []
        pieces = place.step.path.split("/")
        for at in range(2, len(pieces)):
            owner = self.subject.by_path.get("/".join(pieces[:at]))
            if owner is not None:
                found.append((owner, pieces[at]))
        return found

    def each(self, place: StepPlace, node: Node | None, scope: Scope) -> Scope:
        outside = {name: one for name, one in scope.given.items() if name != "each"}
        type = self.flow.value(node, changed(scope, given=outside))
        if node is not None and type.known and (type.may_be("string") or not type.may_be("array")):
            list_type = "`type: list`, which takes a StringList and a String with commas"
            help = f"give {self.untyped_setting(node)}the {list_type}" if type.may_be("array") else ""
            self.flow.report("RB307", node.span, f"`for_each` needs a list, found {describe_type(type)}", help)
        if node is not None:
            self.flow.no_secret(node, type, "`for_each`")
        each = Binding(type=type.items or ANYTHING)
        return changed(scope, given={**scope.given, "each": each})

    def untyped_setting(self, node: Node) -> str:
        """The setting that a value comes from, for a message; "the setting" if that is not clear."""
        name = SettingSources(self.subject).behind(node)
        return f"the setting `{name}` " if name else "the setting "

    def observing(self, place: StepPlace, scope: Scope) -> Scope:
        """The scope with `seen`, if the step observes a resource."""
        looks = any(key in place.node for key in ("ensure", "remove", "check"))
        if not looks or not any(key in place.node for key in ("only", "is", "status", "states", "rescue")):
            return scope
        return changed(scope, given={**scope.given, "seen": self.seen(place)})

    def usable(self, place: StepPlace, observing: Scope) -> Scope:
        """The scope of an `is`, which is evaluated only if the resource is available."""
        type = self.subject.catalogue.observed(place.name, place.statuses.get("available", ()))
        return changed(observing, given={**observing.given, "seen": Binding(type=type)})

    def seen(self, place: StepPlace) -> Binding:
        every = tuple(status for statuses in place.statuses.values() for status in statuses)
        return Binding(type=self.subject.catalogue.observed(place.name, every))

    def rows(self, place: StepPlace, scope: Scope) -> None:
        nothing = changed(scope, given={**scope.given, "seen": _MISSING_RESOURCE})
        for written in place.rows:
            here = nothing if set(written.row.names) == {"missing"} else scope
            if isinstance(written.value, MapNode):
                for key in ("hold", "fail"):
                    if key in written.value:
                        self.flow.without_secrets(written.value.get(key), here, f"`{key}`")

    def rescues(self, place: StepPlace, scope: Scope) -> None:
        for rescue, node in place.rescues:
            then = node.get("then")
            if not isinstance(then, MapNode):
                continue
            given = {**scope.given, "error": _RESCUED_ERROR}
            if "refresh" in node:
                given["settings"] = self.refreshed()
            path = (*parts(rescue.path), "do", LAST)
            self.flow.condition(then.get("retry_if"), changed(scope, path=path, given=given))

    def refreshed(self) -> Binding:
        """The settings after a `refresh`: `settings.changed` says whether a value has changed."""
        known: Mapping[str, Type] = self.globals.settings.type.attributes or {}
        attributes = {"changed": BOOLEAN, **known}
        return changed(self.globals.settings, type=Type(frozenset({"object"}), attributes))
