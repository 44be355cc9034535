"""RB254 and RB709: regions that AWS does not have, and what AWS does not have in a region."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.dataflow.flow import flow_of
from engine.checks.rule import rule
from engine.checks.subject import Found, Place, Subject, scalars
from engine.language.nearest import listed
from engine.language.yaml.nodes import MapNode, Node, Scalar


@rule(
    id="RB254",
    title="A region that AWS does not have",
    why="A name that no server answers to is tried again and again, as a network that is away, and nobody thinks of a "
    "typing error. The regions are those that the installed botocore knows: a newer one is kept with "
    "`# runbook: ignore RB254 because …`.",
)
def no_such_region(subject: Subject) -> Iterator[Found]:
    known = subject.catalogue.regions()
    for scalar in _written(subject) if known else ():
        for region in _values(subject, scalar):
            if region not in known:
                help = subject.guesses.meant(region, lambda: sorted(known), "regions")
                yield Found(span=scalar.span, message=f"AWS has no region `{region[:40]}`", help=help)


def _written(subject: Subject) -> Iterator[Scalar]:
    """Every place at which a region is written."""
    yield from scalars(subject.root.get("region"))
    for name in ("inputs", "settings"):
        for declared in _maps(subject.node(name)):
            of_type = declared.get("type")
            if name == "settings":
                yield from scalars(declared.get("region"))
            elif isinstance(of_type, Scalar) and of_type.text == "region":
                yield from (*scalars(declared.get("default")), *scalars(declared.get("enum")))
    for place in subject.steps:
        yield from scalars(place.node.get("region"))
        undo = place.node.get("undo")
        if isinstance(undo, MapNode):
            yield from scalars(undo.get("region"))


def _maps(node: Node | None) -> Iterator[MapNode]:
    if isinstance(node, MapNode):
        yield from (value for _, value in node.entries if isinstance(value, MapNode))


def _values(subject: Subject, scalar: Scalar) -> list[str]:
    """What it can be, where that is known: a literal, or an expression that is one of a few."""
    if not isinstance(scalar.value, str):
        return []
    if "${" not in scalar.text:
        return [scalar.text]
    found = flow_of(subject).types.get(id(scalar))
    return [one for one in found.literals if isinstance(one, str)] if found is not None else []


@rule(
    id="RB709",
    title="An API of AWS in a region where it seems not to be",
    why="Not every service is in every region, and one that is not has no address there: the call fails as a network that "
    "is away, in the middle of the operation. botocore's list of addresses may be older than the service, so this warns.",
    severity="warning",
)
def not_in_the_region(subject: Subject) -> Iterator[Found]:
    regions = subject.catalogue.regions
    for place in subject.steps:
        service = _service(place)
        known = regions(service) if service else frozenset()
        where = _region(subject, place)
        for region in _values(subject, where) if known and where is not None else ():
            if region in regions() - known:
                message = f"botocore knows no address of `{service}` in {region}"
                help = f"it is in: {listed(known)}"
                yield Found(span=place.value("call" if "call" in place.node else "check"), message=message, help=help)


def _service(place: Place) -> str:
    """Of `aws.rds.modify_db_cluster`: rds."""
    return place.name.split(".")[1] if place.name.startswith("aws.") and place.name.count(".") == 2 else ""


def _region(subject: Subject, place: Place) -> Scalar | None:
    """Where its region is written; `until` looks where its call is made."""
    path, _, last = place.step.path.rpartition("/")
    owner = subject.by_path.get(path, place) if last == "until" else place
    found = owner.node.get("region") or subject.root.get("region")
    return found if isinstance(found, Scalar) else None
