"""Readers of what stands at the top: inputs, settings, vars, accounts, tags, outputs; and of a check's `classes`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from engine.errors import ExpressionError
from engine.language.expressions.template import split
from engine.language.inputs import BOUNDED, TEXTUAL, bound_of, problem_with, type_problem
from engine.language.model import CLASSES, Account, Input, Setting
from engine.language.parse.draft import Draft, Reader
from engine.language.parse.shapes import ACCOUNT, INPUT, SETTING
from engine.language.parse.values import ID
from engine.language.patterns import PatternError
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar, plain
from engine.values import changed

T = TypeVar("T")

IN_EXPRESSIONS: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_SOURCES: Final = "write `ssm:/path`, `secret:NAME` or `secret:NAME#field`; put fixed values in `vars`"
_SOURCE: Final = re.compile(r"(?:ssm|secret):[^\s#]+(?:#[^\s#]+)?")


def _named(d: Draft, node: Node, path: str, what: str, one: Callable[[Scalar, Node, str], T | None]) -> dict[str, T]:
    """A map from names that expressions use to what `one` reads."""
    found: dict[str, T] = {}
    if not isinstance(node, MapNode):
        d.wrong(node, f"a map of {what}")
        return found
    for name, (key, value) in node.items():
        if not IN_EXPRESSIONS.fullmatch(name):
            help = f"write `{name.replace('-', '_')}`" if "-" in name else ""
            message = f"`{name}` cannot be used in expressions: write a letter, then letters, digits and `_`"
            d.tell("RB206", key, message, help)
        d.places[f"{path}/{name}"] = value
        made = one(key, value, f"{path}/{name}")
        if made is not None:
            found[name] = made
    return found


def inputs(d: Draft, node: Node, path: str) -> dict[str, Input]:
    def one(key: Scalar, value: Node, path: str) -> Input | None:
        d.name(key.text, f"the input `{key.text}`", key)
        found = d.map_of(value, "a map: `{type: string, …}`")
        fields = d.fields(found, INPUT, path, "an input") if found is not None else {}
        made = Input(
            name=key.text, type=fields.get("type") or "string", default=fields.get("default"),
            required="default" not in fields, pattern=fields.get("pattern"), enum=fields.get("enum") or (),
            min=fields.get("min"), max=fields.get("max"), description=fields.get("description") or "",
        )  # fmt: skip
        return _consistent(d, found, made) if found is not None else made

    return _named(d, node, path, "inputs", one)


def _consistent(d: Draft, node: MapNode, one: Input) -> Input:
    """Its own words are of its type: enumeration, bounds, default. What is not, is told and left out."""
    enum = node.get("enum")
    for item, value in zip(enum.items if isinstance(enum, ListNode) else (), one.enum, strict=False):
        _told(d, item, "enum", type_problem(one.type, value))
    if one.pattern is not None and one.type not in TEXTUAL:
        _told(d, node.get("pattern"), "pattern", f"a pattern applies only to text, not to the type `{one.type}`")
        one = changed(one, pattern=None)
    wrong = [_told(d, node.get(key), key, _bound_problem(one, key)) for key in ("min", "max")]
    if any(wrong):
        one = changed(one, min=None, max=None)
    elif one.min is not None and one.max is not None and bound_of(one.type, one.min) > bound_of(one.type, one.max):
        _told(d, node.get("max"), "max", "less than `min`")
    if one.default is not None:
        expression = isinstance(one.default, str) and "${" in one.default
        why = "a default cannot contain an expression" if expression else problem_with(one, one.default, d.patterns)
        _told(d, node.get("default"), "default", why)
    return one


def _bound_problem(one: Input, key: str) -> str | None:
    bound = getattr(one, key)
    if bound is None:
        return None
    if one.type not in BOUNDED:
        return f"not allowed for the type `{one.type}`"
    try:
        bound_of(one.type, bound)
    except ValueError as error:
        return str(error)
    return None


def _told(d: Draft, node: Node | None, key: str, why: str | None) -> bool:
    if why is not None and node is not None:
        d.tell("RB216", node, f"`{key}`: {why}", "")
    return why is not None


def pattern(d: Draft, node: Node, path: str) -> str | None:
    """A pattern that RE2 can compile."""
    value: str | None = d.readers["text"](d, node, path)
    if value is None:
        return None
    try:
        d.patterns.compile(value)
    except PatternError as error:
        span = node.at(error.offset) if isinstance(node, Scalar) else node.span
        d.tell("RB216", span, f"`pattern`: {error}", "write an RE2 regular expression")
        return None
    return value


def settings(d: Draft, node: Node, path: str) -> dict[str, Setting]:
    def one(key: Scalar, value: Node, path: str) -> Setting | None:
        if key.text == "changed":
            d.tell(
                "RB207",
                key,
                "`changed` is reserved: `settings.changed` says whether a refresh changed a value",
                "choose another name",
            )
        if not isinstance(value, MapNode):
            source = setting_source(d, value, path)
            return Setting(name=key.text, source=source) if source is not None else None
        fields = d.fields(value, SETTING, path, "a setting")
        if "default" in value and str(fields.get("from") or "").startswith("secret:"):
            d.tell(
                "RB209",
                value.key("default") or value,
                "a secret cannot have a default: anybody who reads the runbook would see it",
                "remove `default`",
            )
        return Setting(
            name=key.text, source=fields.get("from") or "", region=fields.get("region"),
            account=fields.get("account"), default=fields.get("default"), has_default="default" in fields,
        )  # fmt: skip

    return _named(d, node, path, "settings", one)


def setting_source(d: Draft, node: Node, path: str) -> str | None:
    """`ssm:/path`, `secret:NAME` or `secret:NAME#field`."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        d.wrong(node, "`ssm:/path` or `secret:NAME`", "put fixed values in `vars`")
        return None
    try:
        known = "".join(part if isinstance(part, str) else "x" for part in split(node.value))
    except ExpressionError:
        known = node.value  # RB308 reports it
    if not _SOURCE.fullmatch(known):
        d.tell("RB217", node, f"`{node.value}` is not a source for a setting", _SOURCES)
        return None
    return node.value


def variables(d: Draft, node: Node, path: str) -> dict[str, Any]:
    def one(key: Scalar, value: Node, path: str) -> Any:
        d.name(key.text, f"the var `{key.text}`", key)
        return (plain(value),)

    return {name: value[0] for name, value in _named(d, node, path, "vars", one).items()}


def accounts(d: Draft, node: Node, path: str) -> dict[str, Account]:
    def one(key: Scalar, value: Node, path: str) -> Account | None:
        found = d.map_of(value, 'a map: `{id: "123456789012", …}`')
        if found is None:
            return None
        fields = d.fields(found, ACCOUNT, path, "an account")
        return Account(
            name=key.text, id=fields.get("id") or "", role_arn=fields.get("role_arn"),
            external_id=fields.get("external_id"),
        )  # fmt: skip

    return _named(d, node, path, "accounts", one)


def tags(d: Draft, node: Node, path: str) -> dict[str, Any]:
    """Tags: text, perhaps with `${ }`; not in the names that are AWS's or the tool's."""
    found: dict[str, Any] = {}
    if not isinstance(node, MapNode):
        d.wrong(node, "a map of tags")
        return found
    for name, (key, value) in node.items():
        if name.startswith(("aws:", "runbook:")):
            d.tell(
                "RB206",
                key,
                f"`{name}` is reserved: a tag cannot begin with `aws:` or `runbook:`",
                "choose another name",
            )
        d.places[f"{path}/{name}"] = value
        found[name] = d.readers["text"](d, value, f"{path}/{name}") or ""
    return found


def outputs(d: Draft, node: Node, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if not isinstance(node, MapNode):
        d.wrong(node, "a map of outputs")
        return found
    for name, (key, value) in node.items():
        if not ID.fullmatch(name):
            d.tell(
                "RB206", key, f"`{name}` is not a valid name: write a lower-case letter, then a-z, 0-9, `_` and `-`", ""
            )
        d.places[f"{path}/{name}"] = value
        found[name] = plain(value)
    return found


def classes(d: Draft, node: Node, path: str) -> dict[str, tuple[str, ...]]:
    """`{pending: [CREATING], available: [ACTIVE]}`: a status in one class only."""
    found: dict[str, tuple[str, ...]] = {}
    if not isinstance(node, MapNode):
        d.wrong(node, "a map of classes", "`{pending: [CREATING], available: [ACTIVE]}`")
        return found
    taken: dict[str, str] = {}
    for name, (key, value) in node.items():
        if name not in CLASSES:
            d.not_one_of("RB204", key, name, "is not a class", CLASSES)
        if not isinstance(value, ListNode):
            d.wrong(value, "a list of statuses")
            continue
        for item in value.items:
            status = str(plain(item)) if isinstance(item, Scalar) else ""
            if taken.setdefault(status, name) != name:
                d.tell("RB215", item, f"`{status}` is already in the class `{taken[status]}`", "remove one of them")
        found[name] = tuple(str(plain(item)) for item in value.items)
    return found


def values(d: Draft, node: Node, path: str) -> tuple[Any, ...]:
    """A list of values, one at least."""
    if isinstance(node, ListNode) and node.items:
        return tuple(plain(item) for item in node.items)
    d.wrong(node, "a list of values")
    return ()


def bound(d: Draft, node: Node, path: str) -> Any:
    """A number, a duration or a timestamp."""
    if isinstance(node, Scalar) and node.value is not None and not isinstance(node.value, bool):
        return node.value
    d.wrong(node, "a number, a duration or a timestamp")
    return None


READERS: Final[Mapping[str, Reader]] = {
    "inputs": inputs, "settings": settings, "source": setting_source, "vars": variables, "accounts": accounts,
    "tags": tags, "outputs": outputs, "classes": classes, "values": values, "bound": bound,
    "pattern": pattern,
}  # fmt: skip
