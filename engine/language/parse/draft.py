"""A runbook that is being parsed: its findings, and what has been read so far.

Every reader gets the draft. A reader does not raise for a wrong document: it reports a finding and continues.
`parse.document` explains how the parts work together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.errors import Expected, Finding
from engine.language.model import KindFacts, Monitor, Schedule, Step
from engine.language.nearest import Suggestions, list_words
from engine.language.parse.shapes import HOLD_FOR, KINDS, OTHER_WORDS, RESERVED, Shape
from engine.language.patterns import Patterns
from engine.language.vocabulary import Vocabulary
from engine.language.yaml.nodes import MapNode, Node, Scalar, Span, describe_node, finding_at
from engine.language.yaml.reader import MOST_FINDINGS

MOST_APIS: Final = 64
"""Different AWS APIs that a runbook may use. Each needs its service's model, and some models have several megabytes."""

Reader = Callable[["Draft", Node, str], Any]
"""Reads the node at a path: returns what the model holds, or reports a finding and returns None or an empty value."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """What is known of one document, and the methods by which readers report findings and read maps."""

    file: str
    vocabulary: Vocabulary
    readers: Mapping[str, Reader]  # by form
    findings: list[Finding] = field(default_factory=list)
    nodes: dict[str, Node] = field(default_factory=dict)  # by path
    kinds: dict[str, KindFacts] = field(default_factory=dict)  # those that the runbook uses
    index: dict[str, Step] = field(default_factory=dict)  # every step by its path
    by_name: dict[str, Step] = field(default_factory=dict)  # steps with an id, by their name in expressions
    names: dict[str, tuple[str, Node | None]] = field(
        default_factory=dict
    )  # names in expressions: a description, a node
    schedules: Mapping[str, Schedule | None] = field(default_factory=dict)  # named ones; None: it is wrong
    monitor: Monitor = field(default_factory=Monitor)  # of the top level
    patterns: Patterns = field(default_factory=Patterns)
    suggestions: Suggestions = field(default_factory=Suggestions)
    similar_left: int = 5  # how many more unknown actions get a suggestion, each of which reads a model of AWS
    apis: set[str] = field(default_factory=set)  # each `aws.SERVICE.OPERATION` that the runbook uses
    too_many_apis: bool = False

    # -- findings -----------------------------------------------------------------------------------------

    def may_read_models(self) -> bool:
        """Count a suggestion for an unknown action, which reads a model of AWS. False if there have been too many."""
        self.similar_left -= 1
        return self.similar_left >= 0

    def report(self, rule: str, where: Node | Span, message: str, help: str = "", *, expected: Expected = "") -> None:
        if self.full:
            return
        span = where if isinstance(where, Span) else where.span
        self.findings.append(finding_at(span, self.file, rule=rule, message=message, help=help, expected=expected))

    @property
    def full(self) -> bool:
        """Has it as many findings as are reported at most? Then messages and suggestions need not be computed."""
        return len(self.findings) >= MOST_FINDINGS

    def report_wrong_type(self, node: Node, wanted: str, help: str = "") -> None:
        """RB203. Nothing for an empty value, because RB112 reports it."""
        if isinstance(node, Scalar) and node.is_empty:
            return
        expected: Expected = "text" if wanted == "text" else "names" if wanted == "a list of names" else ""
        if not help and expected == "text" and isinstance(node, Scalar) and node.text:
            help = "if it is text, quote it"
        self.report("RB203", node, f"expected {wanted}, found {describe_node(node)}", help, expected=expected)

    def report_unknown_word(self, rule: str, node: Node, word: str, what: str, legal: Iterable[str]) -> None:
        """Report a word that is not a legal one, with the nearest and a list of all."""
        if not self.full:
            self.report(rule, node, f"`{word}` {what}", self.suggestions.did_you_mean(word, lambda: legal))

    # -- maps ---------------------------------------------------------------------------------------------

    def read_fields(self, node: MapNode, shape: Shape, path: str, what: str) -> dict[str, Any]:
        """Read each value of a map by its form; report unknown and missing keys. `what` names the map in messages."""
        found: dict[str, Any] = {}
        readers = self.readers
        for name, (key, value) in node.items():
            entry = shape.get(name)
            if entry is None:
                self.report_unknown_key(key, shape, what)
            else:
                found[name] = readers[entry.form](self, value, f"{path}/{name}" if path else name)
        for name, entry in shape.items():
            if entry.required and name not in node:
                self.report_missing_key(node, name, what)
        return found

    def as_map(self, node: Node, wanted: str, help: str = "") -> MapNode | None:
        """The node if it is a map; else RB203 and None."""
        if isinstance(node, MapNode):
            return node
        self.report_wrong_type(node, wanted, help)
        return None

    def report_missing_key(self, node: MapNode, name: str, what: str, help: str = "") -> None:
        self.report("RB202", node.head, f"{what} needs the key `{name}`", help or _MISSING_KEY_HELP.get(name, ""))

    def report_unknown_key(self, key: Scalar, shape: Shape, what: str) -> None:
        """RB210 if the key is reserved, RB209 if another kind of step has it, else RB201."""
        if self.full:
            return
        word = key.text
        kinds_with_it = [kind for kind, own in KINDS.items() if word in own]
        if word in RESERVED or (word == "for" and "hold" in shape):
            self.report("RB210", key, f"`{word}` is reserved: {RESERVED.get(word, HOLD_FOR)}", "")
        elif kinds_with_it and "if" in shape:  # only steps have `if`
            owners = " or ".join(f"`{kind}`" for kind in kinds_with_it)
            help = f"`{word}` belongs to a step with {owners}; expected one of: {list_words(shape)}"
            self.report("RB209", key, f"{what} cannot have `{word}`", help)
        elif OTHER_WORDS.get(word) in shape:
            help = f"write `{OTHER_WORDS[word]}`; expected one of: {list_words(shape)}"
            self.report("RB201", key, f"unknown key `{word}` in {what}", help)
        else:
            help = self.suggestions.did_you_mean(word, lambda: shape)
            if "with" in shape:
                help = f"{help}. Parameters of the kind or action go under `with`.".removeprefix(". ")
            self.report("RB201", key, f"unknown key `{word}` in {what}", help)

    def within_api_limit(self, name: str, node: Node) -> bool:
        """Count a kind or action if it is an AWS API. RB218 and False if the runbook uses too many of them."""
        if not name.startswith("aws.") or name in self.apis:
            return True
        if len(self.apis) >= MOST_APIS:
            self.too_many_apis = True
            message = f"the runbook uses more than {MOST_APIS} different AWS APIs"
            self.report("RB218", node, message, "split it into several runbooks")
            return False
        self.apis.add(name)
        return True

    # -- names --------------------------------------------------------------------------------------------

    def declare_name(self, name: str, what: str, node: Node | None) -> None:
        """RB207 if expressions already know the name: of an input, a var, a step, a built-in name or a keyword."""
        in_expressions = name.replace("-", "_")
        if in_expressions not in self.names:
            self.names[in_expressions] = (what, node)
            return
        other, first = self.names[in_expressions]
        at = f" (line {first.span.line}, column {first.span.column})" if first is not None else ""
        assert node is not None
        self.report("RB207", node, f"{what} has the same name as {other}{at}; `-` counts as `_`", "choose another name")


_MISSING_KEY_HELP: Final = {
    "runbook": "add `runbook: NAME`: the name of the runbook",
    "steps": "add `steps:` with a list of steps",
    "id": "add `id: NAME`: messages and expressions refer to the step by it",
    "then": "add `then: retry`, `hold`, `fail` or `done`",
    "error": "add `error:` with an error name, a category, `any`, or a list of them",
}
"""Help for a missing key, if its name alone is not enough."""
