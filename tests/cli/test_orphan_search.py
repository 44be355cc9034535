"""orphans: where it looks, what it asks before it deletes, and each world of the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.sandbox import Fault
from engine.clock import SystemClock
from engine.stores.factory import open_store
from engine.stores.lease import StoreLease, this_process
from tests.cli.commands import Ask, fits, written
from tests.cli.shared_aws import COPY, EAST, EAST_COPY, FAIL, HEAD, LEAVE, OTHER, OTHER_COPY, WEST, Aws
from tests.cli.test_confirmation import on_a_terminal

# -- where ----------------------------------------------------------------------------------------------------


def test_every_region_of_the_operations_is_looked_at(aws: Aws) -> None:
    aws.leaves("op-1", COPY, EAST_COPY, FAIL)
    assert {row["region"] for row in aws.orphans(code=1)["orphans"]} == {WEST, EAST}
    assert [row["region"] for row in aws.orphans("--region", EAST, code=1)["orphans"]] == [EAST]
    assert aws.orphans("--region", "eu-west-1", code=0)["orphans"] == []
    aws.orphans("--delete", "--yes", code=0)
    assert aws.names() == []


def test_every_account_of_the_operations_is_looked_at(aws: Aws) -> None:
    aws.leaves("op-1", COPY, OTHER_COPY, FAIL)
    shown = aws.orphans(code=1)
    assert {row["account"] for row in shown["orphans"]} == {"123456789012", OTHER}
    assert {one["account"] for one in shown["places"]} == {None, OTHER}
    done = aws.orphans("--delete", "--yes", code=0)
    assert len(done["deleted"]) == 2
    assert aws.names() == []


def test_one_account_under_two_names_has_each_thing_once(aws: Aws) -> None:
    named = (
        COPY.replace("id: copy", "id: named")
        .replace("-copy", "-named")
        .replace("    undo", "    account: ours\n    undo")
    )
    aws.leaves("op-1", COPY, named, FAIL)
    shown = aws.orphans(code=1)
    assert [row["name"] for row in shown["orphans"]] == ["op-1-copy", "op-1-named"]
    assert {one["account"] for one in shown["places"]} == {None, "123456789012"}


def test_a_runbook_says_where_to_look_too(aws: Aws, tmp_path: Path) -> None:
    other = f"sqlite:{tmp_path / 'other.db'}"
    aws.leaves("op-9", EAST_COPY, FAIL, store=other)
    assert aws.orphans(code=0)["orphans"] == []
    assert [row["region"] for row in aws.orphans("op-9.yaml", code=1)["orphans"]] == [EAST]


def test_where_nothing_says_where_it_is_asked_for(
    ask: Ask, store: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    told = ask("orphans", *store)
    assert (told.code, told.out) == (2, "")
    assert "add --region NAME" in told.err


def test_what_cannot_be_looked_at_is_told_and_the_rest_is_shown(aws: Aws) -> None:
    aws.leaves("op-1", COPY, OTHER_COPY, FAIL)
    aws.sandbox.fault(Fault(kind="error", call="sts.AssumeRole", code="AccessDenied", times=None))
    told = aws.asks("orphans", "-o", "json")
    assert told.code == 4
    assert [row["account"] for row in told.document["orphans"]] == ["123456789012"]
    assert any(OTHER in one and "AccessDenied" in one for one in told.document["troubles"])
    assert "cannot search" in told.err


def test_a_listing_that_is_throttled_is_asked_for_again(aws: Aws) -> None:
    aws.leaves("op-1", COPY, FAIL)
    aws.sandbox.fault(Fault(kind="throttle", call="rds.DescribeDBClusters", times=2))
    aws.orphans(code=1)
    aws.sandbox.fault(Fault(kind="throttle", call="rds.DescribeDBClusters", times=None))
    aws.orphans(code=4)


# -- a person's word --------------------------------------------------------------------------------------------


def test_nothing_goes_without_a_persons_word(aws: Aws) -> None:
    aws.leaves("op-1", COPY, FAIL)
    told = aws.asks("orphans", "--delete")
    assert told.code == 2
    assert "not confirmed; nothing was deleted: rds.cluster_snapshot op-1-copy (id arn:aws:rds:" in told.err
    assert "region us-west-2), left by op-1. To confirm, add --yes" in told.err
    assert aws.names() == ["op-1-copy"]


def test_a_protected_name_stays_and_what_else_there_is_goes(aws: Aws) -> None:
    aws.leaves("op-1", COPY, FAIL)
    aws.leaves("prod-2", COPY, FAIL)
    told = aws.asks("orphans", "--delete", "--yes")
    assert told.code == 1
    assert "operation prod-2 is skipped: prod-2-copy matches the protected pattern *prod*" in told.err
    assert "Next: runbook orphans --delete --yes-delete prod-2-copy" in told.out
    assert aws.names() == ["prod-2-copy"]
    assert aws.status("prod-2")["resources"][0]["state"] == "open"  # nobody has tried
    aws.orphans("--delete", "--yes-delete", "prod-2-copy", code=0)
    assert aws.names() == []


def test_what_another_runner_cleans_up_is_left_to_it(aws: Aws) -> None:
    aws.leaves("op-1", COPY, FAIL)
    aws.leaves("op-2", COPY, FAIL)
    store = open_store(aws.store)
    other = StoreLease(store, "op-1", SystemClock(), this_process("anna"))
    other.acquire()
    told = aws.asks("orphans", "--delete", "--yes")
    assert told.code == 6
    assert "nothing of op-1 was deleted: operation op-1 is driven by anna" in told.err
    assert aws.names() == ["op-1-copy"]
    other.release()
    store.close()
    aws.orphans("--delete", "--yes", code=0)
    assert aws.names() == []


def test_the_document_is_by_its_schema(aws: Aws) -> None:
    aws.leaves("op-1", COPY, FAIL)
    fits("orphans", aws.orphans())
    fits("orphans", aws.orphans("--delete", "--yes"))


# -- in the sandbox ---------------------------------------------------------------------------------------------


@pytest.fixture
def left(ask: Ask, sandbox: tuple[str, ...], tmp_path: Path) -> tuple[str, ...]:
    """The options for a sandbox in which two operations have each left a copy."""
    steps = COPY.replace("nightly", "daily-backup-2024-03-20").replace("    undo", "    region: us-east-1\n    undo")
    file = written(tmp_path / "leaves.yaml", HEAD + steps + FAIL + LEAVE)
    for id in ("op-1", "op-2"):
        assert ask("run", file, *sandbox, "--operation-id", id).code == 1
    return sandbox


def test_each_operation_is_looked_for_in_its_own_world(ask: Ask, left: tuple[str, ...]) -> None:
    told = ask("orphans", *left, "-o", "json")
    assert told.code == 1
    assert [row["name"] for row in told.document["orphans"]] == ["op-1-copy", "op-2-copy"]
    assert 0 <= told.document["orphans"][0]["age"] < 86_400


@pytest.mark.parametrize(("typed", "code", "count"), [("y\n", 0, 0), ("n\n", 2, 2)])
def test_a_person_on_a_terminal_is_asked(ask: Ask, left: tuple[str, ...], typed: str, code: int, count: int) -> None:
    told = on_a_terminal("orphans", *left, "--delete", typed=typed)
    assert told.code == code
    assert "will delete rds.cluster_snapshot op-1-copy (id arn:aws:rds:us-east-1:" in told.err
    assert "Delete them? [y/N]" in told.err
    after = ask("orphans", *left, "-o", "json")
    assert len(after.document["orphans"]) == count


def test_what_is_real_and_what_is_pretended_are_apart(aws: Aws, ask: Ask, left: tuple[str, ...]) -> None:
    aws.leaves("op-3", COPY, FAIL)
    shown = aws.orphans(code=1)
    assert [row["operation_id"] for row in shown["orphans"]] == ["op-3"]
    assert shown["places"] == [{"region": WEST, "account": None}]
    assert {row["operation_id"] for row in ask("orphans", *left, "-o", "json").document["orphans"]} == {"op-1", "op-2"}


def test_a_world_that_is_gone_has_no_orphans(ask: Ask, left: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "operations.db.sandbox" / "op-1.json").unlink()
    assert [row["name"] for row in ask("orphans", *left, "-o", "json").document["orphans"]] == ["op-2-copy"]
