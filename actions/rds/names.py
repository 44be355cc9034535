"""How RDS writes identifiers, ARNs, tags and times. Makes no calls.

RDS stores identifiers in lower case. Sources: docs/aws.md, "Names and tags".
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from actions.aws.call_errors import refusal
from engine.registry import Context
from engine.values import Value

LONGEST: Final = 63
"""Characters of an identifier. For a final snapshot the model says 255; 63 fits both."""

IDENTIFIER: Final = "[a-z](?:-?[a-z0-9])*"
NAME_SCHEMA: Final[Mapping[str, Any]] = {"type": "string", "pattern": f"^{IDENTIFIER}$", "maxLength": LONGEST}

OPERATION: Final = "runbook:operation"
STEP: Final = "runbook:step"
RESERVED: Final = ("aws:", "rds:")
_ARN: Final = re.compile(r"arn:(aws[a-z-]*):rds:([a-z0-9-]*):(\d{12}):([a-z-]+):(.+)", re.IGNORECASE)
_ITEM: Final = re.compile(r"\[(\d+)\]")
_ITEMS_IN_TAG: Final = re.compile(r"(?:/\d+)+$")
_TAG: Final = re.compile(r"[\w .:/=+\-@]*")  # docs/aws.md, "Names and tags"


class Arn(Value):
    """The fields of `arn:aws:rds:us-west-2:123456789012:cluster-snapshot:nightly`."""

    region: str
    account: str
    type: str
    name: str


def arn_of(text: str) -> Arn | None:
    """The fields of an ARN of RDS; None if the text is not one."""
    match = _ARN.fullmatch(text)
    if match is None:
        return None
    return Arn(region=match[2].lower(), account=match[3], type=match[4].lower(), name=match[5].lower())


def short_name(text: str) -> str:
    """The name in lower case, from a name or an ARN."""
    arn = arn_of(text)
    return arn.name if arn is not None else text.lower()


def new_name(parameter: str, name: str, ctx: Context) -> str:
    """The name for a new resource, unchanged; EffectFailed if AWS would refuse it or change it."""
    if name != name.lower():
        problem = f"AWS stores {name!r} in lower case; write {name.lower()!r}"
    elif len(name) > LONGEST:
        problem = f"{name!r} has {len(name)} characters; AWS allows at most {LONGEST}"
    elif re.fullmatch(IDENTIFIER, name) is None:
        problem = (
            f"{name!r} is not a valid name for a new resource; use letters, digits and single hyphens, begin with a "
            "letter and do not end with a hyphen"
        )
    else:
        return name
    raise refusal(f"`{parameter}`: {problem}", about=parameter, context=ctx)


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags in the form of RDS's requests; EffectFailed if AWS would refuse one.

    RDS allows no brackets in tags. Intents that an earlier version recorded have `instances[0]`: it becomes `instances/0`.
    """
    written = {key: _ITEM.sub(r"/\1", value) if key == STEP else value for key, value in tags.items()}
    for key, text in written.items():
        if key.lower().startswith(RESERVED):
            raise refusal(f"the tag key {key!r} is reserved by AWS; use one that does not begin with aws: or rds:")
        if _TAG.fullmatch(key) is None or _TAG.fullmatch(text) is None:
            raise refusal(
                f"the tag {key}={text!r} is not valid; AWS allows letters, digits, blanks and _ . : / = + - @"
            )
    return [{"Key": key, "Value": value} for key, value in written.items()]


def tags_of(listed: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """The tags in RDS's list; the step's has the items of a `for_each` in brackets."""
    tags = {tag["Key"]: tag.get("Value", "") for tag in listed or () if "Key" in tag}
    if STEP in tags:
        tags[STEP] = step_key(tags[STEP])
    return tags


def step_key(tag: str) -> str:
    """`instances[0]` of `instances/0`, the form in which tags have it."""
    return _ITEMS_IN_TAG.sub(lambda found: re.sub(r"/(\d+)", r"[\1]", found[0]), tag)


def is_tagged(item: Mapping[str, Any]) -> bool:
    """Does a resource of RDS have the tag of an operation?"""
    return any(tag.get("Key") == OPERATION for tag in item.get("TagList") or ())


def time_of(value: dt.datetime | None) -> str | None:
    """`2024-03-20T00:06:00Z`, the form in which the engine writes times."""
    return None if value is None else value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
