"""Readers of the maps at the top level: inputs, settings, vars, accounts, tags and outputs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from engine.errors import ExpressionError
from engine.language.expressions.template import split_template
from engine.language.inputs import TEXT_TYPES, TYPES_WITH_BOUNDS, comparable_bound, type_problem, value_problem
from engine.language.model import Account, Input, Setting
from engine.language.parse.draft import Draft, Reader
from engine.language.parse.shapes import ACCOUNT, INPUT, SETTING
from engine.language.parse.simple_values import ID
from engine.language.patterns import PatternError
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar, to_python
from engine.values import changed

T = TypeVar("T")

EXPRESSION_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_SOURCE_HELP: Final = "write `ssm:/path`, `secret:NAME` or `secret:NAME#field`; put fixed values in `vars`"
_SOURCE: Final = re.compile(r"(?:ssm|secret):[^\s#]+(?:#[^\s#]+)?")


def _read_named(
    draft: Draft, node: Node, path: str, what: str, read_one: Callable[[Scalar, Node, str], T | None]
) -> dict[str, T]:
    """A map whose keys are names in expressions; `read_one` reads each value, with its key and path."""
    found: dict[str, T] = {}
    if not isinstance(node, MapNode):
        draft.report_wrong_type(node, f"a map of {what}")
        return found
    for name, (key, value) in node.items():
        if not EXPRESSION_NAME.fullmatch(name):
            help = f"write `{name.replace('-', '_')}`" if "-" in name else ""
            message = f"`{name}` cannot be used in expressions: write a letter, then letters, digits and `_`"
            draft.report("RB206", key, message, help)
        draft.nodes[f"{path}/{name}"] = value
        result = read_one(key, value, f"{path}/{name}")
        if result is not None:
            found[name] = result
    return found


def inputs(draft: Draft, node: Node, path: str) -> dict[str, Input]:
    def read_one(key: Scalar, value: Node, path: str) -> Input | None:
        draft.declare_name(key.text, f"the input `{key.text}`", key)
        found = draft.as_map(value, "a map: `{type: string, …}`")
        fields = draft.read_fields(found, INPUT, path, "an input") if found is not None else {}
        declared = Input(
            name=key.text, type=fields.get("type") or "string", default=fields.get("default"),
            required="default" not in fields, pattern=fields.get("pattern"), enum=fields.get("enum") or (),
            min=fields.get("min"), max=fields.get("max"), description=fields.get("description") or "",
        )  # fmt: skip
        return _check_input(draft, found, declared) if found is not None else declared

    return _read_named(draft, node, path, "inputs", read_one)


def _check_input(draft: Draft, node: MapNode, one: Input) -> Input:
    """RB216 for an enum, pattern, bound or default that does not fit the type. Returns the input without those."""
    enum = node.get("enum")
    for item, value in zip(enum.items if isinstance(enum, ListNode) else (), one.enum, strict=False):
        _report_input(draft, item, "enum", type_problem(one.type, value))
    if one.pattern is not None and one.type not in TEXT_TYPES:
        _report_input(
            draft, node.get("pattern"), "pattern", f"a pattern applies only to text, not to the type `{one.type}`"
        )
        one = changed(one, pattern=None)
    wrong = [_report_input(draft, node.get(key), key, _bound_problem(one, key)) for key in ("min", "max")]
    if any(wrong):
        one = changed(one, min=None, max=None)
    elif (
        one.min is not None
        and one.max is not None
        and comparable_bound(one.type, one.min) > comparable_bound(one.type, one.max)
    ):
        _report_input(draft, node.get("max"), "max", "less than `min`")
    if one.default is not None:
        expression = isinstance(one.default, str) and "${" in one.default
        why = (
            "a default cannot contain an expression" if expression else value_problem(one, one.default, draft.patterns)
        )
        _report_input(draft, node.get("default"), "default", why)
    return one


def _bound_problem(one: Input, key: str) -> str | None:
    bound = getattr(one, key)
    if bound is None:
        return None
    if one.type not in TYPES_WITH_BOUNDS:
        return f"not allowed for the type `{one.type}`"
    try:
        comparable_bound(one.type, bound)
    except ValueError as error:
        return str(error)
    return None


def _report_input(draft: Draft, node: Node | None, key: str, why: str | None) -> bool:
    if why is not None and node is not None:
        draft.report("RB216", node, f"`{key}`: {why}", "")
    return why is not None


def pattern(draft: Draft, node: Node, path: str) -> str | None:
    """A regular expression that RE2 can compile."""
    value: str | None = draft.readers["text"](draft, node, path)
    if value is None:
        return None
    try:
        draft.patterns.compile(value)
    except PatternError as error:
        span = node.at(error.offset) if isinstance(node, Scalar) else node.span
        draft.report("RB216", span, f"`pattern`: {error}", "write an RE2 regular expression")
        return None
    return value


def settings(draft: Draft, node: Node, path: str) -> dict[str, Setting]:
    def read_one(key: Scalar, value: Node, path: str) -> Setting | None:
        if key.text == "changed":
            draft.report(
                "RB207",
                key,
                "`changed` is reserved: `settings.changed` says whether a refresh changed a value",
                "choose another name",
            )
        if not isinstance(value, MapNode):
            source = setting_source(draft, value, path)
            return Setting(name=key.text, source=source) if source is not None else None
        fields = draft.read_fields(value, SETTING, path, "a setting")
        if "default" in value and str(fields.get("from") or "").startswith("secret:"):
            draft.report(
                "RB209",
                value.key("default") or value,
                "a secret cannot have a default: anybody who reads the runbook would see it",
                "remove `default`",
            )
        return Setting(
            name=key.text, source=fields.get("from") or "", region=fields.get("region"),
            account=fields.get("account"), default=fields.get("default"), has_default="default" in fields,
        )  # fmt: skip

    return _read_named(draft, node, path, "settings", read_one)


def setting_source(draft: Draft, node: Node, path: str) -> str | None:
    """`ssm:/path`, `secret:NAME` or `secret:NAME#field`."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        draft.report_wrong_type(node, "`ssm:/path` or `secret:NAME`", "put fixed values in `vars`")
        return None
    try:
        known = "".join(part if isinstance(part, str) else "x" for part in split_template(node.value))
    except ExpressionError:
        known = node.value  # RB308 reports it
    if not _SOURCE.fullmatch(known):
        draft.report("RB217", node, f"`{node.value}` is not a source for a setting", _SOURCE_HELP)
        return None
    return node.value


def variables(draft: Draft, node: Node, path: str) -> dict[str, Any]:
    def read_one(key: Scalar, value: Node, path: str) -> Any:
        draft.declare_name(key.text, f"the var `{key.text}`", key)
        return (to_python(value),)  # in a tuple, because None would mean that it is wrong

    return {name: value[0] for name, value in _read_named(draft, node, path, "vars", read_one).items()}


def accounts(draft: Draft, node: Node, path: str) -> dict[str, Account]:
    def read_one(key: Scalar, value: Node, path: str) -> Account | None:
        found = draft.as_map(value, 'a map: `{id: "123456789012", …}`')
        if found is None:
            return None
        fields = draft.read_fields(found, ACCOUNT, path, "an account")
        return Account(
            name=key.text, id=fields.get("id") or "", role_arn=fields.get("role_arn"),
            external_id=fields.get("external_id"),
        )  # fmt: skip

    return _read_named(draft, node, path, "accounts", read_one)


def tags(draft: Draft, node: Node, path: str) -> dict[str, Any]:
    """Tags: text that may contain `${ }`. RB206 for names that AWS or the tool reserves."""
    found: dict[str, Any] = {}
    if not isinstance(node, MapNode):
        draft.report_wrong_type(node, "a map of tags")
        return found
    for name, (key, value) in node.items():
        if name.startswith(("aws:", "runbook:")):
            draft.report(
                "RB206",
                key,
                f"`{name}` is reserved: a tag cannot begin with `aws:` or `runbook:`",
                "choose another name",
            )
        draft.nodes[f"{path}/{name}"] = value
        found[name] = draft.readers["text"](draft, value, f"{path}/{name}") or ""
    return found


def outputs(draft: Draft, node: Node, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if not isinstance(node, MapNode):
        draft.report_wrong_type(node, "a map of outputs")
        return found
    for name, (key, value) in node.items():
        if not ID.fullmatch(name):
            draft.report(
                "RB206", key, f"`{name}` is not a valid name: write a lower-case letter, then a-z, 0-9, `_` and `-`", ""
            )
        draft.nodes[f"{path}/{name}"] = value
        found[name] = to_python(value)
    return found


def values(draft: Draft, node: Node, path: str) -> tuple[Any, ...]:
    """A list with at least one value."""
    if isinstance(node, ListNode) and node.items:
        return tuple(to_python(item) for item in node.items)
    draft.report_wrong_type(node, "a list of values")
    return ()


def bound(draft: Draft, node: Node, path: str) -> Any:
    """The bound of an input; `_check_input` compares it with the type."""
    if isinstance(node, Scalar) and node.value is not None and not isinstance(node.value, bool):
        return node.value
    draft.report_wrong_type(node, "a number, a duration or a timestamp")
    return None


READERS: Final[Mapping[str, Reader]] = {
    "inputs": inputs, "settings": settings, "source": setting_source, "vars": variables, "accounts": accounts,
    "tags": tags, "outputs": outputs, "values": values, "bound": bound,
    "pattern": pattern,
}  # fmt: skip
