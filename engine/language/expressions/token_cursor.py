"""Reads the tokens of an expression one by one, and makes the errors at their places."""

from __future__ import annotations

from typing import Final

from engine.language.expressions.tokens import ExpressionSyntaxError, Token

MOST_BRACKETS: Final = 16
"""Levels of nested brackets. Each level takes a dozen Python frames here."""
MOST_LEVELS: Final = 64
"""Levels of the tree."""


class TokenCursor:
    """A place in a list of tokens, which ends with one of kind `end`."""

    def __init__(self, source: list[Token]) -> None:
        self.tokens = source
        self.at = 0
        self.depth = 0  # of nested conditions
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
