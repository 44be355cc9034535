"""Sessions and clients: how often a request is sent, `before_send`, timeouts, and AWS's own configuration."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError

from actions.aws.call_errors import aws_call
from actions.aws.sessions import Sessions, is_read
from actions.rds.cluster import Cluster
from engine.errors import Busy, EffectFailed, EffectNotSent, EffectUnknown
from tests.actions.contexts import context
from tests.actions.http_aws import CUT, EMPTY, FAULT, HOLLOW, THROTTLED, HttpAws, cluster
from tests.actions.sessions import accounts, sessions

# -- how often ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [CUT, FAULT])
def test_a_read_is_sent_a_second_time(aws: HttpAws, first: Any) -> None:
    aws.replies["DescribeDBClusters"] = [first, cluster("orders")]
    found = sessions(aws).clients("rds").describe_db_clusters()
    assert found["DBClusters"][0]["DBClusterIdentifier"] == "orders"
    assert aws.actions() == ["DescribeDBClusters"] * 2


@pytest.mark.parametrize(("reply", "category", "times"), [(CUT, "timeout", 2), (FAULT, "internal", 2)])
def test_a_read_is_not_sent_a_third_time(aws: HttpAws, reply: Any, category: str, times: int) -> None:
    aws.replies["DescribeDBClusters"] = [reply]
    with pytest.raises(EffectFailed) as caught, aws_call():
        sessions(aws).clients("rds").describe_db_clusters()
    assert caught.value.problem.category == category
    assert len(aws.requests) == times


def test_a_throttled_read_is_not_sent_again(aws: HttpAws) -> None:
    aws.replies["DescribeDBClusters"] = [THROTTLED]
    with pytest.raises(EffectNotSent), aws_call():
        sessions(aws).clients("rds").describe_db_clusters()
    assert len(aws.requests) == 1


@pytest.mark.parametrize("reply", [CUT, FAULT])
def test_a_change_is_sent_once_and_its_outcome_is_unknown(aws: HttpAws, reply: Any) -> None:
    aws.replies["DeleteDBCluster"] = [reply]
    with pytest.raises(EffectUnknown), aws_call(changes=True):
        sessions(aws).clients("rds").delete_db_cluster(DBClusterIdentifier="orders", SkipFinalSnapshot=True)
    assert aws.actions() == ["DeleteDBCluster"]


def test_each_page_is_a_read(aws: HttpAws) -> None:
    aws.replies["DescribeDBClusters"] = [CUT, cluster("orders")]
    pages = sessions(aws).clients("rds").get_paginator("describe_db_clusters").paginate()
    assert [page["DBClusters"][0]["Status"] for page in pages] == ["available"]


def test_without_a_listener_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = Sessions(endpoint_url=f"http://127.0.0.1:{port}", region="us-west-2").clients("rds")
    with pytest.raises(EffectNotSent) as caught, aws_call(changes=True):
        client.delete_db_cluster(DBClusterIdentifier="orders", SkipFinalSnapshot=True)
    assert caught.value.problem.category == "network"


@pytest.mark.parametrize(
    ("name", "reads"),
    [("DescribeDBClusters", True), ("GetParameter", True), ("ListAliases", True), ("HeadObject", True),
     ("DeleteDBCluster", False), ("AssumeRole", False), ("PutItem", False)],
)  # fmt: skip
def test_reads_are_recognised_by_name(name: str, reads: bool) -> None:
    assert is_read(name) is reads


# -- a reply that was cut off -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("reply", "name"), [(EMPTY, "ResponseParserError"), (HOLLOW, "TruncatedReply")])
def test_an_empty_reply_does_not_mean_missing(aws: HttpAws, reply: Any, name: str) -> None:
    aws.replies["DescribeDBClusters"] = [reply]
    with pytest.raises(EffectFailed) as caught:
        Cluster().look({"name": "orders"}, context(clients=sessions(aws).clients))
    assert (caught.value.problem.name, caught.value.problem.category) == (name, "internal")


def test_a_server_that_ignores_the_filter_does_not_return_another_cluster(aws: HttpAws) -> None:
    aws.replies["DescribeDBClusters"] = [cluster("orders")]
    seen = Cluster().look({"id": "cluster-GONE"}, context(clients=sessions(aws).clients))
    assert seen.cls == "missing"


def test_a_page_of_another_service_is_an_error(aws: HttpAws) -> None:
    aws.replies["DescribeDBClusters"] = [(200, b"<html><body>Please log in to the network.</body></html>")]
    with pytest.raises(EffectFailed) as caught:
        Cluster().look({"name": "orders"}, context(clients=sessions(aws).clients))
    assert (caught.value.problem.name, caught.value.problem.category) == ("ResponseParserError", "internal")


def test_an_empty_list_means_missing(aws: HttpAws) -> None:
    assert Cluster().look({"name": "orders"}, context(clients=sessions(aws).clients)).cls == "missing"


def test_after_an_empty_reply_to_a_create_outcome_or_id_is_unknown(aws: HttpAws) -> None:
    aws.replies["RestoreDBClusterToPointInTime"] = [EMPTY, HOLLOW]
    params = {"name": "fresh", "from_cluster": "orders", "restore_to": "latest"}
    ctx = context(clients=sessions(aws).clients)
    with pytest.raises(EffectUnknown):
        Cluster().create(params, {}, ctx)
    assert Cluster().create(params, {}, ctx) is None


# -- the last word --------------------------------------------------------------------------------------------


def test_before_send_runs_before_each_request_and_may_raise(aws: HttpAws) -> None:
    calls: list[str] = []

    def before_send() -> None:
        calls.append("before_send")
        if len(calls) > 2:
            raise Busy("another runner has it")

    client = sessions(aws, before_send=before_send).clients("rds")
    aws.replies["DescribeDBClusters"] = [CUT, cluster("orders")]
    client.describe_db_clusters()
    assert len(calls) == 2
    with pytest.raises(Busy), aws_call(changes=True):
        client.delete_db_cluster(DBClusterIdentifier="orders", SkipFinalSnapshot=True)
    assert aws.actions() == ["DescribeDBClusters"] * 2


# -- how long -------------------------------------------------------------------------------------------------


def test_an_answer_may_take_the_steps_timeout(aws: HttpAws) -> None:
    own = sessions(aws)
    assert own.clients("rds")._client_config.read_timeout == 30
    assert own.clients("rds", timeout=600.0)._client_config.read_timeout == 600
    assert own.clients("rds", timeout=600.0) is own.clients("rds", timeout=600.0)
    aws.slow = 30.0
    with pytest.raises(EffectUnknown, match="ReadTimeoutError"), aws_call(changes=True):
        own.clients("rds", timeout=0.05).delete_db_cluster(DBClusterIdentifier="orders", SkipFinalSnapshot=True)


# -- where ----------------------------------------------------------------------------------------------------


def test_threads_share_one_client_for_a_service_region_and_account(aws: HttpAws) -> None:
    own = sessions(aws, accounts=accounts())
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(own.clients("rds", account="target"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(client) for client in found}) == 1
    assert aws.actions() == ["AssumeRole", "GetCallerIdentity"]
    assert own.clients("rds") is not own.clients("rds", region="us-east-1")
    assert own.clients("rds") is own.clients("rds", region="us-west-2")


def test_environment_variables_of_aws_apply(aws: HttpAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
    assert Sessions().clients("rds").meta.region_name == "us-west-2"
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    client = Sessions().clients("rds")
    assert client.meta.region_name == "eu-west-1"
    client.describe_db_clusters()
    assert aws.actions() == ["DescribeDBClusters"]
    assert Sessions(region="eu-west-3").clients("rds", region="eu-west-2").meta.region_name == "eu-west-2"


def test_parameters_are_validated_unless_switched_off(aws: HttpAws) -> None:
    wrong: dict[str, Any] = {"MaxRecords": "fifty"}
    with pytest.raises(ParamValidationError):
        sessions(aws).clients("rds").describe_db_clusters(**wrong)
    assert aws.actions() == []
    sessions(aws, validates=False).clients("rds").describe_db_clusters(**wrong)
    assert aws.actions() == ["DescribeDBClusters"]


def test_a_missing_region_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(EffectFailed) as caught:
        Sessions().clients("rds")
    assert caught.value.problem.name == "NoRegionError"
    assert "Set `region` in the runbook, or --region, or AWS_REGION" in caught.value.problem.message
