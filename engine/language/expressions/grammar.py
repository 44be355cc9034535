"""The parser of expressions (docs/language.md, "Expressions"), for the checks and for evaluation.

The grammar is a subset of Jinja's. What it leaves out cannot be written: calls, `**`, `is` tests, names that begin with `_`. A test compares the trees with those of Jinja's own parser. This parser does not import Jinja, so that
`validate` starts fast. It knows nothing of runbooks, nor of what names mean.

Each method of `Parser` reads one level, from the loosest to the tightest:

    condition      a if b else c
    disjunction    a or b
    conjunction    a and b
    negation       not a
    comparison     a == b, a < b <= c, a in b, a not in b
    sum            a + b, a - b
    concatenation  a ~ b
    product        a * b, a / b, a // b, a % b
    signed         -1, and filters: a | first
    postfix        a.b, a[0], a[1:]
    primary        names, literals, lists, maps, parentheses
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.filters import FILTERS
from engine.language.expressions.syntax_tree import (
    Arithmetic,
    Attr,
    Compare,
    Concat,
    Cond,
    Const,
    Filter,
    Item,
    Logic,
    Name,
    Node,
)
from engine.language.expressions.template import strip_braces
from engine.language.expressions.token_cursor import MOST_LEVELS, TokenCursor
from engine.language.expressions.tokens import ExpressionSyntaxError, Token, check_name, tokenize
from engine.language.nearest import did_you_mean

MOST_CHARACTERS: Final = 4096
"""Characters of one expression."""
_RESERVED_BY_JINJA: Final = frozenset({"self", "super", "loop", "caller", "varargs", "kwargs"})
"""Names with a meaning of their own in Jinja's compiler."""
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_SUMS: Final = frozenset({"+", "-"})
_PRODUCTS: Final = frozenset({"*", "/", "//", "%"})
_HELP_FOR_UNEXPECTED: Final = {
    ",": "write a list in brackets",
    "**": "expressions have no powers: write a product, `a * a`",
}
_CONSTANTS: Final = {"true": True, "True": True, "false": False, "False": False, "none": None, "None": None}


def parse_condition(text: str) -> Node:
    """The tree of an expression, with or without `${ }` around it. ExpressionSyntaxError if it is not allowed."""
    return parse_expression(strip_braces(text)[0])


@lru_cache(maxsize=4096)
def parse_expression(source: str) -> Node:
    """The tree of an expression without spaces around it. ExpressionSyntaxError says what is not allowed, and where."""
    if not source:
        raise ExpressionSyntaxError("an expression is missing here", 0, 1)
    if len(source) > MOST_CHARACTERS:
        raise ExpressionSyntaxError(f"the expression is longer than {MOST_CHARACTERS} characters", 0, len(source))
    parser = Parser(list(tokenize(source)))
    node = parser.condition()
    if parser.current.kind != "end":
        help = _HELP_FOR_UNEXPECTED.get(parser.current.text, "")
        raise parser.error(f"unexpected `{parser.current.text}`", help)
    if ast.depth(node) > MOST_LEVELS:
        raise ExpressionSyntaxError(f"the expression is nested deeper than {MOST_LEVELS}", 0, len(source))
    return node


class Parser(TokenCursor):
    """A recursive-descent parser over a list of tokens."""

    def condition(self) -> Node:
        self.depth += 1
        self.check_depth(self.depth)
        node = self.disjunction()
        links = 0
        while self.accept("if"):
            links += 1
            self.check_depth(links)
            test, no = self.disjunction(), None
            if self.accept("else"):
                no = self.condition()
            node = Cond(node.start, (no or test).end, test, node, no)
        self.depth -= 1
        return node

    def disjunction(self) -> Node:
        return self.logic("or", self.conjunction)

    def conjunction(self) -> Node:
        return self.logic("and", self.negation)

    def logic(self, word: str, operand: Callable[[], Node]) -> Node:
        operands = [operand()]
        while self.accept(word):
            operands.append(operand())
        if len(operands) == 1:
            return operands[0]
        return Logic(operands[0].start, operands[-1].end, word, tuple(operands))

    def negation(self) -> Node:
        words = []
        while self.sees("not"):
            words.append(self.next())
            self.check_depth(len(words))
        node = self.comparison()
        for word in reversed(words):
            node = Logic(word.start, node.end, "not", (node,))
        return node

    def comparison(self) -> Node:
        left = self.sum()
        ops: list[tuple[str, Node]] = []
        while True:
            if self.sees(*_COMPARISONS):
                op = self.next().text
            elif self.sees("not") and self.following.text == "in":
                op = f"{self.next().text} {self.next().text}"
            else:
                break
            ops.append((op, self.sum()))
        return Compare(left.start, ops[-1][1].end, left, tuple(ops)) if ops else left

    def sum(self) -> Node:
        return self.arithmetic(_SUMS, self.concatenation)

    def concatenation(self) -> Node:
        parts = [self.product()]
        while self.accept("~"):
            parts.append(self.product())
        return parts[0] if len(parts) == 1 else Concat(parts[0].start, parts[-1].end, tuple(parts))

    def product(self) -> Node:
        return self.arithmetic(_PRODUCTS, self.signed)

    def arithmetic(self, operators: frozenset[str], operand: Callable[[], Node]) -> Node:
        node = operand()
        links = 0
        while self.sees(*operators):
            links += 1
            self.check_depth(links)
            op = self.next().text
            right = operand()
            node = Arithmetic(node.start, right.end, node, op, right)
        return node

    def signed(self) -> Node:
        return self.with_filters(self.unary())

    def unary(self) -> Node:
        """`-1`, `-a.b`, or a value without a sign."""
        signs = []
        while self.sees("-"):
            signs.append(self.next())
            self.check_depth(len(signs))
        node = self.postfix(self.primary())
        for sign in reversed(signs):
            if isinstance(node, Const) and type(node.value) in (int, float):
                node = Const(sign.start, node.end, -node.value)
            else:
                node = Arithmetic(sign.start, node.end, Const(sign.start, sign.end, 0), "-", node)
        return node

    def primary(self) -> Node:
        token = self.current
        match token.kind:
            case "name":
                return self.word(self.next())
            case "string":
                return self.text()
            case "integer" | "float":
                self.next()
                return Const(token.start, token.end, token.number())
            case "op" if token.text in ("(", "["):
                return self.list_literal()
            case "op" if token.text == "{":
                return self.map_literal()
        raise self.error_expected("a value")

    def word(self, token: Token) -> Node:
        if token.text in _CONSTANTS:
            return Const(token.start, token.end, _CONSTANTS[token.text])
        check_name(token)
        if token.text in _RESERVED_BY_JINJA:
            raise self.error(f"`{token.text}` is reserved", at=token)
        return Name(token.start, token.end, token.text)

    def text(self) -> Node:
        first = last = self.next()
        values = [first.string()]
        while self.current.kind == "string":
            last = self.next()
            values.append(last.string())
        return Const(first.start, last.end, "".join(values))

    def list_literal(self) -> Node:
        """`[a, b]`, `(a, b)`, and `(a)`, which is `a`."""
        opening = self.next()
        closing = "]" if opening.text == "[" else ")"
        items: list[Node] = []
        comma = False
        while not self.sees(closing):
            items.append(self.condition())
            comma = self.accept(",")
            if not comma:
                break
        end = self.expect(closing).end
        if opening.text == "(" and len(items) == 1 and not comma:
            return items[0]
        return ast.List(opening.start, end, tuple(items), opening.text == "(")

    def map_literal(self) -> Node:
        opening = self.next()
        pairs: list[tuple[Node, Node]] = []
        while not self.sees("}"):
            key = self.condition()
            self.expect(":")
            pairs.append((key, self.condition()))
            if not self.accept(","):
                break
        return ast.Map(opening.start, self.expect("}").end, tuple(pairs))

    def postfix(self, node: Node) -> Node:
        links = 0
        while self.sees(".", "["):
            links += 1
            self.check_depth(links)
            node = self.attribute(node) if self.sees(".") else self.subscript(node)
        return node

    def attribute(self, node: Node) -> Node:
        self.next()
        token = self.current
        if token.kind == "integer":
            self.next()
            return Item(node.start, token.end, node, Const(token.start, token.end, token.number()))
        if token.kind != "name":
            raise self.error_expected("a name after the dot")
        check_name(self.next())
        return Attr(node.start, token.end, node, token.text, token.start)

    def subscript(self, node: Node) -> Node:
        opening = self.next()
        bounds: list[Node | None] = [None]
        while not self.sees("]"):
            if len(bounds) < 3 and self.accept(":"):
                bounds.append(None)
            elif bounds[-1] is None:
                bounds[-1] = self.condition()
            else:
                break
        end = self.expect("]").end
        first = next((one for one in bounds if one is not None), None)
        at = first.start if first is not None else opening.end
        if len(bounds) > 1:
            lower, upper, step = (*bounds, None)[:3]
            return Item(node.start, end, node, ast.Slice(at, end - 1, lower, upper, step))
        if first is None:
            raise ExpressionSyntaxError("an index is missing", opening.start, end)
        return Item(node.start, end, node, first)

    def with_filters(self, node: Node) -> Node:
        links = 0
        while self.sees("|", "(") or self.sees("is"):
            links += 1
            self.check_depth(links)
            if self.sees("("):
                raise self.error("calls are not allowed in expressions")
            if self.sees("is"):
                raise self.error("`is` tests are not supported", "compare with `==`, `!=` or `in`")
            self.next()
            node = self.filter(node)
        return node

    def filter(self, of: Node) -> Node:
        token = self.current
        if token.kind != "name":
            raise self.error_expected("the name of a filter")
        if token.text not in FILTERS:
            raise self.error(f"there is no filter `{token.text}`", did_you_mean(token.text, FILTERS, "filters"))
        self.next()
        args, named, end = self.arguments() if self.sees("(") else ((), (), token.end)
        return Filter(of.start, end, of, token.text, args, named, token.start)

    def arguments(self) -> tuple[tuple[Node, ...], tuple[tuple[str, Node], ...], int]:
        self.next()
        args: list[Node] = []
        named: list[tuple[str, Node]] = []
        while not self.sees(")"):
            if self.current.kind == "name" and self.following.text == "=":
                name = self.next().text
                self.next()
                named.append((name, self.condition()))
            elif named:
                raise self.error("named arguments come last")
            else:
                args.append(self.condition())
            if not self.accept(","):
                break
        return tuple(args), tuple(named), self.expect(")").end
