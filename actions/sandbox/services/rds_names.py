"""How RDS names things: identifiers, ARNs, and the one way in which all its lists are described.

The texts of refusals are AWS's own where they are known (aws.md); codes are botocore's wire codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from actions.sandbox.calls import Asked, Refusal, filtered, page
from actions.sandbox.world import Resource, World
from engine.values import Bundle

ARN_WORDS: Final[Mapping[str, str]] = {
    "rds.cluster_snapshot": "cluster-snapshot",
    "rds.cluster": "cluster",
    "rds.instance": "db",
    "subnet_group": "subgrp",
    "parameter_group": "cluster-pg",
    "rds.global_cluster": "global-cluster",
}
LONGEST_NAME: Final = 63
_KINDS: Final = {word: kind for kind, word in ARN_WORDS.items()}
_IDENTIFIER: Final = re.compile(r"[a-z](?:-?[a-z0-9])*")
_ARN: Final = re.compile(r"arn:aws[a-z-]*:rds:([a-z0-9-]*):(\d{12}):([a-z-]+):(.+)")

Place = tuple[str, str, str]
"""Account, region, name."""

Seen = tuple[dict[str, Any], Resource]
"""A thing as a list has it, and the thing."""


def arn_of(resource: Resource) -> str:
    """`arn:aws:rds:us-west-2:123456789012:cluster:orders`; a global cluster's has no region."""
    region = "" if resource.kind == "rds.global_cluster" else resource.region
    return f"arn:aws:rds:{region}:{resource.account}:{ARN_WORDS[resource.kind]}:{resource.name}"


def placed(asked: Asked, name: str) -> Place:
    """Where the thing is that a call names, by identifier or ARN; AWS compares in lower case."""
    match = _ARN.fullmatch(name)
    if match is None:
        return (asked.account, asked.region, name.lower())
    return (match[2], match[1], match[4].lower())


def by_arn(world: World, arn: str) -> Resource | None:
    """What an ARN names, of whatever kind."""
    match = _ARN.fullmatch(arn)
    if match is None or match[3] not in _KINDS:
        message = f"The specified resource name does not match an RDS resource in this region: {arn}"
        raise Refusal("InvalidParameterValue", message)
    region = match[1] or "global"
    return world.find(_KINDS[match[3]], match[2], region, match[4].lower())


def new_name(parameter: str, name: str) -> str:
    """A name for something new, in lower case; refuses what AWS refuses (`rds:bad`, `a--b`, `1a`, `a-`)."""
    lowered = name.lower()
    if len(lowered) > LONGEST_NAME or _IDENTIFIER.fullmatch(lowered) is None:
        message = (
            f"The parameter {parameter} is not a valid identifier. Identifiers must begin with a letter; must contain "
            "only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
        )
        raise Refusal("InvalidParameterValue", message)
    return lowered


class Listing(Bundle):
    """What there is to know to describe one kind of thing."""

    kind: str
    identifier: str  # the parameter that names one
    key: str  # where the answer has the list
    missing: str  # the code for one that is not there
    missing_text: str
    wire: Callable[[World, Resource, str], dict[str, Any]]
    filters: Mapping[str, Callable[[dict[str, Any]], Any]]
    about_another: frozenset[str] = frozenset()  # filters by which a list is a look at something else


def describe(world: World, asked: Asked, listing: Listing) -> dict[str, Any]:
    """One by its identifier, or all that the filters let through, a page of them."""
    name = asked.get(listing.identifier)
    seen = [shown(world, asked, listing, name)] if name else world.seen(listing.kind, asked.account, asked.region)
    rows = [(listing.wire(world, resource, status), resource) for resource, status in seen]
    return listed(world, asked, listing, rows)


def shown(world: World, asked: Asked, listing: Listing, name: str) -> tuple[Resource, str]:
    """The thing of that name in this account and region, with the status that lists show; refuses if there is none."""
    place = placed(asked, name)
    seen = world.look(listing.kind, *place)
    if seen is None or place[:2] != (asked.account, asked.region):
        raise absent(listing, name)
    return seen


def listed(world: World, asked: Asked, listing: Listing, rows: list[Seen]) -> dict[str, Any]:
    """A page of what the filters let through. Who is on it has been looked at."""
    kept = filtered(asked, [wire for wire, _ in rows], listing.filters)
    answer = page(asked, listing.key, kept)
    named = {entry.get("Name") for entry in asked.get("Filters") or ()}
    if not named or not named <= listing.about_another:
        shown = {id(wire) for wire in answer[listing.key]}
        for wire, resource in rows:
            if id(wire) in shown and resource.looked_at():
                world.touched = True
    return answer


def needed(world: World, asked: Asked, listing: Listing, name: str) -> Resource:
    """The thing that a change is about, in this account and region; refuses if there is none."""
    place = placed(asked, name)
    found = world.find(listing.kind, *place)
    if found is None or place[:2] != (asked.account, asked.region):
        raise absent(listing, name)
    return found


def absent(listing: Listing, name: str) -> Refusal:
    """AWS's word for a thing that is not there."""
    return Refusal(listing.missing, listing.missing_text.format(name=name))
