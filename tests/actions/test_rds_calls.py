"""Each kind of RDS makes exactly the calls that it declares.

A tour uses a kind in every way. Tours are here or, as `TOURS`, in the test module of their kind.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from tests.actions.rds_world import EAST, REGISTRY, Rds, arn, new_rds

PERMISSION_ONLY = {"rds.AddTagsToResource", "rds.CreateDBClusterSnapshot"}
"""Calls that are declared for the permission that creating with tags, or a final snapshot, needs."""

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
    rds.blocked_by("worldwide", detach=True)
    rds.delete(kind, name="kept", unprotect=True, final_snapshot="last")
    rds.refused(rds.delete, kind, name="worldwide", detach=True)


def instances(rds: Rds) -> None:
    kind = "rds.instance"
    rds.create(kind, name="third", cluster="orders", class_="db.r6g.large")
    rds.look(kind, id=rds.look(kind, name="orders-1").id)
    rds.sleep(900)
    rds.delete(kind, name="third")


Tour = Callable[[Rds], None]

TOURS: dict[str, Tour] = {
    "rds.cluster_snapshot": snapshots,
    "rds.cluster_snapshots": lists,
    "rds.cluster": clusters,
    "rds.instance": instances,
}


def all_tours() -> dict[str, Tour]:
    tours = dict(TOURS)
    for path in sorted(Path(__file__).parent.glob("test_rds_*.py")):
        if path.stem != Path(__file__).stem:
            tours |= getattr(import_module(f"tests.actions.{path.stem}"), "TOURS", {})
    return tours


@pytest.mark.parametrize(("kind", "tour"), all_tours().items(), ids=lambda one: one if isinstance(one, str) else "")
def test_a_kind_makes_exactly_the_calls_that_it_declares(kind: str, tour: Tour) -> None:
    rds = new_rds(WORLD)
    tour(rds)
    assert set(rds.called()) == set(REGISTRY.kinds[kind].calls) - PERMISSION_ONLY


def test_every_kind_of_rds_has_its_tour() -> None:
    assert set(all_tours()) == {name for name in REGISTRY.kinds if name.startswith("rds.")}
