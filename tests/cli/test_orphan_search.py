"""`runbook orphans`: the places it searches, confirmation before deleting, and the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.sandbox import Fault
from engine.clock import SystemClock
from engine.stores.factory import open_store
from engine.stores.lease import StoreLease, this_process
from tests.cli.commands import Cli, assert_valid, write_file
from tests.cli.shared_aws import COPY, EAST, EAST_COPY, FAIL, HEAD, LEAVE, OTHER, OTHER_COPY, WEST, Aws
from tests.cli.test_confirmation import on_a_terminal

# -- where ----------------------------------------------------------------------------------------------------


def test_every_region_of_the_operations_is_searched(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, EAST_COPY, FAIL)
    assert {row["region"] for row in aws.orphans(code=1)["orphans"]} == {WEST, EAST}
    assert [row["region"] for row in aws.orphans("--region", EAST, code=1)["orphans"]] == [EAST]
    assert aws.orphans("--region", "eu-west-1", code=0)["orphans"] == []
    aws.orphans("--delete", "--yes", code=0)
    assert aws.names() == []


def test_every_account_of_the_operations_is_searched(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, OTHER_COPY, FAIL)
    shown = aws.orphans(code=1)
    assert {row["account"] for row in shown["orphans"]} == {"123456789012", OTHER}
    assert {one["account"] for one in shown["places"]} == {None, OTHER}
    done = aws.orphans("--delete", "--yes", code=0)
    assert len(done["deleted"]) == 2
    assert aws.names() == []


def test_an_account_with_two_names_lists_each_resource_once(aws: Aws) -> None:
    named = (
        COPY.replace("id: copy", "id: named")
        .replace("-copy", "-named")
        .replace("    undo", "    account: ours\n    undo")
    )
    aws.run_operation("op-1", COPY, named, FAIL)
    shown = aws.orphans(code=1)
    assert [row["name"] for row in shown["orphans"]] == ["op-1-copy", "op-1-named"]
    assert {one["account"] for one in shown["places"]} == {None, "123456789012"}


def test_the_regions_of_a_runbook_are_searched(aws: Aws, tmp_path: Path) -> None:
    other = f"sqlite:{tmp_path / 'other.db'}"
    aws.run_operation("op-9", EAST_COPY, FAIL, store=other)
    assert aws.orphans(code=0)["orphans"] == []
    assert [row["region"] for row in aws.orphans("op-9.yaml", code=0)["orphans"]] == [EAST]


def test_without_any_region_one_is_asked_for(cli: Cli, store: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    result = cli("orphans", *store)
    assert (result.code, result.out) == (2, "")
    assert "add --region NAME" in result.err


def test_an_account_that_cannot_be_searched_is_reported(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, OTHER_COPY, FAIL)
    aws.sandbox.fault(Fault(kind="error", call="sts.AssumeRole", code="AccessDenied", times=None))
    result = aws.run("orphans", "-o", "json")
    assert result.code == 4
    assert [row["account"] for row in result.document["orphans"]] == ["123456789012"]
    assert any(OTHER in one and "AccessDenied" in one for one in result.document["troubles"])
    assert "cannot search" in result.err


def test_a_throttled_listing_is_retried(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, FAIL)
    aws.sandbox.fault(Fault(kind="throttle", call="rds.DescribeDBClusters", times=2))
    aws.orphans(code=1)
    aws.sandbox.fault(Fault(kind="throttle", call="rds.DescribeDBClusters", times=None))
    aws.orphans(code=4)


# -- a person's word --------------------------------------------------------------------------------------------


def test_nothing_is_deleted_without_confirmation(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, FAIL)
    result = aws.run("orphans", "--delete")
    assert result.code == 2
    assert "not confirmed; nothing was deleted: rds.cluster_snapshot op-1-copy (id arn:aws:rds:" in result.err
    assert "region us-west-2), left by op-1. To confirm, add --yes" in result.err
    assert aws.names() == ["op-1-copy"]


def test_a_protected_name_is_skipped(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, FAIL)
    aws.run_operation("prod-2", COPY, FAIL)
    result = aws.run("orphans", "--delete", "--yes")
    assert result.code == 1
    assert "operation prod-2 is skipped: prod-2-copy matches the protected pattern *prod*" in result.err
    assert "Next: runbook orphans --delete --yes-delete prod-2-copy" in result.out
    assert aws.names() == ["prod-2-copy"]
    assert aws.status("prod-2")["resources"][0]["state"] == "open"  # nobody has tried
    aws.orphans("--delete", "--yes-delete", "prod-2-copy", code=0)
    assert aws.names() == []


def test_an_operation_with_another_runner_is_skipped(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, FAIL)
    aws.run_operation("op-2", COPY, FAIL)
    store = open_store(aws.store)
    other = StoreLease(store, "op-1", SystemClock(), this_process("anna"))
    other.acquire()
    result = aws.run("orphans", "--delete", "--yes")
    assert result.code == 6
    assert "nothing of op-1 was deleted: operation op-1 is being run by anna" in result.err
    assert aws.names() == ["op-1-copy"]
    other.release()
    store.close()
    aws.orphans("--delete", "--yes", code=0)
    assert aws.names() == []


def test_the_document_matches_its_schema(aws: Aws) -> None:
    aws.run_operation("op-1", COPY, FAIL)
    assert_valid("orphans", aws.orphans())
    assert_valid("orphans", aws.orphans("--delete", "--yes"))


# -- in the sandbox ---------------------------------------------------------------------------------------------


@pytest.fixture
def left(cli: Cli, sandbox: tuple[str, ...], tmp_path: Path) -> tuple[str, ...]:
    """The options for a sandbox in which two operations each left a copy."""
    steps = COPY.replace("nightly", "daily-backup-2024-03-20").replace("    undo", "    region: us-east-1\n    undo")
    file = write_file(tmp_path / "leaves.yaml", HEAD + steps + FAIL + LEAVE)
    for id in ("op-1", "op-2"):
        assert cli("run", file, *sandbox, "--operation-id", id).code == 1
    return sandbox


def test_each_operation_is_searched_in_its_own_sandbox(cli: Cli, left: tuple[str, ...]) -> None:
    result = cli("orphans", *left, "-o", "json")
    assert result.code == 1
    assert [row["name"] for row in result.document["orphans"]] == ["op-1-copy", "op-2-copy"]
    assert 0 <= result.document["orphans"][0]["age"] < 86_400


@pytest.mark.parametrize(("typed", "code", "count"), [("y\n", 0, 0), ("n\n", 2, 2)])
def test_a_person_at_a_terminal_is_asked(cli: Cli, left: tuple[str, ...], typed: str, code: int, count: int) -> None:
    result = on_a_terminal("orphans", *left, "--delete", typed=typed)
    assert result.code == code
    assert "will delete rds.cluster_snapshot op-1-copy (id arn:aws:rds:us-east-1:" in result.err
    assert "Delete them? [y/N]" in result.err
    after = cli("orphans", *left, "-o", "json")
    assert len(after.document["orphans"]) == count


def test_real_and_sandbox_operations_are_kept_apart(aws: Aws, cli: Cli, left: tuple[str, ...]) -> None:
    aws.run_operation("op-3", COPY, FAIL)
    shown = aws.orphans(code=1)
    assert [row["operation_id"] for row in shown["orphans"]] == ["op-3"]
    assert shown["places"] == [{"region": WEST, "account": None}]
    assert {row["operation_id"] for row in cli("orphans", *left, "-o", "json").document["orphans"]} == {"op-1", "op-2"}


def test_a_deleted_sandbox_world_has_no_orphans(cli: Cli, left: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "operations.db.sandbox" / "op-1.json").unlink()
    assert [row["name"] for row in cli("orphans", *left, "-o", "json").document["orphans"]] == ["op-2-copy"]
