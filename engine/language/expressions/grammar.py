"""The parser of expressions (docs/language.md, "Expressions"), for the checks and for evaluation.

The grammar is a subset of Jinja's. What it leaves out cannot be written: calls, arithmetic, `is` tests, names that begin
with `_`. A test compares the trees with those of Jinja's own parser. This parser does not import Jinja, so that
`validate` starts fast. It knows nothing of runbooks, nor of what names mean.

Each method of `Parser` reads one level, from the loosest to the tightest:

    condition      a if b else c
    disjunction    a or b
    conjunction    a and b
    negation       not a
    comparison     a == b, a < b <= c, a in b, a not in b
    concatenation  a ~ b
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
from engine.language.expressions.syntax_tree import Attr, Compare, Concat, Cond, Const, Filter, Item, Logic, Name, Node
from engine.language.expressions.template import strip_braces
from engine.language.expressions.tokens import ExpressionSyntaxError, Token, check_name, tokenize
from engine.language.nearest import did_you_mean

MOST_CHARACTERS: Final = 4096
"""Characters of one expression."""
MOST_BRACKETS: Final = 16
"""Levels of nested brackets. Each level takes a dozen Python frames here."""
MOST_LEVELS: Final = 64
"""Levels of the tree."""

_RESERVED_BY_JINJA: Final = frozenset({"self", "super", "loop", "caller", "varargs", "kwargs"})
"""Names with a meaning of their own in Jinja's compiler."""
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "//", "%", "**"})
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
        help = "write a list in brackets" if parser.sees(",") else ""
        raise parser.error(f"unexpected `{parser.current.text}`", help)
    if ast.depth(node) > MOST_LEVELS:
        raise ExpressionSyntaxError(f"the expression is nested deeper than {MOST_LEVELS}", 0, len(source))
    return node


class Parser:
    """A recursive-descent parser over a list of tokens."""

    def __init__(self, source: list[Token]) -> None:
        self.tokens = source
        self.at = 0
        self.depth = 0
        self.brackets = 0

    @property
    def current(self) -> Token:
        return self.tokens[self.at]

    @property
    def following(self) -> Token:
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def next(self) -> Token:
        token = self.tokens[self.at]
        if token.kind == "op":
            self.brackets += (token.text in "([{") - (token.text in ")]}")
            if self.brackets > MOST_BRACKETS:
                raise self.error(f"brackets are nested deeper than {MOST_BRACKETS}")
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def sees(self, *texts: str) -> bool:
        """Is the current token one of these operators or words? A string literal never is, because its text has quotes."""
        return self.current.text in texts

    def accept(self, text: str) -> bool:
        """Read the operator or word if it is the current token."""
        if not self.sees(text):
            return False
        self.next()
        return True

    def expect(self, text: str) -> Token:
        if not self.sees(text):
            raise self.error_expected(f"`{text}`")
        return self.next()

    def error_expected(self, what: str) -> ExpressionSyntaxError:
        found = f"not `{self.current.text}`" if self.current.kind != "end" else "but the expression ends"
        return self.error(f"expected {what} here, {found}")

    def error(self, why: str, help: str = "", at: Token | None = None) -> ExpressionSyntaxError:
        token = at or self.current
        return ExpressionSyntaxError(why, token.start, token.end, help=help)

    def check_depth(self, levels: int) -> None:
        if levels > MOST_LEVELS:
            raise self.error(f"the expression is nested deeper than {MOST_LEVELS}")

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
        left = self.concatenation()
        ops: list[tuple[str, Node]] = []
        while True:
            if self.sees(*_COMPARISONS):
                op = self.next().text
            elif self.sees("not") and self.following.text == "in":
                op = f"{self.next().text} {self.next().text}"
            else:
                break
            ops.append((op, self.concatenation()))
        return Compare(left.start, ops[-1][1].end, left, tuple(ops)) if ops else left

    def concatenation(self) -> Node:
        parts = [self.signed()]
        while self.accept("~"):
            parts.append(self.signed())
        if self.sees(*_ARITHMETIC):
            raise self.arithmetic(parts[-1])
        return parts[0] if len(parts) == 1 else Concat(parts[0].start, parts[-1].end, tuple(parts))

    def arithmetic(self, left: Node) -> ExpressionSyntaxError:
        """The error for an operator. A minus between two names is usually a hyphen in a name, so the error is about that name."""
        token = self.next()
        names, end = [], token.end
        while token.text == "-" and self.current.kind == "name" and self.current.start == end:
            names.append(self.current.text)
            end = self.next().end
            if not self.sees("-"):
                break
            end = self.next().end
        if names and isinstance(left, (Name, Attr)) and left.end == token.start:
            start, name = left.start if isinstance(left, Name) else left.at, "-".join((left.name, *names))
            why = f"`{name}` is read as a subtraction, but expressions have no arithmetic"
            help = f"in an expression, write `{name.replace('-', '_')}`"
            return ExpressionSyntaxError(why, start, self.tokens[self.at - 1].end, help=help, hyphenated=True)
        help = "join text with `~`" if token.text == "+" else ""
        return self.error(f"`{token.text}` is not allowed: expressions have no arithmetic", help, at=token)

    def signed(self) -> Node:
        token = self.current
        if self.sees("-"):
            self.next()
            is_number = self.current.kind in ("integer", "float") or self.sees("(")
            of = self.postfix(self.primary()) if is_number else None
            if not isinstance(of, Const) or type(of.value) not in (int, float):
                raise self.error("`-` is not allowed: expressions have no arithmetic", at=token)
            return self.with_filters(Const(token.start, of.end, -of.value))
        return self.with_filters(self.postfix(self.primary()))

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
