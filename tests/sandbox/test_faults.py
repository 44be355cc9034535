"""Faults: which calls they hit, what they do, and what the journal says."""

from __future__ import annotations

import contextlib

import botocore.exceptions
import pytest
from botocore.exceptions import ClientError

from actions.sandbox import Fault

DELETE = {"DBClusterSnapshotIdentifier": "here"}


def status_of(here):
    return here.sandbox.get("rds.cluster_snapshot/here@us-west-2").status(here.sandbox.clock.now())


@pytest.mark.parametrize(
    ("fault", "raised", "code", "http", "after", "performed"),
    [
        ({"kind": "error", "code": "SnapshotQuotaExceeded"}, ClientError, "SnapshotQuotaExceeded", 400, "available", False),
        ({"kind": "throttle"}, ClientError, "Throttling", 400, "available", False),
        ({"kind": "credentials"}, ClientError, "ExpiredToken", 403, "available", False),
        ({"kind": "server_error"}, ClientError, "InternalFailure", 500, "available", False),
        ({"kind": "server_error", "performed": True}, ClientError, "InternalFailure", 500, "deleting", True),
        ({"kind": "error", "code": "X", "performed": True}, ClientError, "X", 400, "deleting", True),
        ({"kind": "lost"}, botocore.exceptions.ReadTimeoutError, "lost", None, "deleting", True),
        ({"kind": "lost_unperformed"}, botocore.exceptions.ReadTimeoutError, "lost_unperformed", None, "available", False),
        ({"kind": "unsent"}, botocore.exceptions.EndpointConnectionError, "unsent", None, "available", False),
        (
            {"kind": "lost", "code": "ConnectionClosedError"},
            botocore.exceptions.ConnectionClosedError, "lost", None, "deleting", True,
        ),
        (
            {"kind": "unsent", "code": "NoCredentialsError"},
            botocore.exceptions.NoCredentialsError, "unsent", None, "available", False,
        ),
    ],
)  # fmt: skip
def test_each_kind_of_fault(here, fault, raised, code, http, after, performed):
    here.sandbox.fault(Fault(call="rds.DeleteDBClusterSnapshot", **fault))
    with pytest.raises(raised) as caught:
        here.rds.delete_db_cluster_snapshot(**DELETE)
    if http is not None:
        assert caught.value.response["Error"]["Code"] == code
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == http
    (call,) = here.sandbox.journal
    assert (call.outcome, call.performed, status_of(here)) == (code, performed, after)
    assert bool(call.resource) is performed


@pytest.mark.parametrize(
    ("service", "operation", "params", "throttled", "expired"),
    [
        ("rds", "describe_db_clusters", {}, ("Throttling", 400), ("ExpiredToken", 403)),
        ("ec2", "describe_vpcs", {}, ("RequestLimitExceeded", 503), ("RequestExpired", 400)),
        ("ssm", "get_parameter", {"Name": "/x/topic"}, ("ThrottlingException", 400), ("ExpiredTokenException", 400)),
        ("sns", "publish", {"TopicArn": "t", "Message": "m"}, ("Throttling", 400), ("ExpiredToken", 403)),
        ("kms", "describe_key", {"KeyId": "k"}, ("ThrottlingException", 400), ("ExpiredTokenException", 400)),
        (
            "secretsmanager", "get_secret_value", {"SecretId": "s"},
            ("ThrottlingException", 400), ("ExpiredTokenException", 400),
        ),
    ],
)  # fmt: skip
def test_each_service_has_its_own_codes_for_throttling_and_expiry(here, service, operation, params, throttled, expired):
    call = getattr(here.sandbox.clients(service, "us-west-2"), operation)
    for kind, expected in (("throttle", throttled), ("credentials", expired)):
        here.sandbox.fault(Fault(kind=kind, call=f"{service}.*"))
        assert here.refusal(call, **params)[:2] == expected


def outcomes(here, looks, **fault):
    here.sandbox.fault(Fault(kind="throttle", **fault))
    for _ in range(looks):
        with contextlib.suppress(ClientError):
            here.rds.describe_db_clusters()
    return "".join("x" if call.outcome == "Throttling" else "." for call in here.sandbox.journal)


@pytest.mark.parametrize(
    ("fault", "hits"),
    [
        ({}, "x...."),
        ({"nth": 3}, "..x.."),
        ({"nth": 2, "times": 2}, ".xx.."),
        ({"nth": 4, "times": None}, "...xx"),
        ({"call": "rds.Describe*"}, "x...."),
        ({"call": "rds.DescribeDBClusters"}, "x...."),
        ({"call": "rds.DescribeDBCluster"}, "....."),
        ({"step": "old"}, "....."),
    ],
)
def test_which_calls_a_fault_hits(here, fault, hits):
    assert outcomes(here, 5, **fault) == hits


def test_a_fault_by_step_uses_the_tag_and_the_current_step(here):
    tags = [{"Key": "runbook:step", "Value": "instances/1"}]
    here.sandbox.fault(Fault(kind="error", code="InstanceQuotaExceeded", step="instances[1]"))
    assert here.refusal(here.add_instance, name="a-1", Tags=tags)[0] == "InstanceQuotaExceeded"
    here.sandbox.fault(Fault(kind="error", code="InstanceQuotaExceeded", step="instances"))  # of every item
    assert here.refusal(here.add_instance, name="a-1", Tags=tags)[0] == "InstanceQuotaExceeded"
    here.sandbox.fault(Fault(kind="error", code="InvalidDBClusterStateFault", step="delete-rds"))
    here.sandbox.enter_step("delete-rds")
    refusal = here.refusal(here.rds.delete_db_cluster, DBClusterIdentifier="alone", SkipFinalSnapshot=True)
    assert refusal[0] == "InvalidDBClusterStateFault"
    assert [call.step for call in here.sandbox.journal] == ["instances[1]", "instances[1]", "delete-rds"]


def test_several_faults_hit_one_call(here):
    """The first fault that stops the call counts; `invisible` counts too."""
    for fault in (
        Fault(kind="invisible", call="rds.CopyDBClusterSnapshot", seconds=30),
        Fault(kind="lost", call="rds.CopyDBClusterSnapshot"),
        Fault(kind="throttle", call="rds.CopyDBClusterSnapshot"),
    ):
        here.sandbox.fault(fault)
    with pytest.raises(botocore.exceptions.ReadTimeoutError):
        here.copy()
    refusal = here.refusal(here.rds.describe_db_cluster_snapshots, DBClusterSnapshotIdentifier="copy")
    assert refusal[0] == "DBClusterSnapshotNotFoundFault"
    assert here.refusal(here.copy)[0] == "DBClusterSnapshotAlreadyExistsFault"  # a retry finds the copy
    here.sleep(30)
    assert here.snapshot("copy")["Status"] == "copying"


def test_a_created_resource_can_be_invisible_for_a_while(here):
    here.sandbox.fault(Fault(kind="invisible", call="rds.*", times=None, seconds=45))
    made = here.restore()
    here.sleep(44)
    assert here.refusal(here.rds.describe_db_clusters, DBClusterIdentifier="restored")[0] == "DBClusterNotFoundFault"
    assert "restored" not in [one["DBClusterIdentifier"] for one in here.rds.describe_db_clusters()["DBClusters"]]
    assert here.sandbox.get("rds.cluster/restored@us-west-2") is not None
    here.sleep(1)
    assert here.cluster("restored")["DbClusterResourceId"] == made["DbClusterResourceId"]
    here.add_instance("alone-1")
    assert here.cluster("alone")["DBClusterMembers"] == []
    here.sleep(45)
    assert len(here.cluster("alone")["DBClusterMembers"]) == 1


def test_a_deleted_resource_can_be_listed_for_a_while(here):
    here.sandbox.fault(Fault(kind="stale", call="rds.Delete*", times=None, seconds=40))
    here.rds.delete_db_cluster_snapshot(**DELETE)
    here.sleep(39)
    assert here.snapshot("here")["Status"] == "available"
    assert there_is_none(here, "rds.cluster_snapshot/here@us-west-2")
    here.rds.delete_db_instance(DBInstanceIdentifier="orders-1", SkipFinalSnapshot=True)
    assert here.instance("orders-1")["DBInstanceStatus"] == "available"
    assert here.cluster()["DBClusterMembers"][0]["DBInstanceIdentifier"] == "orders-1"
    here.sleep(1)
    assert here.refusal(here.rds.describe_db_cluster_snapshots, **DELETE)[0] == "DBClusterSnapshotNotFoundFault"
    here.sleep(39)
    assert here.instance("orders-1")["DBInstanceStatus"] == "deleting"


def there_is_none(here, key):
    return here.sandbox.get(key) is None


def test_a_name_that_is_still_listed_can_be_used_again(here):
    here.sandbox.fault(Fault(kind="stale", call="rds.DeleteDBClusterSnapshot", seconds=400))
    here.rds.delete_db_cluster_snapshot(**DELETE)
    here.sleep(30)
    here.copy("here-secret", "here")
    assert here.snapshot("here")["Status"] == "copying"


def test_the_journal_has_every_call(here):
    seen = []
    here.sandbox.watch_calls(lambda call, when: seen.append((when, call.name, call.outcome)))
    here.refusal(here.rds.describe_db_clusters, DBClusterIdentifier="no")
    here.sleep(5)
    here.rds.modify_db_cluster(DBClusterIdentifier="alone", MasterUserPassword="not-in-the-journal")
    assert seen == [
        ("before", "rds.DescribeDBClusters", ""),
        ("after", "rds.DescribeDBClusters", "DBClusterNotFoundFault"),
        ("before", "rds.ModifyDBCluster", ""),
        ("after", "rds.ModifyDBCluster", "ok"),
    ]
    look, change = here.sandbox.journal
    assert (look.changes, look.performed, look.region, look.account) == (False, False, "us-west-2", "123456789012")
    assert (change.changes, change.performed) == (True, True)
    assert change.at - look.at == 5
    assert change.params == {"DBClusterIdentifier": "alone", "MasterUserPassword": "***"}
    assert change.resource.startswith("rds.cluster/alone@us-west-2#cluster-")


class Crashed(BaseException):
    """Not an Exception, so that nothing catches it."""


@pytest.mark.parametrize(("moment", "status"), [("before", "available"), ("after", "deleting")])
def test_a_hook_can_crash_the_runner_before_and_after_a_call(here, moment, status):
    def crash(call, when):
        if when == moment:
            raise Crashed

    here.sandbox.watch_calls(crash)
    with pytest.raises(Crashed):
        here.rds.delete_db_cluster_snapshot(**DELETE)
    assert status_of(here) == status
    assert len(here.sandbox.journal) == (moment == "after")


def test_an_unknown_call(here):
    from engine.errors import EnvironmentProblem

    with pytest.raises(
        EnvironmentProblem, match=r"does not have the call rds\.FailoverDBCluster; its calls of rds are"
    ):
        here.rds.failover_db_cluster(DBClusterIdentifier="orders")
    with pytest.raises(EnvironmentProblem, match="it has no calls of sqs"):
        here.sandbox.clients("sqs", "us-west-2").list_queues()


def test_botocore_still_checks_parameters(here):
    with pytest.raises(botocore.exceptions.ParamValidationError):
        here.rds.describe_db_clusters(Nonsense=1)
    assert here.sandbox.journal == []
