"""A call with an unknown outcome holds, and a person says whether it took effect."""

from __future__ import annotations

import pytest

from actions.sandbox import Fault
from tests.cli.commands import write_file
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
    """The call took effect, and the reply was lost."""
    aws.sandbox.put("rds.cluster/orders@us-west-2", "available")
    aws.sandbox.fault(Fault(kind="lost", call=MODIFY))
    result = aws.run("run", write_file(aws.folder / "op.yaml", HEAD + CALL), "--operation-id", "op", "--yes")
    assert result.code == 5, result.err
    assert "runbook resume op --outcome done" in result.err
    assert "runbook resume op --outcome not-done" in result.err
    return aws


def sent(aws: Aws) -> int:
    return sum(call.name == MODIFY for call in aws.sandbox.journal)


def test_the_call_is_not_sent_again_before_an_answer(held: Aws) -> None:
    result = held.run("resume", "op")
    assert result.code == 5
    assert "the outcome of aws.rds.modify_db_cluster" in result.out
    assert held.status("op")["hold"]["kind"] == "unknown_outcome"
    assert sent(held) == 1


def test_outcome_done(held: Aws) -> None:
    output = write_file(held.folder / "output.json", '{"DBCluster": {"DBClusterArn": "arn:of:it"}}')
    result = held.run("resume", "op", "--outcome", "done", "--output", output, "-o", "json")
    assert result.code == 0, result.err
    assert result.document["outputs"] == {"arn": "arn:of:it"}
    assert sent(held) == 1


def test_outcome_not_done(held: Aws) -> None:
    result = held.run("resume", "op", "--outcome", "not-done", "-o", "json")
    assert result.code == 0, result.err
    assert result.document["outputs"]["arn"].endswith(":cluster:orders")
    assert sent(held) == 2


def test_an_edited_call_is_not_sent_before_an_answer(held: Aws) -> None:
    edited = write_file(
        held.folder / "edited.yaml", HEAD + CALL.replace("ApplyImmediately: true", "ApplyImmediately: false")
    )
    result = held.run("resume", "op", "--with", edited)
    assert result.code == 2
    assert "the outcome of aws.rds.modify_db_cluster in change is unknown" in result.err
    assert sent(held) == 1
    assert held.run("resume", "op", "--outcome", "not-done").code == 0
