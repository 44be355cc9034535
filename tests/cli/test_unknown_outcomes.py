"""A call whose outcome nobody knows: it holds, and a person says what became of it."""

from __future__ import annotations

import pytest

from actions.sandbox import Fault
from tests.cli.commands import written
from tests.cli.shared_aws import HEAD, Aws

MODIFY = "rds.ModifyDBCluster"
CALL = """\
  - id: change
    call: aws.rds.modify_db_cluster
    with: {DBClusterIdentifier: orders, DeletionProtection: true, ApplyImmediately: true}
    repeatable: false
outputs: {arn: "${change.DBCluster.DBClusterArn}"}
"""


@pytest.fixture
def held(aws: Aws) -> Aws:
    """It was done, and the answer is lost."""
    aws.sandbox.put("rds.cluster/orders@us-west-2", "available")
    aws.sandbox.fault(Fault(kind="lost", call=MODIFY))
    told = aws.asks("run", written(aws.folder / "op.yaml", HEAD + CALL), "--operation-id", "op", "--yes")
    assert told.code == 5, told.err
    assert "runbook resume op --outcome done" in told.err
    assert "runbook resume op --outcome not-done" in told.err
    return aws


def sent(aws: Aws) -> int:
    return sum(call.name == MODIFY for call in aws.sandbox.journal)


def test_it_is_not_sent_again_before_somebody_says(held: Aws) -> None:
    told = held.asks("resume", "op")
    assert told.code == 5
    assert "the outcome of aws.rds.modify_db_cluster" in told.out
    assert held.status("op")["hold"]["kind"] == "unknown_outcome"
    assert sent(held) == 1


def test_it_was_done(held: Aws) -> None:
    """With what it would have answered."""
    output = written(held.folder / "output.json", '{"DBCluster": {"DBClusterArn": "arn:of:it"}}')
    told = held.asks("resume", "op", "--outcome", "done", "--output", output, "-o", "json")
    assert told.code == 0, told.err
    assert told.document["outputs"] == {"arn": "arn:of:it"}
    assert sent(held) == 1


def test_it_was_not_done(held: Aws) -> None:
    """Then it is sent."""
    told = held.asks("resume", "op", "--outcome", "not-done", "-o", "json")
    assert told.code == 0, told.err
    assert told.document["outputs"]["arn"].endswith(":cluster:orders")
    assert sent(held) == 2
