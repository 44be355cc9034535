"""Readers of simple values: text, words, durations, numbers, expressions, lists of words.

Each is given the draft, the node and the path, tells what is wrong, and yields the value (or None).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from engine.language.durations import duration
from engine.language.parse.draft import Draft, Reader
from engine.language.parse.shapes import WORDS
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar, plain

ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}")
_TWELVE: Final = re.compile(r"[0-9]{12}")


def text(d: Draft, node: Node, path: str) -> str | None:
    """Text that may hold `${ }`; not empty."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        d.wrong(node, "text")
        return None
    if not node.value.strip():
        d.tell("RB203", node, "the text is empty", "write the text, or remove the key")
        return None
    return node.value


def word(d: Draft, node: Node, path: str) -> str | None:
    """A name as it stands: no `${ }`, no white space."""
    value = text(d, node, path)
    if value is not None and ("${" in value or re.search(r"\s", value)):
        d.tell("RB206", node, f"`{value}` is not a name: names have no spaces and no `${{ }}`")
        return None
    return value


def name(d: Draft, node: Node, path: str) -> str | None:
    """The runbook's own name."""
    value = text(d, node, path)
    if value is not None and not NAME.fullmatch(value):
        d.tell("RB206", node, f"`{value}` is not a valid name: write a letter, then letters, digits, `_`, `-` and `.`")
        return None
    return value


def id(d: Draft, node: Node, path: str) -> str | None:
    """A step's id."""
    value = text(d, node, path)
    if value is not None and not ID.fullmatch(value):
        message = f"`{value}` is not a valid id: write a lower-case letter, then at most 63 of a-z, 0-9, `_` and `-`"
        plain = re.sub("[^a-z0-9_-]+", "-", value[:200].lower()).strip("-_")[:64]
        d.tell("RB206", node, message, f"write `{plain}`" if ID.fullmatch(plain) else "")
        return None
    return value


def expression(d: Draft, node: Node, path: str) -> str | None:
    """An expression as it stands; `true` and numbers are expressions too."""
    if isinstance(node, Scalar) and node.value is not None and node.text.strip():
        return node.text
    d.wrong(node, "an expression")
    return None


def seconds(d: Draft, node: Node, path: str) -> float | None:
    """A duration with its unit."""
    if not isinstance(node, Scalar) or node.value is None or isinstance(node.value, bool):
        d.wrong(node, "a duration (30s, 5m, 3h, 2d)")
        return None
    try:
        return duration(node.text)
    except ValueError as error:
        help = f"add a unit: `{node.text}s`, `{node.text}m` or `{node.text}h`" if node.text.isdigit() else ""
        d.tell("RB205", node, str(error), help)
        return None


def pause(d: Draft, node: Node, path: str) -> Any:
    """A duration, or an expression that yields one."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and "${" in node.value:
        return node.value
    return seconds(d, node, path)


def yes(d: Draft, node: Node, path: str) -> bool | None:
    """A boolean."""
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    d.wrong(node, "true or false")
    return None


def count(d: Draft, node: Node, path: str) -> int | None:
    """A whole number from 1 on."""
    if isinstance(node, Scalar) and type(node.value) is int and 1 <= node.value <= 1_000_000:
        return node.value
    d.wrong(node, "a whole number from 1 to 1,000,000")
    return None


def factor(d: Draft, node: Node, path: str) -> float | None:
    """A number from 1 on."""
    if isinstance(node, Scalar) and type(node.value) in (int, float) and 1 <= float(node.value or 0) <= 1_000:
        return float(node.value or 0)
    d.wrong(node, "a number from 1 to 1,000")
    return None


def any_value(d: Draft, node: Node, path: str) -> Any:
    """Anything, as it stands."""
    return plain(node)


def params(d: Draft, node: Node, path: str) -> dict[str, Any] | None:
    """Parameters by name; what they are is checked by their kind's own schema."""
    if isinstance(node, MapNode):
        return {key: plain(value) for key, (_, value) in node.items()}
    d.wrong(node, "a map of parameters")
    return None


def each(d: Draft, node: Node, path: str) -> Any:
    """A list, or an expression that yields one."""
    if isinstance(node, ListNode):
        return plain(node)
    if isinstance(node, Scalar) and isinstance(node.value, str) and "${" in node.value:
        return node.value
    d.wrong(node, "a list, or an expression in `${ }` that yields one")
    return None


def words(d: Draft, node: Node, path: str) -> tuple[str, ...] | None:
    """A list of names."""
    if not isinstance(node, ListNode):
        help = f"write it as a list: [{node.text}]" if isinstance(node, Scalar) and node.text else ""
        d.wrong(node, "a list of names", help)
        return None
    found = [word(d, item, path) for item in node.items]
    return tuple(one for one in found if one is not None)


def word_or_words(d: Draft, node: Node, path: str) -> tuple[str, ...] | None:
    """A name, or a list of names."""
    if isinstance(node, ListNode):
        return words(d, node, path)
    one = word(d, node, path)
    return None if one is None else (one,)


def errors(d: Draft, node: Node, path: str) -> tuple[str, ...] | None:
    """Error names and categories: one, or a list that is not empty."""
    if isinstance(node, ListNode) and not node.items:
        d.tell("RB203", node, "expected an error name, found an empty list")
        return None
    return word_or_words(d, node, path)


def all_or_words(d: Draft, node: Node, path: str) -> Any:
    """`all`, or a list of names."""
    if isinstance(node, Scalar) and node.value == "all":
        return "all"
    if isinstance(node, ListNode):
        return words(d, node, path)
    d.wrong(node, "`all` or a list of steps")
    return None


def account_id(d: Draft, node: Node, path: str) -> str | None:
    """Twelve digits, in quotes."""
    if isinstance(node, Scalar) and type(node.value) is int:
        if not _TWELVE.fullmatch(node.text):  # RB115 for twelve digits comes from `yaml.reader`
            d.tell("RB115", node, f"`{node.text}` is a number, but an account id is text", "quote it")
        return node.text
    value = text(d, node, path)
    if value is not None and not _TWELVE.fullmatch(value):
        d.tell("RB206", node, f"`{value}` is not an account id: write twelve digits")
    return value


def one_of(form: str) -> Reader:
    """The reader of a form whose value is one of a few words."""
    legal = WORDS[form]

    def read(d: Draft, node: Node, path: str) -> str | None:
        if isinstance(node, Scalar) and node.value in legal:
            return str(node.value)
        if isinstance(node, Scalar) and node.value is not None:
            d.not_one_of("RB204", node, node.text, "is not allowed here", legal)
        else:
            d.wrong(node, " or ".join(f"`{one}`" for one in legal))
        return None

    return read


READERS: Final[Mapping[str, Reader]] = {
    "text": text, "word": word, "name": name, "id": id, "expression": expression, "duration": seconds, "pause": pause,
    "yes": yes, "count": count, "factor": factor, "any": any_value, "params": params, "each": each, "words": words,
    "word_or_words": word_or_words, "errors": errors, "all_or_words": all_or_words, "account_id": account_id,
} | {form: one_of(form) for form in WORDS}  # fmt: skip
