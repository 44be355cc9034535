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
from engine.language.expressions.jinja import LONGEST, Run, compile_expression
from engine.language.expressions.results import absent, attribute, bounded, settled, shown, text_of, unknown
from engine.language.expressions.template import bare, split

_PATH: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*")
_WORDS: Final = frozenset(
    "true false none True False None and or not in is if else self super loop caller varargs kwargs".split()
)


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
