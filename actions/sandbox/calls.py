"""A call to the pretend AWS: what is asked, what the journal keeps of it, and how it is refused.

Plain values, shared by every service of the sandbox. Knows nothing of botocore or of the world's contents.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.values import Bundle, Value

READS: Final = ("Describe", "Get", "List", "Reach", "Connect", "AssumeRole")
TAGS: Final = 50
_TAG: Final = re.compile(r"[\w .:/=+\-@]*")  # AWS: letters, digits, blanks, and _ . : / = + - @


class Call(Value):
    """One line of the journal. `at` is virtual time; `params` are as botocore took them, secrets masked.

    `outcome` is empty before the call is done, then `ok`, an error code, or what became of the reply:
    `lost`, `lost_unperformed`, `unsent`. `performed`: was the world asked to do it, and did it?
    `resource` is what it made, changed or removed, as `rds.cluster/orders@us-west-2#cluster-ABC`.
    """

    at: float
    service: str
    operation: str
    region: str
    account: str
    params: Mapping[str, Any]
    step: str = ""
    outcome: str = ""
    performed: bool = False
    resource: str = ""

    @property
    def name(self) -> str:
        """`rds.CopyDBClusterSnapshot`."""
        return f"{self.service}.{self.operation}"

    @property
    def changes(self) -> bool:
        """Can it change the world?"""
        return not self.operation.startswith(READS)


class Request(Bundle):
    """A call as it arrives: validated parameters, and what botocore's model says of it."""

    service: str
    operation: str
    region: str
    account: str
    params: Mapping[str, Any]
    masked: Mapping[str, Any]  # for the journal: what the model marks as sensitive is not in it
    can_raise: Callable[[str], bool]


@dataclass(slots=True, kw_only=True)
class Asked:
    """A call as the services see it, with what script and faults have to say about its effects.

    Mutable for one reason: `resource` is filled in by whoever performs it.
    """

    name: str
    region: str
    account: str
    params: Mapping[str, Any]
    invisible: float = 0.0  # seconds for which lists do not show what this call makes
    stale: float = 0.0  # seconds for which lists do not show that this call removes
    life: Callable[[], tuple[list[tuple[str, int]], str | None] | None] = lambda: None  # the script's, for what is made
    resource: str = ""

    def get(self, name: str) -> Any:
        return self.params.get(name)


class Refusal(Exception):
    """AWS says no. `status` is the HTTP status; None: what botocore's model has for the code, else 400."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class Paging(Value):
    """How a service pages: names of its parameters, its default and largest page."""

    size: str = "MaxRecords"
    token_in: str = "Marker"
    token_out: str = "Marker"
    default: int = 100
    least: int = 20
    most: int = 100


RDS_PAGES: Final = Paging()
EC2_PAGES: Final = Paging(
    size="MaxResults",
    token_in="NextToken",
    token_out="NextToken",
    default=1000,
    least=5,
    most=1000,
)


def page(asked: Asked, key: str, items: Sequence[Any], paging: Paging = RDS_PAGES) -> dict[str, Any]:
    """One page of `items` under `key`, and the mark of the next one if there is more."""
    size = asked.get(paging.size) or paging.default
    if not paging.least <= size <= paging.most:
        message = f"Invalid value {size} for {paging.size}. Must be between {paging.least} and {paging.most}"
        raise Refusal("InvalidParameterValue", message)
    start = _start(asked.get(paging.token_in))
    answer: dict[str, Any] = {key: list(items[start : start + size])}
    if start + size < len(items):
        answer[paging.token_out] = f"page-{start + size}"
    return answer


def _start(token: str | None) -> int:
    if not token:
        return 0
    _, _, number = token.partition("-")
    if not number.isdigit():
        raise Refusal("InvalidParameterValue", f"Invalid marker: {token}")
    return int(number)


def filtered(
    asked: Asked, items: Sequence[dict[str, Any]], fields: Mapping[str, Callable[[dict[str, Any]], Any]]
) -> list[dict[str, Any]]:
    """Those items that every one of the call's `Filters` lets through; refuses a filter that AWS has not."""
    kept = list(items)
    for entry in asked.get("Filters") or ():
        name = entry.get("Name", "")
        if name not in fields:
            raise Refusal("InvalidParameterValue", f"Unrecognized filter name: {name}")
        wanted, read = set(entry.get("Values", ())), fields[name]
        kept = [item for item in kept if _answers(read(item), wanted)]
    return kept


def _answers(value: Any, wanted: set[str]) -> bool:
    return bool(wanted.intersection(value)) if isinstance(value, list) else value in wanted


def moment(at: float) -> dt.datetime:
    """A time as botocore hands it out."""
    return dt.datetime.fromtimestamp(at, dt.UTC)


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as RDS writes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def given_tags(asked: Asked) -> dict[str, str]:
    """The call's `Tags`; refuses what AWS refuses, and what it keeps to itself (`aws:`)."""
    tags = {entry["Key"]: entry.get("Value", "") for entry in asked.get("Tags") or ()}
    if len(tags) > TAGS:
        raise Refusal("InvalidParameterValue", f"A resource has at most {TAGS} tags.")
    for key, text in tags.items():
        if key.lower().startswith("aws:"):
            raise Refusal("InvalidParameterValue", f"Tag keys beginning with aws: are reserved: {key}")
        if not key or len(key) > 128 or len(text) > 256:
            raise Refusal("InvalidParameterValue", f"A tag's key has 1 to 128 characters, its value at most 256: {key}")
        if _TAG.fullmatch(key) is None or _TAG.fullmatch(text) is None:
            raise Refusal("InvalidParameterValue", f"Invalid characters in the tag {key}: {text}")
    return tags
