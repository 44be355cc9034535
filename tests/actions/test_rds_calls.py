"""The calls that RDS's kinds declare are those that they make: all of them, and no others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.actions.rds_world import EAST, REGISTRY, Rds, arn, made

RIGHTS_ALONE = {"rds.AddTagsToResource", "rds.CreateDBClusterSnapshot"}
"""What AWS asks the right to for tags in a creating call, and for a final snapshot."""

WORLD = {
    "rds.cluster_snapshot/nightly@us-east-1": {"cluster": "orders"},
    "rds.cluster_snapshot/here@us-west-2": {"cluster": "orders"},
    "rds.cluster/orders@us-west-2": {"instances": 2},
    "rds.cluster/kept@us-west-2": {"protected": True},
    "rds.cluster/worldwide@us-west-2": {"global": "planet"},
}


def snapshots(rds: Rds) -> None:
    kind = "rds.cluster_snapshot"
    rds.create(kind, name="copy", copy_of=arn("nightly", EAST), copy_tags=True)
    for identity in ({"name": "copy"}, {"latest_of": "orders"}, {"latest_of": arn("orders", word="cluster")}):
        rds.look(kind, identity)
    rds.delete(kind, name="copy")


def lists(rds: Rds) -> None:
    for identity in ({}, {"cluster": "orders", "owner": "own", "status": "available"}):
        rds.look("rds.cluster_snapshots", identity)


def clusters(rds: Rds) -> None:
    kind = "rds.cluster"
    rds.create(kind, name="fresh", from_snapshot="here")
    rds.create(kind, name="again", from_cluster="orders", restore_to="latest")
    rds.look(kind, id=rds.look(kind, name="orders").id)
    rds.delete(kind, name="kept", unprotect=True, final_snapshot="last")
    rds.refused(rds.delete, kind, name="worldwide", detach=True)


def instances(rds: Rds) -> None:
    kind = "rds.instance"
    rds.create(kind, name="third", cluster="orders", class_="db.r6g.large")
    rds.look(kind, id=rds.look(kind, name="orders-1").id)
    rds.sleep(900)
    rds.delete(kind, name="third")


TOURS: dict[str, Callable[[Rds], None]] = {
    "rds.cluster_snapshot": snapshots,
    "rds.cluster_snapshots": lists,
    "rds.cluster": clusters,
    "rds.instance": instances,
}


@pytest.mark.parametrize("kind", TOURS)
def test_a_kind_makes_exactly_the_calls_that_it_declares(kind: str) -> None:
    rds = made(WORLD)
    TOURS[kind](rds)
    assert set(rds.called()) == set(REGISTRY.kinds[kind].calls) - RIGHTS_ALONE


def test_every_kind_of_rds_has_its_tour() -> None:
    assert set(TOURS) == {name for name in REGISTRY.kinds if name.startswith("rds.")}
