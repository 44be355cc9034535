"""Does a value in the document fit a parameter's JSON Schema? Literals exactly, expressions by their type.

What schemas of parameters mostly say is checked here, at the place of the wrong part; jsonschema is asked only for
words of a schema that are not known here, and for values without expressions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from engine.checks.dataflow.types import BOOLEAN, INTEGER, NUMBER, TEXT, WORDS, Type, describe_type, fits, of_schema
from engine.checks.subject import scalars
from engine.language.nearest import Guesses, listed
from engine.language.patterns import PatternError, Patterns
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar, brief, describe, plain
from engine.values import Value

Schema = Mapping[str, Any]

_KNOWN: Final = frozenset(
    "type enum const pattern minLength maxLength minimum maximum items properties required additionalProperties "
    "minItems maxItems minProperties maxProperties anyOf oneOf description title default examples format $comment wholly".split()
)
"""`wholly` is our own: an RE2 pattern of the whole value. A pattern that RE2 cannot compile is not checked."""


class Difference(Value):
    """`node` is not what the schema wants. `literal`: it is written so, and no expression is in it."""

    node: Node
    message: str
    help: str = ""
    literal: bool = True


@dataclass(slots=True, kw_only=True)
class Known:
    """What is known of a document: the types of its scalars with expressions, by identity; and what forms it was held to.

    Once the work that `patterns` may take is spent, no more forms are checked: AWS checks them again in any case.
    """

    types: Mapping[int, Type] = field(default_factory=dict)
    forms: dict[tuple[str, str], bool] = field(default_factory=dict)
    patterns: Patterns = field(default_factory=Patterns)
    guesses: Guesses = field(default_factory=Guesses)

    def meant(self, word: str, legal: Iterable[str]) -> str:
        return self.guesses.meant(word, lambda: legal, "there are")

    def is_of_form(self, form: str, value: str) -> bool:
        """No, only where that is certain: what is too long or cannot be read is left to AWS."""
        if (form, value) not in self.forms:
            self.forms[form, value] = self._matched(form, value)
        return self.forms[form, value]

    def _matched(self, form: str, value: str) -> bool:
        try:
            return self.patterns.matches(form, value)
        except PatternError:
            return True


def differences(node: Node, schema: Schema, known: Known) -> Iterator[Difference]:
    """What is wrong with the value, by what is known of its document."""
    if not schema:
        return
    if _is_expression(node):
        yield from _by_type(node, schema, known)
        return
    if isinstance(node, Scalar) and node.value is None:
        return  # a parameter that is null is left out
    strange = schema.keys() - _KNOWN
    if strange:
        if not any(_is_expression(one) for one in scalars(node)):
            yield from _by_jsonschema(node, schema)
        return
    branches = schema.get("anyOf") or schema.get("oneOf")
    if branches:
        yield from _any_of(node, branches, known)
        return
    wanted = of_schema(schema)
    if wanted.known and (not fits(_type_of(node), wanted) or _is_part(node, wanted)):
        help = _otherwise(node, wanted)
        yield Difference(
            node=node, message=f"{describe_type(wanted)} is wanted here, and this is {describe(node)}", help=help
        )
        return
    match node:
        case Scalar():
            yield from _scalar(node, schema, known)
        case ListNode():
            yield from _list(node, schema, known)
        case MapNode():
            yield from _map(node, schema, known)


def _is_part(node: Node, wanted: Type) -> bool:
    """1.5 where a whole number is wanted."""
    whole = not wanted.may_be("number")
    return whole and isinstance(node, Scalar) and isinstance(node.value, float) and not node.value.is_integer()


def _otherwise(node: Node, wanted: Type) -> str:
    """How it would be right, where that is told by what is there."""
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
        case _:
            return TEXT


def _by_type(node: Node, schema: Schema, known: Known) -> Iterator[Difference]:
    type = known.types.get(id(node))
    wanted = of_schema(schema)
    if type is None or "secret" in type.names:
        return  # whether a secret may stand here is a rule of its own
    if not fits(type, wanted):
        message = f"{describe_type(wanted)} is wanted here, and this is {describe_type(type)}"
        yield Difference(node=node, message=message, literal=False)
    elif type.literals and wanted.literals and not set(type.literals) & set(wanted.literals):
        said = " or ".join(f"`{one}`" for one in type.literals[:3])
        help = known.meant(str(type.literals[0]), map(str, wanted.literals))
        yield Difference(node=node, message=f"this is {said}, which cannot stand here", help=help, literal=False)
    elif type.literals and "wholly" in schema and not any(_of_form(known, schema, one) for one in type.literals):
        message = f"this is `{str(type.literals[0])[:80]}`, which is not of the form `{brief(schema['wholly'])}`"
        yield Difference(node=node, message=message, literal=False)
    elif type.items is not None and wanted.items is not None and not fits(type.items, wanted.items):
        message = f"a list of {WORDS.get(_one(wanted.items), 'other things')} is wanted here, and each item is {describe_type(type.items)}"
        yield Difference(node=node, message=message, literal=False)


def _of_form(known: Known, schema: Schema, value: Any) -> bool:
    return not isinstance(value, str) or known.is_of_form(schema["wholly"], value)


def _one(type: Type) -> str:
    return next(iter(sorted(type.names)), "")


def _any_of(node: Node, branches: list[Schema], known: Known) -> Iterator[Difference]:
    """None of them fits: what is told is what is wrong with the one that is of the right type, if one is."""
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
    yield Difference(node=node, message=f"{wanted} is wanted here, and this is {describe(node)}")


def _scalar(node: Scalar, schema: Schema, known: Known) -> Iterator[Difference]:
    value = node.value
    if "enum" in schema and value not in schema["enum"]:
        legal = [one if isinstance(one, str) else json.dumps(one) for one in schema["enum"]]
        yield Difference(node=node, message=f"`{node.text}` cannot stand here", help=known.meant(node.text, legal))
    if "const" in schema and value != schema["const"]:
        yield Difference(node=node, message=f"only `{schema['const']}` can stand here")
    if isinstance(value, str):
        yield from _text(node, value, schema, known)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = schema.get("minimum"), schema.get("maximum")
        if (low is not None and value < low) or (high is not None and value > high):
            yield Difference(node=node, message=f"`{node.text}` is out of bounds: {_bounds(low, high)}")


def _text(node: Scalar, value: str, schema: Schema, known: Known) -> Iterator[Difference]:
    pattern = schema.get("pattern")
    if pattern is not None and _compiled(pattern).search(value) is None:
        yield Difference(
            node=node, message=f"`{value[:80]}` does not match `{pattern}`", help=schema.get("description", "")
        )
    low, high = schema.get("minLength"), schema.get("maxLength")
    if (low is not None and len(value) < low) or (high is not None and len(value) > high):
        yield Difference(node=node, message=f"the text has {len(value)} characters: {_bounds(low, high)}")
    elif "wholly" in schema and not known.is_of_form(schema["wholly"], value):
        form, help = brief(schema["wholly"]), schema.get("description", "")
        yield Difference(node=node, message=f"`{value[:80]}` is not of the form `{form}`", help=help)


def _bounds(low: Any, high: Any) -> str:
    if low is not None and high is not None:
        return f"from {low} to {high}"
    return f"{low} at least" if low is not None else f"{high} at most"


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _list(node: ListNode, schema: Schema, known: Known) -> Iterator[Difference]:
    low, high = schema.get("minItems"), schema.get("maxItems")
    if (low is not None and len(node.items) < low) or (high is not None and len(node.items) > high):
        yield Difference(node=node, message=f"the list has {len(node.items)} items: {_bounds(low, high)}")
    items = schema.get("items")
    if isinstance(items, Mapping):
        for item in node.items:
            yield from differences(item, items, known)


def _map(node: MapNode, schema: Schema, known: Known) -> Iterator[Difference]:
    low, high, many = schema.get("minProperties"), schema.get("maxProperties"), len(node.entries)
    if (low is not None and many < low) or (high is not None and many > high):
        yield Difference(node=node, message=f"the map has {many} entries: {_bounds(low, high)}")
    properties: Mapping[str, Schema] = schema.get("properties", {})
    more = schema.get("additionalProperties", True)
    for key, under in node.entries:
        if key.text in properties:
            yield from differences(under, properties[key.text], known)
        elif more is False:
            yield Difference(node=key, message=f"there is no `{key.text}` here", help=known.meant(key.text, properties))
        elif isinstance(more, Mapping):
            yield from differences(under, more, known)
    missing = [name for name in schema.get("required", ()) if name not in node]
    if missing:
        first = node.entries[0][0] if node.entries else node
        yield Difference(node=first, message=f"here is missing: {listed(f'`{name}`' for name in missing)}")


def _by_jsonschema(node: Node, schema: Schema) -> Iterator[Difference]:
    """Nothing is fetched: references outside the schema have an empty registry, and say nothing."""
    import jsonschema
    import referencing.exceptions

    validator = jsonschema.Draft202012Validator(schema, registry=referencing.Registry())
    try:
        errors = list(validator.iter_errors(plain(node)))
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


def untyped(node: Node, schema: Schema) -> Iterator[Scalar]:
    """The scalars of a value of which the schema says nothing at all: in a parameter for secrets, the secrets."""
    match node:
        case Scalar():
            if not schema:
                yield node
        case ListNode(items=items):
            inside: Schema = schema.get("items", {"type": "any"})
            for item in items:
                yield from untyped(item, inside)
        case MapNode():
            for key, value in node.entries:
                found = schema.get("properties", {}).get(key.text)
                if found is not None:
                    yield from untyped(value, found)
