"""`aws.SERVICE.OPERATION`: any call of boto3, by botocore's model."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from actions.aws.generic_calls import AwsFamily, operation_of
from actions.aws.service_models import service_model, service_names
from engine.errors import EffectFailed, EffectNotSent, EffectUnknown
from engine.language.secret import Secret
from engine.registry import Action, Observation, ResourceKind
from tests.actions.contexts import context
from tests.actions.http_aws import EMPTY, HOLLOW, serving
from tests.actions.rds_world import REGISTRY, Rds, new_rds
from tests.servers.moto import Moto

PASSWORD = "correct-horse-battery"
WORLD: dict[str, Any] = {f"rds.cluster_snapshot/s{number}@us-west-2": {} for number in range(150)} | {
    "rds.cluster/orders@us-west-2": {"instances": 1}
}


@pytest.fixture
def rds() -> Rds:
    return new_rds(WORLD)


def action(name: str) -> Action:
    found = REGISTRY.action(name)
    assert found is not None
    return found


def kind(name: str) -> ResourceKind:
    found = REGISTRY.kind(name)
    assert found is not None
    return found


# -- names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["aws.rds.nothing", "aws.nothing.describe_db_clusters", "aws.rds", "aws.", "aws.rds.DescribeDBClusters",
     "aws.../rds.describe_db_clusters", "aws.rds.describe_db_clusters.x", "rds.describe_db_clusters"],
)  # fmt: skip
def test_an_unknown_operation_is_neither_action_nor_kind(name: str) -> None:
    assert (AwsFamily().action(name), AwsFamily().kind(name)) == (None, None)


def test_only_a_read_is_a_kind() -> None:
    assert REGISTRY.kind("aws.rds.modify_db_cluster") is None
    assert kind("aws.rds.describe_db_clusters").facts.verbs == ("check",)


@pytest.mark.parametrize(
    ("name", "repeatable"),
    [("describe_db_clusters", True), ("modify_db_cluster", None), ("delete_db_cluster", None)],
)
def test_reads_are_repeatable_and_for_changes_the_step_decides(name: str, repeatable: Any) -> None:
    found = action(f"aws.rds.{name}")
    assert found.facts.repeatable is repeatable
    assert found.facts.name == found.name == f"aws.rds.{name}"


def test_a_call_of_ec2_may_return_any_of_its_codes() -> None:
    """botocore's model of EC2 lists none."""
    found = action("aws.ec2.run_instances")
    assert "InvalidSubnetID.NotFound" in found.errors
    assert found.calls == {"ec2.RunInstances": found.errors}


def test_operations_have_the_names_of_boto3s_methods(root: Path) -> None:
    from botocore import xform_name

    for service in ("rds", "ec2", "ecs", "s3", "dynamodb", "cognito-idp", "lambda", "ssm"):
        model = service_model(service)
        assert model is not None
        assert {xform_name(one.wire) for one in model.operations.values()} == set(model.operations)
    assert len(service_names()) > 300


# -- calling --------------------------------------------------------------------------------------------------


def test_a_call_gets_its_secrets_and_returns_json(rds: Rds) -> None:
    ctx = rds.context(secrets={"admin": PASSWORD})
    params = {"DBClusterIdentifier": "orders", "MasterUserPassword": Secret(name="admin"), "ApplyImmediately": True}
    reply = action("aws.rds.modify_db_cluster").run(params, ctx)
    assert reply["DBCluster"]["Status"] == "resetting-master-credentials"
    assert "ResponseMetadata" not in reply
    assert rds.sandbox.world.databases[reply["DBCluster"]["DbClusterResourceId"]]["admin"]["password"] == PASSWORD


def test_pages_of_a_read_are_merged(rds: Rds) -> None:
    reply = action("aws.rds.describe_db_cluster_snapshots").run({"MaxRecords": 50}, rds.context())
    assert len(reply["DBClusterSnapshots"]) == 150
    assert rds.called().count("rds.DescribeDBClusterSnapshots") == 3
    first = action("aws.rds.describe_db_cluster_snapshots").run({"Marker": "page-100"}, rds.context())
    assert len(first["DBClusterSnapshots"]) == 50


def test_the_attributes_of_a_check_are_the_reply(rds: Rds) -> None:
    seen = kind("aws.rds.describe_db_clusters").look({"DBClusterIdentifier": "orders"}, rds.context())
    assert isinstance(seen, Observation)
    assert (seen.cls, seen.status, seen.id) == ("available", "", None)
    assert seen.attributes["DBClusters"][0]["Status"] == "available"


def test_an_error_keeps_its_code_for_missing_on(rds: Rds) -> None:
    looked = kind("aws.rds.describe_db_clusters")
    problem = rds.refused(looked.look, {"DBClusterIdentifier": "gone"}, rds.context())
    assert (problem.name, problem.category) == ("DBClusterNotFoundFault", "not_found")


@pytest.mark.parametrize(
    ("fault", "outcome"), [("lost", EffectUnknown), ("server_error", EffectUnknown), ("throttle", EffectNotSent)]
)
def test_a_change_without_an_answer_is_unknown(rds: Rds, fault: str, outcome: Any) -> None:
    rds.fault(fault, "rds.StopDBCluster")
    with pytest.raises(outcome):
        action("aws.rds.stop_db_cluster").run({"DBClusterIdentifier": "orders"}, rds.context())


def test_an_error_names_the_setting_of_its_parameter(rds: Rds) -> None:
    ctx = rds.context(sources={"Port": "ssm:/port"})
    problem = rds.refused(action("aws.rds.modify_db_cluster").run, {"DBClusterIdentifier": "a", "Port": "x"}, ctx)
    assert "Port, from ssm:/port" in problem.message


# -- secrets that must not come back ---------------------------------------------------------------------------


def test_a_secret_that_aws_quotes_is_masked(rds: Rds) -> None:
    rds.fault("error", "rds.ModifyDBCluster", code="InvalidParameterValue", message=f"bad password {PASSWORD}")
    params = {"DBClusterIdentifier": "orders", "MasterUserPassword": Secret(name="admin")}
    problem = rds.refused(action("aws.rds.modify_db_cluster").run, params, rds.context(secrets={"admin": PASSWORD}))
    assert "bad password ***" in problem.message
    assert PASSWORD not in repr(problem)


@pytest.mark.parametrize(
    "quoted",
    [json.dumps, html.escape, urllib.parse.quote_plus, lambda text: base64.b64encode(text.encode()).decode()],
    ids=["JSON", "HTML", "URL", "base64"],
)
def test_a_secret_that_aws_quotes_in_another_form_is_masked(rds: Rds, quoted: Callable[[str], str]) -> None:
    password = "p&'\"<é> 7+/="
    rds.fault("error", "rds.ModifyDBCluster", code="InvalidParameterValue", message=f"bad: {quoted(password)} (sent)")
    params = {"DBClusterIdentifier": "orders", "MasterUserPassword": Secret(name="admin")}
    problem = rds.refused(action("aws.rds.modify_db_cluster").run, params, rds.context(secrets={"admin": password}))
    assert problem.message.replace('"', "").rstrip(".") == "bad: *** (sent)"


def test_each_text_of_a_json_secret_is_masked(rds: Rds) -> None:
    whole = {"user": "shop", "keys": [PASSWORD, PASSWORD[:7]]}
    rds.fault("error", "rds.ModifyDBCluster", code="InvalidParameterValue", message=f"no: {PASSWORD}")
    params = {"DBClusterIdentifier": "orders", "MasterUserPassword": Secret(name="admin")}
    problem = rds.refused(action("aws.rds.modify_db_cluster").run, params, rds.context(secrets={"admin": whole}))
    assert problem.message == "no: ***"


def test_secrets_in_a_reply_are_masked(moto: Moto) -> None:
    ctx = context(clients=moto.clients, secrets={"made": {"password": PASSWORD}}, account="777777777777")
    made_of = {"Name": "mine", "SecretString": Secret(name="made")}
    action("aws.secretsmanager.create_secret").run(made_of, ctx)
    client = moto.clients("secretsmanager", account="777777777777")
    assert json.loads(client.get_secret_value(SecretId="mine")["SecretString"]) == {"password": PASSWORD}
    reply = action("aws.secretsmanager.get_secret_value").run({"SecretId": "mine"}, ctx)
    assert reply["SecretString"] == "***"
    role = {"RoleArn": "arn:aws:iam::777777777777:role/r", "RoleSessionName": "xx"}
    credentials = action("aws.sts.assume_role").run(role, ctx)["Credentials"]
    assert (credentials["SecretAccessKey"], credentials["SessionToken"]) == ("***", "***")


def test_a_streamed_body_is_read_as_text_up_to_a_limit(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = context(clients=moto.clients, account="777777777777", region="us-east-1")
    action("aws.s3.create_bucket").run({"Bucket": "notes"}, ctx)
    action("aws.s3.put_object").run({"Bucket": "notes", "Key": "a", "Body": "hello"}, ctx)
    assert action("aws.s3.get_object").run({"Bucket": "notes", "Key": "a"}, ctx)["Body"] == "hello"
    monkeypatch.setattr("actions.aws.generic_calls.LONGEST_BODY", 3)
    with pytest.raises(EffectFailed, match="OutputTooLong"):
        action("aws.s3.get_object").run({"Bucket": "notes", "Key": "a"}, ctx)


# -- tokens ---------------------------------------------------------------------------------------------------


class Sent:
    """Stands for a client and keeps the parameters of its calls."""

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}

    def clients(self, *_: Any, **__: Any) -> Sent:
        return self

    def __getattr__(self, name: str) -> Any:
        def call(**params: Any) -> Mapping[str, Any]:
            self.params = params
            return {}

        return call


@pytest.mark.parametrize(
    ("name", "token", "params"),
    [
        ("aws.secretsmanager.put_secret_value", "ClientRequestToken", {"SecretId": "x"}),
        ("aws.ecs.run_task", "clientToken", {"taskDefinition": "x"}),
        ("aws.ec2.create_volume", "ClientToken", {"AvailabilityZone": "us-west-2a"}),
        ("aws.efs.create_file_system", "CreationToken", {}),
    ],
)
def test_an_idempotency_token_depends_on_the_effect(name: str, token: str, params: Any) -> None:
    sent = Sent()

    def token_for(key: str, **more: Any) -> Any:
        action(name).run(params | more, context(clients=sent.clients, key=key))
        return sent.params.get(token)

    first = token_for("op/steps/1")
    assert first == token_for("op/steps/1")
    assert first != token_for("op/steps/2")
    least, most = operation_of(name).length_of(token)  # type: ignore[union-attr]
    assert least <= len(first) <= (most or 10_000)
    assert (
        token_for("op/steps/1", **{token: "given-by-the-runbook-itself-000000000"})
        == "given-by-the-runbook-itself-000000000"
    )
    assert token_for("") is None


def test_every_idempotency_token_has_an_allowed_length() -> None:
    from actions.aws.generic_calls import _token

    seen = 0
    for service in (
        "rds",
        "ec2",
        "ecs",
        "secretsmanager",
        "ssm",
        "efs",
        "batch",
        "glue",
        "codecommit",
        "fsx",
        "backup",
    ):
        model = service_model(service)
        assert model is not None
        for operation in model.operations.values():
            for name in operation.tokens:
                least, most = operation.length_of(name)
                assert least <= len(_token(operation, name, "key")) <= (most or 10_000), (service, operation.wire)
                seen += 1
    assert seen > 60


# -- a reply that was cut off -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("reply", "name"), [(EMPTY, "ResponseParserError"), (HOLLOW, "TruncatedReply")])
def test_an_empty_reply_is_an_error(reply: Any, name: str) -> None:
    from actions.aws.sessions import Sessions

    with serving() as aws:
        aws.replies["DescribeDBClusters"] = [reply]
        ctx = context(clients=Sessions(endpoint_url=aws.url, region="us-west-2").clients)
        with pytest.raises(EffectFailed) as caught:
            kind("aws.rds.describe_db_clusters").look({}, ctx)
    assert (caught.value.problem.name, caught.value.problem.category) == (name, "internal")


def test_an_empty_json_object_may_be_an_answer(moto: Moto) -> None:
    ctx = context(clients=moto.clients, account="777777777777")
    table = {
        "TableName": "t", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
    }  # fmt: skip
    action("aws.dynamodb.create_table").run(table, ctx)
    reply = action("aws.dynamodb.get_item").run({"TableName": "t", "Key": {"k": {"S": "nobody"}}}, ctx)
    assert reply == {}
