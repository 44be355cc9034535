"""Fixtures: a sandbox with its clients and shortcuts for frequent calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from actions.sandbox import Sandbox

WEST, EAST, SOURCE = "us-west-2", "us-east-1", "210987654321"

WORLD: dict[str, Any] = {
    "accounts": {"source": SOURCE},
    "rds.cluster_snapshot/nightly@us-east-1": {"cluster": "orders", "tags": {"team": "shop", "aws:made": "by aws"}},
    "rds.cluster_snapshot/secret@us-east-1": {"cluster": "orders", "encrypted": True},
    "rds.cluster_snapshot/here@us-west-2": {"cluster": "orders"},
    "rds.cluster_snapshot/here-secret@us-west-2": {
        "kms_key": "arn:aws:kms:us-west-2:123456789012:key/ours",
        "encrypted": True,
    },
    "rds.cluster_snapshot/rds:orders-2024-03-19@us-west-2": {"cluster": "orders"},
    "rds.cluster_snapshot/young@us-west-2": "creating",
    "rds.cluster/orders@us-west-2": {"instances": 2, "copy_tags": True, "tags": {"team": "shop"}},
    "rds.cluster/alone@us-west-2": "available",
    "kms.key/ours@us-west-2": {"alias": "alias/ours"},
    "kms.key/off@us-west-2": "Disabled",
}


@dataclass
class Here:
    """A sandbox with clients in us-west-2, and shortcuts for frequent calls."""

    sandbox: Sandbox

    @property
    def rds(self) -> Any:
        return self.sandbox.clients("rds", WEST)

    @property
    def east(self) -> Any:
        return self.sandbox.clients("rds", EAST)

    def sleep(self, seconds: float) -> None:
        self.sandbox.clock.sleep(seconds)

    def refusal(self, call: Callable[..., Any], **params: Any) -> tuple[str, int, str]:
        """Code, HTTP status and text of the error that the call raises."""
        from botocore.exceptions import ClientError

        with pytest.raises(ClientError) as caught:
            call(**params)
        response = caught.value.response
        return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Message"]

    def snapshot(self, name: str, region: str = WEST) -> dict[str, Any]:
        found = self.sandbox.clients("rds", region).describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name)
        (one,) = found["DBClusterSnapshots"]
        return dict(one)

    def cluster(self, name: str = "orders") -> dict[str, Any]:
        (one,) = self.rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
        return dict(one)

    def instance(self, name: str) -> dict[str, Any]:
        (one,) = self.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        return dict(one)

    def copy(self, source: str = "here", target: str = "copy", **more: Any) -> dict[str, Any]:
        names = {"SourceDBClusterSnapshotIdentifier": source, "TargetDBClusterSnapshotIdentifier": target}
        return dict(self.rds.copy_db_cluster_snapshot(**names, **more)["DBClusterSnapshot"])

    def restore(self, snapshot: str = "here", name: str = "restored", **more: Any) -> dict[str, Any]:
        made = self.rds.restore_db_cluster_from_snapshot(
            DBClusterIdentifier=name, SnapshotIdentifier=snapshot, Engine="aurora-postgresql", **more
        )
        return dict(made["DBCluster"])

    def add_instance(self, name: str, cluster: str = "alone", **more: Any) -> dict[str, Any]:
        usual = {"DBInstanceClass": "db.r6g.large", "Engine": "aurora-postgresql"}
        made = self.rds.create_db_instance(DBInstanceIdentifier=name, DBClusterIdentifier=cluster, **(usual | more))
        return dict(made["DBInstance"])


@pytest.fixture
def make() -> Callable[..., Here]:
    """Makes a sandbox with another world."""
    return lambda world=None, **more: Here(Sandbox(world or {}, **more))


@pytest.fixture
def here() -> Here:
    """A sandbox with the world above."""
    return Here(Sandbox(WORLD))
