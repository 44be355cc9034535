"""Filters and pages of lists, and what all lists of RDS have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from actions.sandbox.calls import Refusal, Request
from actions.sandbox.services.rds_names import locate
from actions.sandbox.world import Resource, World, key_of
from engine.values import Resources, Value


class Paging(Value):
    """How a service pages: the names of its parameters, and the sizes of its pages."""

    size: str = "MaxRecords"
    token: str = "Marker"
    default: int = 100
    least: int = 20
    most: int = 100


RDS_PAGES: Final = Paging()
EC2_PAGES: Final = Paging(size="MaxResults", token="NextToken", default=1000, least=5, most=1000)


def page(request: Request, key: str, items: Sequence[Any], paging: Paging = RDS_PAGES) -> dict[str, Any]:
    """One page of `items` under `key`, with the token of the next page if there is one."""
    size = request.get(paging.size) or paging.default
    if not paging.least <= size <= paging.most:
        message = f"Invalid value {size} for {paging.size}. Must be between {paging.least} and {paging.most}"
        raise Refusal("InvalidParameterValue", message)
    token = request.get(paging.token) or "page-0"
    number = token.partition("-")[2]
    if not number.isdigit():
        raise Refusal("InvalidParameterValue", f"Invalid marker: {token}")
    start = int(number)
    answer: dict[str, Any] = {key: list(items[start : start + size])}
    if start + size < len(items):
        answer[paging.token] = f"page-{start + size}"
    return answer


Fields = Mapping[str, str | Callable[[dict[str, Any]], Any]]
"""Filters by name, each with the key of the value that it compares, or with a function that gives the value."""


def apply_filters(request: Request, items: Iterable[dict[str, Any]], fields: Fields) -> list[dict[str, Any]]:
    """The items that pass all `Filters` of the call; refuses a filter that AWS does not have."""
    kept = list(items)
    for entry in request.get("Filters") or ():
        name = entry.get("Name", "")
        if name not in fields:
            raise Refusal("InvalidParameterValue", f"Unrecognized filter name: {name}")
        wanted, field = set(entry.get("Values", ())), fields[name]
        values = [item.get(field) if isinstance(field, str) else field(item) for item in kept]
        kept = [
            item
            for item, value in zip(kept, values, strict=True)
            if wanted.intersection(value if isinstance(value, list) else [value])
        ]
    return kept


def list_ec2(
    request: Request, key: str, found: Mapping[str, dict[str, Any]], fields: Fields, ids: str, missing: str, what: str
) -> dict[str, Any]:
    """A page of those that the parameter `ids` names, or of all, that pass the filters.

    `missing` is the error code if there is none of an id, and `what` AWS's word for it.
    """
    wanted = request.get(ids) or list(found)
    for one in wanted:
        if one not in found:
            raise Refusal(missing, f"The {what} '{one}' does not exist")
    return page(request, key, apply_filters(request, [found[one] for one in wanted], fields), EC2_PAGES)


Row = tuple[dict[str, Any], Resource]
"""A resource as a list shows it, and the resource."""


class RdsKind(Resources):
    """How one kind of RDS resource is described."""

    kind: str
    identifier: str  # the parameter that names one
    key: str  # the key of the list in the answer
    missing: str  # the error code if there is none of that name
    missing_text: str
    wire: Callable[[World, Resource, str], dict[str, Any]]
    filters: Fields
    unrelated_filters: frozenset[str] = frozenset()  # a list by these is not a look at its items


def describe(world: World, request: Request, kind: RdsKind) -> dict[str, Any]:
    """The one that the identifier names, or a page of those that pass the filters."""
    name = request.get(kind.identifier)
    if name:
        found = [require_listed(world, request, kind, name)]
    else:
        found = list(world.listed(kind.kind, request.account, request.region))
    rows = [(kind.wire(world, resource, status), resource) for resource, status in found]
    return list_page(world, request, kind, rows)


def require_listed(world: World, request: Request, kind: RdsKind, name: str) -> tuple[Resource, str]:
    """The resource of that name in this account and region if lists show it, with the status that they show."""
    place = locate(request, name)
    resource = world.resources.get(key_of(kind.kind, *place))
    status = None if resource is None else resource.listed_status(world.now)
    if resource is None or status is None or place[:2] != (request.account, request.region):
        raise not_found(kind, name)
    return resource, status


def list_page(world: World, request: Request, kind: RdsKind, rows: list[Row]) -> dict[str, Any]:
    """A page of the rows that pass the filters. It counts as a look at every resource on it."""
    kept = apply_filters(request, [wire for wire, _ in rows], kind.filters)
    answer = page(request, kind.key, kept)
    named = {entry.get("Name") for entry in request.get("Filters") or ()}
    if not named or not named <= kind.unrelated_filters:
        shown = {id(wire) for wire in answer[kind.key]}
        for wire, resource in rows:
            if id(wire) in shown and resource.use_look():
                world.touched = True
    return answer


def require(world: World, request: Request, kind: RdsKind, name: str = "") -> Resource:
    """The resource in this account and region that the call's identifier names, or `name`; for a call that changes it."""
    name = name or request.params[kind.identifier]
    place = locate(request, name)
    found = world.find(kind.kind, *place)
    if found is None or place[:2] != (request.account, request.region):
        raise not_found(kind, name)
    return found


def not_found(kind: RdsKind, name: str) -> Refusal:
    """AWS's answer if there is no resource of that name."""
    return Refusal(kind.missing, kind.missing_text.format(name=name))
