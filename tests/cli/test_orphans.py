"""`runbook orphans`: what is an orphan, what `--delete` deletes, and what it never deletes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from actions.sandbox import Fault
from engine.runtime.load import is_operation_id
from engine.stores.factory import open_store
from tests.cli.shared_aws import AWAY, CLUSTER, COPY, EAST, EAST_COPY, FAIL, HOLD, WEST, Aws


def test_no_orphans(aws: Aws) -> None:
    result = aws.run("orphans")
    assert (result.code, result.out) == (0, "")
    assert "searched us-west-2: 0 tagged resources, 0 orphans" in result.err
    assert aws.orphans("--delete", code=0)["orphans"] == []


# -- what a failed operation has left -------------------------------------------------------------------------


def test_an_orphan_has_owner_age_and_reason(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, FAIL)
    aws.sandbox.clock.sleep(7200)
    (row,) = aws.orphans(code=1)["orphans"]
    assert (row["kind"], row["name"], row["region"], row["account"]) == (
        "rds.cluster_snapshot", "op-1-copy", WEST, "123456789012",
    )  # fmt: skip
    assert (row["operation_id"], row["operation_status"], row["runbook"]) == ("op-1", "FAILED", "leaves")
    assert (row["step"], row["attempt"], row["state"], row["verdict"]) == ("copy", "1.1", "open", "left")
    assert 7200 <= row["age"] <= 7500
    assert row["why"] == "the ledger of op-1 has it as open"
    assert row["next"].startswith("runbook cleanup op-1 --store sqlite:")


def test_the_text_output(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, FAIL)
    result = aws.run("orphans")
    assert result.code == 1
    lines = result.out.splitlines()
    assert lines[0].startswith("rds.cluster_snapshot op-1-copy (id arn:aws:rds:us-west-2:123456789012:")
    assert "region us-west-2, account 123456789012), available, " in lines[0]
    assert lines[1:3] == [
        "  created by op-1 (leaves, FAILED), step copy, attempt 1.1",
        "  the ledger of op-1 has it as open",
    ]
    assert lines[3].startswith("  Next: runbook cleanup op-1 ")
    assert "Next: runbook orphans --delete --store" in result.err


def test_delete_cleans_up_and_records_it(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, FAIL)
    done = aws.orphans("--delete", "--yes", code=0)
    assert [row["name"] for row in done["deleted"]] == ["op-1-copy"]
    assert done["orphans"] == []
    assert aws.names() == []
    status = aws.status("op-1")
    assert status["orphaned_resources"] == []
    assert [one["state"] for one in status["resources"]] == ["gone"]
    assert "cleanup started by" in aws.run("history", "op-1").out


def test_parts_are_deleted_first(aws: Aws) -> None:
    aws.run_operation("op-1", CLUSTER, FAIL)
    rows = aws.orphans(code=1)["orphans"]
    assert [(row["name"], row["step"]) for row in rows] == [
        ("op-1-one", "instances[0]"), ("op-1-two", "instances[1]"), ("op-1-db", "cluster"),
    ]  # fmt: skip
    assert all(row["age"] is not None for row in rows)
    aws.orphans("--delete", "--yes", code=0)
    assert aws.names() == []
    deletes = [call.name for call in aws.sandbox.journal if call.name.startswith("rds.Delete")]
    assert deletes == ["rds.DeleteDBInstance", "rds.DeleteDBInstance", "rds.DeleteDBCluster"]


def test_a_stuck_resource_is_deleted_once_the_cause_is_fixed(aws: Aws) -> None:
    aws.sandbox.fault(Fault(kind="error", call="rds.DeleteDBClusterSnapshot", code="AccessDenied", times=2))
    aws.run_operation("op-1", COPY, FAIL, more="", code=7)
    (row,) = aws.orphans(code=1)["orphans"]
    assert (row["operation_status"], row["state"]) == ("STUCK", "stuck")
    assert "AccessDenied" in row["why"]
    (row,) = aws.orphans("--delete", "--yes", code=1)["orphans"]
    assert row["state"] == "stuck"
    assert aws.orphans("--delete", "--yes", code=0)["orphans"] == []
    assert aws.status("op-1")["status"] == "FAILED"


def test_resources_of_a_cancelled_operation_are_orphans(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, HOLD, code=5)
    assert aws.run("cancel", "op-1").code == 0
    (row,) = aws.orphans(code=1)["orphans"]
    assert (row["operation_status"], row["verdict"]) == ("CANCELLED", "left")


def test_an_interrupted_delete_is_continued(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, EAST_COPY, FAIL)
    aws.sandbox.fault(Fault(kind="credentials", call="rds.DeleteDBClusterSnapshot", nth=2))
    assert aws.run("orphans", "--delete", "--yes").code == 4
    assert aws.names() == ["op-1-copy"]
    (row,) = aws.orphans(code=1)["orphans"]
    assert (row["operation_status"], row["verdict"], row["region"]) == ("IN_PROGRESS", "left", WEST)
    done = aws.orphans("--delete", "--yes", code=0)
    assert [row["name"] for row in done["deleted"]] == ["op-1-copy"]
    assert aws.names() == []


# -- what is not touched ----------------------------------------------------------------------------------------


def test_resources_of_an_active_operation_are_not_orphans(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, HOLD, code=5)
    assert aws.orphans("--delete", "--yes", code=0)["orphans"] == []
    assert aws.names() == ["op-1-copy"]


@pytest.mark.parametrize("undo", ["delete", "keep"])
def test_delivered_resources_are_not_orphans(aws: Aws, undo: str) -> None:
    aws.run_operation("op-1", COPY.replace("undo: delete", f"undo: {undo}"), code=0)
    assert aws.orphans("--delete", "--yes", code=0)["orphans"] == []
    assert aws.names() == ["op-1-copy"]


@pytest.mark.parametrize("more", ["", "on_failure:\n  - {wait: 0s}\n"])
def test_kept_resources_are_not_orphans(aws: Aws, more: str) -> None:
    aws.run_operation("op-1", COPY.replace("undo: delete", "undo: keep"), FAIL, more=more)
    assert aws.orphans(code=0)["orphans"] == []
    assert aws.orphans("--delete", "--yes", code=0)["orphans"] == []
    assert aws.names() == ["op-1-copy"]


def test_cleanup_that_might_delete_a_kept_resource_is_left_to_a_person(aws: Aws) -> None:
    """The copy was kept because its source was missing. The source is back, so a cleanup would delete the copy too."""
    aws.sandbox.fault(Fault(kind="error", call="rds.DeleteDBClusterSnapshot", code="AccessDenied"))
    aws.sandbox.put("rds.cluster_snapshot/another@us-west-2", {"cluster": "orders"})
    another = COPY.replace("id: copy", "id: another").replace("-copy", "-another").replace("nightly", "another")
    aws.run_operation("op-1", COPY, another, HOLD, code=5, more="")
    aws.sandbox.remove("rds.cluster_snapshot/nightly@us-west-2")
    assert aws.run("cancel", "op-1", "--undo").code == 7
    aws.sandbox.put("rds.cluster_snapshot/nightly@us-west-2", {"cluster": "orders"})
    (row,) = aws.orphans("--delete", "--yes", code=1)["orphans"]
    assert (row["name"], row["verdict"]) == ("op-1-another", "asks")
    assert "it also keeps" in row["why"]
    assert row["next"].startswith("runbook cleanup op-1 ")
    assert {"op-1-another", "op-1-copy"} <= set(aws.names())


def test_live_data_is_left_to_a_person(aws: Aws) -> None:
    aws.sandbox.put("rds.cluster/old@us-west-2", "available")
    aws.run_operation("op-1", AWAY, CLUSTER, HOLD, code=5)
    assert aws.run("cancel", "op-1").code == 0
    rows = aws.orphans("--delete", "--yes", code=1)["orphans"]
    assert {row["verdict"] for row in rows} == {"asks"}
    assert all(" --past away" in row["next"] for row in rows)
    assert aws.names("rds.cluster") == ["op-1-db"]
    assert aws.run("cleanup", "op-1", "--past", "away", "--yes").code == 0
    assert aws.orphans(code=0)["orphans"] == []
    assert aws.names("rds.cluster") == []


@pytest.mark.parametrize("id", ["", "-a", "..", "blob#" + 64 * "a", "lock#x", "a b", "a" * 65, "é", "op\n"])
def test_a_tag_is_not_always_an_operation_id(id: str) -> None:
    assert not is_operation_id(id)
    assert is_operation_id("op-1.2_3")


def test_operations_of_other_stores_are_listed_and_never_deleted(aws: Aws, tmp_path: Path) -> None:
    aws.run_operation("op-9", COPY, FAIL, store=f"sqlite:{tmp_path / 'other.db'}")
    (row,) = aws.orphans("--delete", "--yes", code=0)["orphans"]
    assert (row["operation_id"], row["operation_status"], row["runbook"]) == ("op-9", None, "leaves")
    assert (row["verdict"], row["state"], row["next"]) == ("unknown", None, "")
    assert re.fullmatch(r"[0-9a-f]{12}", row["store"])
    assert f"operation op-9 belongs to another store (id {row['store']}), and may still run" in row["why"]
    assert "delete-db" not in aws.run("orphans").out
    assert aws.names() == ["op-9-copy"]


def test_an_operation_of_another_store_may_have_the_same_id(aws: Aws, tmp_path: Path) -> None:
    """What it made is not in our ledger, whatever our own operation of that id says."""
    aws.run_operation("op-1", COPY, HOLD, code=5, store=f"sqlite:{tmp_path / 'other.db'}")
    aws.run_operation("op-1", FAIL)
    (row,) = aws.orphans("--delete", "--yes", code=0)["orphans"]
    assert (row["verdict"], row["next"]) == ("unknown", "")
    assert aws.names() == ["op-1-copy"]


def test_what_a_deleted_operation_made_is_of_this_store(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, FAIL)
    store = open_store(aws.store)
    store.delete_operation("op-1")
    store.close()
    (row,) = aws.orphans(code=0)["orphans"]
    assert (row["verdict"], row["next"]) == ("unknown", "")
    assert "operation op-1 was begun in this store" in row["why"]


def test_a_tag_that_names_no_operation(aws: Aws) -> None:
    tags = {"runbook:operation": "blob#abc; rm -rf ~", "runbook:step": "\u202ecopy"}
    aws.sandbox.put("rds.cluster_snapshot/odd@us-west-2", {"cluster": "orders", "tags": tags})
    result = aws.run("orphans")
    assert result.code == 0
    assert "\u202e" not in result.out
    assert aws.orphans()["orphans"][0]["verdict"] == "unknown"


@pytest.mark.parametrize("name", ["rds:op-1-db-2024-03-20-00-06", "monday"])
def test_a_backup_with_copied_tags_is_shown_and_never_deleted(aws: Aws, name: str) -> None:
    """AWS copies the tags of a cluster to the backups that others make of it."""
    aws.run_operation("op-1", COPY, FAIL)
    (ours,) = [row for row in aws.sandbox.resources() if row["name"] == "op-1-copy"]
    kind = "automated" if name.startswith("rds:") else "manual"
    expected = {"cluster": "op-1-db", "type": kind, "tags": ours["tags"]}
    aws.sandbox.put(f"rds.cluster_snapshot/{name}@us-west-2", expected)
    aws.sandbox.put(f"rds.cluster_snapshot/{name}@us-east-1", expected)
    shown = aws.orphans("--region", WEST, "--region", EAST, code=1)
    assert [row["name"] for row in shown["orphans"]] == ["op-1-copy"]
    assert [(row["name"], row["region"], row["verdict"]) for row in shown["copied"]] == [
        (name, EAST, "copied"), (name, WEST, "copied"),
    ]  # fmt: skip
    assert "belongs to somebody else" in shown["copied"][0]["why"]
    assert shown["copied"][0]["next"].startswith("aws resourcegroupstaggingapi untag-resources --tag-keys ")
    done = aws.orphans("--delete", "--yes", "--region", WEST, "--region", EAST, code=0)
    assert len(done["copied"]) == 2
    assert aws.names() == [name, name]
    result = aws.run("orphans")
    assert "not orphans, and never deleted" in result.out


def test_a_resource_with_the_same_name_and_tags_is_not_the_recorded_one(aws: Aws) -> None:
    aws.run_operation("op-1", CLUSTER, FAIL)
    (ours,) = [row for row in aws.sandbox.resources("rds.cluster") if row["name"] == "op-1-db"]
    aws.sandbox.remove("rds.cluster/op-1-db@us-west-2")
    aws.sandbox.put("rds.cluster/op-1-db@us-west-2", {"tags": ours["tags"]})
    shown = aws.orphans("--delete", "--yes", code=0)
    assert [row["name"] for row in shown["copied"]] == ["op-1-db"]
    assert aws.names("rds.cluster") == ["op-1-db"]


def test_a_resource_that_appears_late_is_listed(aws: Aws) -> None:
    """The reply to the create was lost: the ledger has an entry without id, and the resource has its tag."""
    aws.sandbox.fault(Fault(kind="lost", call="rds.CopyDBClusterSnapshot", times=None))
    aws.sandbox.fault(Fault(kind="invisible", call="rds.CopyDBClusterSnapshot", seconds=10_000, times=None))
    aws.run_operation("op-1", COPY, FAIL)
    assert [one["state"] for one in aws.status("op-1")["resources"]] == ["void"]
    aws.sandbox.clock.sleep(20_000)
    (ours,) = [row for row in aws.sandbox.resources() if row["name"] == "op-1-copy"]
    aws.sandbox.put("rds.cluster_snapshot/monday@us-west-2", {"cluster": "orders", "tags": ours["tags"]})
    shown = aws.orphans("--delete", "--yes", code=1)
    assert [row["name"] for row in shown["copied"]] == ["monday"]
    (row,) = shown["orphans"]
    assert (row["name"], row["verdict"], row["state"]) == ("op-1-copy", "unnamed", "void")
    assert "does not have the id of this resource" in row["why"]
    assert row["next"].startswith("aws rds delete-db-cluster-snapshot ")
    assert aws.names() == ["monday", "op-1-copy"]


def test_a_resource_being_deleted_is_not_an_orphan(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, FAIL)
    aws.sandbox.change("rds.cluster_snapshot/op-1-copy@us-west-2", "deleting")
    assert aws.orphans(code=0)["orphans"] == []
