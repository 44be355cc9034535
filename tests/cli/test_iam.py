"""`runbook iam`: the policy allows every call of a run, and nothing that its steps cannot do."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from actions import build_registry
from actions.aws.permissions import permission
from actions.aws.service_models import service_model
from engine.registry import Entitled
from tests.cli.commands import INPUTS, RESTORE, Cli, assert_valid, write_file
from tests.cli.shared_aws import CLUSTER, COPY, HEAD, OTHER_COPY, Aws, shared

LOOK = "  - {id: look, check: rds.cluster, with: {name: orders}}\n"
KEPT = "  - {id: kept, ensure: rds.cluster_snapshot, with: {name: a-copy, copy_of: nightly}, undo: keep}\n"
REMOVE = """\
  - {{id: source, check: rds.cluster_snapshot, with: {{name: nightly}}}}
  - id: away
    remove: rds.cluster
    with: {{name: orders{more}}}
    owner: any
    requires: [source]
    states: {{available: delete}}
    retry: [1m]
"""


def allowed(cli: Cli, folder: Path, *steps: str, words: tuple[str, ...] = (), head: str = HEAD) -> dict[str, list[str]]:
    """Action → its resources, in the policy of the own account."""
    result = cli("iam", write_file(folder / "a.yaml", head + "".join(steps)), "-o", "json", *words)
    assert result.code == 0, result.err
    assert_valid("iam", result.document)
    return things(next(one for one in result.document["policies"] if one["account"] is None)["policy"])


def things(policy: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for statement in policy["Statement"]:
        on = statement["Resource"]
        for action in statement["Action"]:
            found.setdefault(action, []).extend([on] if isinstance(on, str) else on)
    return found


# -- what a run calls ---------------------------------------------------------------------------------------------


def test_the_policy_allows_every_call_of_the_restore(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from actions.sandbox import DEMO, read_file

    world, script = read_file(DEMO)
    with shared(monkeypatch, cli, tmp_path, dict(world), script) as aws:
        aws.sandbox.put("rds.cluster_snapshot/daily-backup-2024-03-20@us-east-1", {"cluster": "orders"})
        aws.run("run", RESTORE, *INPUTS, "--operation-id", "op", "--yes", "-q")
        called = {call.name for call in aws.sandbox.journal}
        deleted = [call.resource for call in aws.sandbox.journal if call.name == "rds.DeleteDBCluster"]
    policy = json.loads(cli("iam", RESTORE, *INPUTS).out)
    has = things(policy)
    assert {"rds.DeleteDBCluster", "rds.RestoreDBClusterFromSnapshot", "secretsmanager.GetSecretValue"} <= called
    assert deleted
    assert {permission(name) for name in called} - set(has) == {""}
    assert has["rds:DeleteDBCluster"] == ["arn:aws:rds:us-west-2:*:cluster:orders"]


def test_the_policy_allows_creating_and_undoing_on_the_right_resources(aws: Aws, cli: Cli, tmp_path: Path) -> None:
    aws.run_operation("op-1", COPY, CLUSTER, "  - {id: stop, fail: no good}\n", more="")
    has = allowed(cli, tmp_path, COPY, CLUSTER)
    changes = [call for call in aws.sandbox.journal if call.changes]
    assert len({call.name for call in changes}) >= 6
    for call in changes:
        assert any(fnmatchcase(_arn(call), one) for one in has[permission(call.name)]), call


def _arn(call: Any) -> str:
    types = {"DBClusterSnapshotIdentifier": "cluster-snapshot", "TargetDBClusterSnapshotIdentifier": "cluster-snapshot"}
    types |= {"DBInstanceIdentifier": "db", "DBClusterIdentifier": "cluster"}
    name, kind = next((call.params[key], kind) for key, kind in types.items() if key in call.params)
    return f"arn:aws:rds:{call.region}:{call.account}:{kind}:{name}"


# -- and no more --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "has", "has_not"),
    [
        (LOOK, "rds:DescribeDBClusters", "rds:DeleteDBCluster rds:RestoreDBClusterFromSnapshot kms:CreateGrant"),
        (KEPT, "rds:CopyDBClusterSnapshot rds:AddTagsToResource kms:CreateGrant", "rds:DeleteDBClusterSnapshot"),
        (COPY, "rds:CopyDBClusterSnapshot rds:DeleteDBClusterSnapshot", "rds:DeleteDBCluster"),
        (
            KEPT.replace("undo: keep", "undo: keep, states: {broken: replace}, retry: [1m]"),
            "rds:DeleteDBClusterSnapshot", "",
        ),
        (
            REMOVE.format(more=""), "rds:DeleteDBCluster rds:DeleteDBInstance rds:DescribeDBClusters",
            "rds:ModifyDBCluster rds:RemoveFromGlobalCluster rds:CreateDBClusterSnapshot rds:AddTagsToResource",
        ),
        (REMOVE.format(more=", unprotect: true"), "rds:ModifyDBCluster", "rds:RemoveFromGlobalCluster"),
        (REMOVE.format(more=", detach: true"), "rds:RemoveFromGlobalCluster", "rds:ModifyDBCluster"),
        (REMOVE.format(more=", final_snapshot: last"), "rds:CreateDBClusterSnapshot", "rds:ModifyDBCluster"),
        (CLUSTER, "rds:RestoreDBClusterFromSnapshot rds:CreateDBInstance", "rds:RestoreDBClusterToPointInTime"),
        (
            "  - {id: who, check: sts.identity}\n  - {id: key, check: kms.key, with: {key: alias/a}}\n",
            "kms:DescribeKey", "sts:GetCallerIdentity kms:CreateGrant",
        ),
        (
            "  - {id: start, call: aws.rds.start_db_cluster, with: {DBClusterIdentifier: a}, repeatable: true}\n",
            "rds:StartDBCluster", "iam:PassRole",
        ),
        ("  - {id: fn, call: aws.lambda.invoke, with: {FunctionName: a}, repeatable: true}\n", "lambda:InvokeFunction", ""),
    ],
)  # fmt: skip
def test_each_step_gets_only_the_permissions_it_needs(
    cli: Cli, tmp_path: Path, steps: str, has: str, has_not: str
) -> None:
    found = allowed(cli, tmp_path, steps)
    assert set(has.split()) <= set(found)
    assert not set(has_not.split()) & set(found)


def test_nested_steps_are_included(cli: Cli, tmp_path: Path) -> None:
    nested = LOOK.replace(
        "}}\n",
        "}, states: {missing: {do: [{call: sns.publish, with: {topic: 'arn:aws:sns:us-west-2:1:t', text: a}}], then: done}}}\n",
    )
    found = allowed(cli, tmp_path, nested)
    assert found["sns:Publish"] == ["arn:aws:sns:us-west-2:1:t"]


def test_known_inputs_narrow_the_resources(cli: Cli, tmp_path: Path) -> None:
    head = "runbook: a\ninputs:\n  name: {}\n  region: {type: region, default: us-east-1}\nvars: {target: '${name}-copy'}\nregion: ${region}\nsteps:\n"
    step = COPY.replace("${operation.id}-copy", "${target}")
    here = "arn:aws:rds:us-east-1:*:cluster-snapshot:"
    assert allowed(cli, tmp_path, step, head=head)["rds:DeleteDBClusterSnapshot"] == [here + "*-copy"]
    expected = allowed(cli, tmp_path, step, head=head, words=("-i", "name=monday", "-i", "region=us-gov-west-1"))
    assert expected["rds:DeleteDBClusterSnapshot"] == [
        "arn:aws-us-gov:rds:us-gov-west-1:*:cluster-snapshot:monday-copy"
    ]
    assert expected["rds:CopyDBClusterSnapshot"] == [
        "arn:aws-us-gov:rds:*:*:cluster-snapshot:nightly", "arn:aws-us-gov:rds:us-gov-west-1:*:cluster-snapshot:monday-copy",
    ]  # fmt: skip


def test_kms_permissions_are_limited_to_their_service(cli: Cli, tmp_path: Path) -> None:
    file = write_file(tmp_path / "a.yaml", HEAD + CLUSTER)
    statements = json.loads(cli("iam", file, "--account", "own").out)["Statement"]
    of_keys = [one for one in statements if one["Action"][0].startswith("kms:")]
    assert of_keys
    for one in of_keys:
        assert one["Condition"]["StringEquals"] == {"kms:ViaService": ["rds.us-west-2.amazonaws.com"]}
        grants = one["Action"] == ["kms:CreateGrant"]
        assert one["Condition"].get("Bool") == ({"kms:GrantIsForAWSResource": "true"} if grants else None)


def test_passing_a_role_needs_pass_role(cli: Cli, tmp_path: Path) -> None:
    params = "{DBInstanceIdentifier: a, DBInstanceClass: b, Engine: c, MonitoringRoleArn: 'arn:aws:iam::1:role/watch'}"
    step = f"  - {{id: make, call: aws.rds.create_db_instance, with: {params}, repeatable: true}}\n"
    assert allowed(cli, tmp_path, step)["iam:PassRole"] == ["arn:aws:iam::1:role/watch"]


def test_permissions_of_settings_and_the_store(cli: Cli, tmp_path: Path) -> None:
    head = "runbook: a\nregion: us-west-2\nsettings:\n  one: ssm:/app/one\n  two: secret:app/two#password\nsteps:\n"
    found = allowed(cli, tmp_path, "  - {id: a, wait: 1s}\n", head=head, words=("--store", "dynamodb:books"))
    assert found["ssm:GetParameter"] == ["arn:aws:ssm:us-west-2:*:parameter/app/one"]
    assert found["secretsmanager:GetSecretValue"] == ["arn:aws:secretsmanager:us-west-2:*:secret:app/two-??????"]
    assert found["dynamodb:PutItem"] == ["arn:aws:dynamodb:us-west-2:*:table/books"]
    assert "dynamodb:PutItem" not in allowed(cli, tmp_path, LOOK)


@pytest.mark.parametrize(("key", "resource"), [("key/k", "key/k"), ("alias/books", "key/*")])
def test_permissions_of_a_store_key(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, resource: str
) -> None:
    prefix = "arn:aws:kms:eu-west-1:123456789012:"
    monkeypatch.setenv("RUNBOOK_STORE_KEY", f"kms:{prefix}{key}")
    found = allowed(cli, tmp_path, LOOK)
    assert found["kms:GenerateMac"] == found["kms:VerifyMac"] == [prefix + resource]


# -- accounts -----------------------------------------------------------------------------------------------------


def test_each_account_has_its_own_policy(cli: Cli, tmp_path: Path) -> None:
    file = write_file(tmp_path / "a.yaml", HEAD + COPY + OTHER_COPY)
    document = cli("iam", file, "-o", "json").document
    own, other = document["policies"]
    assert (own["account"], other["account"], other["account_id"]) == (None, "other", "222222222222")
    assert things(own["policy"])["sts:AssumeRole"] == ["arn:aws:iam::222222222222:role/restore"]
    assert things(other["policy"])["rds:DeleteDBClusterSnapshot"] == [
        "arn:aws:rds:us-west-2:222222222222:cluster-snapshot:*-copy"
    ]
    assert other["why"]["rds:CopyDBClusterSnapshot"] == ["other"]
    result = cli("iam", file).out
    assert "# the account you run it from" in result
    assert "# other (222222222222), arn:aws:iam::222222222222:role/restore" in result
    assert json.loads(cli("iam", file, "--account", "other").out) == other["policy"]
    wrong = cli("iam", file, "--account", "othr")
    assert wrong.code == 2
    assert "did you mean `other`?" in wrong.err


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("-i", "snapshto=a"), 2, "did you mean `snapshot`"),
        (("-i", "target_region=nowhere at all"), 2, "target_region"),
        (("-i", "a"), 2, "NAME=VALUE"),
    ],
)
def test_wrong_inputs(cli: Cli, words: tuple[str, ...], code: int, expected: str) -> None:
    result = cli("iam", RESTORE, *words)
    assert (result.code, result.out) == (code, "")
    assert expected in result.err


def test_an_invalid_runbook_has_no_policy(cli: Cli, tmp_path: Path) -> None:
    assert cli("iam", write_file(tmp_path / "a.yaml", "runbook: a\n")).code == 3


def test_hints(cli: Cli, tmp_path: Path) -> None:
    step = "  - {id: start, call: aws.glue.start_crawler, with: {Name: a}, repeatable: true}\n"
    many = "".join(COPY.replace("id: copy", f"id: copy-{n}").replace('-copy"', f'-{n}-{"x" * 40}"') for n in range(40))
    result = cli("iam", write_file(tmp_path / "a.yaml", HEAD + step + many))
    assert "start: the action is named after the API call" in result.err
    assert "a managed policy has at most 6144" in result.err
    assert "the key policy of each KMS key" in result.err
    assert cli("iam", RESTORE, "-q").err == ""


# -- the declarations -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rds.cluster", "rds.cluster_snapshot", "rds.instance"])
def test_the_rights_of_a_kind_match_its_calls(name: str) -> None:
    kind: Any = build_registry(entry_points=False).kinds[name]
    assert isinstance(kind, Entitled)
    of_rds = {right.action for right in kind.rights if right.action.startswith("rds:")}
    parts = {"rds:DeleteDBInstance"} if name == "rds.cluster" else set()
    assert of_rds - parts == {permission(call) for call in kind.calls}
    model = service_model("rds")
    assert model is not None
    assert {action.partition(":")[2] for action in of_rds} <= {one.wire for one in model.operations.values()}
    for right in kind.rights:
        assert not right.only_with or right.only_with in kind.params
        for word in ("name", "cluster", "copy_of", "from_snapshot", "from_cluster", "final_snapshot"):
            assert f"{{{word}}}" not in "".join(right.on) or word in kind.params
