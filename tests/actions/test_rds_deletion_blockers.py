"""What blocks the deletion of a cluster, found in the sandbox before anything is deleted."""

from __future__ import annotations

from typing import Any

import pytest

from actions.sandbox import Fault
from tests.actions.rds_world import EAST, arn, new_rds, only_declared

KIND = "rds.cluster"

BLOCKED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "the final snapshot's name": (
        {"rds.cluster_snapshot/last@us-west-2": "available"}, {"final_snapshot": "last"}, "a snapshot last already",
    ),
    "a primary": (
        {"rds.cluster/one@us-west-2": {"instances": 1, "global": "planet"}, "rds.cluster/two@us-east-1": {"global": "planet"}},
        {"detach": True}, f"secondary clusters {arn('two', EAST, word='cluster')}: remove those",
    ),
    "a replica": (
        {"rds.cluster/one@us-west-2": {"instances": 1, "replica_of": arn("two", EAST, word="cluster")}}, {}, "promote it first",
    ),
    "a cluster with replicas": (
        {"rds.cluster/one@us-west-2": {"instances": 1},
         "rds.cluster/two@us-east-1": {"replica_of": arn("one", word="cluster")}}, {}, "delete or promote those first",
    ),
    "a snapshot that is being made": (
        {"rds.cluster_snapshot/new@us-west-2": {"status": "creating", "cluster": "one"}}, {}, "is being made: new",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("world", "removal", "reason"), BLOCKED.values(), ids=BLOCKED)
def test_what_blocks_the_whole_is_found_before_the_first_instance_goes(
    world: dict[str, Any], removal: dict[str, Any], reason: str
) -> None:
    rds = new_rds({"rds.cluster/one@us-west-2": {"instances": 1}} | world)
    blocker = rds.blocked_by("one", **removal)
    assert blocker is not None
    assert reason in blocker.reason
    assert blocker.passes == ("is being made" in reason)
    assert not [call for call in rds.sandbox.journal if call.changes]
    assert only_declared(rds, KIND)


def test_nothing_blocks_a_secondary_or_a_replica_without_instances() -> None:
    origin = arn("origin", word="cluster")
    rds = new_rds(
        {
            "rds.cluster/origin@us-west-2": {"instances": 1, "global": "planet"},
            "rds.cluster/second@us-west-2": {"instances": 1, "global": "planet", "replica_of": origin},
            "rds.cluster/empty@us-west-2": {"replica_of": origin},
        }
    )
    assert rds.blocked_by("second", detach=True) is None
    assert rds.blocked_by("empty") is None
    assert rds.blocked_by("empty", final_snapshot="free") is None


def test_what_may_not_be_read_blocks_nothing() -> None:
    """A policy that allows the delete may not allow these reads."""
    rds = new_rds({"rds.cluster/one@us-west-2": {"instances": 1}})
    rds.sandbox.fault(Fault(kind="error", code="AccessDenied", call="rds.DescribeDBClusterSnapshots", times=9))
    assert rds.blocked_by("one", final_snapshot="last") is None
