"""What rules work on: the parsed runbook, its tree with places, and what the registry knows of its kinds and actions.

Everything is computed once, when the first rule asks for it. Nothing here reports a finding.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any, Final, TypeVar

from engine.checks.catalogue import Catalogue
from engine.errors import Expected
from engine.language.model import Call, Check, Ensure, KindFacts, Remove, Rescue, Row, Runbook, Step
from engine.language.nearest import Suggestions
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar, Span
from engine.registry import Action, Param, ResourceKind
from engine.values import Value, field

TOP: Final = Span(line=1, column=1, end_line=1, end_column=2)


class Found(Value):
    """A problem that a rule found, and its place."""

    span: Span
    message: str
    help: str = ""
    expected: Expected = ""


class WrittenRow(Value):
    """A row of a state table that is written in the runbook: the parsed row, its key and its value."""

    row: Row
    key: Scalar
    value: Node

    def name_span(self, name: str) -> Span:
        """The place of one of its names inside the key."""
        offset = 0
        for piece in self.key.text.split(","):
            blanks = len(piece) - len(piece.lstrip())
            if piece.strip() == name:
                return self.key.at(offset + blanks, len(piece.strip()))
            offset += len(piece) + 1
        return self.key.span


class StepPlace(Value, dict=True, gc=True):
    """A step, the map that it was parsed from, and its kind or action in the registry."""

    step: Step
    node: MapNode
    path: tuple[str | int, ...]
    kind: ResourceKind | None = None
    action: Action | None = None
    statuses: dict[str, tuple[str, ...]] = field(default_factory=dict)  # those of its kind, by class

    @property
    def facts(self) -> KindFacts | None:
        return self.kind.facts if self.kind is not None else None

    @cached_property
    def params(self) -> Mapping[str, Param]:
        """The parameters that its kind or action accepts."""
        if self.kind is not None:
            return self.kind.params
        return self.action.params if self.action is not None else {}

    @property
    def name(self) -> str:
        """The name of its kind or action, such as `rds.cluster`; "" for other steps."""
        body = self.step.body
        if isinstance(body, (Ensure, Remove, Check)):
            return body.kind
        return body.action if isinstance(body, Call) else ""

    @cached_property
    def written(self) -> MapNode | None:
        """Its `with`, if that is a map."""
        found = self.node.get("with")
        return found if isinstance(found, MapNode) else None

    @cached_property
    def rows(self) -> tuple[WrittenRow, ...]:
        """The rows that are written in the runbook, in their order; not those filled in."""
        body, states = self.step.body, self.node.get("states")
        if not isinstance(body, (Ensure, Remove, Check)) or not isinstance(states, MapNode):
            return ()
        by_names = {row.names: row for row in body.states if not row.is_default}
        found = []
        for key, node in states.entries:
            row = by_names.get(tuple(name for name in map(str.strip, key.text.split(",")) if name))
            if row is not None:
                found.append(WrittenRow(row=row, key=key, value=node))
        return tuple(found)

    @cached_property
    def rescues(self) -> tuple[tuple[Rescue, MapNode], ...]:
        """Each rescue, with the map that it was parsed from."""
        node = self.node.get("rescue")
        written = [one for one in node.items if isinstance(one, MapNode)] if isinstance(node, ListNode) else []
        return tuple(zip(self.step.rescue, written, strict=False))  # a step that may have no `rescue` has none parsed

    def key(self, name: str) -> Span:
        """The place of a key; of a missing key, the place of the first one."""
        found = self.node.key(name)
        return found.span if found is not None else self.node.head

    def value(self, name: str) -> Span:
        """The place of a key's value."""
        found = self.node.get(name)
        return found.span if found is not None else self.node.head


@dataclass(kw_only=True)
class Subject:
    """One runbook under check."""

    runbook: Runbook
    root: MapNode
    nodes: Mapping[str, Node]
    catalogue: Catalogue
    tests: str | None = None  # the text of the test file beside it, if there is one
    file: str = "-"
    suggestions: Suggestions = dataclasses.field(default_factory=Suggestions)
    computed: dict[Callable[[Subject], Any], Any] = dataclasses.field(default_factory=dict)  # by `computed_once`

    @cached_property
    def steps(self) -> tuple[StepPlace, ...]:
        """Every step in the document: the main list first, nested steps after the step that contains them."""
        return tuple(sorted(self._steps(), key=lambda place: (place.path[0] != "steps", place.path)))

    @cached_property
    def by_path(self) -> Mapping[str, StepPlace]:
        return {place.step.path: place for place in self.steps}

    @cached_property
    def by_id(self) -> Mapping[str, StepPlace]:
        """Steps by their name in expressions, nested steps included."""
        found: dict[str, StepPlace] = {}
        for place in self.steps:
            found.setdefault(place.step.name, place)
        return found

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The ids in the document; steps without one are left out."""
        return tuple(place.step.id for place in self.steps if place.step.id != place.step.path)

    def _steps(self) -> Iterator[StepPlace]:
        for path, step in self.runbook.index.items():
            node = self.nodes.get(path)
            if not isinstance(node, MapNode):
                continue  # a default list, which has no node in the document
            body = step.body
            kind = self.catalogue.kind(body.kind) if isinstance(body, (Ensure, Remove, Check)) else None
            action = self.catalogue.action(body.action) if isinstance(body, Call) else None
            statuses = self.catalogue.statuses(kind.name) if kind is not None else {}
            yield StepPlace(step=step, node=node, path=parts(path), kind=kind, action=action, statuses=statuses)

    def node(self, *keys: str) -> Node | None:
        """The node under these keys of the document, if there is one."""
        found: Node | None = self.root
        for key in keys:
            found = found.get(key) if isinstance(found, MapNode) else None
        return found

    def key(self, *keys: str) -> Span:
        """The place of the last of these keys; the top of the document if it is missing."""
        owner = self.node(*keys[:-1])
        found = owner.key(keys[-1]) if isinstance(owner, MapNode) else None
        return found.span if found is not None else TOP


def test_file_of(file: str) -> str:
    """Where the test file of a runbook is: `restore.test.yaml` beside `restore.yaml`."""
    path = PurePath(file)
    return str(path.with_name(f"{path.stem}.test{path.suffix}"))


def parts(path: str) -> tuple[str | int, ...]:
    """("steps", 4, "do", 1) for `steps/4/do/1`."""
    return tuple(int(part) if part.isdigit() else part for part in path.split("/"))


def scalars(node: Node | None) -> Iterator[Scalar]:
    """Every scalar value in it; keys are left out."""
    match node:
        case Scalar():
            yield node
        case ListNode(items=items):
            for item in items:
                yield from scalars(item)
        case MapNode():
            for _, value in node.entries:
                yield from scalars(value)
        case None:
            return


T = TypeVar("T")


def computed_once(compute: Callable[[Subject], T]) -> Callable[[Subject], T]:
    """The function, but several rules can ask for its result, which is kept in the subject."""

    @functools.wraps(compute)
    def result(subject: Subject) -> T:
        if compute not in subject.computed:
            subject.computed[compute] = compute(subject)
        found: T = subject.computed[compute]
        return found

    return result


@computed_once
def written_params(subject: Subject) -> tuple[tuple[StepPlace, Param, Node], ...]:
    """Every parameter in the document that its kind or action knows, with its value."""
    return tuple(
        (place, place.params[key.text], value)
        for place in subject.steps
        if place.written is not None
        for key, value in place.written.entries
        if key.text in place.params
    )
