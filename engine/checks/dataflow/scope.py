"""What a name means at one place of a runbook: its type, whether it is there yet, and whether it surely is.

Steps are done in order, so what is visible follows from the two paths alone: nothing is copied from step to step,
and a runbook of 10,000 steps takes time in proportion.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Final

from engine.checks.dataflow.facts import NO_FACTS, Facts
from engine.checks.dataflow.paths import path_without
from engine.checks.dataflow.types import ANYTHING, INTEGER, TEXT, Type
from engine.checks.subject import Place
from engine.language.nearest import Guesses
from engine.values import Bundle, Value, changed, field

SPECIAL: Final = frozenset({"settings", "accounts", "operation", "seen", "each", "error"})
RESERVED: Final = frozenset({"attempt"})

ERROR: Final = Type(frozenset({"object"}), {"name": TEXT, "category": TEXT, "message": TEXT})
_HOLD: Final = Type(frozenset({"object"}), {"kind": TEXT, "reason": TEXT, "step": TEXT})
_LEFT: Final = Type(frozenset({"object"}), {"left": Type(frozenset({"array"}), items=TEXT)})


class Binding(Value):
    """`absent`: why it may not be there, or be null; `unset`: even the name may not exist; `empty`: a list with none."""

    type: Type = ANYTHING
    what: str = ""
    absent: str = ""
    unset: bool = False
    empty: bool = False


class Result(Bundle):
    """What a step yields: `path` says when, `binding` what, `skipped` why it may not be done at all."""

    id: str
    path: tuple[str | int, ...]
    binding: Binding
    place: Place
    skipped: str = ""
    conditions: frozenset[str] = frozenset()  # what is true where it is not skipped, in canonical form


class Missing(Value):
    """Why a name has no meaning here: the rule that says so, the message and its help."""

    rule: str
    message: str
    help: str = ""


@dataclass(slots=True, kw_only=True)
class Globals:
    """The names of the whole runbook. `vars` fill up as they are read, in their order."""

    inputs: Mapping[str, Binding]
    settings: Binding
    accounts: Binding
    results: Mapping[str, Result]  # by name in expressions
    first: Place | None = None  # of the main list
    guesses: Guesses = dataclasses.field(default_factory=Guesses)
    vars: dict[str, Binding] = dataclasses.field(default_factory=dict)
    all_vars: frozenset[str] = frozenset()


class Scope(Bundle):
    """The names at one place. `path` None: before any step; `given` are `seen`, `each`, `error` where there are such."""

    globals: Globals
    path: tuple[str | int, ...] | None = None
    given: Mapping[str, Binding] = field(default_factory=dict)
    facts: Facts = NO_FACTS
    later: Set[str] = frozenset()  # settings that are not read yet: their sources come after this one

    def binding(self, name: str, facts: Facts = NO_FACTS) -> Binding | Missing:
        """What the name means here, or why it means nothing."""
        known = self.globals
        if name in self.given:
            return self.given[name]
        if name in known.inputs:
            return known.inputs[name]
        if name in known.vars:
            return known.vars[name]
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
            message = f"`{result.id}` is the result of a step, and this is settled before any step is done"
            return Missing(rule="RB302", message=message, help="use inputs, settings and earlier vars here")
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
                message = f"the step {result.id} has no result before it is done"
                help = "`seen` is what a look of this step saw" if "seen" in self.given else ""
                return Missing(rule="RB302", message=message, help=help)
            case _:
                message = f"`{result.id}` is done later: its result is not there yet"
                return Missing(rule="RB302", message=message, help=f"move {result.id} before this step")

    def without(self, name: str, absent: str) -> str:
        """The path to this place on which that result is not there, for that reason; "" where there is no such result."""
        result = self.globals.results.get(name)
        if result is None or name in self.given or self.path is None:
            return ""
        when, skipped = order(result.path, self.path), bool(result.skipped) and absent == result.skipped
        return path_without(result.place, self.path, self.globals.first, when=when, skipped=skipped)

    def why_perhaps(self, result: Result) -> str:
        head = str(self.path[0]) if self.path else ""
        if head.startswith("on_"):
            return f"when `{head}` begins, {result.id} may not have been done"
        return f"{result.id} is done only where its list is"

    def operation(self) -> Binding:
        head = self.path[0] if self.path else ""
        failed = "" if head == "on_failure" else "null"
        held = "" if head == "on_hold" else "null"
        attributes = {
            "id": TEXT,
            "short_id": TEXT,
            "started": TEXT,
            "elapsed": INTEGER,
            "step": TEXT,
            "error": _or_null(ERROR, failed),
            "hold": _or_null(_HOLD, held),
            "cleanup": _LEFT,
        }
        return Binding(type=Type(frozenset({"object"}), attributes), what="the operation")

    def unknown(self, name: str) -> Missing:
        if name in SPECIAL:
            return Missing(rule="RB309", message=f"`{name}` is not known here", help=WHERE[name])
        if name in RESERVED:
            return Missing(rule="RB309", message=f"`{name}` is reserved and has no meaning in this version")
        if name in self.globals.all_vars:
            message = f"the var `{name}` is given later: vars may use those before them"
            return Missing(rule="RB302", message=message, help=f"move `{name}` up")
        return Missing(
            rule="RB301",
            message=f"nothing is called `{name}`",
            help=self.globals.guesses.meant(name, self.legal, "known here"),
        )

    def legal(self) -> Iterator[str]:
        """Every name that may stand here."""
        known = self.globals
        yield from self.given
        yield from known.inputs
        yield from known.vars
        yield from ("settings", "accounts", "operation")
        if self.path is not None:
            for name, result in known.results.items():
                if order(result.path, self.path) in ("before", "ended", "perhaps"):
                    yield name


WHERE: Final = {
    "seen": "`seen` is what a look saw: in `states`, `only`, `is`, `status` and `rescue` of a step that looks",
    "each": "`each` is an item of the step's own `for_each`",
    "error": "`error` is the error of a rescue: in its `do` and its `retry_if`; elsewhere there is `operation.error`",
    "settings": "",
    "accounts": "",
    "operation": "",
}

_IN_ORDER: Final = frozenset({"steps", "do", "on_success", "on_failure", "on_hold", "on_cancel"})


def order(yields: tuple[str | int, ...], uses: tuple[str | int, ...]) -> str:
    """When what `yields` is done, seen from `uses`: before, perhaps (before), itself, ended, later."""
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


def _across(length: int, head: str) -> str:
    """From the steps to a list of the end: all of them are done only after success."""
    return "ended" if head in ("outputs", "on_success") and length == 2 else "perhaps"


def _or_null(type: Type, null: str) -> Type:
    return Type(type.names | {null}, type.attributes) if null else type
