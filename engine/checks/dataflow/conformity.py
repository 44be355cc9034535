"""Checks a value of the document against a parameter's JSON Schema: literals exactly, expressions by their type.

The common keywords are checked here, which gives the exact place of a wrong part. The jsonschema package is used only for
schemas with other keywords, and only for values without expressions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from engine.checks.dataflow.types import BOOLEAN, INTEGER, NUMBER, TEXT, Type, describe_type, fits, of_schema
from engine.checks.subject import scalars
from engine.errors import Expected
from engine.language.nearest import Suggestions, list_words
from engine.language.patterns import PatternError, Patterns
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar, describe_node, shorten, to_python
from engine.values import Value

Schema = Mapping[str, Any]

_KNOWN: Final = frozenset(
    "type enum const pattern minLength maxLength minimum maximum items properties required additionalProperties "
    "minItems maxItems minProperties maxProperties anyOf oneOf description title default examples format $comment wholly secret".split()
)
"""`wholly` is our own: an RE2 pattern of the whole value. A pattern that RE2 cannot compile is not checked. `secret`, too:
nothing but a secret (`dataflow.secrets`)."""


class Difference(Value):
    """A node that does not conform to the schema. `literal` is false if that follows from the type of an expression."""

    node: Node
    message: str
    help: str = ""
    literal: bool = True
    expected: Expected = ""


@dataclass(slots=True, kw_only=True)
class Known:
    """What is shared by the checks of one document: the types of its expressions by the id of their node, and a cache of matches.

    Once the work that `patterns` may take is spent, no more forms are checked: AWS checks them again in any case.
    """

    types: Mapping[int, Type] = field(default_factory=dict)
    forms: dict[tuple[str, str], bool] = field(default_factory=dict)
    patterns: Patterns = field(default_factory=Patterns)
    suggestions: Suggestions = field(default_factory=Suggestions)

    def suggestion(self, word: str, legal: Iterable[str]) -> str:
        return self.suggestions.did_you_mean(word, lambda: legal)

    def is_of_form(self, form: str, value: str) -> bool:
        """False only if that is certain: values that are too long and patterns that cannot be compiled are left to AWS."""
        if (form, value) not in self.forms:
            self.forms[form, value] = self._matched(form, value)
        return self.forms[form, value]

    def _matched(self, form: str, value: str) -> bool:
        try:
            return self.patterns.matches(form, value)
        except PatternError:
            return True


def differences(node: Node, schema: Schema, known: Known) -> Iterator[Difference]:
    """Each part of the value that does not conform to the schema."""
    if not schema:
        return
    if _is_expression(node):
        yield from _by_type(node, schema, known)
        return
    if isinstance(node, Scalar) and node.value is None:
        return  # a parameter that is null is left out
    if schema.keys() - _KNOWN:
        if not any(_is_expression(one) for one in scalars(node)):
            yield from _by_jsonschema(node, schema)
        return
    branches = schema.get("anyOf") or schema.get("oneOf")
    if branches:
        yield from _any_of(node, branches, known)
        return
    wanted = of_schema(schema)
    if wanted.known and (not fits(_type_of(node), wanted) or _has_fraction(node, wanted)):
        yield Difference(
            node=node,
            message=f"expected {describe_type(wanted)}, found {describe_node(node)}",
            help=_remedy(node, wanted),
            expected="text" if wanted.is_only("string") else "",
        )
        return
    match node:
        case Scalar():
            yield from _scalar(node, schema, known)
        case ListNode():
            yield from _list(node, schema, known)
        case MapNode():
            yield from _map(node, schema, known)


def _has_fraction(node: Node, wanted: Type) -> bool:
    """Is it a number such as 1.5 where an integer is expected?"""
    whole = not wanted.may_be("number")
    return whole and isinstance(node, Scalar) and isinstance(node.value, float) and not node.value.is_integer()


def _remedy(node: Node, wanted: Type) -> str:
    """How to correct the value, if that follows from what is written."""
    if not isinstance(node, Scalar):
        return "a list is written `[a, b]`" if wanted.is_only("array") else ""
    if wanted.may_be("string"):
        return "quote it"
    if wanted.is_only("boolean") and node.text.lower() in ("yes", "no", "on", "off", "true", "false"):
        return "booleans are `true` and `false`, without quotes"
    return f"a list of one is written `[{node.text}]`" if wanted.is_only("array") else ""


def _is_expression(node: Node) -> bool:
    return isinstance(node, Scalar) and isinstance(node.value, str) and "${" in node.text


_ARRAY: Final = Type(frozenset({"array"}))
_OBJECT: Final = Type(frozenset({"object"}))


def _type_of(node: Node) -> Type:
    match node:
        case ListNode():
            return _ARRAY
        case MapNode():
            return _OBJECT
        case Scalar(value=bool()):
            return BOOLEAN
        case Scalar(value=int()):
            return INTEGER
        case Scalar(value=float()):
            return NUMBER
        case Scalar():
            return TEXT


def _by_type(node: Node, schema: Schema, known: Known) -> Iterator[Difference]:
    type = known.types.get(id(node))
    wanted = of_schema(schema)
    if type is None or "secret" in type.names:
        return  # RB306 and RB310 check secrets
    if not fits(type, wanted):
        message = f"expected {describe_type(wanted)}, found {describe_type(type)}"
        yield Difference(node=node, message=message, literal=False)
    elif type.literals and wanted.literals and not set(type.literals) & set(wanted.literals):
        values = " or ".join(f"`{one}`" for one in type.literals[:3])
        help = known.suggestion(str(type.literals[0]), map(str, wanted.literals))
        yield Difference(
            node=node, message=f"the value is {values}, which is not allowed here", help=help, literal=False
        )
    elif type.literals and "wholly" in schema and not any(_of_form(known, schema, one) for one in type.literals):
        message = f"the value is `{str(type.literals[0])[:80]}`, which does not match `{shorten(schema['wholly'])}`"
        yield Difference(node=node, message=message, literal=False)
    elif type.items is not None and wanted.items is not None and not fits(type.items, wanted.items):
        message = f"expected each item to be {describe_type(wanted.items)}, found {describe_type(type.items)}"
        yield Difference(node=node, message=message, literal=False)


def _of_form(known: Known, schema: Schema, value: Any) -> bool:
    return not isinstance(value, str) or known.is_of_form(schema["wholly"], value)


def _any_of(node: Node, branches: list[Schema], known: Known) -> Iterator[Difference]:
    """Nothing if a branch fits. Else the differences from the only branch of the right type, if there is one."""
    tried = []
    for branch in branches:
        found = list(differences(node, branch, known))
        if not found:
            return
        tried.append((branch, found))
    near = [found for branch, found in tried if fits(_type_of(node), of_schema(branch))]
    if len(near) == 1:
        yield from near[0]
        return
    wanted = " or ".join(describe_type(of_schema(branch)) for branch, _ in tried)
    yield Difference(node=node, message=f"expected {wanted}, found {describe_node(node)}")


def _scalar(node: Scalar, schema: Schema, known: Known) -> Iterator[Difference]:
    value = node.value
    if "enum" in schema and value not in schema["enum"]:
        legal = [one if isinstance(one, str) else json.dumps(one) for one in schema["enum"]]
        yield Difference(
            node=node, message=f"`{node.text}` is not allowed here", help=known.suggestion(node.text, legal)
        )
    if "const" in schema and value != schema["const"]:
        yield Difference(node=node, message=f"only `{schema['const']}` is allowed here")
    if isinstance(value, str):
        yield from _text(node, value, schema, known)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = schema.get("minimum"), schema.get("maximum")
        if _outside(value, low, high):
            yield Difference(node=node, message=f"`{node.text}` is out of range: {_bounds(low, high)}")


def _text(node: Scalar, value: str, schema: Schema, known: Known) -> Iterator[Difference]:
    pattern = schema.get("pattern")
    if pattern is not None and _compiled(pattern).search(value) is None:
        yield Difference(
            node=node, message=f"`{value[:80]}` does not match `{pattern}`", help=schema.get("description", "")
        )
    low, high = schema.get("minLength"), schema.get("maxLength")
    if _outside(len(value), low, high):
        yield Difference(node=node, message=f"the text has {len(value)} characters; expected {_bounds(low, high)}")
    elif "wholly" in schema and not known.is_of_form(schema["wholly"], value):
        form, help = shorten(schema["wholly"]), schema.get("description", "")
        yield Difference(node=node, message=f"`{value[:80]}` does not match `{form}`", help=help)


def _outside(number: float, low: Any, high: Any) -> bool:
    return (low is not None and number < low) or (high is not None and number > high)


def _bounds(low: Any, high: Any) -> str:
    if low is not None and high is not None:
        return f"{low} to {high}"
    return f"at least {low}" if low is not None else f"at most {high}"


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _list(node: ListNode, schema: Schema, known: Known) -> Iterator[Difference]:
    low, high = schema.get("minItems"), schema.get("maxItems")
    if _outside(len(node.items), low, high):
        yield Difference(node=node, message=f"the list has {len(node.items)} items; expected {_bounds(low, high)}")
    items = schema.get("items")
    if isinstance(items, Mapping):
        for item in node.items:
            yield from differences(item, items, known)


def _map(node: MapNode, schema: Schema, known: Known) -> Iterator[Difference]:
    low, high, many = schema.get("minProperties"), schema.get("maxProperties"), len(node.entries)
    if _outside(many, low, high):
        yield Difference(node=node, message=f"the map has {many} entries; expected {_bounds(low, high)}")
    properties: Mapping[str, Schema] = schema.get("properties", {})
    more = schema.get("additionalProperties", True)
    for key, under in node.entries:
        if key.text in properties:
            yield from differences(under, properties[key.text], known)
        elif more is False:
            yield Difference(node=key, message=f"unknown key `{key.text}`", help=known.suggestion(key.text, properties))
        elif isinstance(more, Mapping):
            yield from differences(under, more, known)
    missing = [name for name in schema.get("required", ()) if name not in node]
    if missing:
        first = node.entries[0][0] if node.entries else node
        yield Difference(node=first, message=f"missing: {list_words(f'`{name}`' for name in missing)}")


def _by_jsonschema(node: Node, schema: Schema) -> Iterator[Difference]:
    """Check with jsonschema. Nothing is fetched: a schema with external references is not checked."""
    import jsonschema
    import referencing.exceptions

    validator = jsonschema.Draft202012Validator(schema, registry=referencing.Registry())
    try:
        errors = list(validator.iter_errors(to_python(node)))
    except (referencing.exceptions.Unresolvable, jsonschema.exceptions.UnknownType):
        return
    for error in errors:
        at = node
        for step in error.absolute_path:
            deeper = _deeper(at, step)
            at = deeper if deeper is not None else at
        yield Difference(node=at, message=str(error.message)[:400])


def _deeper(node: Node, step: Any) -> Node | None:
    if isinstance(node, MapNode):
        return node.get(str(step))
    if isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None
