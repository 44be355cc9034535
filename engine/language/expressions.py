"""Expressions: Jinja2's grammar for one expression, an allow-list of its syntax, its immutable sandbox.

Parsed, walked, and only then compiled; compiled once. What comes out is data and is never evaluated again.
Errors: ExpressionError, saying what and why. Knows nothing of runbooks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from engine.errors import ExpressionError
from engine.language.secret import Secret

LONGEST: Final = 4096
LARGEST: Final = 262_144
_FILTERS: Final = frozenset(
    "default first last length join lower upper replace sort unique map selectattr int float string tojson "
    "truncate basename".split()
)
_TESTS: Final = frozenset({"equalto", "in", "eq", "==", "defined", "none"})


def render(value: Any, names: Mapping[str, Any]) -> Any:
    """The value with every `${ }` in its place; a string that is exactly one keeps its type."""
    if isinstance(value, str):
        return _text(value, names) if "${" in value else value
    if isinstance(value, Mapping):
        return {key: render(item, names) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [render(item, names) for item in value]
    return value


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """An expression as it stands; `${ }` around the whole is allowed."""
    parts = split(expression) if "${" in expression else []
    if len(parts) == 1 and isinstance(parts[0], tuple):
        return _value(parts[0][0], names)
    return _value(expression, names)


def split(text: str) -> list[str | tuple[str, int]]:
    """Literal parts, and expressions with the offset of their first character."""
    parts: list[str | tuple[str, int]] = []
    literal, at = "", 0
    while at < len(text):
        if text.startswith("$${", at):
            literal, at = literal + "${", at + 3
        elif text.startswith("${", at):
            end = _end(text, at + 2)
            if literal:
                parts.append(literal)
            parts.append((text[at + 2 : end], at + 2))
            literal, at = "", end + 1
        else:
            literal, at = literal + text[at], at + 1
    if literal:
        parts.append(literal)
    return parts


def _end(text: str, at: int) -> int:
    depth, quote = 0, ""
    for index in range(at, len(text)):
        char = text[index]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "{":
            depth += 1
        elif char == "}":
            if depth == 0:
                return index
            depth -= 1
    message = f"`${{` is never closed in `{text[:80]}`"
    raise ExpressionError(message)


def _text(text: str, names: Mapping[str, Any]) -> Any:
    parts = split(text)
    if len(parts) == 1 and isinstance(parts[0], tuple):
        return _value(parts[0][0], names)
    out = [part if isinstance(part, str) else _as_text(_value(part[0], names), part[0]) for part in parts]
    joined = "".join(out)
    if len(joined) > LARGEST:
        message = "the text is too long"
        raise ExpressionError(message)
    return joined


def _as_text(value: Any, source: str) -> str:
    if isinstance(value, Secret):
        message = f"`{source.strip()}` is a secret and cannot be put into text"
        raise ExpressionError(message)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value) if isinstance(value, (dict, list)) else str(value)


def _value(source: str, names: Mapping[str, Any]) -> Any:
    run, used = compiled(source.strip())
    try:
        scope = {name: names[name] for name in used if name in _Has(names)}
        return run(scope)
    except ExpressionError:
        raise
    except Exception as error:  # jinja2's UndefinedError, and what a filter raises on a wrong type
        message = f"`{source.strip()}`: {error}"
        raise ExpressionError(message) from error


class _Has:
    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def __contains__(self, name: str) -> bool:
        try:
            self._names[name]
        except KeyError:
            return False
        return True


@lru_cache(maxsize=4096)
def compiled(source: str) -> tuple[Callable[[Mapping[str, Any]], Any], frozenset[str]]:
    """The expression's function, and the names that it uses."""
    import jinja2
    from jinja2 import meta, nodes

    if len(source) > LONGEST:
        message = f"the expression is longer than {LONGEST} characters"
        raise ExpressionError(message)
    environment = _environment()
    try:
        tree = environment.parse("{{ " + source + " }}")
    except jinja2.TemplateError as error:
        message = f"`{source}`: {error.message}"
        raise ExpressionError(message) from error
    _walk(source, tree, nodes)
    used = frozenset(meta.find_undeclared_variables(tree))
    function = environment.compile_expression(source, undefined_to_none=False)

    def run(scope: Mapping[str, Any]) -> Any:
        value = function(**scope)
        if isinstance(value, jinja2.Undefined):
            message = f"`{source}`: {_why(value)}"
            raise ExpressionError(message)
        return list(value) if hasattr(value, "__next__") else value

    return run, used


def _why(value: Any) -> str:
    return str(value._undefined_message)


def _walk(source: str, tree: Any, nodes: Any) -> None:
    allowed = (
        nodes.Template, nodes.Output, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const, nodes.List, nodes.Tuple,
        nodes.Dict, nodes.Pair, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat,
        nodes.Slice, nodes.CondExpr, nodes.Filter, nodes.Keyword, nodes.Test, nodes.Neg,
    )  # fmt: skip
    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output) or len(tree.body[0].nodes) != 1:
        message = f"`{source}` is not one expression"
        raise ExpressionError(message)
    for node in _all(tree):
        if not isinstance(node, allowed):
            message = f"`{source}`: {type(node).__name__.lower()} is not allowed in an expression"
            raise ExpressionError(message)
        name = getattr(node, "attr", None) or getattr(node, "name", None) or ""
        if isinstance(node, (nodes.Name, nodes.Getattr)) and str(name).startswith("_"):
            message = f"`{source}`: names that begin with _ are refused"
            raise ExpressionError(message)
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            message = f"`{source}`: there is no filter {node.name}"
            raise ExpressionError(message)


def _all(node: Any) -> list[Any]:
    found = [node]
    for child in node.iter_child_nodes():
        found += _all(child)
    return found


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Environment(ImmutableSandboxedEnvironment):
        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, Mapping):
                return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
            return self.undefined(obj=obj, name=attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            try:
                return obj[argument]
            except (LookupError, TypeError):
                return self.undefined(obj=obj, name=argument)

    class Undefined(StrictUndefined):
        __slots__ = ()

    environment = Environment(undefined=Undefined, autoescape=False)
    for name in list(environment.filters):
        if name not in _FILTERS:
            del environment.filters[name]
    default = environment.filters["default"]
    environment.filters["default"] = lambda value, other="", boolean=False: (
        other if value is None else default(value, other, boolean)
    )
    environment.filters["basename"] = lambda value: re.split(r"[/:]", str(value))[-1]
    environment.globals.clear()
    return environment


def names_in(value: Any) -> set[str]:
    """The top-level names that a value's expressions use."""
    if isinstance(value, Mapping):
        return set().union(*(names_in(item) for item in value.values())) if value else set()
    if isinstance(value, (list, tuple)):
        return set().union(*(names_in(item) for item in value)) if value else set()
    if not isinstance(value, str) or "${" not in value:
        return set()
    return set().union(*(compiled(part[0].strip())[1] for part in split(value) if isinstance(part, tuple)))
