"""The sandbox over HTTP: the same answers as in the process, faults, control requests, killed processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config

from actions.sandbox import Fault, Sandbox
from actions.sandbox.http.__main__ import FastClock
from actions.sandbox.http.server import SandboxServer
from engine.clock import VirtualClock
from tests.sandbox.api_calls import CALLS, MORE, call
from tests.sandbox.conftest import WORLD

pytestmark = pytest.mark.integration

ONCE = Config(retries={"total_max_attempts": 1})


def client(served, service, region="us-west-2", **more):
    return boto3.client(service, region_name=region, endpoint_url=served.url, config=ONCE, **more)


@pytest.fixture
def served():
    with SandboxServer(Sandbox(WORLD | MORE)) as one:
        yield one


def test_every_operation_answers_as_in_process(served):
    """Requests through botocore's serializers and back through its parsers: nothing is lost or changed."""
    inside = Sandbox(WORLD | MORE)
    for name, params in CALLS.items():
        service, _, operation = name.partition(".")
        outer = call(client(served, service), operation, params)
        inner = call(inside.clients(service, "us-west-2"), operation, params)
        outer.pop("ResponseMetadata")
        inner.pop("ResponseMetadata")
        assert outer == inner, name
    assert [(one.name, one.params) for one in served.sandbox.journal] == [
        (one.name, one.params) for one in inside.journal
    ]


@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "status"),
    [
        ("rds", "DescribeDBClusters", {"DBClusterIdentifier": "no<&>"}, "DBClusterNotFoundFault", 404),
        ("rds", "DescribeDBClusters", {"MaxRecords": 19}, "InvalidParameterValue", 400),
        ("ec2", "DescribeSecurityGroups", {"GroupIds": ["sg-no"]}, "InvalidGroup.NotFound", 400),
        ("ssm", "GetParameter", {"Name": "/no"}, "ParameterNotFound", 400),
        ("secretsmanager", "GetSecretValue", {"SecretId": "no"}, "ResourceNotFoundException", 400),
        ("kms", "DescribeKey", {"KeyId": "no"}, "NotFoundException", 400),
        ("sns", "Publish", {"TopicArn": "x", "Message": "m"}, "InvalidParameter", 400),
        ("rds", "FailoverDBCluster", {"DBClusterIdentifier": "orders"}, "InvalidAction", 400),
    ],
)
def test_refusals(served, service, operation, params, code, status):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(client(served, service), operation, params)
    message = caught.value.response
    assert (message["Error"]["Code"], message["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert message["Error"]["Message"]


def test_pages_filters_lists_and_unusual_characters(served):
    rds = client(served, "rds")
    for number in range(45):
        served.sandbox.put(f"rds.cluster_snapshot/s{number}@us-west-2", {"cluster": "many"})
    pages = rds.get_paginator("describe_db_cluster_snapshots").paginate(
        DBClusterIdentifier="many", PaginationConfig={"PageSize": 20}
    )
    assert [len(page["DBClusterSnapshots"]) for page in pages] == [20, 20, 5]
    filters = [{"Name": "db-cluster-id", "Values": ["many", "orders"]}, {"Name": "snapshot-type", "Values": ["manual"]}]
    assert len(rds.describe_db_cluster_snapshots(Filters=filters)["DBClusterSnapshots"]) == 46
    arn = "arn:aws:rds:us-west-2:123456789012:cluster:orders"
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "é ü", "Value": "a b+c"}, {"Key": "empty", "Value": ""}])
    tags = {tag["Key"]: tag["Value"] for tag in rds.list_tags_for_resource(ResourceName=arn)["TagList"]}
    assert tags == {"team": "shop", "é ü": "a b+c", "empty": ""}
    served.sandbox.put("security_group/sg-odd@us-west-2", {"name": "<a> & 'b'"})
    (group,) = client(served, "ec2").describe_security_groups(GroupIds=["sg-odd"])["SecurityGroups"]
    assert group["GroupName"] == "<a> & 'b'"
    rds.modify_db_cluster(DBClusterIdentifier="alone", VpcSecurityGroupIds=[])
    assert served.sandbox.journal[-1].params == {"DBClusterIdentifier": "alone", "VpcSecurityGroupIds": []}
    attributes = {"a": {"DataType": "String", "StringValue": "<&>"}}
    client(served, "sns").publish(
        TopicArn="arn:aws:sns:us-west-2:123456789012:t", Message="ä\n<&>", MessageAttributes=attributes
    )
    assert served.sandbox.messages[0]["text"] == "ä\n<&>"
    assert served.sandbox.messages[0]["attributes"] == {"a": "<&>"}


@pytest.mark.parametrize(("kind", "status"), [("lost", "deleting"), ("lost_unperformed", "available")])
def test_a_lost_reply_closes_the_connection(served, kind, status):
    served.sandbox.fault(Fault(kind=kind, call="rds.DeleteDBClusterSnapshot"))
    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        client(served, "rds").delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="here")
    there = served.sandbox.get("rds.cluster_snapshot/here@us-west-2")
    assert there.status(served.sandbox.clock.now()) == status


def test_botocore_retries_a_throttled_call(served):
    served.sandbox.fault(Fault(kind="throttle", call="rds.DescribeDBClusters"))
    patient = boto3.client(
        "rds", region_name="us-west-2", endpoint_url=served.url,
        config=Config(retries={"total_max_attempts": 2, "mode": "standard"}),
    )  # fmt: skip
    assert patient.describe_db_clusters()["ResponseMetadata"]["RetryAttempts"] == 1


def test_an_assumed_role_is_in_its_account(served):
    served.sandbox.put("rds.cluster/theirs@us-west-2/source", "available")
    role = "arn:aws:iam::210987654321:role/runbook"
    made = client(served, "sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    keys = {
        "aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"],
        "aws_session_token": made["SessionToken"],
    }  # fmt: skip
    assert client(served, "sts", **keys).get_caller_identity()["Account"] == "210987654321"
    (one,) = client(served, "rds", **keys).describe_db_clusters()["DBClusters"]
    assert one["DBClusterIdentifier"] == "theirs"


# -- bad requests --------------------------------------------------------------------------------------------


def ask(served, path, body=None, **headers):
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(served.url + path, data, headers)) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


SCOPE = "AWS4-HMAC-SHA256 Credential=AKIA/20240320/us-west-2/{}/aws4_request, SignedHeaders=host, Signature=x"


@pytest.mark.parametrize(
    ("body", "headers", "message"),
    [
        (b"", {}, "the request is not signed"),
        (b"", {"Authorization": SCOPE.format("nothing")}, "there is no service nothing"),
        (b"", {"Authorization": SCOPE.format("rds")}, "rds needs an operation, and the request names none"),
        (b"Action=Nonsense", {"Authorization": SCOPE.format("rds")}, "rds has no operation Nonsense"),
        (
            b"not json",
            {"Authorization": SCOPE.format("ssm"), "X-Amz-Target": "AmazonSSM.GetParameter"},
            "the body is not JSON",
        ),
        (b"[]", {"Authorization": SCOPE.format("ssm"), "X-Amz-Target": "AmazonSSM.GetParameter"}, "not a JSON object"),
        (b"", {"Authorization": SCOPE.format("s3")}, "does not serve the protocol rest-xml of s3"),
    ],
)
def test_bad_requests(served, body, headers, message):
    status, text = ask(served, "/", body, **headers)
    assert status == 400
    assert message in text
    assert served.sandbox.journal == []


def test_a_request_that_is_too_large(served):
    assert ask(served, "/", b"x" * 1_000_001)[0] == 413


def test_control_requests(served):
    assert ask(served, "/_sandbox/fault", {"kind": "throttle", "call": "rds.*"}) == (200, "null")
    assert ask(served, "/_sandbox/put", {"rds.cluster/new@us-west-2": "creating"}) == (200, "null")
    with pytest.raises(botocore.exceptions.ClientError, match="Throttling"):
        client(served, "rds").describe_db_clusters()
    assert ask(served, "/_sandbox/sleep", {"seconds": 720}) == (200, "null")
    status, resources = ask(served, "/_sandbox/resources")
    (new,) = [row for row in json.loads(resources) if row["name"] == "new"]
    assert (status, new["status"]) == (200, "available")
    assert [one["outcome"] for one in json.loads(ask(served, "/_sandbox/journal")[1])] == ["Throttling"]
    assert ask(served, "/_sandbox/messages") == (200, "[]")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/_sandbox/nothing", {}, 404),
        ("/_sandbox/fault", {"kinds": 1}, 400),
        ("/_sandbox/put", {"rds.clutser/x@y": "available"}, 400),
        ("/_sandbox/sleep", b"nonsense", 400),
        ("/", None, 404),
    ],
)
def test_wrong_control_requests(served, path, body, status):
    code, text = ask(served, path, body)
    assert code == status
    assert text


# -- time ----------------------------------------------------------------------------------------------------


def test_time_can_pass_with_every_call():
    with SandboxServer(Sandbox({"rds.cluster/c@us-west-2": "creating"}), tick=240) as served:
        rds = client(served, "rds")
        seen = [rds.describe_db_clusters()["DBClusters"][0]["Status"] for _ in range(4)]
    assert seen == ["creating", "creating", "available", "available"]


def test_time_can_pass_faster_than_real_time():
    machine = VirtualClock(1000.0)
    clock = FastClock(60, machine)
    assert clock.now() == 1000
    machine.sleep(2)
    assert clock.now() == clock.boot() == 1120
    clock.sleep(30)
    assert clock.now() == 1150


# -- processes -----------------------------------------------------------------------------------------------

RUNNER = """
import boto3, sys
from botocore.config import Config
rds = boto3.client("rds", endpoint_url=sys.argv[1], config=Config(retries={"total_max_attempts": 1}))
def names():
    return [one["DBClusterSnapshotIdentifier"] for one in rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]]
for number in range(3):
    if f"s{number}" not in names():
        rds.copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier="here", TargetDBClusterSnapshotIdentifier=f"s{number}"
        )
"""


def test_a_client_killed_before_or_after_a_call_can_go_on(served):
    """The hook runs in the server and kills the client."""
    env = os.environ | {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-west-2"}
    running: list[subprocess.Popen[bytes]] = []
    due = {"before", "after"}
    started = threading.Event()

    def kill(call, when):
        started.wait()
        if (call.operation, when) in {("CopyDBClusterSnapshot", word) for word in due}:
            due.discard(when)
            running[-1].kill()
            running[-1].wait()

    served.sandbox.watch_calls(kill)
    codes = []
    for _ in range(3):
        started.clear()
        running.append(subprocess.Popen([sys.executable, "-c", RUNNER, served.url], env=env))
        started.set()
        codes.append(running[-1].wait())
    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0]
    made = [one.resource for one in served.sandbox.journal if one.operation == "CopyDBClusterSnapshot"]
    assert len(made) == len(set(made)) == 3
    assert [row["name"] for row in served.sandbox.resources("rds.cluster_snapshot") if row["name"].startswith("s")][
        -3:
    ] == ["s0", "s1", "s2"]


def serve(*words):
    command = [sys.executable, "-m", "actions.sandbox.http", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_killed_server_keeps_its_world(tmp_path, root):
    words = ("--file", str(tmp_path / "world"), "--world", str(root / "actions" / "sandbox" / "demo.yaml"))

    class Elsewhere:
        url = ""

    there = Elsewhere()
    with serve(*words) as first:
        there.url = first.stdout.readline().strip()
        client(there, "rds", "us-west-2").delete_db_instance(DBInstanceIdentifier="orders-2", SkipFinalSnapshot=True)
        first.kill()
    with serve(*words, "--tick", "301") as second:
        there.url = second.stdout.readline().strip()
        found = client(there, "rds", "us-west-2").describe_db_instances()["DBInstances"]
        assert [one["DBInstanceIdentifier"] for one in found] == ["orders-1"]
        second.send_signal(signal.SIGTERM)
        assert second.wait(60) == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--world", "no.yaml"), 2, "error: no.yaml: cannot be read"),
        (("--speed", "1", "--tick", "1"), 2, "not allowed with"),
        (("--file", "/proc/no/world"), 4, "error: the sandbox's world cannot be opened"),
    ],
)
def test_servers_that_cannot_start(words, code, message):
    with serve(*words) as running:
        assert message in running.stderr.read()
        assert running.wait(60) == code


def test_a_port_in_use(served):
    with serve("--port", served.url.rpartition(":")[2]) as running:
        assert "in use" in running.stderr.read()
        assert running.wait(60) == 2
