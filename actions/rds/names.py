"""How RDS names things: identifiers, ARNs, tags, times. Pure; knows no call.

Names are kept in lower case by AWS and compared so here. Sources: docs/aws.md, "Names and tags"; botocore's doc strings of the
identifiers and of `Tag`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from actions.aws.errors import refusal
from engine.registry import Context
from engine.values import Value

LONGEST: Final = 63
"""Of a cluster, an instance and a snapshot (botocore, `TargetDBClusterSnapshotIdentifier` and others). Of a final snapshot
alone botocore says 255, and of the same thing made by CreateDBClusterSnapshot 63: what fits both is taken (docs/aws.md, "Names and tags").
"""

IDENTIFIER: Final = "[a-z](?:-?[a-z0-9])*"
NAME_SCHEMA: Final[Mapping[str, Any]] = {"type": "string", "pattern": f"^{IDENTIFIER}$", "maxLength": LONGEST}

OPERATION: Final = "runbook:operation"
STEP: Final = "runbook:step"
RESERVED: Final = ("aws:", "rds:")
_ARN: Final = re.compile(r"arn:(aws[a-z-]*):rds:([a-z0-9-]*):(\d{12}):([a-z-]+):(.+)", re.IGNORECASE)
_ITEM: Final = re.compile(r"(.*)\[(\d+)\]")
_WIRED_ITEM: Final = re.compile(r"(.*)/(\d+)")
_TAG: Final = re.compile(r"[\w .:/=+\-@]*")  # AWS: letters, digits, blanks, and _ . : / = + - @


class Arn(Value):
    """The fields of `arn:aws:rds:us-west-2:123456789012:cluster-snapshot:nightly`."""

    region: str
    account: str
    type: str
    name: str


def arn_of(text: str) -> Arn | None:
    """The fields of an ARN of RDS; None for what is none."""
    match = _ARN.fullmatch(text)
    if match is None:
        return None
    return Arn(region=match[2].lower(), account=match[3], type=match[4].lower(), name=match[5].lower())


def short(text: str) -> str:
    """The name in lower case, of a name or an ARN."""
    arn = arn_of(text)
    return arn.name if arn is not None else text.lower()


def new_name(parameter: str, name: str, ctx: Context) -> str:
    """A name for something new, as it is; EffectFailed where AWS would refuse or change it."""
    if name != name.lower():
        wrong = f"AWS would write {name!r} in lower case; write {name.lower()!r}"
    elif len(name) > LONGEST:
        wrong = f"{name!r} has {len(name)} characters, and AWS takes at most {LONGEST}"
    elif re.fullmatch(IDENTIFIER, name) is None:
        wrong = (
            f"{name!r} is no name for something new: letters, digits and single hyphens, a letter first "
            "and no hyphen at the end"
        )
    else:
        return name
    raise refusal(f"`{parameter}`: {wrong}", about=parameter, context=ctx)


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as RDS takes them; EffectFailed for what AWS refuses.

    A step's item is written `instances/0`, for a tag of RDS may have no brackets (botocore, `Tag`).
    """
    wired = {key: _ITEM.sub(r"\1/\2", value) if key == STEP else value for key, value in tags.items()}
    for key, text in wired.items():
        if key.lower().startswith(RESERVED):
            raise refusal(f"the tag {key!r}: AWS keeps keys that begin with aws: and rds: to itself")
        if _TAG.fullmatch(key) is None or _TAG.fullmatch(text) is None:
            raise refusal(f"the tag {key}={text!r}: AWS takes letters, digits, blanks and _ . : / = + - @ in tags")
    return [{"Key": key, "Value": value} for key, value in wired.items()]


def tags_of(listed: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Tags as they were given, of RDS's list."""
    read = {tag["Key"]: tag.get("Value", "") for tag in listed or () if "Key" in tag}
    if STEP in read:
        read[STEP] = _WIRED_ITEM.sub(r"\1[\2]", read[STEP])
    return read


def is_tagged(item: Mapping[str, Any]) -> bool:
    """Does a thing of RDS bear the tag of an operation?"""
    return any(tag.get("Key") == OPERATION for tag in item.get("TagList") or ())


def time_of(value: dt.datetime | None) -> str | None:
    """`2024-03-20T00:06:00Z`, as the engine writes an API's times."""
    return None if value is None else value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
