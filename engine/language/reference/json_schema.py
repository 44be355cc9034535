"""The JSON Schema of runbooks, for editors, from the parser's tables (`shapes`) and the declarations of kinds and actions.

It is draft-07, which the YAML language server supports best. It covers the keys of each map and the forms of values.
Whether a name exists, and whether values fit together, only `runbook validate` can tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from engine.language.model import CLASSES
from engine.language.moments import MOMENT
from engine.language.parse import shapes
from engine.language.parse.shapes import Key, Shape
from engine.language.parse.simple_values import ID, NAME

ADDRESS: Final = "http://json-schema.org/draft-07/schema#"
_DURATION: Final = {"type": "string", "pattern": "^[0-9]{1,9}[smhd]$"}
_EXPRESSION: Final = {"type": "string", "pattern": r"\$\{"}
_TEXT: Final = {"type": "string", "minLength": 1}
_WORD: Final = {"type": "string", "pattern": r"^\S+$"}
_WORDS: Final = {"type": "array", "items": _WORD}
_GENERIC: Final = r"^aws\.[a-z0-9-]+\.[a-z0-9_]+$"

Json = dict[str, Any]


class Declared(Protocol):
    """What the schema needs of a kind or an action, such as a declaration in `engine.registry`."""

    @property
    def doc(self) -> str: ...

    @property
    def params(self) -> Mapping[str, Any]: ...  # `engine.registry.Param` by name


def schema(kinds: Mapping[str, Declared] | None = None, actions: Mapping[str, Declared] | None = None) -> Json:
    """The schema of a runbook. Without kinds and actions, it allows any name for them."""
    kinds, actions = kinds or {}, actions or {}
    whole = _map_of_shape(shapes.RUNBOOK)
    return {
        "$schema": ADDRESS,
        "title": "runbook",
        "description": "A runbook: the steps to take, and what to do for each state a resource may be in.",
        **whole,
        "definitions": {**_form_schemas(kinds, actions), **_steps(), **_with_schemas(kinds, actions)},
    }


def as_text(schema: Json) -> str:
    """The text of the schema's file."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _map_of_shape(shape: Shape) -> Json:
    found: Json = {
        "type": "object",
        "properties": {name: _key(key) for name, key in shape.items()},
        "additionalProperties": False,
    }
    required = [name for name, key in shape.items() if key.required]
    return found | ({"required": required} if required else {})


def _key(key: Key) -> Json:
    return {"description": key.doc, "allOf": [_ref(key.form)]}


def _ref(name: str) -> Json:
    return {"$ref": f"#/definitions/{name}"}


# -- forms -----------------------------------------------------------------------------------------------------


def _form_schemas(kinds: Mapping[str, Declared], actions: Mapping[str, Declared]) -> Json:
    """The schema of each form in `shapes`."""
    words = {form: {"enum": list(words)} for form, words in shapes.WORDS.items()}
    return {
        **_SIMPLE,
        **words,
        **_MAPS,
        **_forms_of_shapes(),
        "kind": _registered_name(kinds),
        "action": _registered_name(actions),
    }


_SIMPLE: Final[Json] = {
    "text": _TEXT,
    "word": _WORD,
    "name": {"type": "string", "pattern": f"^{NAME.pattern}$"},
    "id": {"type": "string", "pattern": f"^{ID.pattern}$"},
    "expression": {"type": ["string", "boolean", "number"], "minLength": 1},
    "duration": _DURATION,
    "moment": {"anyOf": [{"type": "string", "pattern": f"^{MOMENT.pattern}$"}, _EXPRESSION]},
    "yes": {"type": "boolean"},
    "count": {"type": "integer", "minimum": 1},
    "factor": {"type": "number", "minimum": 1},
    "any": {},
    "params": {"type": "object"},
    "each": {"anyOf": [{"type": "array"}, _EXPRESSION]},
    "words": _WORDS,
    "word_or_words": {"anyOf": [_WORD, _WORDS]},
    "errors": {"anyOf": [_WORD, {**_WORDS, "minItems": 1}]},
    "all_or_words": {"anyOf": [{"const": "all"}, _WORDS]},
    "account_id": {"type": "string", "pattern": "^[0-9]{12}$"},
    "source": {"type": "string", "pattern": "^(ssm|secret):"},
    "pattern": _TEXT,
    "values": {"type": "array", "minItems": 1},
    "bound": {"type": ["number", "string"]},
}

_MAPS: Final[Json] = {
    "vars": {"type": "object"},
    "outputs": {"type": "object"},
    "tags": {"type": "object", "additionalProperties": _TEXT},
    "classes": {
        "type": "object",
        "properties": {cls: {"type": "array"} for cls in CLASSES},
        "additionalProperties": False,
    },
}


def _forms_of_shapes() -> Json:
    """The schemas of forms that contain maps with fixed keys."""
    delays = {"type": "array", "items": _DURATION, "minItems": 1}
    backoff = _map_of_shape(shapes.BACKOFF)
    schedule = {"anyOf": [delays, {**_WORD, "description": "a named schedule"}, backoff]}
    return {
        "inputs": {"type": "object", "additionalProperties": _map_of_shape(shapes.INPUT)},
        "settings": {
            "type": "object",
            "additionalProperties": {"anyOf": [_ref("source"), _map_of_shape(shapes.SETTING)]},
        },
        "accounts": {"type": "object", "additionalProperties": _map_of_shape(shapes.ACCOUNT)},
        "schedules": {"type": "object", "additionalProperties": _ref("schedule")},
        "schedule": schedule,
        "monitor": _map_of_shape(shapes.MONITOR),
        "retry": {"anyOf": [*schedule["anyOf"], _map_of_shape(shapes.RETRY)]},
        "engine_retry": _map_of_shape(shapes.ENGINE_RETRY),
        "pause": {"anyOf": [_DURATION, _EXPRESSION, _map_of_shape(shapes.WAIT_UNTIL)]},
        "states": _state_table(_all_verbs()),
        "row": _row_schema(),
        "rescues": {"type": "array", "items": _map_of_shape(shapes.RESCUE)},
        "then": {"anyOf": [{"enum": list(shapes.THEN)}, _map_of_shape(shapes.RETRY_IF)]},
        "until": _map_of_shape(shapes.UNTIL)
        | {"oneOf": [{"required": ["check"]}, {"required": ["gone"], "not": {"required": ["is"]}}]},
        "undo_call": _map_of_shape(shapes.UNDO_CALL),
        "main_steps": {"type": "array", "minItems": 1, "items": {"allOf": [_ref("step")], "required": ["id"]}},
        "steps": {"type": "array", "minItems": 1, "items": _ref("step")},
        "list_of_steps": {"type": "array", "items": _ref("step")},
    }


def _all_verbs() -> list[str]:
    return list(dict.fromkeys(verb for verbs in shapes.VERBS.values() for verb in verbs))


def _row_schema() -> Json:
    ways = [{"required": ["do", "then"]}, {"required": ["hold"]}, {"required": ["fail"]}]
    return {**_map_of_shape(shapes.ROW), "oneOf": ways}


def _state_table(verbs: Iterable[str]) -> Json:
    """A state table. Editors offer the classes; other keys are allowed, because they may be statuses or several names."""
    row = {"anyOf": [{"enum": list(verbs)}, _ref("row")]}
    return {"type": "object", "properties": dict.fromkeys(CLASSES, row), "additionalProperties": row}


def _registered_name(declared: Mapping[str, Declared]) -> Json:
    """The registered names, or a generic AWS call. Editors read the one or the other spelling of the descriptions."""
    if not declared:
        return _WORD
    names = sorted(declared)
    docs = [declared[name].doc for name in names]
    offered = {"enum": names, "enumDescriptions": docs, "markdownEnumDescriptions": docs}
    return {"anyOf": [offered, {"type": "string", "pattern": _GENERIC}]}


# -- steps -----------------------------------------------------------------------------------------------------


def _steps() -> Json:
    """A step: the key that says its kind decides which other keys it has. Until there is one, editors offer all of them."""
    kinds = list(shapes.KINDS)
    words = {kind: {"description": own[kind].doc} for kind, own in shapes.KINDS.items()}
    more = {name: {"description": key.doc} for name, key in shapes.COMMON.items()}
    known: Json = {"anyOf": [{"required": [kind]} for kind in kinds]}
    step: Json = {
        "type": "object",
        "oneOf": [{"required": [kind]} for kind in kinds],
        "allOf": [
            {"if": known, "else": {"properties": {**more, **words}}},
            *({"if": {"required": [kind]}, "then": _ref(f"step_{kind}")} for kind in kinds),
        ],
    }
    return {"step": step} | {f"step_{kind}": _step_of_kind(kind) for kind in kinds}


def _step_of_kind(kind: str) -> Json:
    step = _map_of_shape(shapes.STEPS[kind])
    if kind in ("ensure", "remove", "check", "call"):
        step["allOf"] = [_ref(f"with_{'call' if kind == 'call' else 'kind'}")]
    if kind in shapes.VERBS:
        step["properties"]["states"]["allOf"] = [_state_table(shapes.VERBS[kind])]
    return step


def _with_schemas(kinds: Mapping[str, Declared], actions: Mapping[str, Declared]) -> Json:
    """The parameters in `with`, by the kind or action."""
    whats = ("ensure", "remove", "check")
    of_kind = [_with_rule(word, name, one) for name, one in sorted(kinds.items()) for word in whats]
    of_action = [_with_rule("call", name, one) for name, one in sorted(actions.items())]
    return {
        "with_kind": {"allOf": of_kind} if of_kind else {},
        "with_call": {"allOf": of_action} if of_action else {},
    } | {f"with:{name}": _with_map(one) for name, one in sorted({**kinds, **actions}.items())}


def _with_rule(word: str, name: str, one: Declared) -> Json:
    exactly = {"pattern": f"^{re.escape(name)}$"}  # not `const`: while one types, editors take its beginning for it
    named = {"properties": {word: exactly}, "required": [word]}
    return {"if": named, "then": {"properties": {"with": _ref(f"with:{name}")}}}


def _with_map(one: Declared) -> Json:
    params = {name: _parameter(param.schema, param.doc) for name, param in one.params.items()}
    return {"type": "object", "properties": params, "additionalProperties": False}


def _parameter(schema: Mapping[str, Any], doc: str) -> Json:
    """A scalar of its type, or an expression. What is in lists and maps is left to `runbook validate`."""
    found: Json = {"description": doc} if doc else {}
    if schema.get("type") in ("boolean", "integer", "number") or "enum" in schema:
        found["anyOf"] = [dict(schema), _EXPRESSION]
    return found
