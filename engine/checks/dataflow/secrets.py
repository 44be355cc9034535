"""Where a parameter must be a secret, and what is given there instead.

In the schema of a parameter for secrets, that is what has the keyword `secret`, or no type at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.checks.dataflow.types import Type, describe_type, of_value
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar

Schema = Mapping[str, Any]

_PLAIN: Final = ("string", "integer", "number", "boolean")
_ANY_TYPE: Final[Schema] = {"type": "any"}
"""Where the schema gives no entry: nothing is known to be a secret there."""


def plain_values(node: Node, schema: Schema, types: Mapping[int, Type]) -> Iterator[tuple[Node, str]]:
    """Every value that is known not to be a secret where one must be, with what it is. `types`: by the id of a scalar."""
    match node:
        case Scalar():
            type = types.get(id(node), of_value(node.value))
            found = next(_plain_types(type, schema), None)
            if found is not None:
                yield node, describe_type(found)
        case ListNode(items=items):
            for item in items:
                yield from plain_values(item, _items(schema), types)
        case MapNode():
            for key, value in node.entries:
                yield from plain_values(value, _property(schema, key.text), types)


def _plain_types(type: Type, schema: Schema) -> Iterator[Type]:
    """The types in a value that are known to be no secrets where one must be."""
    if not type.known:
        return
    if type.is_only("object", "null") and type.attributes is not None:
        for name, one in type.attributes.items():
            yield from _plain_types(one, _property(schema, name))
    elif type.is_only("array", "null") and type.items is not None:
        yield from _plain_types(type.items, _items(schema))
    elif _must_be_secret(schema) and "secret" not in type.names and type.may_be(*_PLAIN):
        yield type


def _must_be_secret(schema: Schema) -> bool:
    return not schema or bool(schema.get("secret"))


def _items(schema: Schema) -> Schema:
    found: Schema = schema.get("items", _ANY_TYPE)
    return {**found, "secret": True} if schema.get("secret") else found


def _property(schema: Schema, name: str) -> Schema:
    """The schema of an entry. In a map for a whole secret, only a password must be one."""
    if not schema:
        return {"secret": True} if name.lower().endswith("password") else _ANY_TYPE
    more = schema.get("additionalProperties")
    found: Schema = schema.get("properties", {}).get(name, more if isinstance(more, Mapping) else _ANY_TYPE)
    return found
