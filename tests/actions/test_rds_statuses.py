"""The statuses of RDS's kinds, compared with botocore's waiters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from actions.rds.statuses import class_of
from engine.language.model import CLASSES
from engine.registry import ResourceKind
from tests.actions.rds_world import REGISTRY


def described(kind: ResourceKind) -> str:
    """What the first call that a kind declares describes: `DBCluster` for `rds.DescribeDBClusters`."""
    return next(iter(kind.calls)).removeprefix("rds.Describe").removesuffix("s")


CATALOGUES = {
    described(kind): kind.statuses
    for name, kind in REGISTRY.kinds.items()
    if name.startswith("rds.") and "ensure" in kind.facts.verbs
}


def waiters() -> Mapping[str, Any]:
    import botocore.session

    model = botocore.session.Session().get_waiter_model("rds")
    return {name: model.get_waiter(name) for name in model.waiter_names}


def acceptors() -> Iterator[tuple[str, str, str, str]]:
    """A waiter, the resource that it waits for, a status, and whether the waiter succeeds or fails on it."""
    for name, waiter in waiters().items():
        resource = name.removesuffix("Available").removesuffix("Deleted")
        for acceptor in waiter.acceptors:
            if (
                resource in CATALOGUES
                and acceptor.matcher in ("pathAll", "pathAny")
                and isinstance(acceptor.expected, str)
            ):
                yield name, resource, acceptor.expected, acceptor.state


def test_every_status_of_a_waiter_has_a_class() -> None:
    seen = list(acceptors())
    assert len(seen) >= 25
    assert not [row for row in seen if row[2] not in CATALOGUES[row[1]]]


@pytest.mark.parametrize("row", list(acceptors()), ids=" ".join)
def test_no_class_contradicts_its_waiter(row: tuple[str, str, str, str]) -> None:
    """Where a wait for `available` fails, nothing is in progress; where a wait for the deletion fails, nothing is leaving."""
    waiter, resource, status, state = row
    cls = class_of(CATALOGUES[resource], status)
    if state == "success":
        assert cls == "available"
    elif waiter.endswith("Available"):
        assert cls in ("broken", "blocked", "leaving")
    else:
        assert cls != "leaving"


def test_the_kinds_with_waiters_are_compared() -> None:
    assert set(CATALOGUES) >= {"DBClusterSnapshot", "DBCluster", "DBInstance"}


@pytest.mark.parametrize("resource", CATALOGUES)
def test_a_catalogue_is_complete(resource: str) -> None:
    catalogue = CATALOGUES[resource]
    assert {status.cls for status in catalogue.values()} >= {"missing", "pending", "available", "broken", "leaving"}
    assert all(status.cls in CLASSES and status.cls != "unknown" and status.source for status in catalogue.values())
    assert [word for word, status in catalogue.items() if status.cls == "available"] == ["available"]


def test_a_status_that_is_not_declared_is_unknown() -> None:
    statuses = CATALOGUES["DBCluster"]
    assert class_of(statuses, "upside-down") == class_of(statuses, "") == "unknown"


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        (
            "rds.cluster_snapshot",
            {"pending": "creating copying pending", "broken": "failed incompatible-restore incompatible-parameters"},
        ),
        (
            "rds.cluster",
            {
                "blocked": "stopped inaccessible-encryption-credentials-recoverable inaccessible-encryption-credentials "
                "incompatible-network incompatible-parameters upgrade_failed",
                "broken": "failed cloning-failed migration-failed restore-failed incompatible-restore",
                "pending": "creating migrating preparing-data-migration backing-up backtracking failing-over "
                "maintenance modifying promoting renaming resetting-master-credentials starting stopping "
                "storage-optimization update-iam-db-auth upgrading rebooting",
            },
        ),
        (
            "rds.instance",
            {
                "broken": "failed restore-error incompatible-create incompatible-restore insufficient-capacity",
                "blocked": "stopped storage-full incompatible-network incompatible-parameters "
                "incompatible-option-group incompatible-credentials inaccessible-encryption-credentials upgrade_failed "
                "modify-failed",
            },
        ),
    ],
)
def test_statuses_have_their_classes(kind: str, statuses: Mapping[str, str]) -> None:
    catalogue = REGISTRY.kinds[kind].statuses
    for cls, words in statuses.items():
        assert {word for word in words.split() if class_of(catalogue, word) != cls} == set()
