"""How a kind of RDS declares its statuses, and how an observation gets the class of its status.

The class decides which row of a state table applies (docs/language.md, "State tables"). A status is `broken` if creating the
resource again can help, and `blocked` if the same would happen again or the data is unharmed and somebody must act
(docs/aws.md, "Statuses"). A status that a kind does not declare is `unknown`: it counts as in progress until the
deadline, never as success and never as a reason to delete.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.registry import Observation, Part, Status


def catalogue(*rows: tuple[str, str, str]) -> Mapping[str, Status]:
    """The statuses of a kind from rows of a class, its source, and the statuses, separated by blanks."""
    return {word: Status(cls=cls, source=source) for cls, source, words in rows for word in words.split()}


def class_of(statuses: Mapping[str, Status], status: str) -> str:
    """The class of a status; `unknown` if the catalogue does not have it."""
    found = statuses.get(status)
    return found.cls if found is not None else "unknown"


def observed(
    statuses: Mapping[str, Status], attributes: Mapping[str, Any], parts: tuple[Part, ...] = ()
) -> Observation:
    """The observation of a resource with these attributes, of which `id`, `status` and `tags` are required."""
    return Observation(
        status=attributes["status"], cls=class_of(statuses, attributes["status"]), id=attributes["id"],
        attributes=attributes, tags=attributes["tags"], parts=parts,
    )  # fmt: skip
