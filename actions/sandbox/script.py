"""The script of a demo or test, which says what will happen: `copy-snapshot: [copying x3, failed]`.

A script has a list for each step id (`copy-snapshot`, `instances[0]`) or call (`rds.CopyDBClusterSnapshot`,
`postgres.Connect`). Calls of that step or name use it up from the front:

- A status is for what a creating call creates: three looks see `copying x3`. A status that lasts (`failed`,
  `available`, …) is the last of that resource; `failed x4` is the last of four resources. If the list ends first, the
  resource goes on as usual. `deleting x3` is for what a deleting call deletes.
- An error is the answer to one call, or with `x2` to two: a code of AWS, a kind of fault (`lost`, `unsent`, …), or an
  error of a connection to a database (`ConnectionTimeout`, …). It waits for a call that can raise it.
- `ok` lets one call pass. `always` instead of a number has no end.

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
"""Errors of a connection to a database."""

ALIASES: Final[Mapping[str, str]] = {
    "InvalidSnapshot.NotFound": "DBClusterSnapshotNotFoundFault",
    "InvalidVPCConfiguration": "InvalidVPCNetworkStateFault",
    "ClusterNotFound": "DBClusterNotFoundFault",
}
"""Names of the operations guide, each with the code of AWS that it stands for."""

FAULT_WORDS: Final = ("lost", "lost_unperformed", "unsent", "throttle", "server_error", "credentials")
"""Kinds of fault that a script can name."""

_ITEM: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9_.-]*)(?:\s+(?:x\s*(\d+)|(always|forever)))?\s*")
CONNECT: Final = "postgres.Connect"
FOR_EVER: Final = -1
DELETING: Final = "deleting"

Item = tuple[str, int]


def read_items(place: str, items: Any) -> list[Item]:
    """`[copying x3, failed]` → `[("copying", 3), ("failed", 1)]`; UsageError for anything else."""
    listed: Sequence[Any] = items if isinstance(items, (list, tuple)) else [items]
    read: list[Item] = []
    for item in listed:
        match = _ITEM.fullmatch(item) if isinstance(item, str) else None
        if match is None:
            message = (
                f"{place}: `{item}` is not a script item; write a status or an error, optionally with `x3` or `always`"
            )
            raise UsageError(message)
        read.append((ALIASES.get(match[1], match[1]), FOR_EVER if match[3] else int(match[2] or 1)))
    return read


def is_status(word: str) -> bool:
    """Whether a word is a status and not an error: AWS writes statuses in lower case, and codes not."""
    return word == word.lower() and word not in FAULT_WORDS and word != "ok"


def take_life(queue: list[Item], *, ending: bool = False) -> tuple[Looks, str | None] | None:
    """Use up the statuses of the next resource, or with `ending` of its deletion: looks, and its last status if any.

    None if no such status is next.
    """
    looks: Looks = []
    while queue and is_status(queue[0][0]) and (queue[0][0] == DELETING) == ending:
        word, count = queue[0]
        if word in LASTING:
            return looks, _use_up(queue)
        looks.append((word, count))
        del queue[0]
    return (looks, None) if looks else None


def _use_up(queue: list[Item]) -> str | None:
    """Use up the first item once; returns its word, or None if it lets the call pass."""
    word, count = queue[0]
    if count != FOR_EVER:
        queue[:1] = [(word, count - 1)] if count > 1 else []
    return None if word == "ok" else word


class Script:
    """The lists of a script, without what has been used up."""

    def __init__(self, lists: Any = None) -> None:
        if not isinstance(lists, (Mapping, NoneType)):
            message = f"script: `{lists}` is not a map from steps or calls to lists"
            raise UsageError(message)
        self.queues = {str(key): read_items(f"script: {key}", items) for key, items in (lists or {}).items()}

    def life(self, call: str, step: str, *, ending: bool) -> tuple[Looks, str | None] | None:
        """The statuses of what this call creates, or deletes if `ending`; None: as usual."""
        for queue in self._queues_for(call, step):
            taken = take_life(queue, ending=ending)
            if taken is not None:
                return taken
        return None

    def error(self, call: str, step: str, can_raise: Callable[[str], bool]) -> str | None:
        """The error that this call gets, if one is next that it can raise."""
        for queue in self._queues_for(call, step):
            word = queue[0][0]
            if not is_status(word) and word not in CONNECTIONS and (word == "ok" or can_raise(word)):
                return _use_up(queue)
        return None

    def connection(self, call: str, step: str) -> str | None:
        """The error that a connection gets, from the list of the call, else (databases only) of the step, else any."""
        if self.queues.get(call):
            return _use_up(self.queues[call])
        if call != CONNECT:
            return None
        queues = self._queues_for(call, step) or [
            queue for queue in self.queues.values() if any(word in CONNECTIONS for word, _ in queue)
        ]
        for queue in queues:
            if queue[0][0] in ("ok", *CONNECTIONS):
                return _use_up(queue)
        return None

    def _queues_for(self, call: str, step: str) -> list[list[Item]]:
        keys = dict.fromkeys((call, step, step.partition("[")[0]))
        return [self.queues[key] for key in keys if self.queues.get(key)]
