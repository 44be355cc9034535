"""`runbook iam` is as narrow as AWS allows, and names what each call needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import INPUTS, RESTORE, Cli, write_file

HEAD = "runbook: a\nregion: us-west-2\ntags: {team: data}\nsettings:\n  topic: ssm:/topic\nsteps:\n"
FIVE = ["runbook:operation", "runbook:runbook", "runbook:step", "runbook:attempt", "runbook:store"]


def statements(cli: Cli, folder: Path, text: str) -> list[dict[str, Any]]:
    result = cli("iam", write_file(folder / "a.yaml", text), "-o", "json")
    assert result.code == 0, result.err
    found: list[dict[str, Any]] = result.document["policies"][0]["policy"]["Statement"]
    return found


def on(found: list[dict[str, Any]], action: str) -> list[str]:
    listed = [one["Resource"] for one in found if action in one["Action"]]
    return [arn for arns in listed for arn in ([arns] if isinstance(arns, str) else arns)]


def test_no_action_has_a_wildcard(cli: Cli) -> None:
    document = cli("iam", RESTORE, *INPUTS, "-o", "json").document
    actions = [one for row in document["policies"] for part in row["policy"]["Statement"] for one in part["Action"]]
    assert "kms:ReEncryptFrom" in actions
    assert [one for one in actions if "*" in one] == []


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("arn:aws:sns:us-west-2:1:t", "arn:aws:sns:us-west-2:1:t"), ("${settings.topic}", "arn:aws:sns:us-west-2:*:*"),
    ],
)  # fmt: skip
def test_a_message_is_published_on_the_topic_alone(cli: Cli, tmp_path: Path, topic: str, expected: str) -> None:
    found = statements(cli, tmp_path, f'{HEAD}  - {{id: a, call: sns.publish, with: {{topic: "{topic}", text: a}}}}\n')
    assert on(found, "sns:Publish") == [expected]


MADE = "  - {id: copy, ensure: rds.cluster_snapshot, with: {name: b, copy_of: a}, undo: keep}\n"


def test_only_the_tags_of_operation_and_runbook_can_be_set_and_only_in_the_own_account(
    cli: Cli, tmp_path: Path
) -> None:
    found = statements(cli, tmp_path, HEAD + MADE)
    [tagging] = [one for one in found if "rds:AddTagsToResource" in one["Action"]]
    assert tagging["Condition"] == {
        "StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"},
        "ForAllValues:StringEquals": {"aws:TagKeys": [*FIVE, "team"]},
    }
    # The snapshot that is copied may be another account's.
    copying = {
        str(one["Resource"]): one.get("Condition") for one in found if "rds:CopyDBClusterSnapshot" in one["Action"]
    }
    assert copying == {
        "['arn:aws:rds:*:*:cluster-snapshot:a']": None,
        "['arn:aws:rds:us-west-2:*:cluster-snapshot:b']": {
            "StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}
        },
    }


REMOVED = """  - {id: source, check: rds.cluster_snapshot, with: {name: nightly}}
  - id: away
    remove: rds.cluster
    with: {name: orders, final_snapshot: last}
    owner: any
    requires: [source]
    states: {available: delete}
    retry: [1m]
"""


def test_a_final_snapshot_needs_three_permissions(cli: Cli, tmp_path: Path) -> None:
    found = statements(cli, tmp_path, HEAD + REMOVED)
    for action in ("rds:DeleteDBCluster", "rds:AddTagsToResource", "rds:CreateDBClusterSnapshot"):
        assert "arn:aws:rds:us-west-2:*:cluster-snapshot:last" in on(found, action)


@pytest.mark.parametrize(
    ("source", "action", "expected"),
    [
        ("secret:arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf#password", "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf"),
        ("secret:arn:aws:secretsmanager:eu-west-1:1:secret:db", "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:1:secret:db-??????"),
        ("ssm:arn:aws:ssm:us-west-2:1:parameter/x", "ssm:GetParameter", "arn:aws:ssm:us-west-2:1:parameter/x"),
    ],
)  # fmt: skip
def test_a_setting_may_be_named_by_its_arn(cli: Cli, tmp_path: Path, source: str, action: str, expected: str) -> None:
    found = statements(
        cli, tmp_path, f'runbook: a\nregion: us-west-2\nsettings:\n  s: "{source}"\nsteps:\n  - {{id: a, wait: 1s}}\n'
    )
    assert on(found, action) == [expected]
    assert all("Condition" not in one for one in found if action in one["Action"])


@pytest.mark.parametrize(
    ("call", "params", "expected"),
    [
        ("rds.start_db_cluster", "DBClusterIdentifier: a", {"rds:StartDBCluster": ["arn:aws:rds:us-west-2:*:cluster:a"]}),
        ("docdb.stop_db_cluster", "DBClusterIdentifier: a", {"rds:StopDBCluster": ["arn:aws:rds:us-west-2:*:cluster:a"]}),
        ("dynamodb.delete_item", "TableName: a, Key: {}", {"dynamodb:DeleteItem": ["arn:aws:dynamodb:us-west-2:*:table/a"]}),
        ("sqs.purge_queue", "QueueUrl: 'https://sqs.us-west-2.amazonaws.com/1/q'", {"sqs:PurgeQueue": ["arn:aws:sqs:us-west-2:*:q"]}),
        ("s3.get_object", "Bucket: b, Key: k", {"s3:GetObject": ["arn:aws:s3:::b/*"]}),
        ("s3.put_bucket_cors", "Bucket: b, CORSConfiguration: {CORSRules: []}", {"s3:PutBucketCORS": ["arn:aws:s3:::b"]}),
        ("ssm.put_parameter", "Name: /a/b, Value: x", {"ssm:PutParameter": ["arn:aws:ssm:us-west-2:*:parameter/a/b"]}),
        ("kms.disable_key", "KeyId: alias/x", {"kms:DisableKey": ["arn:aws:kms:us-west-2:*:key/*"]}),
        ("ec2.delete_volume", "VolumeId: vol-1", {"ec2:DeleteVolume": ["arn:aws:ec2:us-west-2:*:volume/vol-1"]}),
        (
            "rds.modify_db_cluster", "DBClusterIdentifier: a, ManageMasterUserPassword: true",
            {"secretsmanager:CreateSecret": ["arn:aws:secretsmanager:us-west-2:*:secret:rds!*"]},
        ),
        (
            "autoscaling.create_auto_scaling_group", "AutoScalingGroupName: a, MinSize: 1, MaxSize: 1",
            {"iam:CreateServiceLinkedRole": ["arn:aws:iam::*:role/aws-service-role/*"]},
        ),
    ],
)  # fmt: skip
def test_a_generic_call_is_allowed_on_its_resources_and_with_what_it_needs(
    cli: Cli, tmp_path: Path, call: str, params: str, expected: dict[str, list[str]]
) -> None:
    found = statements(cli, tmp_path, f"{HEAD}  - {{id: a, call: aws.{call}, with: {{{params}}}, repeatable: true}}\n")
    for action, arns in expected.items():
        assert set(arns) <= set(on(found, action)), found
        assert "*" not in on(found, action)
