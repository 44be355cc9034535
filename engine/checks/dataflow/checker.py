"""Infers the types of values with expressions in a scope, and collects the problems with their places.

It knows the scalars, lists and maps of the document, and nothing about steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from engine.checks.dataflow.facts import NO_FACTS, Facts, when_true
from engine.checks.dataflow.inference import Inference
from engine.checks.dataflow.problems import SECRET_HELP
from engine.checks.dataflow.scope import Scope
from engine.checks.dataflow.types import ANYTHING, TEXT, Type, describe_type, of_value, union
from engine.checks.other_syntax import looks_like_expression, mended
from engine.checks.subject import Found, scalars
from engine.errors import ExpressionError
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.grammar import parse_condition, parse_expression
from engine.language.expressions.template import split_template, strip_braces
from engine.language.expressions.tokens import ExpressionSyntaxError
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar, Span
from engine.language.yaml.reader import MOST_FINDINGS

EXPRESSIONS: Final = 250_000
"""Characters of all expressions of a file that are checked. runbooks/restore.yaml has 700."""


@dataclass(slots=True)
class Flow:
    """Checks values and conditions, and collects the problems by rule, the types of expressions, and the names used."""

    problems: dict[str, list[Found]] = field(default_factory=dict)
    types: dict[int, Type] = field(default_factory=dict)  # by the identity of the scalar's node
    used: set[str] = field(default_factory=set)  # names, and `settings.NAME`
    scopes: dict[str, Scope] = field(default_factory=dict)  # of steps, by path
    left: int = EXPRESSIONS  # characters of expressions that may still be checked

    def uses(self, owner: str, name: str) -> bool:
        """Does an expression use this entry of `settings` or `accounts`, or all of them?"""
        return owner in self.used or f"{owner}.{name}" in self.used

    def found(self, rule: str) -> list[Found]:
        return self.problems.get(rule, [])

    def report(self, rule: str, span: Span, message: str, help: str = "") -> None:
        reported = self.problems.setdefault(rule, [])
        if len(reported) < MOST_FINDINGS:
            reported.append(Found(span=span, message=message, help=help))

    def without_secrets(self, node: Node | None, scope: Scope, what: str) -> None:
        """Check a value that must not contain a secret."""
        for scalar in scalars(node):
            self.no_secret(scalar, self.value(scalar, scope), what)

    def no_secret(self, node: Node, type: Type, what: str) -> None:
        if "secret" in type.names:
            message = f"{what} cannot be a secret, because it is stored and shown"
            self.report("RB306", node.span, message, SECRET_HELP)

    def value(self, node: Node | None, scope: Scope) -> Type:
        """The type of a value with expressions in it."""
        match node:
            case None:
                return ANYTHING
            case Scalar():
                if isinstance(node.value, str) and "${" in node.text:
                    type = self.types[id(node)] = self.template(node, scope)
                    return type
                if isinstance(node.value, str):
                    self.note_other_syntax(node, node.text, scope)
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
            self.report("RB308", node.span, str(error))
            return ANYTHING
        if len(pieces) > 2 * MOST_FINDINGS:
            self.report("RB308", node.span, f"the text has more than {MOST_FINDINGS} expressions")
            return ANYTHING
        if len(pieces) == 1 and isinstance(pieces[0], tuple):
            return self.expression(node, *pieces[0], scope)
        for piece in pieces:
            if isinstance(piece, str):
                self.note_other_syntax(node, piece, scope)
            else:
                type = self.expression(node, *piece, scope)
                if "secret" in type.names:
                    span = node.at(piece[1], len(piece[0]))
                    message = f"`{piece[0]}` is a secret and cannot be part of a text"
                    self.report("RB306", span, message, SECRET_HELP)
        return TEXT

    def note_other_syntax(self, node: Scalar, literal: str, scope: Scope) -> None:
        """Report literal text that looks like an expression of another tool."""
        for start, end, instead in looks_like_expression(literal, scope.globals):
            written = literal[start:end]
            span = node.at(max(node.text.find(written), 0), len(written))
            self.report("RB715", span, f"`{written}` is text, and no expression", f"write `{instead}`")

    def condition(self, node: Node | None, scope: Scope) -> None:
        """Check a condition, with or without `${ }`."""
        if isinstance(node, Scalar):
            source, offset = strip_braces(node.text)
            self.types[id(node)] = self.expression(node, source, offset, scope, is_condition=True)

    def status(self, node: Node | None, scope: Scope) -> None:
        """Check an expression that yields a status: text or null."""
        if isinstance(node, Scalar):
            source, offset = strip_braces(node.text)
            type = self.types[id(node)] = self.expression(node, source, offset, scope)
            if type.known and not type.may_be("string", "null"):
                message = f"a status is text; this is {describe_type(type)}"
                self.report("RB307", node.span, message, "for a number or a boolean, add `| string`")

    def expression(self, node: Scalar, source: str, offset: int, scope: Scope, *, is_condition: bool = False) -> Type:
        """The type of one expression, which begins at `offset` of the scalar's text."""
        if self.exhausted(node, len(source)):
            return ANYTHING
        try:
            tree = parse_expression(source)
        except ExpressionSyntaxError as error:
            help = mended(source, is_condition=is_condition) or error.help
            self.report("RB308", node.at(offset + error.start, error.end - error.start), error.why, help)
            return ANYTHING
        self.note_names(tree)
        inference = Inference(scope, source)
        type = inference.truth(tree, scope.facts) if is_condition else inference.type(tree, scope.facts)
        for one in inference.problems:
            self.report(one.rule, node.at(offset + one.start, one.end - one.start), one.message, one.help)
        return type

    def exhausted(self, node: Scalar, length: int) -> bool:
        """Does the file have more expressions than are checked? This is reported once."""
        before, self.left = self.left, self.left - length
        if self.left < 0 <= before:
            message = f"the expressions of this file exceed {EXPRESSIONS:,} characters; the rest is not checked"
            self.report("RB308", node.span, message, "split the runbook")
        return self.left < 0

    def note_names(self, tree: ast.Node) -> None:
        """Record the names that are used; for settings and accounts the entry (`settings` alone means all of them)."""
        match tree:
            case ast.Name(name=name):
                self.used.add(name)
            case ast.Attr(of=ast.Name(name="settings" | "accounts" as owner), name=name):
                self.used.add(f"{owner}.{name}")
            case ast.Item(of=ast.Name(name="settings" | "accounts" as owner), index=ast.Const(value=str() as name)):
                self.used.add(f"{owner}.{name}")
            case _:
                for child in ast.children(tree):
                    self.note_names(child)


def facts_of_condition(node: Node | None) -> Facts:
    """The facts that an `if` proves; none if it is invalid."""
    try:
        return when_true(parse_condition(node.text)) if isinstance(node, Scalar) else NO_FACTS
    except ExpressionError:
        return NO_FACTS
