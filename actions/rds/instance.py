"""`rds.instance`: a DB instance of an Aurora cluster. Its id is its DbiResourceId."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from actions.aws.errors import calling, refusal
from actions.rds import lookup
from actions.rds.delete_refusals import explained
from actions.rds.iam_rights import INSTANCE as RIGHTS
from actions.rds.names import NAME_SCHEMA, is_tagged, new_name, short, tag_list, tags_of, time_of
from actions.rds.statuses import INSTANCE, class_of
from engine.errors import EffectFailed
from engine.language.model import KindFacts, Monitor
from engine.registry import MISSING, Context, Observation, Param, Right, Status

Json = Mapping[str, Any]

_TEXT: Final[Json] = {"type": ["string", "null"]}

PARAMS: Final[Mapping[str, Param]] = {
    "name": Param(schema=NAME_SCHEMA, required=True, doc="its name"),
    "cluster": Param(schema=NAME_SCHEMA, doc="the cluster that it is made in"),
    "class": Param(
        schema={"type": "string", "pattern": "^db[.].+"},
        doc="db.r6g.large; db.serverless in a cluster with `serverless: {min, max}`",
    ),
    "zone": Param(schema={"type": "string", "minLength": 1}, doc="an availability zone of the cluster's subnet group"),
    "tier": Param(
        schema={"type": "integer", "minimum": 0, "maximum": 15}, doc="the order in which it may become writer"
    ),
    "public": Param(schema={"type": "boolean"}, doc="reachable from outside its VPC (false)"),
    "parameter_group": Param(schema={"type": "string", "minLength": 1}, doc="a DB parameter group; AWS's default"),
    "engine": Param(schema={"type": "string", "minLength": 1}, doc="the cluster's"),
}

ATTRIBUTES: Final[Mapping[str, Json]] = {
    "name": {"type": "string"},
    "arn": _TEXT,
    "id": {"type": "string", "description": "DbiResourceId: never changes"},
    "status": {"type": "string"},
    "cluster": _TEXT,
    "class": _TEXT,
    "writer": {"type": ["boolean", "null"], "description": "once it is available: is it its cluster's writer"},
    "endpoint": {**_TEXT, "description": "its address; none before it has been created"},
    "port": {"type": ["integer", "null"]},
    "zone": _TEXT,
    "created": {**_TEXT, "description": "ISO 8601"},
    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
}

WORDS: Final[Mapping[str, str]] = {
    "DBInstanceIdentifier": "name",
    "DBClusterIdentifier": "cluster",
    "DBInstanceClass": "class",
    "AvailabilityZone": "zone",
    "PromotionTier": "tier",
    "PubliclyAccessible": "public",
    "DBParameterGroupName": "parameter_group",
    "Engine": "engine",
}
_GIVEN: Final = ("class", "zone", "tier", "parameter_group")


class Instance:
    """The kind."""

    name: str = "rds.instance"
    doc: str = "A DB instance of an Aurora cluster: a restored cluster has none, and answers nobody without one."
    facts: KindFacts = KindFacts(
        name="rds.instance", identity=("name",), monitor=Monitor(every=30.0, longest=3600.0, grace=60.0),
        part_of="cluster",
    )  # fmt: skip
    params: Mapping[str, Param] = PARAMS
    attributes: Mapping[str, Json] = ATTRIBUTES
    statuses: Mapping[str, Status] = INSTANCE
    calls: tuple[str, ...] = (
        "rds.DescribeDBInstances",
        "rds.DescribeDBClusters",
        "rds.CreateDBInstance",
        "rds.AddTagsToResource",  # never called: the right to it is what tags in a creating call take
        "rds.DeleteDBInstance",
    )
    rights: tuple[Right, ...] = RIGHTS

    def look(self, identity: Json, ctx: Context) -> Observation:
        """By name, or by `id` under whatever name. Whether it is the writer is asked once it is available."""
        item = lookup.instance(ctx, identity)
        if item is None:
            return MISSING
        status = str(item.get("DBInstanceStatus", ""))
        writer = _is_writer(item, ctx) if status == "available" else None
        attributes = _attributes(item, status, writer)
        return Observation(
            status=status, cls=class_of(INSTANCE, status), id=attributes["id"], attributes=attributes,
            tags=attributes["tags"],
        )  # fmt: skip

    def tagged(self, ctx: Context) -> Iterator[Observation]:
        """Every instance that bears the tag of an operation. Which one writes is not asked."""
        for item in filter(is_tagged, lookup.every(ctx, lookup.INSTANCES)):
            status = str(item.get("DBInstanceStatus", ""))
            attributes = _attributes(item, status)
            yield Observation(
                status=status, cls=class_of(INSTANCE, status), id=attributes["id"], attributes=attributes,
                tags=attributes["tags"],
            )  # fmt: skip

    def by_hand(self, seen: Observation) -> str:
        """Of a cluster's instance no last snapshot can be taken, nor need be."""
        return f"aws rds delete-db-instance --db-instance-identifier {seen.attributes['name']}"

    def create(self, params: Json, tags: Mapping[str, str], ctx: Context) -> str | None:
        """Begin it in its cluster, with the cluster's engine."""
        wire = _wire(params, ctx) | {"Tags": tag_list(tags)}
        with calling(ctx, changes=True, words=WORDS):
            made = ctx.client("rds").create_db_instance(**wire).get("DBInstance") or {}
        id = made.get("DbiResourceId")
        return None if id is None else str(id)

    def in_the_way(self, seen: Observation, params: Json) -> str | None:
        """Nothing but its state, which its row tells."""
        return None

    def delete(self, target: Json, ctx: Context) -> None:
        """Of a cluster's instance no final snapshot can be taken, nor need be: the data is the cluster's."""
        name = short(str(target["name"]))
        try:
            with calling(ctx, changes=True):
                ctx.client("rds").delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        except EffectFailed as error:
            raise explained(error, lambda: self.look({"name": name}, ctx)) from None


def _wire(params: Json, ctx: Context) -> dict[str, Any]:
    for needed in ("cluster", "class"):
        if params.get(needed) is None:
            raise refusal(f"an instance is made in a cluster and of a class: give `{needed}`", code="MissingParameter")
    cluster = short(str(params["cluster"]))
    given = {wire: params[ours] for wire, ours in WORDS.items() if ours in _GIVEN and params.get(ours) is not None}
    return given | {
        "DBInstanceIdentifier": new_name("name", str(params["name"]), ctx),
        "DBClusterIdentifier": cluster,
        "Engine": params.get("engine") or _engine_of(cluster, ctx),
        "PubliclyAccessible": bool(params.get("public", False)),
    }


def _engine_of(cluster: str, ctx: Context) -> str:
    found = lookup.cluster(ctx, {"name": cluster})
    if found is None:
        message = f"there is no cluster {cluster} to make an instance in"
        raise refusal(message, code="DBClusterNotFoundFault", about="cluster", context=ctx)
    return str(found.get("Engine", ""))


def _attributes(item: Json, status: str, writer: bool | None = None) -> dict[str, Any]:
    endpoint = item.get("Endpoint") or {}
    return {
        "name": item["DBInstanceIdentifier"],
        "arn": item.get("DBInstanceArn"),
        "id": item.get("DbiResourceId"),
        "status": status,
        "cluster": item.get("DBClusterIdentifier"),
        "class": item.get("DBInstanceClass"),
        "writer": writer,
        "endpoint": endpoint.get("Address"),
        "port": endpoint.get("Port"),
        "zone": item.get("AvailabilityZone"),
        "created": time_of(item.get("InstanceCreateTime")),
        "tags": tags_of(item.get("TagList")),
    }


def _is_writer(item: Json, ctx: Context) -> bool | None:
    """The cluster knows which of its members writes."""
    name = item.get("DBClusterIdentifier")
    cluster = lookup.cluster(ctx, {"name": name}) if name else None
    members = cluster.get("DBClusterMembers", []) if cluster is not None else []
    mine = (member for member in members if member.get("DBInstanceIdentifier") == item["DBInstanceIdentifier"])
    return next((bool(member.get("IsClusterWriter")) for member in mine), None)
