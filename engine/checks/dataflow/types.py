"""Types of values, as far as they are known before anything runs.

A type is a set of JSON type names (and `secret`), with the attributes of an object and the items of a list if they are
known. A type without names can be anything. Types come from the JSON Schemas of kinds and actions, from inputs and from
literals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from engine.language.moments import is_duration, is_moment
from engine.values import Value, changed


class Type(Value, kw_only=False):
    """`attributes` is None if the attributes of an object are unknown, `items` if the items of a list are."""

    names: frozenset[str] = frozenset()
    attributes: Mapping[str, Type] | None = None
    items: Type | None = None
    literals: tuple[Any, ...] = ()  # all possible values, if they are known
    partial: frozenset[str] = frozenset()  # attributes that only some of the possible objects have
    format: str = ""  # of text: `timestamp` or `duration`

    @property
    def known(self) -> bool:
        return bool(self.names)

    def may_be(self, *names: str) -> bool:
        return not self.names or not self.names.isdisjoint(names)

    def is_only(self, *names: str) -> bool:
        return bool(self.names) and self.names <= set(names)


ANYTHING: Final = Type()
NULL: Final = Type(frozenset({"null"}))
TEXT: Final = Type(frozenset({"string"}))
TIMESTAMP: Final = Type(frozenset({"string"}), format="timestamp")
DURATION: Final = Type(frozenset({"string"}), format="duration")
INTEGER: Final = Type(frozenset({"integer"}))
NUMBER: Final = Type(frozenset({"number"}))
BOOLEAN: Final = Type(frozenset({"boolean"}))
SECRET: Final = Type(frozenset({"secret"}))
TEXTS: Final = Type(frozenset({"array"}), items=TEXT)

INPUTS: Final[Mapping[str, Type]] = {
    "string": TEXT,
    "integer": INTEGER,
    "number": NUMBER,
    "boolean": BOOLEAN,
    "list": Type(frozenset({"array"})),
    "map": Type(frozenset({"object"})),
    "region": TEXT,
    "duration": DURATION,
    "timestamp": TIMESTAMP,
    "arn": TEXT,
    "account_id": TEXT,
}
"""The types of inputs, by the word in `type`. Timestamps and durations are text, and compared by what they mean."""

WORDS: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
    "null": "null",
    "secret": "a secret",
}


def describe_type(type: Type) -> str:
    """`text`, `a list or a map`, as messages say it."""
    words = [word for name, word in WORDS.items() if name in type.names]
    if type.format:
        words = [f"a {type.format}" if word == WORDS["string"] else word for word in words]
    return " or ".join(words) if words else "anything"


def of_schema(schema: Mapping[str, Any]) -> Type:
    """The type that a JSON Schema describes; other keywords are ignored."""
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return union(of_schema(one) for one in schema[word])
    named = schema.get("type")
    names = frozenset([named] if isinstance(named, str) else named or ())
    if not names and "enum" in schema:
        return union(of_value(value) for value in schema["enum"])
    attributes = None
    if "properties" in schema and not schema.get("additionalProperties"):
        attributes = {name: of_schema(one) for name, one in schema["properties"].items()}
    items = schema.get("items")
    literals = tuple(schema.get("enum", ()))
    format = "timestamp" if schema.get("format") == "date-time" else ""
    return Type(names, attributes, of_schema(items) if isinstance(items, Mapping) else None, literals, format=format)


def of_value(value: Any) -> Type:
    """The type of a literal value."""
    match value:
        case None:
            return NULL
        case bool():
            return Type(frozenset({"boolean"}), literals=(value,))
        case int():
            return Type(frozenset({"integer"}), literals=(value,))
        case float():
            return NUMBER
        case str():
            return Type(frozenset({"string"}), literals=(value,))
        case Mapping():
            return Type(frozenset({"object"}), {str(key): of_value(one) for key, one in value.items()})
        case list() | tuple():
            return Type(frozenset({"array"}), items=union(of_value(one) for one in value) if value else None)
        case _:
            return ANYTHING


MOST: Final = 1_000
"""Possible values that a union keeps; with more, they count as unknown."""
WIDEST: Final = 50
"""Attributes that a union of different objects keeps; with more, they count as unknown."""
DEEPEST: Final = 3
"""Levels of attributes and items that a union goes down."""


def union(types: Iterable[Type], depth: int = 0) -> Type:
    """The type of a value that has one of these types. ANYTHING if one is unknown or the union is too deep."""
    many = list({id(one): one for one in types}.values())
    if len(many) == 1:
        return many[0]
    if not many or depth > DEEPEST or not all(one.known for one in many):
        return ANYTHING
    names = frozenset().union(*(one.names for one in many))
    objects = [one for one in many if "object" in one.names]
    lists = [one for one in many if "array" in one.names]
    attributes = _shared(objects, depth)
    format = _shared_format([one for one in many if "string" in one.names])
    return Type(names, attributes, _shared_items(lists, depth), _values(many), _partial(objects, attributes), format)


def _shared_format(texts: list[Type]) -> str:
    """The format that all of the texts have, or read as."""
    format = next((one.format for one in texts if one.format), "")
    return format if format and all(reads_as(one, format) for one in texts) else ""


def reads_as(type: Type, format: str) -> bool:
    """Is text of this type a timestamp, or a duration? A literal that reads as one is one."""
    if type.format:
        return type.format == format
    reads = is_moment if format == "timestamp" else is_duration
    return bool(type.literals) and all(reads(one) for one in type.literals if isinstance(one, str))


def _values(many: list[Type]) -> tuple[Any, ...]:
    """All possible values, in order; () if they are unknown for one of the types."""
    each = {id(one.literals): one.literals for one in many}
    if not all(each.values()) or len(each) == 1:
        return many[0].literals if len(each) == 1 else ()
    if sum(map(len, each.values())) > MOST:
        return ()
    return tuple(dict.fromkeys(value for literals in each.values() for value in literals))


def _partial(objects: list[Type], attributes: Mapping[str, Type] | None) -> frozenset[str]:
    """The attributes that some of the objects may not have."""
    if not attributes or all(one.attributes is attributes for one in objects):
        return frozenset().union(*(one.partial for one in objects)) if attributes else frozenset()
    certain = [(one.attributes or {}).keys() - one.partial for one in objects]
    return frozenset(name for name in attributes if not all(name in one for one in certain))


def _shared(objects: list[Type], depth: int) -> Mapping[str, Type] | None:
    """The attributes that at least one of the objects has."""
    if not objects or any(one.attributes is None for one in objects):
        return None
    first = objects[0].attributes
    if all(one.attributes is first for one in objects):
        return first
    found: dict[str, list[Type]] = {}
    for one in objects:
        for name, type in (one.attributes or {}).items():
            found.setdefault(name, []).append(type)
    return {name: union(types, depth + 1) for name, types in found.items()} if len(found) <= WIDEST else None


def _shared_items(lists: list[Type], depth: int) -> Type | None:
    if not lists or any(one.items is None for one in lists):
        return None
    return union((one.items for one in lists if one.items is not None), depth + 1)


def without_null(type: Type) -> Type:
    """The type once null is ruled out; ANYTHING if it was only null."""
    if "null" not in type.names:
        return type
    names = type.names - {"null"}
    return changed(type, names=names) if names else ANYTHING


def fits(type: Type, wanted: Type) -> bool:
    """Can a value of `type` be of the wanted type? Null always fits: a parameter that is null is left out."""
    if not type.known or not wanted.known:
        return True
    names = type.names - {"null"}
    if not names:
        return True
    taken = wanted.names | ({"integer"} if "number" in wanted.names else set())
    if "number" in names and "integer" in taken:
        return True
    return not names.isdisjoint(taken)
