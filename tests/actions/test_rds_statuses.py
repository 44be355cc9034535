"""The catalogues of statuses, held against botocore's waiters and against the sandbox's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from actions.rds.statuses import CLUSTER, INSTANCE, SNAPSHOT, class_of
from engine.language.model import CLASSES
from engine.registry import Status
from tests.actions.rds_world import REGISTRY

CATALOGUES = {"DBClusterSnapshot": SNAPSHOT, "DBCluster": CLUSTER, "DBInstance": INSTANCE}


def waiters() -> Mapping[str, Any]:
    import botocore.session

    model = botocore.session.Session().get_waiter_model("rds")
    return {name: model.get_waiter(name) for name in model.waiter_names}


def waited_for() -> Iterator[tuple[str, str, str, str]]:
    """Waiter, what it waits for, a status, and what that status is to it."""
    for name, waiter in waiters().items():
        kind, wanted = name.removesuffix("Available").removesuffix("Deleted"), name
        for acceptor in waiter.acceptors:
            if kind in CATALOGUES and acceptor.matcher in ("pathAll", "pathAny") and isinstance(acceptor.expected, str):
                yield wanted, kind, acceptor.expected, acceptor.state


def test_every_status_of_a_waiter_has_a_class() -> None:
    seen = list(waited_for())
    assert len(seen) >= 25
    assert not [row for row in seen if row[2] not in CATALOGUES[row[1]]]


@pytest.mark.parametrize("row", list(waited_for()), ids=" ".join)
def test_no_class_contradicts_its_waiter(row: tuple[str, str, str, str]) -> None:
    """What ends a wait for `available` badly is not in progress; what a wait for the end fails on is not going."""
    waiter, kind, status, state = row
    cls = class_of(CATALOGUES[kind], status)
    if state == "success":
        assert cls == "available"
    elif waiter.endswith("Available"):
        assert cls in ("broken", "blocked", "leaving")
    else:
        assert cls != "leaving"


@pytest.mark.parametrize("catalogue", [SNAPSHOT, CLUSTER, INSTANCE])
def test_a_catalogue_is_complete(catalogue: Mapping[str, Status]) -> None:
    assert {status.cls for status in catalogue.values()} >= {"missing", "pending", "available", "broken", "leaving"}
    assert all(status.cls in CLASSES and status.cls != "unknown" and status.source for status in catalogue.values())
    assert [word for word, status in catalogue.items() if status.cls == "available"] == ["available"]


def test_what_no_catalogue_knows_is_unknown() -> None:
    assert class_of(CLUSTER, "upside-down") == class_of(CLUSTER, "") == "unknown"


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
def test_classes_are_the_designs(kind: str, statuses: Mapping[str, str]) -> None:
    catalogue = REGISTRY.kinds[kind].statuses
    for cls, words in statuses.items():
        assert {word for word in words.split() if class_of(catalogue, word) != cls} == set()
