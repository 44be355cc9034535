"""RB254 and RB709: unknown regions, and services that a region does not have."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.dataflow.flow import flow_of
from engine.checks.rule import rule
from engine.checks.subject import Found, StepPlace, Subject, scalars
from engine.language.nearest import list_words
from engine.language.yaml.nodes import MapNode, Node, Scalar


@rule("RB254")
def unknown_region(subject: Subject) -> Iterator[Found]:
    """Unknown region

    No endpoint exists for a misspelt region, so every request would be retried as if the network were down. The known
    regions are those of the installed botocore. If AWS has a newer one, keep it with `# runbook: ignore RB254 because
    …`.
    """
    known = subject.catalogue.regions()
    for scalar in _written(subject) if known else ():
        for region in _values(subject, scalar):
            if region not in known:
                help = subject.suggestions.did_you_mean(region, lambda: sorted(known), "regions")
                yield Found(span=scalar.span, message=f"unknown AWS region `{region[:40]}`", help=help)


def _written(subject: Subject) -> Iterator[Scalar]:
    """Every value in the document that is a region."""
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
    """Its possible values, where they are known: a literal, or an expression with an enumerated type."""
    if not isinstance(scalar.value, str):
        return []
    if "${" not in scalar.text:
        return [scalar.text]
    found = flow_of(subject).types.get(id(scalar))
    return [one for one in found.literals if isinstance(one, str)] if found is not None else []


@rule("RB709", severity="warning")
def not_in_region(subject: Subject) -> Iterator[Found]:
    """A service that the region may not have

    Not every AWS service exists in every region. Where it does not, there is no endpoint and the call fails like a
    network error, in the middle of the operation. This is a warning because botocore's list of endpoints may be
    outdated.
    """
    regions = subject.catalogue.regions
    for place in subject.steps:
        service = _service(place)
        known = regions(service) if service else frozenset()
        where = _region(subject, place)
        for region in _values(subject, where) if known and where is not None else ():
            if region in regions() - known:
                message = f"`{service}` has no known endpoint in {region}"
                help = f"it is available in: {list_words(known)}"
                yield Found(span=place.value("call" if "call" in place.node else "check"), message=message, help=help)


def _service(place: StepPlace) -> str:
    """`rds` for `aws.rds.modify_db_cluster`; "" for anything else."""
    return place.name.split(".")[1] if place.name.startswith("aws.") and place.name.count(".") == 2 else ""


def _region(subject: Subject, place: StepPlace) -> Scalar | None:
    """The value that sets its region; an `until` uses the region of its call."""
    path, _, last = place.step.path.rpartition("/")
    owner = subject.by_path.get(path, place) if last == "until" else place
    found = owner.node.get("region") or subject.root.get("region")
    return found if isinstance(found, Scalar) else None
