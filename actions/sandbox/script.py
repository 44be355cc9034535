"""What a test or demo says of the world to come: `copy-snapshot: [copying x3, failed]`.

A script is a list for each step id (`copy-snapshot`, `instances[0]`) or call (`rds.CopyDBClusterSnapshot`,
`postgres.Connect`), used up from the front by the calls that it is about:

- a status is the life of what a creating call makes: `copying x3` is seen by three looks; a status that lasts
  (`failed`, `available`, …) ends that life, and `failed x4` ends four lives so; a list that ends before that leaves
  the rest to the usual life. `deleting x3` is about what a deleting call removes.
- an error is the answer to one call, `x2` to two: AWS's code, a kind of fault (`lost`, `unsent`, …), or for a
  connection to a database `ConnectionTimeout` and its like. It waits for a call that can raise it.
- `ok` lets one call pass. `always` in the place of a number is for ever.

Must not know how a call is answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any, Final

from actions.sandbox.world import LASTING, Looks
from engine.errors import UsageError

CONNECTIONS: Final = (
    "ConnectionTimeout", "ConnectionRefused", "NameNotFound", "StartingUp", "TooManyConnections",
    "AuthenticationFailed", "DatabaseNotFound",
)  # fmt: skip
"""What a connection to a database can meet."""

WIDER: Final[Mapping[str, str]] = {
    "InvalidSnapshot.NotFound": "DBClusterSnapshotNotFoundFault",
    "InvalidVPCConfiguration": "InvalidVPCNetworkStateFault",
    "ClusterNotFound": "DBClusterNotFoundFault",
}
"""The operations' guide's own names, and a code of AWS's that each stands for."""

FAULT_WORDS: Final = ("lost", "lost_unperformed", "unsent", "throttle", "server_error", "credentials")
"""Kinds of fault that a script can name as they are."""

_ITEM: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9_.-]*)(?:\s+(?:x\s*(\d+)|(always|forever)))?\s*")
CONNECT: Final = "postgres.Connect"
FOR_EVER: Final = -1
LEAVING: Final = "deleting"

Item = tuple[str, int]


def read_items(place: str, items: Any) -> list[Item]:
    """`[copying x3, failed]` → `[("copying", 3), ("failed", 1)]`; UsageError for what is no item."""
    listed: Sequence[Any] = items if isinstance(items, (list, tuple)) else [items]
    read: list[Item] = []
    for item in listed:
        match = _ITEM.fullmatch(item) if isinstance(item, str) else None
        if match is None:
            message = (
                f"{place}: `{item}` is no item of a script; write a status or an error, and perhaps `x3` or `always`"
            )
            raise UsageError(message)
        read.append((WIDER.get(match[1], match[1]), FOR_EVER if match[3] else int(match[2] or 1)))
    return read


def is_status(word: str) -> bool:
    """A status rather than an error: AWS writes statuses in lower case, codes not."""
    return word == word.lower() and word not in FAULT_WORDS and word != "ok"


def take_life(queue: list[Item], *, ending: bool = False) -> tuple[Looks, str | None] | None:
    """Use up the next life of a queue, or the next end of one: looks, and the status that it ends in.

    None if no status is next.
    """
    looks: Looks = []
    while queue and is_status(queue[0][0]) and (queue[0][0] == LEAVING) == ending:
        word, count = queue[0]
        if word in LASTING:
            _use(queue)
            return looks, word
        looks.append((word, count))
        del queue[0]
    return (looks, None) if looks else None


def _use(queue: list[Item]) -> None:
    word, count = queue[0]
    if count == FOR_EVER:
        return
    queue[:1] = [(word, count - 1)] if count > 1 else []


class Script:
    """The lists of a script, as far as they are not used up."""

    def __init__(self, lists: Any = None) -> None:
        if not isinstance(lists, (Mapping, NoneType)):
            message = f"script: `{lists}` is no map of steps or calls to lists"
            raise UsageError(message)
        self.queues = {str(key): read_items(f"script: {key}", items) for key, items in (lists or {}).items()}

    def life(self, call: str, step: str, *, ending: bool) -> tuple[Looks, str | None] | None:
        """What is to become of what this call makes, or removes; None: the usual."""
        for queue in self._of(call, step):
            taken = take_life(queue, ending=ending)
            if taken is not None:
                return taken
        return None

    def error(self, call: str, step: str, can_raise: Callable[[str], bool]) -> str | None:
        """The error that this call meets, if one is next and is one that it can raise."""
        for queue in self._of(call, step):
            word = queue[0][0]
            if not is_status(word) and word not in CONNECTIONS and (word == "ok" or can_raise(word)):
                _use(queue)
                return None if word == "ok" else word
        return None

    def connection(self, call: str, step: str) -> str | None:
        """What a connection meets: by call or, to a database, by step, else whatever list is next to say so."""
        if self.queues.get(call):
            word = self.queues[call][0][0]
            _use(self.queues[call])
            return None if word == "ok" else word
        if call != CONNECT:
            return None
        queues = self._of(call, step) or [
            queue for queue in self.queues.values() if any(word in CONNECTIONS for word, _ in queue)
        ]
        for queue in queues:
            word = queue[0][0]
            if word == "ok" or word in CONNECTIONS:
                _use(queue)
                return None if word == "ok" else word
        return None

    def says(self, call: str) -> bool:
        """Has it a list for that very call?"""
        return bool(self.queues.get(call))

    def _of(self, call: str, step: str) -> list[list[Item]]:
        keys = dict.fromkeys((call, step, step.partition("[")[0]))
        return [self.queues[key] for key in keys if self.queues.get(key)]
