"""The problems of one expression at one place, with the ranges of characters that they are about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from engine.checks.dataflow.scope import Scope
from engine.checks.dataflow.types import Type
from engine.language.expressions.syntax_tree import Node
from engine.values import Value

SECRET_HELP: Final = "pass a secret on its own, and only to a parameter that takes secrets"


class ExpressionProblem(Value):
    """One problem, with the range of characters of the expression that it is about."""

    rule: str
    start: int
    end: int
    message: str
    help: str = ""


@dataclass(slots=True)
class Problems:
    """What is wrong with an expression, as it is found."""

    scope: Scope
    source: str
    problems: list[ExpressionProblem] = field(default_factory=list)

    def report(self, rule: str, at: Node | tuple[int, int], message: str, help: str = "") -> None:
        start, end = at if isinstance(at, tuple) else (at.start, at.end)
        self.problems.append(ExpressionProblem(rule=rule, start=start, end=end, message=message, help=help))

    def suggestion(self, word: str, legal: Iterable[str], what: str) -> str:
        return self.scope.globals.suggestions.did_you_mean(word, lambda: legal, what)

    def written(self, node: Node) -> str:
        """The text of the node, shortened for messages."""
        text = " ".join(self.source[node.start : node.end].split())
        return text if len(text) <= 60 else f"{text[:59]}…"

    def reject_secret(self, node: Node, type: Type) -> None:
        """Report a secret that would become text, be compared or be taken apart."""
        if "secret" in type.names:
            message = f"`{self.written(node)}` is a secret and cannot be used in an expression"
            self.report("RB306", node, message, SECRET_HELP)
