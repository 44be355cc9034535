"""Readers of the maps at the top level: inputs, settings, vars, accounts, tags and outputs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.errors import ExpressionError
from engine.language.expressions.template import split_template
from engine.language.inputs import TEXT_TYPES, TYPES_WITH_BOUNDS, comparable_bound, type_problem, value_problem
from engine.language.model import Account, Input, Setting
from engine.language.parse.draft import Draft, Reader
from engine.language.parse.shapes import ACCOUNT, INPUT, SETTING
from engine.language.parse.simple_values import check_name, scalar
from engine.language.patterns import PatternError
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar, to_python
from engine.values import changed

EXPRESSION_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_SOURCE_HELP: Final = "write `ssm:/path`, `secret:NAME` or `secret:NAME#field`; put fixed values in `vars`"
_SOURCE: Final = re.compile(r"(?:ssm|secret):[^\s#]+(?:#[^\s#]+)?")


_OMITTED: Final = object()
"""What `read_value` returns for an entry that is so wrong that there is nothing to refer to."""


def entries(
    what: str,
    check_name: Callable[[Draft, Scalar], None],
    read_value: Callable[[Draft, Scalar, Node, str], Any],
) -> Reader:
    """The reader of a map whose keys the author chooses. Each value is read with its key and its path."""

    def read(draft: Draft, node: Node, path: str) -> dict[str, Any]:
        written = draft.as_map(node, f"a map of {what}")
        found: dict[str, Any] = {}
        for name, (key, value) in written.items() if written is not None else ():
            check_name(draft, key)
            draft.nodes[f"{path}/{name}"] = value
            entry = read_value(draft, key, value, f"{path}/{name}")
            if entry is not _OMITTED:
                found[name] = entry
        return found

    return read


def _check_expression_name(draft: Draft, key: Scalar) -> None:
    """RB206 if expressions cannot use the name."""
    if not EXPRESSION_NAME.fullmatch(key.text):
        message = f"`{key.text}` cannot be used in expressions: write a letter, then letters, digits and `_`"
        draft.report("RB206", key, message, f"write `{key.text.replace('-', '_')}`" if "-" in key.text else "")


def _input(draft: Draft, key: Scalar, value: Node, path: str) -> Input:
    draft.declare_name(key.text, f"the input `{key.text}`", key)
    node = draft.as_map(value, "a map: `{type: string, …}`")
    if node is None:
        return Input(name=key.text)
    fields = draft.read_fields(node, INPUT, path, "an input")
    declared = Input(
        name=key.text, type=fields.get("type") or "string", default=fields.get("default"),
        required="default" not in fields, pattern=fields.get("pattern"), enum=fields.get("enum") or (),
        min=fields.get("min"), max=fields.get("max"), description=fields.get("description") or "",
    )  # fmt: skip
    return _check_input(draft, node, declared)


def _check_input(draft: Draft, node: MapNode, one: Input) -> Input:
    """RB216 for an enum, pattern, bound or default that does not fit the type.

    Returns the input without a wrong pattern or bound, which must not be applied to the default.
    """
    enum = node.get("enum")
    for item, value in zip(enum.items if isinstance(enum, ListNode) else (), one.enum, strict=False):
        _report_input(draft, item, "enum", type_problem(one.type, value))
    if one.pattern is not None and one.type not in TEXT_TYPES:
        why = f"a pattern applies only to text, not to the type `{one.type}`"
        _report_input(draft, node.get("pattern"), "pattern", why)
        one = changed(one, pattern=None)
    wrong = [_report_input(draft, node.get(key), key, _bound_problem(one, key)) for key in ("min", "max")]
    if any(wrong):
        one = changed(one, min=None, max=None)
    elif None not in (one.min, one.max):
        least, greatest = comparable_bound(one.type, one.min), comparable_bound(one.type, one.max)
        _report_input(draft, node.get("max"), "max", "less than `min`" if least > greatest else None)
    if isinstance(one.default, str) and "${" in one.default:
        _report_input(draft, node.get("default"), "default", "a default cannot contain an expression")
    elif one.default is not None:
        _report_input(draft, node.get("default"), "default", value_problem(one, one.default, draft.patterns))
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


def _setting(draft: Draft, key: Scalar, value: Node, path: str) -> Setting | object:
    if key.text == "changed":
        message = "`changed` is reserved: `settings.changed` says whether a refresh changed a value"
        draft.report("RB207", key, message, "choose another name")
    if not isinstance(value, MapNode):
        source = setting_source(draft, value, path)
        return Setting(name=key.text, source=source) if source is not None else _OMITTED
    fields = draft.read_fields(value, SETTING, path, "a setting")
    if "default" in value and str(fields.get("from") or "").startswith("secret:"):
        message = "a secret cannot have a default: anybody who reads the runbook would see it"
        draft.report("RB209", value.key("default") or value, message, "remove `default`")
    setting = Setting(
        name=key.text, source=fields.get("from") or "", region=fields.get("region"), account=fields.get("account"),
        default=fields.get("default"), has_default="default" in fields, type=fields.get("type"),
    )  # fmt: skip
    _check_setting_type(draft, value, setting)
    return setting


def _check_setting_type(draft: Draft, node: MapNode, setting: Setting) -> None:
    """RB203 for the type of a secret, RB216 for a default that does not fit the type."""
    if setting.type is None:
        return
    if setting.source.startswith("secret:"):
        message = "a secret has no `type`: it is only ever passed on"
        draft.report("RB203", node.key("type") or node, message, "remove `type`")
    elif isinstance(setting.default, str) and "${" in setting.default:
        _report_input(draft, node.get("default"), "default", "a default cannot contain an expression")
    elif setting.default is not None:
        _report_input(draft, node.get("default"), "default", type_problem(setting.type, setting.default))


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


def _variable(draft: Draft, key: Scalar, value: Node, path: str) -> Any:
    draft.declare_name(key.text, f"the var `{key.text}`", key)
    return to_python(value)


def _account(draft: Draft, key: Scalar, value: Node, path: str) -> Account | object:
    node = draft.as_map(value, 'a map: `{id: "123456789012", …}`')
    if node is None:
        return _OMITTED
    fields = draft.read_fields(node, ACCOUNT, path, "an account")
    return Account(
        name=key.text, id=fields.get("id") or "", role_arn=fields.get("role_arn"),
        external_id=fields.get("external_id"),
    )  # fmt: skip


def _check_tag_name(draft: Draft, key: Scalar) -> None:
    """RB206 for names that AWS or the tool reserves."""
    if key.text.startswith(("aws:", "runbook:")):
        message = f"`{key.text}` is reserved: a tag cannot begin with `aws:` or `runbook:`"
        draft.report("RB206", key, message, "choose another name")


def _tag(draft: Draft, key: Scalar, value: Node, path: str) -> str:
    return draft.readers["text"](draft, value, path) or ""


def values(draft: Draft, node: Node, path: str) -> tuple[Any, ...]:
    """A list with at least one value."""
    if isinstance(node, ListNode) and node.items:
        return tuple(to_python(item) for item in node.items)
    draft.report_wrong_type(node, "a list of values")
    return ()


READERS: Final[Mapping[str, Reader]] = {
    "inputs": entries("inputs", _check_expression_name, _input),
    "settings": entries("settings", _check_expression_name, _setting),
    "vars": entries("vars", _check_expression_name, _variable),
    "accounts": entries("accounts", _check_expression_name, _account),
    "tags": entries("tags", _check_tag_name, _tag),
    "outputs": entries("outputs", check_name, lambda _draft, _key, value, _path: to_python(value)),
    "source": setting_source, "values": values, "pattern": pattern,
    # The bound of an input; `_check_input` compares it with the type.
    "bound": scalar("a number, a duration or a timestamp", lambda one: one is not None and not isinstance(one, bool)),
}  # fmt: skip
