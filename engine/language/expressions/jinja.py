"""One expression from its text to a function: parsed by Jinja, walked against a list of what is allowed, then compiled.

Nothing of an expression is run before every node of it was found to be allowed; constants are not folded. The sandbox
that it runs in reaches items of maps and lists, never attributes of Python objects. Knows nothing of runbooks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final

from engine.errors import ExpressionError
from engine.language.expressions.filters import CONCAT, NAMES, TESTS, table
from engine.language.expressions.results import absent, attribute, shown, unknown

LONGEST: Final = 4096
BRACKETS: Final = 16
"""How deep brackets may be nested: Jinja's parser takes a dozen frames of Python for each."""
DEEPEST: Final = 64

_STRING: Final = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_BRACKET: Final = re.compile(rf"{_STRING}|[(\[{{]|[)\]}}]", re.DOTALL)
_HYPHENED: Final = re.compile(rf"{_STRING}|([A-Za-z]\w*(?:-[A-Za-z]\w*)+)", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = frozenset("\n\\'\"abfnrtvxuUN01234567")
_REFUSED: Final = {
    "Call": "nothing can be called", "Test": "there are no `is` tests: `==`, `!=` and `in` compare",
    "Add": "there is no arithmetic; text is joined by `~`", "Sub": "there is no arithmetic",
    "Mul": "there is no arithmetic", "Div": "there is no arithmetic", "FloorDiv": "there is no arithmetic",
    "Mod": "there is no arithmetic", "Pow": "there is no arithmetic", "Neg": "there is no arithmetic",
    "Pos": "there is no arithmetic",
}  # fmt: skip
_NOT_NAMES: Final = frozenset({"self", "super", "loop", "caller", "varargs", "kwargs"})
"""Words that Jinja would give a meaning of its own."""

Run = Callable[[Mapping[str, Any]], Any]


def compile_expression(source: str) -> tuple[Run, frozenset[str]]:
    """Its function over the names that it uses, and those names. ExpressionError for what is not allowed."""
    if len(source) > LONGEST:
        raise ExpressionError(f"the expression is longer than {LONGEST} characters")
    if not source:
        raise ExpressionError("an expression is missing here")
    _bounded(source)
    try:
        return _compiled(source)
    except (RecursionError, MemoryError) as error:
        raise ExpressionError(f"`{shown(source)}`: nested too deep") from error


def _bounded(source: str) -> None:
    depth = 0
    for match in _BRACKET.finditer(source):
        char = match.group()
        depth += (char in "([{") - (char in ")]}") if len(char) == 1 else 0
        if depth > BRACKETS:
            raise ExpressionError(f"`{shown(source)}`: brackets are nested deeper than {BRACKETS}")


def _compiled(source: str) -> tuple[Run, frozenset[str]]:
    from jinja2 import nodes

    environment = _environment()
    tree = _joined(_checked(source, _parsed(source, environment)))
    used = frozenset(node.name for node in _all(tree) if isinstance(node, nodes.Name))
    result = nodes.Assign(nodes.Name("result", "store", lineno=1), tree, lineno=1)
    template = environment.from_string(nodes.Template([result], lineno=1))
    root, new_context = template.root_render_func, template.new_context

    def run(scope: Mapping[str, Any]) -> Any:
        context = new_context(scope, shared=True)
        for _ in root(context):
            pass
        return context.vars["result"]

    return run, used


def _parsed(source: str, environment: Any) -> Any:
    from jinja2 import TemplateError
    from jinja2.parser import Parser

    try:
        parser = Parser(environment, _escaped(source), state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise ExpressionError(f"`{shown(source)}`: `{parser.stream.current.value}` was not expected here")
        tree.set_environment(environment)
        return tree
    except TemplateError as error:
        raise ExpressionError(f"`{shown(source)}`: {error.message}{_hyphen(source)}") from error


def _escaped(source: str) -> str:
    """An escape that Python does not know stands for itself, as in Python, but without Python's warning of it."""
    if "\\" not in source:
        return source
    return _ESCAPE.sub(lambda match: match.group() if match.group(1) in _ESCAPES else "\\" + match.group(), source)


# -- what is allowed -------------------------------------------------------------------------------------------


def _checked(source: str, tree: Any) -> Any:
    from jinja2 import nodes

    plain = (
        nodes.Getattr, nodes.Getitem, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Compare, nodes.Operand,
        nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Slice, nodes.CondExpr, nodes.Keyword,
    )  # fmt: skip
    for node in _all(tree):
        why = None
        if isinstance(node, (nodes.Name, nodes.Getattr)):
            why = _name(node.name if isinstance(node, nodes.Name) else node.attr)
        elif isinstance(node, nodes.Const):
            why = _constant(node.value)
        elif isinstance(node, nodes.Filter):
            why = _filter(node, nodes)
        elif isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const):
            why = None if type(node.node.value) in (int, float) else _REFUSED["Neg"]
        elif not isinstance(node, plain):
            kind = type(node).__name__
            why = _REFUSED.get(kind, f"{kind.lower()} is not allowed in an expression") + _hyphen(source)
        if why is not None:
            raise ExpressionError(f"`{shown(source)}`: {why}")
    return tree


def _all(tree: Any) -> Iterator[Any]:
    """Every node; without recursion, and bounded in depth."""
    due = [(tree, 0)]
    while due:
        node, depth = due.pop()
        if depth > DEEPEST:
            raise ExpressionError(f"the expression is nested deeper than {DEEPEST}")
        yield node
        due += [(child, depth + 1) for child in node.iter_child_nodes()]


def _name(name: str) -> str | None:
    if name.startswith("_"):
        return "names that begin with _ are refused"
    return f"`{name}` is not defined" if name in _NOT_NAMES else None


def _constant(value: Any) -> str | None:
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "the number is too large"
    return None


def _filter(node: Any, nodes: Any) -> str | None:
    """Is it one of ours, with arguments that can be checked beforehand?"""
    if node.name not in NAMES:
        near = get_close_matches(str(node.name), NAMES, n=1)
        return f"there is no filter `{node.name}`" + (f"; did you mean `{near[0]}`?" if near else "")
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        return "arguments are written out"
    named = {one.key: one.value for one in node.kwargs}
    if node.name == "map" and (node.args or "attribute" not in named):
        return "`map` takes `attribute='…'` only"
    if node.name == "selectattr" and len(node.args) > 1:
        test = node.args[1]
        if not isinstance(test, nodes.Const) or test.value not in TESTS:
            return "`selectattr` asks `'equalto'` or `'in'`"
    attributes = [named.get("attribute"), *(node.args[:1] if node.name == "selectattr" else ())]
    for one in attributes:
        if isinstance(one, nodes.Const) and any(part.startswith("_") for part in str(one.value).split(".")):
            return "names that begin with _ are refused"
    return None


def _hyphen(source: str) -> str:
    """The hint for a name that was written with its hyphens."""
    for match in _HYPHENED.finditer(source):
        if match.group(1):
            return f"; a hyphen in a name is written `_` here: `{match.group(1).replace('-', '_')}`"
    return ""


def _joined(tree: Any) -> Any:
    """`a ~ b` as a filter of ours: bounded, and closed to secrets."""
    from jinja2 import nodes

    def turned(node: Any) -> Any:
        for field, value in node.iter_fields():
            if isinstance(value, list):
                setattr(node, field, [turned(one) if isinstance(one, nodes.Node) else one for one in value])
            elif isinstance(value, nodes.Node):
                setattr(node, field, turned(value))
        if not isinstance(node, nodes.Concat):
            return node
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(parts, CONCAT, [], [], None, None, lineno=node.lineno)

    whole = turned(tree)
    whole.set_environment(tree.environment)
    return whole


# -- the sandbox -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from jinja2.utils import missing

    class Undefined(StrictUndefined):
        """Not there; says so in the words of messages."""

        __slots__ = ()

        @property
        def _undefined_message(self) -> str:
            if self._undefined_hint:
                return self._undefined_hint
            if self._undefined_obj is missing:
                return unknown(str(self._undefined_name))
            return absent(self._undefined_obj, self._undefined_name)

    class Environment(ImmutableSandboxedEnvironment):
        def getattr(self, obj: Any, attribute: str) -> Any:
            return self.getitem(obj, attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            if isinstance(obj, Undefined):
                return obj
            found, there = attribute(obj, argument)
            return found if there else self.undefined(obj=obj, name=argument)

    environment = Environment(undefined=Undefined, autoescape=False, optimized=False, cache_size=0)
    environment.filters = table(lambda why: Undefined(hint=why))
    environment.tests = {}
    environment.globals = {}
    return environment
