"""How lists are filtered and paged, and the one way in which all lists of RDS are described."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from actions.sandbox.calls import Refusal, Request
from actions.sandbox.services.rds_names import placed
from actions.sandbox.world import Resource, World
from engine.values import Bundle, Value


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


def page(request: Request, key: str, items: Sequence[Any], paging: Paging = RDS_PAGES) -> dict[str, Any]:
    """One page of `items` under `key`, and the mark of the next one if there is more."""
    size = request.get(paging.size) or paging.default
    if not paging.least <= size <= paging.most:
        message = f"Invalid value {size} for {paging.size}. Must be between {paging.least} and {paging.most}"
        raise Refusal("InvalidParameterValue", message)
    start = _start(request.get(paging.token_in))
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
    request: Request, items: Sequence[dict[str, Any]], fields: Mapping[str, Callable[[dict[str, Any]], Any]]
) -> list[dict[str, Any]]:
    """Those items that every one of the call's `Filters` lets through; refuses a filter that AWS has not."""
    kept = list(items)
    for entry in request.get("Filters") or ():
        name = entry.get("Name", "")
        if name not in fields:
            raise Refusal("InvalidParameterValue", f"Unrecognized filter name: {name}")
        wanted, read = set(entry.get("Values", ())), fields[name]
        kept = [item for item in kept if _answers(read(item), wanted)]
    return kept


def _answers(value: Any, wanted: set[str]) -> bool:
    return bool(wanted.intersection(value)) if isinstance(value, list) else value in wanted


Seen = tuple[dict[str, Any], Resource]
"""A thing as a list has it, and the thing."""


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


def describe(world: World, request: Request, listing: Listing) -> dict[str, Any]:
    """One by its identifier, or all that the filters let through, a page of them."""
    name = request.get(listing.identifier)
    seen = [shown(world, request, listing, name)] if name else world.seen(listing.kind, request.account, request.region)
    rows = [(listing.wire(world, resource, status), resource) for resource, status in seen]
    return listed(world, request, listing, rows)


def shown(world: World, request: Request, listing: Listing, name: str) -> tuple[Resource, str]:
    """The thing of that name in this account and region, with the status that lists show; refuses if there is none."""
    place = placed(request, name)
    seen = world.look(listing.kind, *place)
    if seen is None or place[:2] != (request.account, request.region):
        raise absent(listing, name)
    return seen


def listed(world: World, request: Request, listing: Listing, rows: list[Seen]) -> dict[str, Any]:
    """A page of what the filters let through. Who is on it has been looked at."""
    kept = filtered(request, [wire for wire, _ in rows], listing.filters)
    answer = page(request, listing.key, kept)
    named = {entry.get("Name") for entry in request.get("Filters") or ()}
    if not named or not named <= listing.about_another:
        shown = {id(wire) for wire in answer[listing.key]}
        for wire, resource in rows:
            if id(wire) in shown and resource.looked_at():
                world.touched = True
    return answer


def needed(world: World, request: Request, listing: Listing, name: str) -> Resource:
    """The thing that a change is about, in this account and region; refuses if there is none."""
    place = placed(request, name)
    found = world.find(listing.kind, *place)
    if found is None or place[:2] != (request.account, request.region):
        raise absent(listing, name)
    return found


def absent(listing: Listing, name: str) -> Refusal:
    """AWS's word for a thing that is not there."""
    return Refusal(listing.missing, listing.missing_text.format(name=name))
