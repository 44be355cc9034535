"""What a runbook deletes that its operation does not make, as far as inputs and settings say before it starts.

Every step counts, wherever it stands: the main list, the rows of a table, a rescue, an `on_*` list, each item of a
`for_each`. What is known only later is asked about later (engine.kernel.decide.deletions).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.errors import ExpressionError
from engine.kernel import Operation
from engine.kernel.decide.classes import classify, row_for
from engine.kernel.decide.deletions import deletions_in, names_of_parts, switches_off, texts_in
from engine.kernel.decide.view import View
from engine.kernel.effect import Deletion, Effect, Seen
from engine.kernel.frame import Address, Frame, position_of
from engine.kernel.operation import Target
from engine.kernel.ownership import owner_of
from engine.kernel.rendering import Names, place
from engine.language.expressions.budget import Budget
from engine.language.expressions.evaluation import is_true, render
from engine.language.model import Call, Check, Ensure, Remove, Runbook, Step
from engine.runtime.observer import PlannedRemoval

Look = Callable[[Effect], Seen]
"""Looks at a resource. EnvironmentProblem if the look failed."""

_UNKNOWN: Final = object()


class KnownNames(Mapping[str, Any]):
    """The names whose values are known before the operation starts. `missed`: whether another one was asked for."""

    def __init__(self, names: Names, each: Any = _UNKNOWN) -> None:
        self._names = names
        self._each = each
        self.missed = False

    def __getitem__(self, name: str) -> Any:
        if name == "each" and self._each is not _UNKNOWN:
            return self._each
        try:
            return self._names[name]
        except KeyError:
            self.missed = True
            raise

    def __iter__(self) -> Iterator[str]:
        yield from self._names

    def __len__(self) -> int:
        return len(self._names)

    def with_each(self, each: Any) -> KnownNames:
        return KnownNames(self._names, each)

    @property
    def budget(self) -> Budget:
        """That of the names."""
        return self._names.budget

    def value(self, written: Any) -> Any:
        """The rendered value. ExpressionError if it depends on what is not known yet, in whatever way."""
        return self.known(lambda: render(written, self))

    def known(self, read: Callable[[], Any]) -> Any:
        """What `read` returns, if it asks only for names that are known; else ExpressionError."""
        self.missed = False
        value = read()
        if self.missed:
            raise ExpressionError("not known yet")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A step where it stands: its key, and the names that it may use."""

    step: Step
    key: str
    names: KnownNames


def planned_removals(look: Look, runbook: Runbook, bare: Operation) -> list[PlannedRemoval]:
    """What is to be confirmed; also removals of what is not there, whose target is that nothing is."""
    search = _Search(look, runbook, bare)
    places = list(_places(runbook.steps, KnownNames(Names(runbook, bare))))
    for steps in runbook.ends.values():
        places += _places(steps, KnownNames(Names(runbook, bare)))
    found: list[PlannedRemoval] = []
    for one in places:
        try:
            found += search.removals_at(one)
        except ExpressionError:
            continue  # not known yet
    return found


def _places(steps: tuple[Step, ...], names: KnownNames, within: str = "") -> Iterator[PlannedStep]:
    """Every step, with those in its rows and rescues; of a `for_each` whose list is known, once for each item."""
    for step in steps:
        if _is_skipped(step, names):
            continue
        for item, inner in _items(step, names):
            yield PlannedStep(step=step, key=f"{step.id}{within}{item}", names=inner)
            rows = step.body.states if isinstance(step.body, (Ensure, Remove, Check)) else ()
            for do in (*(row.do for row in rows), *(rescue.do for rescue in step.rescue)):
                yield from _places(do, inner, within + item)


def _is_skipped(step: Step, names: KnownNames) -> bool:
    """Is its `if` false by what is known?"""
    if step.condition is None:
        return False
    condition = step.condition
    try:
        return not names.known(lambda: is_true(condition, names))
    except ExpressionError:
        return False


def _items(step: Step, names: KnownNames) -> list[tuple[str, KnownNames]]:
    if step.for_each is None:
        return [("", names)]
    try:
        items = names.value(step.for_each)
    except ExpressionError:
        return [("[]", names.with_each(_UNKNOWN))]
    if not isinstance(items, (list, tuple)):
        return []
    return [(f"[{number}]", names.with_each(one)) for number, one in enumerate(items)]


@dataclass(slots=True)
class _Search:
    """Finds what each place removes. Each resource is looked at once."""

    look: Look
    runbook: Runbook
    bare: Operation
    looks: dict[str, Seen] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)  # of expressions

    def removals_at(self, at: PlannedStep) -> list[PlannedRemoval]:
        """What the step there deletes. ExpressionError if that is not known yet."""
        body = at.step.body
        match body:
            case Remove(target=None) if body.owner != "own":
                return [self._removal(at, body.kind, at.step, body.params, meant="[]" not in at.key)]
            case Remove(target=str() as check):
                seen_by = self.runbook.by_name.get(check.replace("-", "_"))
                if seen_by is not None and isinstance(seen_by.body, Check):
                    return [self._removal(at, body.kind, seen_by, seen_by.body.params, meant=False)]
            case Ensure(owner="any") if any(row.verb == "replace" for row in body.states):
                return self._replacement(at, body)
            case Call(deletes=deletes) if deletes is not None:
                return self._call(at, body)
            case _:
                pass
        return []

    def _removal(self, at: PlannedStep, kind: str, named_by: Step, params: Any, *, meant: bool) -> PlannedRemoval:
        """`named_by`: the step whose parameters say which. `meant`: whether the removal means this id from now on."""
        address = self._address(at, kind, named_by, params)
        seen = self._look(kind, address)
        region, account = self._where(at)
        name = str(next(iter(address.identity.values()), ""))
        target = Target(id=seen.id, name=name, region=region, account=account)
        return PlannedRemoval(step=at.key, kind=kind, target=target, meant=meant, parts=names_of_parts(seen.parts))

    def _replacement(self, at: PlannedStep, body: Ensure) -> list[PlannedRemoval]:
        """What an `ensure` with `owner: any` would replace, as things are now."""
        address = self._address(at, body.kind, at.step, body.params)
        seen = self._look(body.kind, address)
        frame = Frame(position=position_of(at.step.path), address=address)
        view = View(self.runbook, self.bare, frame, at.step, self.bare.at)
        seen, _ = classify(view, seen)
        if row_for(view, seen, seen.cls).verb != "replace" or owner_of(self.bare, seen) != "foreign":
            return []
        name = str(next(iter(address.identity.values()), ""))
        target = Target(id=seen.id, name=name, region=address.region, account=address.account)
        return [PlannedRemoval(step=at.key, kind=body.kind, target=target)]

    def _call(self, at: PlannedStep, body: Call) -> list[PlannedRemoval]:
        """What a call's parameters name. What the runbook makes itself is asked about later, if it was not made."""
        assert body.deletes is not None
        params = {key: value for key, value in at.names.value(dict(body.params)).items() if value is not None}
        if not switches_off(body.deletes, params):
            return []
        region, account = self._where(at)
        return [
            PlannedRemoval(
                step=at.key, kind=one.kind, target=Target(id=one.id, name=one.name, region=region, account=account),
                within=one.within, unprotects=one.unprotects,
            )
            for one in deletions_in(body, params, at.key, region, account)
            if not self._is_made(one, body)
        ]  # fmt: skip

    def _is_made(self, deletion: Deletion, body: Call) -> bool:
        """Does a step of the runbook make what has this name, so that it will be known as own?"""
        assert body.deletes is not None
        for step in self.runbook.steps:
            match step.body:
                case Call(makes=makes, params=params) if makes and makes == body.deletes.thing:
                    undo = step.body.undo.call.body if step.body.undo is not None else None
                    in_ledger = isinstance(undo, Call) and undo.action == body.action
                    if not step.body.names_made and not in_ledger:
                        continue  # nothing will prove it
                case Ensure(kind=kind, params=params) if kind == body.deletes.kind:
                    pass
                case _:
                    continue
            if deletion.id in self._texts(params):
                return True
        return False

    def _texts(self, params: Any) -> list[str]:
        try:
            return list(texts_in(render(params, Names(self.runbook, self.bare, budget=self.budget))))
        except ExpressionError:
            return []

    def _address(self, at: PlannedStep, kind: str, named_by: Step, params: Mapping[str, Any]) -> Address:
        written = {key: params[key] for key in self.runbook.kinds[kind].identity if key in params}
        region, account = self._where(at, named_by)
        identity = {key: value for key, value in at.names.value(written).items() if value is not None}
        return Address(identity=identity, region=region, account=account)

    def _where(self, at: PlannedStep, step: Step | None = None) -> tuple[str, str | None]:
        """The region and account of the step, or of another one."""
        found: tuple[str, str | None] = at.names.known(
            lambda: place(self.runbook, self.bare, step or at.step, lambda: at.names)
        )
        return found

    def _look(self, kind: str, address: Address) -> Seen:
        key = repr((kind, address))
        if key not in self.looks:
            effect = Effect(
                verb="look", name=kind, key="", params=address.identity, region=address.region, account=address.account
            )
            self.looks[key] = self.look(effect)
        return self.looks[key]
