"""Infers the types of values with expressions in a scope, and collects the problems with their places.

It knows the scalars, lists and maps of the document, and nothing about steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from engine.checks.dataflow.facts import NO_FACTS, Facts, when_true
from engine.checks.dataflow.inference import SECRET_HELP, ExpressionProblem, Inference
from engine.checks.dataflow.scope import Scope
from engine.checks.dataflow.types import ANYTHING, TEXT, Type, of_value, union
from engine.checks.subject import Found
from engine.errors import ExpressionError
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.grammar import parse_condition, parse_expression
from engine.language.expressions.template import split_template, strip_braces
from engine.language.expressions.tokens import ExpressionSyntaxError
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar
from engine.language.yaml.reader import MOST_FINDINGS

EXPRESSIONS: Final = 250_000
"""Characters of all expressions of a file that are checked. runbooks/restore.yaml has 700."""


@dataclass(slots=True)
class Flow:
    """The result of the walk: problems by rule, the types of scalars with expressions, and the names that are used."""

    problems: dict[str, list[Found]] = field(default_factory=dict)
    types: dict[int, Type] = field(default_factory=dict)  # by the identity of the scalar's node
    used: set[str] = field(default_factory=set)  # names, and `settings.NAME`
    scopes: dict[str, Scope] = field(default_factory=dict)  # of steps, by path
    left: int = EXPRESSIONS  # characters of expressions that may still be checked

    @property
    def whole_settings(self) -> bool:
        """Does an expression use `settings` as a whole?"""
        return "settings" in self.used

    @property
    def whole_accounts(self) -> bool:
        return "accounts" in self.used

    def found(self, rule: str) -> list[Found]:
        return self.problems.get(rule, [])

    def report(self, rule: str, found: Found) -> None:
        reported = self.problems.setdefault(rule, [])
        if len(reported) < MOST_FINDINGS:
            reported.append(found)


@dataclass(slots=True)
class TypeChecker:
    """Checks values and conditions; results and problems go into the flow."""

    flow: Flow

    def without_secrets(self, node: Node | None, scope: Scope, what: str) -> None:
        """Check a value that must not contain a secret."""
        if node is None:
            return
        match node:
            case Scalar():
                self.no_secret(node, self.value(node, scope), what)
            case ListNode(items=items):
                for item in items:
                    self.without_secrets(item, scope, what)
            case MapNode():
                for _, value in node.entries:
                    self.without_secrets(value, scope, what)

    def no_secret(self, node: Node | None, type: Type, what: str) -> None:
        if node is not None and "secret" in type.names:
            message = f"{what} cannot be a secret, because it is stored and shown"
            self.flow.report("RB306", Found(span=node.span, message=message, help=SECRET_HELP))

    def value(self, node: Node | None, scope: Scope) -> Type:
        """The type of a value with expressions in it."""
        match node:
            case None:
                return ANYTHING
            case Scalar():
                if isinstance(node.value, str) and "${" in node.text:
                    type = self.template(node, scope)
                    self.flow.types[id(node)] = type
                    return type
                return of_value(node.value)
            case ListNode(items=items):
                types = [self.value(item, scope) for item in items]
                return Type(frozenset({"array"}), items=union(types) if types else None)
            case MapNode():
                return Type(frozenset({"object"}), {key.text: self.value(one, scope) for key, one in node.entries})

    def template(self, node: Scalar, scope: Scope) -> Type:
        """The type of a text with `${ }`: a single expression keeps its type, anything else is text."""
        try:
            pieces = split_template(node.text)
        except ExpressionError as error:
            self.flow.report("RB308", Found(span=node.span, message=str(error)))
            return ANYTHING
        if len(pieces) > 2 * MOST_FINDINGS:
            self.flow.report(
                "RB308", Found(span=node.span, message=f"the text has more than {MOST_FINDINGS} expressions")
            )
            return ANYTHING
        if len(pieces) == 1 and isinstance(pieces[0], tuple):
            return self.expression(node, *pieces[0], scope)
        for piece in pieces:
            if isinstance(piece, tuple):
                type = self.expression(node, *piece, scope)
                if "secret" in type.names:
                    span = node.at(piece[1], len(piece[0]))
                    message = f"`{piece[0]}` is a secret and cannot be part of a text"
                    self.flow.report("RB306", Found(span=span, message=message, help=SECRET_HELP))
        return TEXT

    def condition(self, node: Node | None, scope: Scope) -> None:
        """Check a value that is an expression, with or without `${ }`."""
        if isinstance(node, Scalar):
            source, offset = strip_braces(node.text)
            self.flow.types[id(node)] = self.expression(node, source, offset, scope)

    def expression(self, node: Scalar, source: str, offset: int, scope: Scope) -> Type:
        """The type of one expression, which begins at `offset` of the scalar's text."""
        if self.exhausted(node, len(source)):
            return ANYTHING
        try:
            tree = parse_expression(source)
        except ExpressionSyntaxError as error:
            rule = "RB304" if error.hyphenated else "RB308"
            span = node.at(offset + error.start, error.end - error.start)
            self.flow.report(rule, Found(span=span, message=error.why, help=error.help))
            return ANYTHING
        self.note_names(tree)
        inference = Inference(scope, source)
        type = inference.type(tree, scope.facts)
        for problem in inference.problems:
            self.report(node, offset, problem)
        return type

    def exhausted(self, node: Scalar, length: int) -> bool:
        """Does the file have more expressions than are checked? This is reported once."""
        before, self.flow.left = self.flow.left, self.flow.left - length
        if self.flow.left < 0 <= before:
            message = f"the expressions of this file exceed {EXPRESSIONS:,} characters; the rest is not checked"
            self.flow.report("RB308", Found(span=node.span, message=message, help="split the runbook"))
        return self.flow.left < 0

    def report(self, node: Scalar, offset: int, problem: ExpressionProblem) -> None:
        span = node.at(offset + problem.start, problem.end - problem.start)
        self.flow.report(problem.rule, Found(span=span, message=problem.message, help=problem.help))

    def note_names(self, tree: ast.Node) -> None:
        """Record the names that are used; for settings and accounts the entry (`settings` alone means all of them)."""
        match tree:
            case ast.Name(name=name):
                self.flow.used.add(name)
            case ast.Attr(of=ast.Name(name="settings" | "accounts" as owner), name=name):
                self.flow.used.add(f"{owner}.{name}")
            case ast.Item(of=ast.Name(name="settings" | "accounts" as owner), index=ast.Const(value=str() as name)):
                self.flow.used.add(f"{owner}.{name}")
            case _:
                for child in ast.children(tree):
                    self.note_names(child)

    @staticmethod
    def facts(node: Node | None) -> Facts:
        """The facts that an `if` proves; none if it is invalid."""
        if not isinstance(node, Scalar):
            return NO_FACTS
        try:
            return when_true(parse_condition(node.text))
        except ExpressionError:
            return NO_FACTS
