"""A call to the pretend AWS: what is asked, what the journal keeps of it, and how it is refused.

Plain values, shared by every service of the sandbox. Knows nothing of botocore or of the world's contents.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.values import Value

READS: Final = ("Describe", "Get", "List", "Reach", "Connect", "AssumeRole")


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


@dataclass(slots=True, kw_only=True)
class Request:
    """A call as it arrives: validated parameters, and what botocore's model says of it.

    Mutable, because what a script or a fault says of its effects is added on the way to the function that answers it,
    and that function says in `resource` what it made, changed or removed.
    """

    service: str
    operation: str
    region: str = ""
    account: str = ""
    params: Mapping[str, Any]
    masked: Mapping[str, Any]  # `params` for the journal, without the values that the model marks as sensitive
    can_raise: Callable[[str], bool] = lambda _: True  # by error code
    invisible: float = 0.0  # seconds for which lists do not show what this call creates
    stale: float = 0.0  # seconds for which lists do not show that this call removes
    life: Callable[[], tuple[list[tuple[str, int]], str | None] | None] = lambda: None  # what the script says of it
    resource: str = ""

    @property
    def name(self) -> str:
        """`rds.CopyDBClusterSnapshot`."""
        return f"{self.service}.{self.operation}"

    def get(self, name: str) -> Any:
        """A parameter, None if it was not given."""
        return self.params.get(name)


class Refusal(Exception):
    """AWS says no. `status` is the HTTP status; None: what botocore's model has for the code, else 400."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def moment(at: float) -> dt.datetime:
    """A time as botocore hands it out."""
    return dt.datetime.fromtimestamp(at, dt.UTC)
