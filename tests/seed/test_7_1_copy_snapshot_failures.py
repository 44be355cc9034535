"""The guide's 7.1: verify source snapshot, check cross-account permissions, validate KMS keys, retry with backoff."""

from __future__ import annotations

import pytest

from tests.seed.operator import ADMIN, COPY, RESTORED, SNAPSHOT, Operator

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


def test_the_source_is_verified_first(operator: Operator) -> None:
    """A snapshot that is still being created is polled; the copy starts when it is available."""
    operator.world[SOURCE] = ["creating x3", "available"]
    assert operator.run("op-001").code == 0
    first = next(one for one in operator.history("op-001") if one["text"].startswith("create rds.cluster_snapshot"))
    assert first["at"] > "2024-03-20T00:06:00Z"


def test_a_source_that_has_failed_is_not_copied(operator: Operator) -> None:
    operator.world[SOURCE] = "failed"
    assert operator.run("op-001").code == 5
    assert operator.status("op-001")["step"] == "snapshot-check"
    assert COPY not in operator.resources("op-001")


@pytest.mark.parametrize("shared", [True, False])
def test_permissions_across_accounts(operator: Operator, shared: bool) -> None:
    """A snapshot of another account is read with that account, and copied with ours: it must be shared."""
    operator.edits = OTHER_ACCOUNT
    operator.world["accounts"] = {"source": "210987654321"}
    with_us = {"shared_with": ["123456789012"]} if shared else {}
    operator.world[f"{SOURCE}/source"] = {"cluster": "orders", "admin": ADMIN} | with_us
    del operator.world[SOURCE]
    result = operator.run("op-001")
    status = operator.status("op-001")
    if shared:
        assert result.code == 0
        assert operator.resources("op-001") == RESTORED
        return
    assert result.code == 1
    assert (status["step"], status["error"]) == ("copy-snapshot", "DBClusterSnapshotNotFoundFault")
    assert "210987654321" in status["error_message"]
    assert operator.resources("op-001") == RESTORED


def test_the_key_is_validated(each_operator: Operator) -> None:
    each_operator.edits = [KEY_CHECK]
    each_operator.world[KEY] = {"alias": "alias/aurora-restore", "status": "Disabled"}
    assert each_operator.run("op-001").code == 5
    status = each_operator.status("op-001")
    assert (status["step"], status["error"]) == ("kms-check", "KMSKeyNotAccessibleFault")
    assert "is disabled" in status["error_message"]
    assert "(key, from ssm:/aurora-restore/us-west-2/kms-key)" in status["error_message"]
    assert each_operator.performed("op-001", "CopyDBClusterSnapshot") == []
    each_operator.sandbox("op-001").put(KEY, {"alias": "alias/aurora-restore"})
    assert each_operator.run_command("resume", "op-001").code == 0


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ({"alias": "alias/aurora-restore", "status": "PendingDeletion"}, "is pending deletion"),
        ({"alias": "alias/another"}, "there is no key alias/aurora-restore"),
    ],
)
def test_what_is_wrong_with_a_key(operator: Operator, key: dict[str, str], problem: str) -> None:
    operator.edits = [KEY_CHECK]
    operator.world[KEY] = key
    assert operator.run("op-001").code == 5
    assert problem in operator.status("op-001")["error_message"]


def test_a_refused_key_fails_the_operation(operator: Operator) -> None:
    """The shipped runbook has no such check: the copy is refused; nothing was deleted and nothing is left."""
    operator.world[KEY] = {"alias": "alias/aurora-restore", "status": "Disabled"}
    assert operator.run("op-001").code == 1
    status = operator.status("op-001")
    assert (status["step"], status["error"], status["retry_count"]) == ("copy-snapshot", "KMSKeyNotAccessibleFault", 0)
    assert operator.resources("op-001") == RESTORED


def test_a_quota_of_copies_is_retried(operator: Operator) -> None:
    """AWS limits concurrent copies: retried after 5, 10 and 15 minutes."""
    operator.script = {"copy-snapshot": ["SnapshotQuotaExceeded x3"]}
    assert operator.run("op-001").code == 0
    assert operator.retry_delays("op-001", "copy-snapshot") == [5, 10, 15]


def test_throttled_calls_use_up_no_attempt(operator: Operator) -> None:
    operator.script = {"copy-snapshot": ["throttle x5"]}
    assert operator.run("op-001").code == 0
    assert operator.step("op-001", "copy-snapshot")["retry_count"] == 0
