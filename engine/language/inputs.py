"""The inputs of an operation: values that are given are converted and checked by their declarations in the runbook.

The parser checks the defaults, enums and bounds of declarations with the same functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never

from engine.errors import RunbookInvalid, UsageError
from engine.language.durations import parse_duration
from engine.language.model import Input, InputType, Runbook, Setting
from engine.language.moments import is_duration, is_moment, parse_moment
from engine.language.nearest import did_you_mean
from engine.language.patterns import PatternError, Patterns
from engine.language.yaml.nodes import to_python
from engine.language.yaml.reader import load_yaml

MOST_CHARACTERS: Final = 65_536
_REGION: Final = re.compile(r"[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}")
_ARN: Final = re.compile(r"arn:[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]*:[0-9]{0,12}:\S+")
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")


def resolve_inputs(runbook: Runbook, values: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each input, in the order of the runbook. Text is converted to the declared type, as on the command line.

    UsageError with everything that is wrong: unknown, missing and invalid inputs.
    """
    declared = runbook.inputs
    unknown = [name for name in values if name not in declared]
    problems = [f"there is no input `{name}`; {did_you_mean(name, declared)}" for name in unknown]
    patterns = Patterns()
    found: dict[str, Any] = {}
    for name, one in declared.items():
        try:
            found[name] = _input_value(one, values, patterns)
        except ValueError as error:
            problems.append(f"the input `{name}` {error}")
    if problems:
        raise UsageError("\n".join(problems))
    return found


def _input_value(one: Input, values: Mapping[str, Any], patterns: Patterns) -> Any:
    if one.name not in values:
        if one.required:
            about = f" ({one.description})" if one.description else ""
            raise ValueError(f"is required{about}: give it with `-i {one.name}=…`")
        return one.default
    given = values[one.name]
    try:
        value = value_from_text(one, given) if isinstance(given, str) else given
        why = value_problem(one, value, patterns)
    except ValueError as error:
        raise ValueError(f"is invalid: {error}") from error
    if why:
        raise ValueError(f"is invalid: {why}")
    return value


# -- text to values -------------------------------------------------------------------------------------------


def value_from_text(one: Input, text: str) -> Any:
    """The value that text on the command line stands for. ValueError if it does not fit the type."""
    match one.type:
        case "integer" if _INTEGER.fullmatch(text):
            return int(text)
        case "number" if _NUMBER.fullmatch(text) and abs(float(text)) != float("inf"):
            return float(text) if re.search(r"[.eE]", text) else int(text)
        case "boolean" if text in ("true", "false"):
            return text == "true"
        case "integer" | "number" | "boolean":
            hint = ": write true or false" if one.type == "boolean" else ""
            raise ValueError(f"`{text[:80]}` is not {_OTHER_TYPES[one.type][0]}{hint}")
        case "list" if not text.lstrip().startswith("["):
            return [part.strip() for part in text.split(",")] if text.strip() else []
        case "list" | "map":
            return _parse_flow(one, text)
        case "string" | "region" | "duration" | "timestamp" | "arn" | "account_id":
            return text
        case _:
            assert_never(one.type)


def _parse_flow(one: Input, text: str) -> Any:
    try:
        return to_python(load_yaml(f"value: {text}", one.name))["value"]
    except RunbookInvalid as error:
        form = "[a, b]" if one.type == "list" else "{a: 1}"
        reason = error.findings[0].message
        raise ValueError(f"`{text[:80]}` is not {_OTHER_TYPES[one.type][0]} such as `{form}`: {reason}") from error


def setting_from_text(setting: Setting, value: Any) -> Any:
    """The value of a setting as its `type` says. `value` is text, or the list of a StringList. ValueError if it does not fit.

    Blanks around it do not count, unless it is plain text, and a list has no empty items.
    """
    if setting.type is None or not isinstance(value, (str, list)):
        return value
    if isinstance(value, list):
        if setting.type == "list":
            return value
        raise ValueError(f"it is a StringList, and the setting has `type: {setting.type}`")
    text = value if setting.type == "string" else value.strip()
    found = value_from_text(Input(name=setting.name, type=setting.type), text)
    why = type_problem(setting.type, found)
    if why is not None:
        raise ValueError(why)
    return [item for item in found if item != ""] if setting.type == "list" else found


# -- values against declarations --------------------------------------------------------------------------------


def value_problem(one: Input, value: Any, patterns: Patterns) -> str | None:
    """Why the input may not have this value; None if it may."""
    why = type_problem(one.type, value)
    if why is None and one.enum and not any(_equals(value, legal) for legal in one.enum):
        why = f"`{value}` is not one of " + ", ".join(f"`{legal}`" for legal in one.enum)
    if why is None and one.pattern is not None:
        why = _pattern_problem(one.pattern, value, patterns)
    if why is None and (one.min is not None or one.max is not None):
        why = _bounds_problem(one, value)
    return why


def _equals(value: Any, legal: Any) -> bool:
    """Are they equal and of one type? In Python 1 equals 1.0 and True."""
    return type(value) is type(legal) and bool(value == legal)


def _pattern_problem(pattern: str, value: Any, patterns: Patterns) -> str | None:
    if not isinstance(value, str):
        return "a pattern applies only to text"
    try:
        if patterns.matches(pattern, value):
            return None
    except PatternError as error:
        return str(error)
    return f"`{value[:80]}` does not match the pattern `{pattern}`"


def _bounds_problem(one: Input, value: Any) -> str | None:
    what = f"the length {len(value)}" if one.type in _TYPES_WITH_LENGTH else f"`{value}`"
    actual = comparable_value(one.type, value)
    if one.min is not None and actual < comparable_bound(one.type, one.min):
        return f"{what} is less than the minimum {one.min}"
    if one.max is not None and actual > comparable_bound(one.type, one.max):
        return f"{what} is greater than the maximum {one.max}"
    return None


_TYPES_WITH_LENGTH: Final = ("string", "list", "map")
TYPES_WITH_BOUNDS: Final = ("integer", "number", "duration", "timestamp", *_TYPES_WITH_LENGTH)
"""The types that support `min` and `max`."""

_OTHER_TYPES: Final[Mapping[str, tuple[str, tuple[type, ...]]]] = {
    "integer": ("an integer", (int,)), "number": ("a number", (int, float)), "boolean": ("a boolean", (bool,)),
    "list": ("a list", (list,)), "map": ("a map", (dict,)),
}  # fmt: skip
"""The types that are not text: their names, and those of Python."""

TEXT_TYPES: Final = ("string", "region", "duration", "timestamp", "arn", "account_id")
"""The types whose values are text."""


def comparable_value(type_: InputType, value: Any) -> Any:
    """What is compared with the bounds: a length, seconds, a point in time, or the value itself."""
    match type_:
        case "duration":
            return parse_duration(value)
        case "timestamp":
            return parse_moment(value)
        case "string" | "list" | "map":
            return len(value)
        case "integer" | "number" | "boolean" | "region" | "arn" | "account_id":
            return value
        case _:
            assert_never(type_)


def comparable_bound(type_: InputType, bound: Any) -> Any:
    """A bound, for comparison with `comparable_value`. ValueError if it is not a bound of this type."""
    counted = type_ in _TYPES_WITH_LENGTH or type_ == "integer"
    if counted or type_ == "number":
        if isinstance(bound, bool) or not isinstance(bound, int if counted else (int, float)):
            raise ValueError(f"expected {'a whole number' if counted else 'a number'}, found `{bound}`")
        return bound
    why = type_problem(type_, bound)
    if why:
        raise ValueError(why)
    return comparable_value(type_, bound)


def type_problem(type_: InputType, value: Any) -> str | None:
    """Why the value is not of the type; None if it is."""
    if type_ in TEXT_TYPES:
        return _text_problem(type_, value)
    what, legal = _OTHER_TYPES[type_]
    if type(value) in legal:
        return None
    quoted = isinstance(value, str) and type_ in ("integer", "number", "boolean")
    return f"`{str(value)[:80]}` is {'text, ' if quoted else ''}not {what}"


def _text_problem(type_: InputType, value: Any) -> str | None:
    if not isinstance(value, str):
        return f"`{str(value)[:80]}` is not text: quote it"
    if len(value) > MOST_CHARACTERS:
        return f"the text has {len(value)} characters; at most {MOST_CHARACTERS} are allowed"
    legal = _TEXT_TYPES.get(type_)
    if legal is None or legal[0](value):
        return None
    return f"`{value[:80]}` is not {legal[1]}"


_TEXT_TYPES: Final[Mapping[str, tuple[Callable[[str], Any], str]]] = {
    "region": (_REGION.fullmatch, "a region such as us-west-2"),
    "arn": (_ARN.fullmatch, "an ARN such as `arn:aws:SERVICE:REGION:ACCOUNT:…`"),
    "account_id": (_ACCOUNT.fullmatch, "an account id (twelve digits)"),
    "duration": (is_duration, "a duration such as 30s, 5m, 3h or 2d"),
    "timestamp": (is_moment, "a timestamp with a time zone, such as `2024-03-20T06:00:00Z`"),
}
