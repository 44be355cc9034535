"""A small registry of values: kinds and actions of every shape that the rules know, which do nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.language.model import ActionFacts, Deletes, KindFacts, Monitor
from engine.registry import Action, Context, Observation, Param, Registry, Status

TEXT = {"type": "string"}
NAME = {"type": "string", "pattern": "^[a-z](?:-?[a-z0-9])*$"}
TEXTS = {"type": "array", "items": TEXT}
FLAG = {"type": "boolean"}
PORT = {"type": "integer", "minimum": 1, "maximum": 65535}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind as values."""

    name: str
    facts: KindFacts
    params: Mapping[str, Param]
    attributes: Mapping[str, Mapping[str, Any]]
    statuses: Mapping[str, Status]
    calls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    doc: str = "of a test"

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        raise NotImplementedError

    def create(self, params: Mapping[str, Any], tags: Mapping[str, str], ctx: Context) -> str | None:
        raise NotImplementedError

    def delete(self, target: Mapping[str, Any], ctx: Context) -> None:
        raise NotImplementedError

    def in_the_way(self, seen: Observation, params: Mapping[str, Any]) -> str | None:
        raise NotImplementedError


def statuses(**classes: str) -> dict[str, Status]:
    return {word: Status(cls=cls, source="a test") for cls, words in classes.items() for word in words.split()}


def attributes(text: str, **more: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return dict.fromkeys(text.split(), TEXT) | more


SNAPSHOT = Kind(
    name="rds.cluster_snapshot",
    facts=KindFacts(name="rds.cluster_snapshot", identity=("name",), monitor=Monitor(every=30, longest=86400, grace=60),
                    data="copy", source="copy_of"),
    params={"name": Param(schema=TEXT, required=True, doc="its name"), "copy_of": Param(schema=TEXT),
            "kms_key": Param(schema=TEXT), "copy_tags": Param(schema=FLAG)},
    attributes=attributes("name arn id status cluster cluster_id engine kms_key", encrypted=FLAG,
                          percent={"type": "integer"}, tags={"type": "object"}),
    statuses=statuses(missing="missing", pending="creating copying", available="available", broken="failed",
                      leaving="deleting"),
    calls=dict.fromkeys(("rds.DescribeDBClusterSnapshots", "rds.CopyDBClusterSnapshot", "rds.DeleteDBClusterSnapshot"), ()),
)  # fmt: skip

INSTANCES = {
    "type": "array",
    "items": {"type": "object", "properties": {"name": TEXT, "class": TEXT, "writer": FLAG}},
}
CLUSTER = Kind(
    name="rds.cluster",
    facts=KindFacts(name="rds.cluster", identity=("name",), monitor=Monitor(every=60, longest=14400, grace=60),
                    removal=Monitor(every=30, longest=3600, grace=60), data="live", source="from_snapshot"),
    params={"name": Param(schema=NAME, required=True, doc="its name"), "from_snapshot": Param(schema=TEXT),
            "subnet_group": Param(schema=TEXT), "security_groups": Param(schema=TEXTS), "port": Param(schema=PORT),
            "serverless": Param(schema={"type": "object", "properties": {"min": {"type": "number"},
                                "max": {"type": "number"}}, "required": ["min", "max"],
                                "additionalProperties": False}),
            "final_snapshot": Param(schema=NAME, doc="for `remove`"), "unprotect": Param(schema=FLAG)},
    attributes=attributes("name arn id status endpoint subnet_group", port={"type": ["integer", "null"]},
                          instances=INSTANCES, security_groups=TEXTS, settled=FLAG, protected=FLAG,
                          tags={"type": "object"}),
    statuses=statuses(missing="missing", pending="creating migrating backing-up modifying", available="available",
                      blocked="stopped incompatible-network", broken="failed restore-failed", leaving="deleting"),
    calls=dict.fromkeys(("rds.DescribeDBClusters", "rds.DescribeDBInstances", "rds.RestoreDBClusterFromSnapshot",
           "rds.DeleteDBCluster"), ()),
)  # fmt: skip

INSTANCE = Kind(
    name="rds.instance",
    facts=KindFacts(name="rds.instance", identity=("name",), monitor=Monitor(every=30, longest=3600, grace=60),
                    part_of="cluster"),
    params={"name": Param(schema=TEXT, required=True), "cluster": Param(schema=TEXT), "class": Param(schema=TEXT)},
    attributes=attributes("name arn id status cluster class endpoint", writer=FLAG, port={"type": "integer"}),
    statuses=statuses(missing="missing", pending="creating", available="available", blocked="stopped",
                      broken="failed", leaving="deleting"),
    calls=dict.fromkeys(("rds.DescribeDBInstances", "rds.CreateDBInstance", "rds.DeleteDBInstance"), ()),
)  # fmt: skip

NETWORK = Kind(
    name="ec2.network",
    facts=KindFacts(name="ec2.network", identity=("subnet_group", "security_groups"), verbs=("check",)),
    params={"subnet_group": Param(schema=TEXT, required=True), "security_groups": Param(schema=TEXTS, required=True)},
    attributes=attributes("vpc problem", zones=TEXTS),
    statuses=statuses(available="ok", broken="wrong", missing="missing"),
    calls={"rds.DescribeDBSubnetGroups": ()},
)  # fmt: skip

ENDPOINT = Kind(
    name="net.endpoint",
    facts=KindFacts(name="net.endpoint", identity=("host", "port"), verbs=("check",)),
    params={"host": Param(schema=TEXT, required=True), "port": Param(schema=PORT, required=True)},
    attributes=attributes("address problem", milliseconds={"type": "number"}),
    statuses=statuses(available="ok", broken="closed unanswered", missing="missing"),
)  # fmt: skip

USERS = {
    "type": "array", "minItems": 1,
    "items": {"type": "object", "required": ["name"], "additionalProperties": False,
              "properties": {"name": TEXT, "password": {}, "access": {"enum": ["readwrite", "readonly", "none"]}}},
}  # fmt: skip


def nothing(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
    return {}


SETUP = Action(
    name="postgres.setup_users", doc="", facts=ActionFacts(name="postgres.setup_users", repeatable=True),
    params={"host": Param(schema=TEXT, required=True), "port": Param(schema=PORT),
            "admin": Param(schema={}, required=True, secret=True),
            "users": Param(schema=USERS, required=True, secret=True)},
    output={"created": TEXTS, "changed": TEXTS}, calls={}, errors=("ConnectionTimeout", "AuthenticationFailed"),
    run=nothing,
)  # fmt: skip
RUN = Action(
    name="postgres.run", doc="", facts=ActionFacts(name="postgres.run"),
    params={"host": Param(schema=TEXT, required=True), "admin": Param(schema={}, required=True, secret=True),
            "query": Param(schema=TEXT)},
    output={"row": {"type": ["object", "null"]}, "rows_affected": {"type": "integer"}}, calls={},
    errors=("ConnectionTimeout", "AuthenticationFailed"), run=nothing,
)  # fmt: skip
PUBLISH = Action(
    name="sns.publish", doc="", facts=ActionFacts(name="sns.publish", repeatable=True),
    params={"topic": Param(schema=TEXT, required=True), "text": Param(schema=TEXT)},
    output={"message_id": TEXT}, calls={"sns.Publish": ()}, errors=(), run=nothing,
)  # fmt: skip


DELETES = {
    "aws.rds.delete_db_instance": Deletes(names=("DBInstanceIdentifier",), kind="rds.instance"),
    "aws.ec2.delete_volume": Deletes(names=("VolumeId",)),
    "aws.rds.modify_db_cluster": Deletes(
        names=("DBClusterIdentifier",), kind="rds.cluster", switches=(("DeletionProtection",),)
    ),
}


@dataclass(frozen=True)
class Aws:
    """A family with one operation that reads and one that changes."""

    prefix: str = "aws."
    known: Mapping[str, Action] = field(default_factory=dict)

    def kind(self, name: str) -> Kind | None:
        if name != "aws.rds.describe_db_clusters":
            return None
        facts = KindFacts(name=name, identity=(), verbs=("check",))
        return Kind(name=name, facts=facts, params={}, attributes={}, statuses={})

    def similar(self, name: str) -> str | None:
        return None

    def action(self, name: str) -> Action | None:
        if name not in (
            "aws.rds.modify_db_cluster",
            "aws.rds.start_db_cluster",
            "aws.apprunner.pause_service",
            *DELETES,
        ):
            return None
        facts = ActionFacts(name=name, deletes=DELETES.get(name))
        return Action(name=name, doc="", facts=facts, params={}, output={}, calls={}, errors=(), run=nothing)


def regions(service: str | None = None) -> frozenset[str]:
    """A small world."""
    west = frozenset({"us-west-2", "eu-west-1"})
    return {None: west | {"us-east-1", "eu-north-1"}, "apprunner": west}.get(service, frozenset())


def registry() -> Registry:
    """The kinds and actions of the tests."""
    kinds = {kind.name: kind for kind in (SNAPSHOT, CLUSTER, INSTANCE, NETWORK, ENDPOINT)}
    actions = {action.name: action for action in (SETUP, RUN, PUBLISH)}
    return Registry(kinds=dict(kinds), actions=actions, families={"aws.": Aws()}, regions=regions)
