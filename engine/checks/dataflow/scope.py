"""What a name means at one place of a runbook: its type, whether it exists yet, and whether it may be missing.

Steps run in order, so visibility follows from the paths of the two places. No scope is copied from step to step, and a
runbook of 10,000 steps takes linear time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, Literal

from engine.checks.dataflow.facts import NO_FACTS, Facts
from engine.checks.dataflow.paths import path_without
from engine.checks.dataflow.types import ANYTHING, INTEGER, TEXT, TIMESTAMP, Type
from engine.checks.subject import StepPlace
from engine.language.nearest import Suggestions
from engine.values import Resources, Value, changed, field

SPECIAL: Final = frozenset({"settings", "accounts", "operation", "seen", "each", "error"})
RESERVED: Final = frozenset({"attempt"})

ERROR: Final = Type(frozenset({"object"}), {"name": TEXT, "category": TEXT, "message": TEXT})
_HOLD: Final = Type(frozenset({"object"}), {"kind": TEXT, "reason": TEXT, "step": TEXT})
_LEFT: Final = Type(frozenset({"object"}), {"left": Type(frozenset({"array"}), items=TEXT)})


class Binding(Value):
    """A name's meaning. `absent` says why it may be null; `unset`: because its step may not have run; `empty`: it may be an empty list."""

    type: Type = ANYTHING
    absent: str = ""
    unset: bool = False
    empty: bool = False


class Result(Resources):
    """The result of a step. `path` says when it becomes available; `skipped` is why the step may not run, or ""."""

    id: str
    path: tuple[str | int, ...]
    binding: Binding
    place: StepPlace
    skipped: str = ""
    conditions: frozenset[str] = frozenset()  # what is true if it is not skipped, in canonical form


class Missing(Value):
    """Why a name has no meaning here: the rule to report, its message and help."""

    rule: str
    message: str
    help: str = ""


@dataclass(slots=True, kw_only=True)
class Globals:
    """The names of the whole runbook. `vars` are added in their order, as they are read."""

    inputs: Mapping[str, Binding]
    settings: Binding
    accounts: Binding
    results: Mapping[str, Result]  # by name in expressions
    first: StepPlace | None = None  # of the main list
    suggestions: Suggestions = dataclasses.field(default_factory=Suggestions)
    vars: dict[str, Binding] = dataclasses.field(default_factory=dict)
    all_vars: frozenset[str] = frozenset()


class Scope(Resources):
    """The names at one place. `path` is None before any step; `given` holds `seen`, `each` and `error` where they exist."""

    globals: Globals
    path: tuple[str | int, ...] | None = None
    given: Mapping[str, Binding] = field(default_factory=dict)
    facts: Facts = NO_FACTS
    later: AbstractSet[str] = frozenset()  # settings further down, which are not read yet

    def binding(self, name: str, facts: Facts = NO_FACTS) -> Binding | Missing:
        """The meaning of the name here, or why it has none."""
        known = self.globals
        for bindings in (self.given, known.inputs, known.vars):
            if name in bindings:
                return bindings[name]
        if name in known.results:
            return self.result(known.results[name], facts)
        match name:
            case "settings":
                return known.settings
            case "accounts":
                return known.accounts
            case "operation":
                return self.operation()
        return self.unknown(name)

    def result(self, result: Result, facts: Facts) -> Binding | Missing:
        if self.path is None:
            message = f"`{result.id}` is the result of a step, and this is evaluated before any step runs"
            return Missing(rule="RB302", message=message, help="use inputs, settings and the vars above")
        when = order(result.path, self.path)
        match when:
            case "before" | "ended":
                proved = bool(result.conditions) and result.conditions <= facts.true
                return (
                    result.binding if not result.skipped or proved else changed(result.binding, absent=result.skipped)
                )
            case "perhaps":
                return changed(result.binding, absent=result.skipped or self.why_perhaps(result), unset=True)
            case "itself":
                message = f"the step `{result.id}` has no result before it is done"
                help = "use `seen`, the resource as this step observed it" if "seen" in self.given else ""
                help = "use `result`, the reply of this call" if "result" in self.given else help
                return Missing(rule="RB302", message=message, help=help)
            case "later":
                message = f"the step `{result.id}` runs later, so its result is not available yet"
                return Missing(rule="RB302", message=message, help=f"move `{result.id}` before this step")

    def without(self, name: str, absent: str) -> str:
        """How execution gets here without that result, for that reason; "" if the name is not a result."""
        result = self.globals.results.get(name)
        if result is None or name in self.given or self.path is None:
            return ""
        when, skipped = order(result.path, self.path), bool(result.skipped) and absent == result.skipped
        return path_without(result.place, self.path, self.globals.first, when=when, skipped=skipped)

    def why_perhaps(self, result: Result) -> str:
        head = str(self.path[0]) if self.path else ""
        if head.startswith("on_"):
            return f"`{head}` may start before `{result.id}` is done"
        return f"`{result.id}` runs only if the list that contains it does"

    def operation(self) -> Binding:
        head = self.path[0] if self.path else ""
        failed = "" if head == "on_failure" else "null"
        held = "" if head == "on_hold" else "null"
        attributes = {
            "id": TEXT,
            "short_id": TEXT,
            "started": TIMESTAMP,
            "elapsed": INTEGER,
            "step": TEXT,
            "error": _or_null(ERROR, failed),
            "hold": _or_null(_HOLD, held),
            "cleanup": _LEFT,
        }
        return Binding(type=Type(frozenset({"object"}), attributes))

    def unknown(self, name: str) -> Missing:
        if name in SPECIAL:
            return Missing(rule="RB309", message=f"`{name}` is not defined here", help=WHERE[name])
        if name in RESERVED:
            return Missing(rule="RB309", message=f"`{name}` is reserved and not supported in this version")
        if name in self.globals.all_vars:
            message = f"the var `{name}` is defined below: a var may only use the vars above it"
            return Missing(rule="RB302", message=message, help=f"move `{name}` up")
        return Missing(
            rule="RB301",
            message=f"undefined name `{name}`",
            help=self.globals.suggestions.did_you_mean(name, self.legal, "defined here"),
        )

    def legal(self) -> Iterator[str]:
        """Every name that is defined here."""
        known = self.globals
        yield from self.given
        yield from known.inputs
        yield from known.vars
        yield from ("settings", "accounts", "operation")
        if self.path is not None:
            for name, result in known.results.items():
                has_id = "/" not in name  # a step without an id has its path for a name
                if has_id and order(result.path, self.path) in ("before", "ended", "perhaps"):
                    yield name


WHERE: Final = {
    "seen": "`seen` is the observed resource: use it in `states`, `only`, `is`, `status` and `rescue` of that step",
    "each": "`each` is an item of `for_each`: use it in a step that has one",
    "error": "`error` is the error of a rescue: use it in its `do` and `retry_if`; elsewhere use `operation.error`",
    "settings": "",
    "accounts": "",
    "operation": "",
}

_IN_ORDER: Final = frozenset({"steps", "do", "on_success", "on_failure", "on_hold", "on_cancel"})


When = Literal["before", "perhaps", "itself", "ended", "later"]
"""`perhaps`: before, if at all. `ended`: in the main list, all of which is done."""


def order(yields: tuple[str | int, ...], uses: tuple[str | int, ...]) -> When:
    """When the step at `yields` is done, seen from the place `uses`. Both are paths such as ("steps", 4, "do", 1)."""
    for at, (one, other) in enumerate(zip(yields, uses, strict=False)):
        if one == other:
            continue
        if at == 0:
            return _across(len(yields), str(other)) if one == "steps" else "later"
        if not isinstance(one, int) or not isinstance(other, int) or yields[at - 1] not in _IN_ORDER:
            return "perhaps"
        if one > other:
            return "later"
        return "before" if at == len(yields) - 1 else "perhaps"
    return "itself" if len(yields) <= len(uses) else "later"


def _across(length: int, head: str) -> When:
    """From a step to `outputs` or an `on_*` list: only after success are all steps of the main list done."""
    return "ended" if head in ("outputs", "on_success") and length == 2 else "perhaps"


def _or_null(type: Type, null: str) -> Type:
    return Type(type.names | {null}, type.attributes) if null else type
