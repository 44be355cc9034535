"""The grammar of expressions (language.md, section 7), with the place of every token.

It reads exactly what `engine.language.expressions` evaluates (a test compares the two), but knows where each name
stands, and needs no Jinja2: `validate` starts without it. Knows nothing of runbooks or of what names mean.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from engine.language.expressions import nodes as ast
from engine.language.expressions.filters import NAMES as FILTERS
from engine.language.expressions.jinja import BRACKETS, DEEPEST, LONGEST
from engine.language.expressions.nodes import Attr, Cond, Const, Filter, Item, Listing, Logic, Name, Node, Pairs
from engine.language.expressions.tokens import NotAnExpression, Token, number, refuse_underscore, tokens, unquoted

_NOT_NAMES: Final = frozenset({"self", "super", "loop", "caller", "varargs", "kwargs"})
"""Words that the evaluation keeps for itself."""
_COMPARE: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
_ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "//", "%", "**"})
_CONSTANTS: Final = {"true": True, "True": True, "false": False, "False": False, "none": None, "None": None}


@lru_cache(maxsize=4096)
def parsed(source: str) -> Node:
    """The expression's tree; NotAnExpression says why there is none, and where."""
    if len(source) > LONGEST:
        raise NotAnExpression(f"the expression is longer than {LONGEST} characters", 0, len(source))
    parser = Parser(list(tokens(source)))
    node = parser.condition()
    token = parser.current
    if token.kind == "end":
        if ast.depth(node) > DEEPEST:
            raise NotAnExpression(f"the expression is nested deeper than {DEEPEST}", 0, len(source))
        return node
    if token.text == ",":
        raise NotAnExpression("one expression only: a list is written in brackets", token.start, token.end)
    raise NotAnExpression(f"`{token.text}` was not expected here", token.start, token.end)


class Parser:
    """Reads tokens from left to right; each method is one level of precedence, loosest first."""

    def __init__(self, source: list[Token]) -> None:
        self.tokens = source
        self.at = 0
        self.depth = 0
        self.brackets = 0

    @property
    def current(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        token = self.tokens[self.at]
        if token.kind == "op":
            self.brackets += (token.text in "([{") - (token.text in ")]}")
            if self.brackets > BRACKETS:
                raise NotAnExpression(f"brackets are nested deeper than {BRACKETS}", token.start, token.end)
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def is_op(self, *texts: str) -> bool:
        return self.current.kind == "op" and self.current.text in texts

    def is_word(self, word: str, ahead: int = 0) -> bool:
        token = self.tokens[min(self.at + ahead, len(self.tokens) - 1)]
        return token.kind == "name" and token.text == word

    def expect(self, text: str, what: str) -> Token:
        if not self.is_op(text):
            raise self.unexpected(f"{what} wants `{text}` here")
        return self.next()

    def unexpected(self, why: str) -> NotAnExpression:
        token = self.current
        return NotAnExpression(why if token.kind != "end" else f"{why}, and it ends", token.start, token.end)

    def bounded(self, levels: int) -> None:
        if levels > DEEPEST:
            raise self.unexpected("the expression is too deep")

    def condition(self) -> Node:
        self.depth += 1
        self.bounded(self.depth)
        node = self.either()
        links = 0
        while self.is_word("if"):
            self.next()
            links += 1
            self.bounded(links)
            test = self.either()
            no = None
            if self.is_word("else"):
                self.next()
                no = self.condition()
            node = Cond(test, node, no, node.start, (no or test).end)
        self.depth -= 1
        return node

    def either(self) -> Node:
        return self.logic("or", self.both)

    def both(self) -> Node:
        return self.logic("and", self.negation)

    def logic(self, word: str, operand: Callable[[], Node]) -> Node:
        operands = [operand()]
        while self.is_word(word):
            self.next()
            operands.append(operand())
        if len(operands) == 1:
            return operands[0]
        return Logic(word, tuple(operands), operands[0].start, operands[-1].end)

    def negation(self) -> Node:
        words = []
        while self.is_word("not"):
            words.append(self.next())
            self.bounded(len(words))
        node = self.comparison()
        for word in reversed(words):
            node = Logic("not", (node,), word.start, node.end)
        return node

    def comparison(self) -> Node:
        left = self.joined()
        ops: list[tuple[str, Node]] = []
        while True:
            if self.current.kind == "op" and self.current.text in _COMPARE:
                op = self.next().text
            elif self.is_word("in"):
                op = self.next().text
            elif self.is_word("not") and self.is_word("in", 1):
                self.next(), self.next()
                op = "not in"
            else:
                break
            ops.append((op, self.joined()))
        return ast.Compare(left, tuple(ops), left.start, ops[-1][1].end) if ops else left

    def joined(self) -> Node:
        parts = [self.signed()]
        while self.is_op("~"):
            self.next()
            parts.append(self.signed())
        if self.current.kind == "op" and self.current.text in _ARITHMETIC:
            raise self.arithmetic(parts[-1])
        return parts[0] if len(parts) == 1 else ast.Concat(tuple(parts), parts[0].start, parts[-1].end)

    def arithmetic(self, left: Node) -> NotAnExpression:
        """A hyphen in a name is what is meant most often: then the whole name is told."""
        token = self.next()
        names, end = [], token.end
        while token.text == "-" and self.current.kind == "name" and self.current.start == end:
            names.append(self.current.text)
            end = self.next().end
            if not self.is_op("-"):
                break
            end = self.next().end
        if names and isinstance(left, (Name, Attr)) and left.end == token.start:
            start = left.start if isinstance(left, Name) else left.at
            return NotAnExpression(
                "a hyphen", start, self.tokens[self.at - 1].end, hyphened="-".join((left.name, *names))
            )
        return NotAnExpression(f"there is no arithmetic: `{token.text}` cannot stand here", token.start, token.end)

    def signed(self) -> Node:
        token = self.current
        if self.is_op("-"):
            self.next()
            literal = self.current.kind in ("integer", "float")
            of = self.postfix(self.primary()) if literal else None
            if not isinstance(of, Const) or not isinstance(of.value, (int, float)):
                raise NotAnExpression("there is no arithmetic", token.start, token.end)
            node: Node = Const(-of.value, token.start, of.end)
        else:
            node = self.primary()
        node = self.postfix(node)
        return self.filtered(node)

    def primary(self) -> Node:
        token = self.current
        match token.kind:
            case "name":
                return self.word(self.next())
            case "string":
                return self.text()
            case "integer" | "float":
                self.next()
                return Const(number(token), token.start, token.end)
            case "op" if token.text in ("(", "["):
                return self.listing()
            case "op" if token.text == "{":
                return self.mapping()
            case "op":
                raise self.unexpected(f"`{token.text}` was not expected here")
        raise self.unexpected("a value is wanted here")

    def word(self, token: Token) -> Node:
        if token.text in _CONSTANTS:
            return Const(_CONSTANTS[token.text], token.start, token.end)
        refuse_underscore(token)
        if token.text in _NOT_NAMES:
            raise NotAnExpression(f"`{token.text}` has no meaning here", token.start, token.end)
        return Name(token.text, token.start, token.end)

    def text(self) -> Node:
        first = last = self.next()
        values = [unquoted(first)]
        while self.current.kind == "string":
            last = self.next()
            values.append(unquoted(last))
        return Const("".join(values), first.start, last.end)

    def listing(self) -> Node:
        """`[a, b]`, `(a, b)`, and what stands in parentheses alone."""
        opening = self.next()
        closing = "]" if opening.text == "[" else ")"
        items: list[Node] = []
        comma = False
        while not self.is_op(closing):
            items.append(self.condition())
            if not self.is_op(","):
                break
            self.next()
            comma = True
        end = self.expect(closing, "what was opened").end
        if opening.text == "(" and len(items) == 1 and not comma:
            return items[0]
        return Listing(tuple(items), opening.start, end)

    def mapping(self) -> Node:
        opening = self.next()
        pairs: list[tuple[Node, Node]] = []
        while not self.is_op("}"):
            key = self.condition()
            self.expect(":", "a map")
            pairs.append((key, self.condition()))
            if not self.is_op(","):
                break
            self.next()
        end = self.expect("}", "a map").end
        return Pairs(tuple(pairs), opening.start, end)

    def postfix(self, node: Node) -> Node:
        links = 0
        while self.is_op(".", "[", "("):
            links += 1
            self.bounded(links)
            node = self.attribute(node) if self.is_op(".") else self.subscript(node)
        return node

    def attribute(self, node: Node) -> Node:
        self.next()
        token = self.current
        if token.kind == "integer":
            self.next()
            index = Const(number(token), token.start, token.end)
            return Item(node, index, token.start, node.start, token.end)
        if token.kind != "name":
            raise self.unexpected("a name is wanted after the dot")
        refuse_underscore(self.next())
        return Attr(node, token.text, token.start, node.start, token.end)

    def subscript(self, node: Node) -> Node:
        if self.is_op("("):
            raise self.unexpected("nothing can be called in an expression")
        opening = self.next()
        bounds: list[Node] = []
        colons = 0
        while not self.is_op("]"):
            if self.is_op(":") and colons < 2:
                self.next()
                colons += 1
            elif len(bounds) <= colons and not (bounds and colons == 0):
                bounds.append(self.condition())
            else:
                break
        end = self.expect("]", "an index").end
        if not bounds and not colons:
            raise NotAnExpression("an index is missing", opening.start, end)
        if colons:
            start = bounds[0].start if bounds else opening.end
            return Item(node, ast.Slice(tuple(bounds), start, end - 1), start, node.start, end)
        return Item(node, bounds[0], bounds[0].start, node.start, end)

    def filtered(self, node: Node) -> Node:
        links = 0
        while self.is_op("|", "(") or self.is_word("is"):
            links += 1
            self.bounded(links)
            if self.is_op("("):
                raise self.unexpected("nothing can be called in an expression")
            if self.is_word("is"):
                raise self.unexpected("there are no `is` tests: `==`, `!=` and `in` compare")
            self.next()
            node = self.filter(node)
        return node

    def filter(self, of: Node) -> Node:
        token = self.current
        if token.kind != "name":
            raise self.unexpected("the name of a filter is wanted here")
        self.next()
        if token.text not in FILTERS:
            raise NotAnExpression("a filter", token.start, token.end, filter=token.text)
        args, named, end = self.arguments() if self.is_op("(") else ((), (), token.end)
        return Filter(of, token.text, args, named, token.start, of.start, end)

    def arguments(self) -> tuple[tuple[Node, ...], tuple[tuple[str, Node], ...], int]:
        self.next()
        args: list[Node] = []
        named: list[tuple[str, Node]] = []
        while not self.is_op(")"):
            follows = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
            if self.current.kind == "name" and follows.kind == "op" and follows.text == "=":
                name = self.next().text
                self.next()
                named.append((name, self.condition()))
            elif named:
                raise self.unexpected("arguments with a name come last")
            else:
                args.append(self.condition())
            if not self.is_op(","):
                break
            self.next()
        return tuple(args), tuple(named), self.expect(")", "a filter").end
