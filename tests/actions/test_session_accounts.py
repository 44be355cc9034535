"""Sessions: credentials, roles, and the check of the account behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actions.aws.call_errors import aws_call
from actions.aws.sessions import Sessions
from engine.errors import EffectFailed, EffectNotSent, EnvironmentProblem, UsageError
from tests.actions.http_aws import EXPIRED, OWN_ACCOUNT, THROTTLED, HttpAws, cluster
from tests.actions.sessions import OTHER, ROLE, accounts, sessions
from tests.servers.moto import Moto


def test_a_role_is_assumed_with_its_external_id_and_its_account_checked(aws: HttpAws) -> None:
    clients = sessions(aws, accounts=accounts()).clients
    clients("rds", account="target").describe_db_clusters()
    clients("rds", account="target").describe_db_clusters()
    clients("rds", region="us-east-1", account=OTHER).describe_db_clusters()
    assert aws.actions() == ["AssumeRole", "GetCallerIdentity", *["DescribeDBClusters"] * 3]
    role = aws.requests[0].form
    assert (role["RoleArn"], role["ExternalId"], role["RoleSessionName"]) == (ROLE, "ticket-7", "runbook")
    assert {one.key for one in aws.requests[1:]} == {f"ASIA{OTHER}"}
    assert aws.requests[0].key == "testing"


def test_a_roles_credentials_are_renewed_before_they_expire(aws: HttpAws) -> None:
    aws.expires = 60.0
    client = sessions(aws, accounts=accounts()).clients("rds", account="target")
    client.describe_db_clusters()
    assert aws.actions().count("AssumeRole") >= 2


@pytest.mark.parametrize(("operation", "params"), [
    ("DescribeDBClusters", {}), ("DeleteDBCluster", {"DBClusterIdentifier": "orders", "SkipFinalSnapshot": True}),
])  # fmt: skip
def test_a_call_with_expired_credentials_of_a_role_is_sent_again_with_new_ones(
    aws: HttpAws, operation: str, params: dict[str, Any]
) -> None:
    client = sessions(aws, accounts=accounts()).clients("rds", account="target")
    aws.replies[operation] = [
        EXPIRED,
        (200, cluster("orders")[1] if not params else b"<R><DeleteDBClusterResult/></R>"),
    ]
    with aws_call(changes=bool(params)):
        client._make_api_call(operation, params)
    assert aws.actions() == ["AssumeRole", "GetCallerIdentity", operation, "AssumeRole", operation]


def test_credentials_that_expire_twice_stop_the_runner(aws: HttpAws) -> None:
    client = sessions(aws, accounts=accounts()).clients("rds", account="target")
    aws.replies["DescribeDBClusters"] = [EXPIRED]
    with pytest.raises(EffectNotSent) as caught, aws_call():
        client.describe_db_clusters()
    assert caught.value.problem.category == "credentials"
    assert aws.actions().count("DescribeDBClusters") == 2


def test_an_expired_login_is_not_used_twice_to_renew_a_role(aws: HttpAws) -> None:
    aws.expires = 60.0
    client = sessions(aws, accounts=accounts()).clients("rds", account="target")
    aws.replies["AssumeRole"] = [EXPIRED]
    before = aws.actions().count("AssumeRole")
    with pytest.raises(EffectNotSent) as caught, aws_call():
        client.describe_db_clusters()
    assert caught.value.problem.category == "credentials"
    assert aws.actions().count("AssumeRole") == before + 1


def test_expired_credentials_of_the_caller_are_not_renewed(aws: HttpAws) -> None:
    aws.replies["DescribeDBClusters"] = [EXPIRED]
    with pytest.raises(EffectNotSent), aws_call():
        sessions(aws).clients("rds").describe_db_clusters()
    assert aws.actions() == ["DescribeDBClusters"]


def test_a_role_with_expired_credentials_stops_the_runner(aws: HttpAws) -> None:
    aws.expires = -60.0
    with pytest.raises(EffectNotSent) as caught:
        sessions(aws, accounts=accounts()).clients("rds", account="target")
    assert caught.value.problem.category == "credentials"
    assert "still expired" in caught.value.problem.message


def test_a_wrong_account_is_never_called_and_both_ids_are_named(aws: HttpAws) -> None:
    wrong = accounts(id="333333333333")
    for _ in range(2):
        with pytest.raises(EnvironmentProblem, match=f"`target` has the id 333333333333 .* {OTHER}"):
            sessions(aws, accounts=wrong).clients("rds", account="target")
    assert "DescribeDBClusters" not in aws.actions()


def test_an_account_without_a_role_uses_the_callers_credentials(aws: HttpAws) -> None:
    ours = accounts(id=OWN_ACCOUNT, role_arn=None, external_id=None)
    sessions(aws, accounts=ours).clients("rds", account="target").describe_db_clusters()
    assert aws.actions() == ["GetCallerIdentity", "DescribeDBClusters"]
    with pytest.raises(EnvironmentProblem, match=OWN_ACCOUNT):
        sessions(aws, accounts=accounts(role_arn=None)).clients("rds", account="target")


def test_a_denied_role_is_refused_and_a_throttled_one_not_sent(aws: HttpAws) -> None:
    denied = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>"
    aws.replies["AssumeRole"] = [(403, denied)]
    with pytest.raises(EffectFailed) as caught:
        sessions(aws, accounts=accounts()).clients("rds", account="target")
    assert caught.value.problem.category == "denied"
    aws.replies["AssumeRole"] = [THROTTLED]
    with pytest.raises(EffectNotSent):
        sessions(aws, accounts=accounts()).clients("rds", account="target")


def test_an_unknown_account_or_profile_lists_the_known_ones(aws: HttpAws) -> None:
    with pytest.raises(UsageError, match=r"`nobody`; its `accounts`: target"):
        sessions(aws, accounts=accounts()).clients("rds", account="nobody")
    with pytest.raises(EnvironmentProblem, match="no profile `nobody`"):
        sessions(aws, profile="nobody").clients("rds")


def test_without_credentials_nothing_is_sent(aws: HttpAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(EffectNotSent) as caught, aws_call(changes=True):
        sessions(aws).clients("rds").delete_db_cluster(DBClusterIdentifier="orders", SkipFinalSnapshot=True)
    assert caught.value.problem.category == "credentials"
    with pytest.raises(EffectNotSent):
        sessions(aws, accounts=accounts()).clients("rds", account="target")
    assert aws.requests == []


@pytest.mark.parametrize(
    "process", ["/nowhere/login", "echo nonsense", "false", '"unclosed'], ids=["gone", "no JSON", "fails", "no shell"]
)
def test_a_broken_credential_process_is_a_credentials_error(
    aws: HttpAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, process: str
) -> None:
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = {process}\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with pytest.raises(EffectNotSent) as caught, aws_call():
        sessions(aws).clients("rds").describe_db_clusters()
    assert caught.value.problem.category == "credentials"
    assert aws.requests == []


def test_an_unreadable_configuration_stops_the_runner(
    aws: HttpAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("nonsense")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with pytest.raises(EffectNotSent, match="Unable to parse config file") as caught:
        sessions(aws).clients("rds")
    assert caught.value.problem.category == "credentials"


@pytest.mark.parametrize("address", ["nonsense", "http://", "ftp:/x y"])
def test_an_invalid_endpoint_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="http://HOST:PORT"):
        Sessions(endpoint_url=address, region="us-west-2").clients("rds")
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    with pytest.raises(UsageError, match="http://HOST:PORT"):
        Sessions(region="us-west-2").clients("rds")


def test_moto_accepts_the_role(moto: Moto) -> None:
    clients = Sessions(endpoint_url=moto.url, region="us-west-2", accounts=accounts()).clients
    identity = clients("sts", account="target").get_caller_identity()
    assert identity["Account"] == OTHER
    assert ":assumed-role/restore/runbook" in identity["Arn"]
    with pytest.raises(EnvironmentProblem, match="444444444444"):
        wrong = accounts(id="444444444444")
        Sessions(endpoint_url=moto.url, region="us-west-2", accounts=wrong).clients("rds", account="target")
