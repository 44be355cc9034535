"""A runbook while it is being parsed: what has been read, where it stands, what is wrong with it.

Every reader of `parsing` is given the draft. Readers never raise for a wrong document: they tell it and go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.errors import Expected, Finding
from engine.language.model import KindFacts, Monitor, Schedule, Step
from engine.language.nearest import Guesses, listed
from engine.language.parse.shapes import HOLD_FOR, KINDS, OTHER_WORDS, RESERVED, Shape
from engine.language.patterns import Patterns
from engine.language.vocabulary import Vocabulary
from engine.language.yaml.nodes import MapNode, Node, Scalar, Span, brief, describe
from engine.language.yaml.reader import MOST

APIS: Final = 64
"""So many APIs of AWS a runbook can name: each has a model, and some are of several megabytes."""

Reader = Callable[["Draft", Node, str], Any]
"""From the node of a value, and the path of that value, to what the model holds; None where it is wrong."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """One document being parsed."""

    file: str
    vocabulary: Vocabulary
    readers: Mapping[str, Reader]
    findings: list[Finding] = field(default_factory=list)
    places: dict[str, Node] = field(default_factory=dict)
    kinds: dict[str, KindFacts] = field(default_factory=dict)
    index: dict[str, Step] = field(default_factory=dict)
    by_name: dict[str, Step] = field(default_factory=dict)
    names: dict[str, tuple[str, Node | None]] = field(default_factory=dict)  # in expressions: what has it, and where
    schedules: Mapping[str, Schedule | None] = field(default_factory=dict)
    monitor: Monitor = field(default_factory=Monitor)  # the top level's
    patterns: Patterns = field(default_factory=Patterns)
    guesses: Guesses = field(default_factory=Guesses)
    apis: set[str] = field(default_factory=set)  # `aws.SERVICE.OPERATION`, each once
    overdrawn: bool = False  # more of them are named than may be

    # -- telling ------------------------------------------------------------------------------------------

    def tell(self, rule: str, where: Node | Span, message: str, help: str = "", *, expected: Expected = "") -> None:
        if self.full:
            return
        span = where if isinstance(where, Span) else where.span
        self.findings.append(
            Finding(
                rule=rule, message=brief(message), help=brief(help), file=self.file, line=span.line, column=span.column,
                end_line=span.end_line, end_column=span.end_column, expected=expected,
            )
        )  # fmt: skip

    @property
    def full(self) -> bool:
        """So many findings that no more are told: nothing need be worked out for them."""
        return len(self.findings) >= MOST

    def wrong(self, node: Node, wanted: str, help: str = "") -> None:
        """RB203: not of the type that is wanted here. What is nothing at all has been told by reading."""
        if isinstance(node, Scalar) and node.empty:
            return
        expected: Expected = "text" if wanted == "text" else "names" if wanted == "a list of names" else ""
        if not help and expected == "text" and isinstance(node, Scalar) and node.text:
            help = "if it is text, quote it"
        self.tell("RB203", node, f"expected {wanted}, found {describe(node)}", help, expected=expected)

    def not_one_of(self, rule: str, node: Node, word: str, what: str, legal: Iterable[str]) -> None:
        """`word` is none of the legal ones: told with the nearest and with all."""
        if not self.full:
            self.tell(rule, node, f"`{word}` {what}", self.guesses.did_you_mean(word, lambda: legal))

    # -- maps ---------------------------------------------------------------------------------------------

    def fields(self, node: MapNode, shape: Shape, path: str, what: str) -> dict[str, Any]:
        """The values of a map by its shape; unknown and missing keys are told."""
        found: dict[str, Any] = {}
        readers = self.readers
        for name, (key, value) in node.items():
            entry = shape.get(name)
            if entry is None:
                self.unknown(key, shape, what)
            else:
                found[name] = readers[entry.form](self, value, f"{path}/{name}" if path else name)
        for name, entry in shape.items():
            if entry.required and name not in node:
                self.missing(node, name, what)
        return found

    def map_of(self, node: Node, wanted: str = "a map") -> MapNode | None:
        """The node if it is a map."""
        if isinstance(node, MapNode):
            return node
        self.wrong(node, wanted)
        return None

    def missing(self, node: MapNode, name: str, what: str, help: str = "") -> None:
        self.tell("RB202", node.head, f"{what} needs `{name}`", help or _NEEDED.get(name, ""))

    def unknown(self, key: Scalar, shape: Shape, what: str) -> None:
        """A key that the map cannot have: reserved, of another kind of step, by another word, or not known at all."""
        if self.full:
            return
        word = key.text
        others = [kind for kind, own in KINDS.items() if word in own]
        if word in RESERVED or (word == "for" and "hold" in shape):
            self.tell("RB210", key, f"`{word}` is reserved: {RESERVED.get(word, HOLD_FOR)}", "")
        elif others and "if" in shape:
            owners = " or ".join(f"`{kind}`" for kind in others)
            help = f"`{word}` belongs to a step with {owners}; expected one of: {listed(shape)}"
            self.tell("RB209", key, f"{what} cannot have `{word}`", help)
        elif OTHER_WORDS.get(word) in shape:
            help = f"write `{OTHER_WORDS[word]}`; expected one of: {listed(shape)}"
            self.tell("RB201", key, f"unknown key `{word}` in {what}", help)
        else:
            help = self.guesses.did_you_mean(word, lambda: shape)
            if "with" in shape:
                help = f"{help}. Parameters of the kind or action go under `with`.".removeprefix(". ")
            self.tell("RB201", key, f"unknown key `{word}` in {what}", help)

    def may_ask_for(self, name: str, node: Node) -> bool:
        """May the vocabulary be asked for it? RB218 where it is an API too many."""
        if not name.startswith("aws.") or name in self.apis:
            return True
        if len(self.apis) >= APIS:
            self.overdrawn = True
            self.tell(
                "RB218", node, f"the runbook uses more than {APIS} different AWS APIs", "split it into several runbooks"
            )
            return False
        self.apis.add(name)
        return True

    # -- names --------------------------------------------------------------------------------------------

    def name(self, name: str, what: str, node: Node | None) -> None:
        """One name means one thing: inputs, vars, steps, and the words that expressions have themselves."""
        in_expressions = name.replace("-", "_")
        before = self.names.get(in_expressions)
        if before is None:
            self.names[in_expressions] = (what, node)
            return
        other, place = before
        where = place.span if place is not None else None
        at = f" (line {where.line}, column {where.column})" if where is not None else ""
        assert node is not None
        self.tell("RB207", node, f"{what} has the same name as {other}{at}; `-` counts as `_`", "choose another name")


_NEEDED: Final = {
    "id": "add `id: NAME`: messages and expressions refer to the step by it",
    "then": "add `then: retry`, `hold`, `fail` or `done`",
    "error": "add `error:` with an error name, a category, `any`, or a list of them",
}
"""Help for a missing key, if its name alone does not say what to write."""
