"""The filters that make text of text."""

from __future__ import annotations

import re
from typing import Any

from engine.errors import ExpressionError
from engine.language.expressions.results import check_length, json_of, text_of


def lower_filter(value: Any) -> str:
    return text_of(value).lower()


def upper_filter(value: Any) -> str:
    return text_of(value).upper()


def replace_filter(value: Any, old: Any, new: Any, count: Any = None) -> str:
    text, old, new = text_of(value), text_of(old), text_of(new)
    limit = -1 if count is None else int(count)
    times = text.count(old)
    if limit >= 0:
        times = min(times, limit)
    check_length(len(text) + times * (len(new) - len(old)))
    return text.replace(old, new, limit)


def truncate_filter(value: Any, length: Any = 255, killwords: Any = False, end: Any = "...", leeway: Any = 0) -> str:
    """At most `length` characters, `end` included; cut at the end of a word unless `killwords`.

    A text that is up to `leeway` longer is not cut. Jinja's default is 5; here it is 0, because AWS counts exactly.
    """
    text, ending, longest = text_of(value), text_of(end), int(length)
    if longest < len(ending):
        raise ExpressionError(f"`truncate` to {longest} leaves no room for `{ending}`")
    if len(text) <= longest + int(leeway):
        return text
    kept = text[: longest - len(ending)]
    return (kept if killwords else kept.rsplit(" ", 1)[0]) + ending


def basename_filter(value: Any) -> str:
    """The part after the last `/` or `:`: the name in an ARN or a path."""
    return re.split(r"[/:]", text_of(value))[-1]


def tojson_filter(value: Any, indent: Any = None) -> str:
    return json_of(value, min(int(indent), 8) if indent is not None else None)
