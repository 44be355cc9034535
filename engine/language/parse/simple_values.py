"""Readers of simple values: text, names, durations, numbers, expressions, lists of names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.language.durations import parse_duration
from engine.language.moments import is_moment, parse_moment
from engine.language.parse.draft import Draft, Reader
from engine.language.parse.shapes import WAIT_UNTIL, WORDS
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar, to_python

ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}")
_BOOLEAN_HELP: Final = {
    "yes": "write `true`",
    "on": "write `true`",
    "1": "write `true`",
    "no": "write `false`",
    "off": "write `false`",
    "0": "write `false`",
}
"""Help for what other formats and YAML 1.1 read as a boolean."""
_ACCOUNT_ID: Final = re.compile(r"[0-9]{12}")


def text(draft: Draft, node: Node, path: str) -> str | None:
    """Text that is not empty; it may contain `${ }`."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        draft.report_wrong_type(node, "text")
        return None
    if not node.value.strip():
        draft.report("RB203", node, "the text is empty", "write the text, or remove the key")
        return None
    return node.value


def word(draft: Draft, node: Node, path: str) -> str | None:
    """A name: no spaces and no `${ }`."""
    value = text(draft, node, path)
    if value is not None and ("${" in value or re.search(r"\s", value)):
        draft.report("RB206", node, f"`{value}` is not a name: names have no spaces and no `${{ }}`")
        return None
    return value


def name(draft: Draft, node: Node, path: str) -> str | None:
    """The name of the runbook."""
    value = text(draft, node, path)
    if value is not None and not NAME.fullmatch(value):
        draft.report(
            "RB206", node, f"`{value}` is not a valid name: write a letter, then letters, digits, `_`, `-` and `.`"
        )
        return None
    return value


def id(draft: Draft, node: Node, path: str) -> str | None:
    """A step's id."""
    value = text(draft, node, path)
    if value is not None and not ID.fullmatch(value):
        message = f"`{value}` is not a valid id: write a lower-case letter, then at most 63 of a-z, 0-9, `_` and `-`"
        suggestion = re.sub("[^a-z0-9_-]+", "-", value[:200].lower()).strip("-_")[:64]
        draft.report("RB206", node, message, f"write `{suggestion}`" if ID.fullmatch(suggestion) else "")
        return None
    return value


def check_name(draft: Draft, key: Scalar) -> None:
    """RB206 for the name of a schedule or an output that is not a valid one."""
    if not ID.fullmatch(key.text):
        message = f"`{key.text}` is not a valid name: write a lower-case letter, then a-z, 0-9, `_` and `-`"
        draft.report("RB206", key, message)


def expression(draft: Draft, node: Node, path: str) -> str | None:
    """An expression without `${ }`; `true` and numbers are expressions too."""
    if isinstance(node, Scalar) and node.value is not None and node.text.strip():
        return node.text
    draft.report_wrong_type(node, "an expression")
    return None


def seconds(draft: Draft, node: Node, path: str) -> float | None:
    """A duration, in seconds."""
    if not isinstance(node, Scalar) or node.value is None or isinstance(node.value, bool):
        draft.report_wrong_type(node, "a duration (30s, 5m, 3h, 2d)")
        return None
    try:
        return parse_duration(node.text)
    except ValueError as error:
        help = f"add a unit: `{node.text}s`, `{node.text}m` or `{node.text}h`" if node.text.isdigit() else ""
        if is_moment(node.text):
            help = "for a moment, write `wait: {until: …}`" if path.endswith("/wait") else ""
        draft.report("RB205", node, str(error), help)
        return None


def pause(draft: Draft, node: Node, path: str) -> Any:
    """A duration, or an expression that yields one; or `{until: MOMENT}`, as a map."""
    if isinstance(node, MapNode):
        return draft.read_fields(node, WAIT_UNTIL, path, "a wait")
    if isinstance(node, Scalar) and isinstance(node.value, str) and "${" in node.value:
        return node.value
    return seconds(draft, node, path)


def moment(draft: Draft, node: Node, path: str) -> str | None:
    """A moment with its time zone, or an expression that yields one. RB219 for other text."""
    value = text(draft, node, path)
    if value is None or "${" in value:
        return value
    try:
        parse_moment(value)
    except ValueError as error:
        draft.report("RB219", node, str(error), "for a length of time, write `wait: 10m`")
        return None
    return value


def yes(draft: Draft, node: Node, path: str) -> bool | None:
    """A boolean."""
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    word = node.text.lower() if isinstance(node, Scalar) else ""
    draft.report_wrong_type(node, "true or false", _BOOLEAN_HELP.get(word, ""))
    return None


def scalar(wanted: str, is_legal: Callable[[Any], bool]) -> Reader:
    """The reader of a scalar whose value is legal. `wanted` describes it."""

    def read(draft: Draft, node: Node, path: str) -> Any:
        if isinstance(node, Scalar) and is_legal(node.value):
            return node.value
        draft.report_wrong_type(node, wanted)
        return None

    return read


def any_value(draft: Draft, node: Node, path: str) -> Any:
    """Any value."""
    return to_python(node)


def params(draft: Draft, node: Node, path: str) -> dict[str, Any] | None:
    """Parameters by name; `engine.checks` compares them with the schema of their kind."""
    if isinstance(node, MapNode):
        return {key: to_python(value) for key, (_, value) in node.items()}
    draft.report_wrong_type(node, "a map of parameters")
    return None


def each(draft: Draft, node: Node, path: str) -> Any:
    """A list, or an expression that yields one."""
    if isinstance(node, ListNode):
        return to_python(node)
    if isinstance(node, Scalar) and isinstance(node.value, str) and "${" in node.value:
        return node.value
    draft.report_wrong_type(node, "a list, or an expression in `${ }` that yields one")
    return None


def words(draft: Draft, node: Node, path: str) -> tuple[str, ...] | None:
    """A list of names."""
    if not isinstance(node, ListNode):
        help = f"write it as a list: [{node.text}]" if isinstance(node, Scalar) and node.text else ""
        draft.report_wrong_type(node, "a list of names", help)
        return None
    found = [word(draft, item, path) for item in node.items]
    return tuple(one for one in found if one is not None)


def word_or_words(draft: Draft, node: Node, path: str) -> tuple[str, ...] | None:
    """A name, or a list of names."""
    if isinstance(node, ListNode):
        return words(draft, node, path)
    one = word(draft, node, path)
    return None if one is None else (one,)


def errors(draft: Draft, node: Node, path: str) -> tuple[str, ...] | None:
    """One error name or category, or a list of them that is not empty."""
    if isinstance(node, ListNode) and not node.items:
        draft.report("RB203", node, "expected an error name, found an empty list")
        return None
    return word_or_words(draft, node, path)


def all_or_words(draft: Draft, node: Node, path: str) -> Any:
    """`all`, or a list of names."""
    if isinstance(node, Scalar) and node.value == "all":
        return "all"
    if isinstance(node, ListNode):
        return words(draft, node, path)
    draft.report_wrong_type(node, "`all` or a list of steps")
    return None


def account_id(draft: Draft, node: Node, path: str) -> str | None:
    """An AWS account id: twelve digits in quotes."""
    if isinstance(node, Scalar) and type(node.value) is int:
        if not _ACCOUNT_ID.fullmatch(node.text):  # RB115 for twelve digits comes from `yaml.reader`
            draft.report("RB115", node, f"`{node.text}` is a number, but an account id is text", "quote it")
        return node.text
    value = text(draft, node, path)
    if value is not None and not _ACCOUNT_ID.fullmatch(value):
        draft.report("RB206", node, f"`{value}` is not an account id: write twelve digits")
    return value


def one_of(form: str) -> Reader:
    """The reader of a form that allows only a few words."""
    legal = WORDS[form]

    def read(draft: Draft, node: Node, path: str) -> str | None:
        if isinstance(node, Scalar) and node.value in legal:
            return str(node.value)
        if isinstance(node, Scalar) and node.value is not None:
            draft.report_unknown_word("RB204", node, node.text, "is not allowed here", legal)
        else:
            draft.report_wrong_type(node, " or ".join(f"`{one}`" for one in legal))
        return None

    return read


READERS: Final[Mapping[str, Reader]] = {
    "text": text, "word": word, "name": name, "id": id, "expression": expression, "duration": seconds, "pause": pause, "moment": moment,
    "any": any_value, "params": params, "each": each, "words": words, "word_or_words": word_or_words, "errors": errors,
    "all_or_words": all_or_words, "account_id": account_id, "yes": yes,
    "count": scalar("a whole number from 1 to 1,000,000", lambda one: type(one) is int and 1 <= one <= 1_000_000),
    "factor": scalar("a number from 1 to 1,000", lambda one: type(one) in (int, float) and 1 <= one <= 1_000),
} | {form: one_of(form) for form in WORDS}  # fmt: skip
