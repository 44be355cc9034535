"""Values with expressions, in a scope: of which type they are, and what is wrong with them, at its place.

Knows scalars, lists and maps of the document, and nothing of steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from engine.checks.dataflow.facts import NO_FACTS, Facts, when_true
from engine.checks.dataflow.inference import Inference, Trouble
from engine.checks.dataflow.scope import Scope
from engine.checks.dataflow.types import ANYTHING, TEXT, Type, of_value, union
from engine.checks.subject import Found
from engine.errors import ExpressionError
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.grammar import parse_condition, parse_expression
from engine.language.expressions.template import bare, split
from engine.language.expressions.tokens import ExpressionSyntaxError
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar
from engine.language.yaml.reader import MOST

EXPRESSIONS: Final = 250_000
"""Characters of all the expressions of a file. The restore has 700."""


@dataclass(slots=True)
class Flow:
    """What is known after the walk: troubles by rule, the types of scalars with expressions, the names that were used."""

    troubles: dict[str, list[Found]] = field(default_factory=dict)
    types: dict[int, Type] = field(default_factory=dict)  # by the identity of the scalar's node
    used: set[str] = field(default_factory=set)  # names, and `settings.NAME`
    scopes: dict[str, Scope] = field(default_factory=dict)  # of steps, by path
    left: int = EXPRESSIONS  # characters of expressions that may still be read

    @property
    def whole_settings(self) -> bool:
        """Has an expression all settings, by `settings` alone?"""
        return "settings" in self.used

    @property
    def whole_accounts(self) -> bool:
        return "accounts" in self.used

    def found(self, rule: str) -> list[Found]:
        return self.troubles.get(rule, [])

    def tell(self, rule: str, found: Found) -> None:
        told = self.troubles.setdefault(rule, [])
        if len(told) < MOST:
            told.append(found)


SECRET_HELP: Final = "a secret can be handed, alone, to a parameter that takes secrets, and to nothing else"


@dataclass(slots=True)
class Valuer:
    """Values and conditions; what is wrong goes into the flow."""

    flow: Flow

    def plainly(self, node: Node | None, scope: Scope, what: str) -> None:
        """A value that can be no secret."""
        if node is None:
            return
        match node:
            case Scalar():
                self.no_secret(node, self.value(node, scope), what)
            case ListNode(items=items):
                for item in items:
                    self.plainly(item, scope, what)
            case MapNode():
                for _, value in node.entries:
                    self.plainly(value, scope, what)

    def no_secret(self, node: Node | None, type: Type, what: str) -> None:
        if node is not None and "secret" in type.names:
            message = f"{what} cannot be a secret: it would be stored and shown"
            self.flow.tell("RB306", Found(span=node.span, message=message, help=SECRET_HELP))

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
        """Text with `${ }`: one alone keeps its type, else all of it becomes text."""
        try:
            pieces = split(node.text)
        except ExpressionError as error:
            self.flow.tell("RB308", Found(span=node.span, message=str(error)))
            return ANYTHING
        if len(pieces) > 2 * MOST:
            self.flow.tell("RB308", Found(span=node.span, message=f"a text of more than {MOST} expressions"))
            return ANYTHING
        if len(pieces) == 1 and isinstance(pieces[0], tuple):
            return self.expression(node, *pieces[0], scope)
        for piece in pieces:
            if isinstance(piece, tuple):
                type = self.expression(node, *piece, scope)
                if "secret" in type.names:
                    span = node.at(piece[1], len(piece[0]))
                    message = f"`{piece[0]}` is a secret, and this would put it into text"
                    self.flow.tell("RB306", Found(span=span, message=message, help=SECRET_HELP))
        return TEXT

    def condition(self, node: Node | None, scope: Scope) -> None:
        """An expression as it stands."""
        if isinstance(node, Scalar):
            try:
                source, offset = bare(node.text)
            except ExpressionError:  # a `${` without its end, which is an error in any expression
                source, offset = node.text, 0
            self.flow.types[id(node)] = self.expression(node, source, offset, scope)

    def expression(self, node: Scalar, source: str, offset: int, scope: Scope) -> Type:
        """One expression, whose source begins at `offset` of the scalar's text."""
        if self.overdrawn(node, len(source)):
            return ANYTHING
        try:
            tree = parse_expression(source)
        except ExpressionSyntaxError as error:
            span = node.at(offset + error.start, error.end - error.start)
            self.flow.tell(
                "RB304" if error.hyphenated else "RB308", Found(span=span, message=error.why, help=error.help)
            )
            return ANYTHING
        self.note_names(tree)
        inference = Inference(scope, source)
        type = inference.type(tree, scope.facts)
        for trouble in inference.troubles:
            self.trouble(node, offset, trouble)
        return type

    def overdrawn(self, node: Scalar, length: int) -> bool:
        """Are there more than can be checked? Then that is told, once."""
        before, self.flow.left = self.flow.left, self.flow.left - length
        if self.flow.left < 0 <= before:
            message = f"here the file's expressions come to more than {EXPRESSIONS:,} characters: no more are checked"
            self.flow.tell("RB308", Found(span=node.span, message=message, help="cut it into several runbooks"))
        return self.flow.left < 0

    def trouble(self, node: Scalar, offset: int, trouble: Trouble) -> None:
        span = node.at(offset + trouble.start, trouble.end - trouble.start)
        self.flow.tell(trouble.rule, Found(span=span, message=trouble.message, help=trouble.help))

    def note_names(self, tree: ast.Node) -> None:
        """What is used: a name, or of settings and accounts the one that is meant (`settings` alone: all of them)."""
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
        """What an `if` proves; nothing where it cannot be read."""
        if not isinstance(node, Scalar):
            return NO_FACTS
        try:
            return when_true(parse_condition(node.text))
        except ExpressionError:
            return NO_FACTS
