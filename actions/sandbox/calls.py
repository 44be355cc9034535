"""A call to the pretend AWS: the request, its line in the journal, and a refusal.

Plain values, shared by every service of the sandbox. Must not know botocore or the world's contents.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.values import Value

READS: Final = ("Describe", "Get", "List", "Reach", "Connect", "AssumeRole", "GenerateMac", "VerifyMac")


class ApiCall(Value):
    """One line of the journal.

    `at` is virtual time. `params` are as botocore accepted them, with secrets masked. `outcome` is empty before the
    call is carried out, then `ok`, an error code, or what happened to the reply: `lost`, `lost_unperformed`, `unsent`.
    `performed` says whether the world carried it out. `resource` is what it created, changed or deleted, as
    `rds.cluster/orders@us-west-2#cluster-ABC`.
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
        """Whether calls of its kind can change the world."""
        return not self.operation.startswith(READS)


@dataclass(slots=True, kw_only=True)
class Request:
    """A call as it arrives: validated parameters, and what botocore's model says about it.

    Mutable: the sandbox adds what scripts and faults do to its effects, and the service that answers it sets
    `resource` to what it created, changed or deleted.
    """

    service: str
    operation: str
    region: str = ""
    account: str = ""
    params: Mapping[str, Any]
    masked: Mapping[str, Any]  # `params` for the journal, without the values that the model marks as sensitive
    can_raise: Callable[[str], bool] = lambda _: True  # by error code
    invisible: float = 0.0  # seconds for which lists do not show what this call creates
    stale: float = 0.0  # seconds for which lists show what this call deletes as it was
    life: Callable[[], tuple[list[tuple[str, int]], str | None] | None] = lambda: None  # as the script has it
    resource: str = ""

    @property
    def name(self) -> str:
        """`rds.CopyDBClusterSnapshot`."""
        return f"{self.service}.{self.operation}"

    def get(self, name: str) -> Any:
        """A parameter; None if it was not given."""
        return self.params.get(name)


class Refusal(Exception):
    """An error answer of AWS. `status` is the HTTP status; None stands for that of botocore's model, else 400."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def moment(at: float) -> dt.datetime:
    """A time as botocore returns it."""
    return dt.datetime.fromtimestamp(at, dt.UTC)
