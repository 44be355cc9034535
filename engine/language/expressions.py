"""Expressions in a runbook's values: finding them in text, evaluating them, putting what comes out into its place.

What is one `${ }` and nothing else keeps its type; anything else is text. What comes out is data and is never
evaluated again. A path of names (`settings.topic`) is looked up here; for all else Jinja is imported and compiles,
once for each expression. Errors: ExpressionError, saying what and why. Knows nothing of runbooks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from engine.errors import ExpressionError
from engine.language.allowed import LONGEST, Run, compile_expression
from engine.language.results import LARGEST, absent, attribute, bounded, settled, shown, text_of, unknown

_PATH: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*")
_WORDS: Final = frozenset(
    "true false none True False None and or not in is if else self super loop caller varargs kwargs".split()
)
_OPENING: Final = re.compile(r"\$?\$\{")
_INSIDE: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|['\"{}]", re.DOTALL)

Part = str | tuple[str, int]
"""Text as it stands, or an expression with the offset of its first character."""


def render(value: Any, names: Mapping[str, Any]) -> Any:
    """The value with every `${ }` in its place; a string that is exactly one keeps its type."""
    if isinstance(value, str):
        return _template(value)(names) if "${" in value else value
    if type(value) is dict or isinstance(value, Mapping):
        return {key: render(item, names) for key, item in value.items()} if value else {}
    if isinstance(value, (list, tuple)):
        return [render(item, names) for item in value]
    return value


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """An expression as it stands; `${ }` around the whole is allowed."""
    return _condition(expression)(names)


def bare(expression: str) -> tuple[str, int]:
    """An expression as it stands without the `${ }` around it, and the offset where it begins."""
    if "${" in expression:
        start = len(expression) - len(expression.lstrip())
        parts = split(expression.strip())
        if len(parts) == 1 and isinstance(parts[0], tuple):
            return parts[0][0], parts[0][1] + start
    return expression, 0


def split(text: str) -> list[Part]:
    """Literal parts, and expressions with the offset of their first character. `$${` is a literal `${`."""
    parts: list[Part] = []
    literal, at = "", 0
    while (opening := _OPENING.search(text, at)) is not None:
        literal += text[at : opening.start()]
        if len(opening.group()) == 3:
            literal, at = literal + "${", opening.end()
            continue
        end = end_of(text, opening.end())
        if literal:
            parts.append(literal)
        parts.append((text[opening.end() : end], opening.end()))
        literal, at = "", end + 1
    literal += text[at:]
    if literal:
        parts.append(literal)
    return parts


def end_of(text: str, at: int) -> int:
    """Where the `}` stands that closes an expression that begins at `at`: not one in quotes, nor one of a map."""
    depth = 0
    for match in _INSIDE.finditer(text, at):
        char = match.group()
        if char in ("'", '"'):
            break  # quotes that are never closed
        if char == "{":
            depth += 1
        elif char == "}":
            if depth == 0:
                return match.start()
            depth -= 1
    raise ExpressionError(f"`${{` is never closed in `{text[:80]}`")


# -- what is computed once -------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _condition(expression: str) -> Callable[[Mapping[str, Any]], Any]:
    """What evaluates an expression as it stands."""
    return _evaluator(bare(expression)[0])


@lru_cache(maxsize=4096)
def _template(text: str) -> Callable[[Mapping[str, Any]], Any]:
    """What renders one string."""
    parts = split(text)
    if len(parts) == 1 and isinstance(parts[0], tuple):
        return _evaluator(parts[0][0])
    steps = [part if isinstance(part, str) else _text(part[0]) for part in parts]

    def joined(names: Mapping[str, Any]) -> str:
        return bounded("".join([step if isinstance(step, str) else step(names) for step in steps]))

    return joined


def _text(source: str) -> Callable[[Mapping[str, Any]], str]:
    """What renders an expression inside of a text."""
    value_of = _evaluator(source)

    def text(names: Mapping[str, Any]) -> str:
        value = value_of(names)
        try:
            return value if isinstance(value, str) else text_of(value)
        except ExpressionError as error:
            raise _about(source, error) from error

    return text


@lru_cache(maxsize=4096)
def _evaluator(source: str) -> Callable[[Mapping[str, Any]], Any]:
    """What evaluates one expression."""
    run, used = compiled(source.strip())

    def value(names: Mapping[str, Any]) -> Any:
        scope = {}
        for name in used:
            try:
                scope[name] = names[name]
            except KeyError:
                continue
        try:
            return settled(run(scope))
        except ExpressionError as error:
            raise _about(source, error) from error
        except Exception as error:  # jinja2's UndefinedError, and what comparing two unlike things raises
            raise _about(source, error) from error

    return value


def _about(source: str, error: Exception) -> ExpressionError:
    return ExpressionError(f"`{shown(source.strip())}`: {error}")


@lru_cache(maxsize=4096)
def compiled(source: str) -> tuple[Run, frozenset[str]]:
    """The expression's function over its names, and those names. ExpressionError where it is not allowed."""
    if len(source) <= LONGEST and _PATH.fullmatch(source):
        path = source.split(".")
        if path[0] not in _WORDS:
            return _path(tuple(path)), frozenset(path[:1])
    return compile_expression(source)


def _path(path: tuple[str, ...]) -> Run:
    """`settings.topic`, without Jinja, and with the same answers."""
    first, *rest = path

    def run(scope: Mapping[str, Any]) -> Any:
        if first not in scope:
            raise ExpressionError(unknown(first))
        value = scope[first]
        for name in rest:
            owner = value
            value, there = attribute(owner, name)
            if not there:
                raise ExpressionError(absent(owner, name))
        return value

    return run


__all__ = ["LARGEST", "LONGEST", "bare", "compiled", "end_of", "evaluate", "render", "split"]
