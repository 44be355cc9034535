"""The guide's 7.1: verify source snapshot, check cross-account permissions, validate KMS keys, retry with backoff."""

from __future__ import annotations

import pytest

from tests.seed.operator import ADMIN, COPY, SNAPSHOT, THERE, Desk

SOURCE = f"rds.cluster_snapshot/{SNAPSHOT}@us-east-1"
KEY = "kms.key/0a1b2c3d-0000-4000-8000-000000000001@us-west-2"
KEY_CHECK = (
    "  - id: copy-snapshot\n",
    """\
  - id: kms-check
    check: kms.key
    with: {key: "${settings.kms_key}"}
    states:
      broken, missing: {hold: "${seen.problem}", error: KMSKeyNotAccessibleFault}

  - id: copy-snapshot
""",
)
OTHER_ACCOUNT = [
    ("\nregion: ${target_region}", '\naccounts: {source: {id: "210987654321"}}\n\nregion: ${target_region}'),
    (
        "  - id: snapshot-check\n    region: ${source_region}\n",
        "  - id: snapshot-check\n    region: ${source_region}\n    account: source\n",
    ),
]


def test_the_source_is_verified_first(desk: Desk) -> None:
    """One that is still being made is watched; the copy is begun when it is available."""
    desk.world[SOURCE] = ["creating x3", "available"]
    assert desk.run("op-001").code == 0
    first = next(one for one in desk.history("op-001") if one["text"].startswith("create rds.cluster_snapshot"))
    assert first["at"] > "2024-03-20T00:06:00Z"


def test_a_source_that_has_failed_is_not_copied(desk: Desk) -> None:
    desk.world[SOURCE] = "failed"
    assert desk.run("op-001").code == 5
    assert desk.status("op-001")["step"] == "snapshot-check"
    assert COPY not in desk.there("op-001")


@pytest.mark.parametrize("shared", [True, False])
def test_permissions_across_accounts(desk: Desk, shared: bool) -> None:
    """Another account's snapshot is looked at as that account, and copied as ours: it must be shared with us."""
    desk.edits = OTHER_ACCOUNT
    desk.world["accounts"] = {"source": "210987654321"}
    with_us = {"shared_with": ["123456789012"]} if shared else {}
    desk.world[f"{SOURCE}/source"] = {"cluster": "orders", "admin": ADMIN} | with_us
    del desk.world[SOURCE]
    told = desk.run("op-001")
    status = desk.status("op-001")
    if shared:
        assert told.code == 0
        assert desk.there("op-001") == THERE
        return
    assert told.code == 1
    assert (status["step"], status["error"]) == ("copy-snapshot", "DBClusterSnapshotNotFoundFault")
    assert "210987654321" in status["error_message"]
    assert desk.there("op-001") == THERE


def test_the_key_is_validated(either: Desk) -> None:
    either.edits = [KEY_CHECK]
    either.world[KEY] = {"alias": "alias/aurora-restore", "status": "Disabled"}
    assert either.run("op-001").code == 5
    status = either.status("op-001")
    assert (status["step"], status["error"]) == ("kms-check", "KMSKeyNotAccessibleFault")
    assert "is disabled" in status["error_message"]
    assert "(key, from ssm:/aurora-restore/us-west-2/kms-key)" in status["error_message"]
    assert either.done("op-001", "CopyDBClusterSnapshot") == []
    either.hand("op-001").put(KEY, {"alias": "alias/aurora-restore"})
    assert either.type("resume", "op-001").code == 0


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ({"alias": "alias/aurora-restore", "status": "PendingDeletion"}, "is pending deletion"),
        ({"alias": "alias/another"}, "there is no key alias/aurora-restore"),
    ],
)
def test_what_is_wrong_with_a_key(desk: Desk, key: dict[str, str], problem: str) -> None:
    desk.edits = [KEY_CHECK]
    desk.world[KEY] = key
    assert desk.run("op-001").code == 5
    assert problem in desk.status("op-001")["error_message"]


def test_a_key_that_is_refused_ends_it(desk: Desk) -> None:
    """As it is shipped, without the check: the copy is refused, nothing was deleted, nothing is left."""
    desk.world[KEY] = {"alias": "alias/aurora-restore", "status": "Disabled"}
    assert desk.run("op-001").code == 1
    status = desk.status("op-001")
    assert (status["step"], status["error"], status["retry_count"]) == ("copy-snapshot", "KMSKeyNotAccessibleFault", 0)
    assert desk.there("op-001") == THERE


def test_too_many_copies_at_once_pass_by_themselves(desk: Desk) -> None:
    """AWS copies so many snapshots at a time: tried again after 5, 10 and 15 minutes."""
    desk.script = {"copy-snapshot": ["SnapshotQuotaExceeded x3"]}
    assert desk.run("op-001").code == 0
    assert desk.waited("op-001", "copy-snapshot") == [5, 10, 15]


def test_calls_that_are_throttled_are_no_attempts(desk: Desk) -> None:
    desk.script = {"copy-snapshot": ["throttle x5"]}
    assert desk.run("op-001").code == 0
    assert desk.step("op-001", "copy-snapshot")["retry_count"] == 0
