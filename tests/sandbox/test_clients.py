"""botocore over the sandbox: its waiters and errors, isolation, cost, and the same calls twice."""

from __future__ import annotations

import subprocess
import sys

import botocore.exceptions
import pytest

from actions.sandbox import Fault, Sandbox, default_world, demo_script

# -- botocore's own waiters ----------------------------------------------------------------------------------


@pytest.fixture
def waiting(here, monkeypatch):
    """Waits with a waiter of botocore, whose `time.sleep` becomes virtual; the time at its end."""
    monkeypatch.setattr("time.sleep", here.sleep)

    def wait(name, **params):
        here.rds.get_waiter(name).wait(**params)
        return here.sandbox.clock.now()

    return wait


def test_waiters_that_succeed(here, waiting):
    began = here.sandbox.clock.now()
    here.copy()
    here.restore()
    copy, restored = {"DBClusterSnapshotIdentifier": "copy"}, {"DBClusterIdentifier": "restored"}
    assert waiting("db_cluster_snapshot_available", **copy) - began == 420
    assert waiting("db_cluster_available", **restored) - began == 720
    here.add_instance("restored-1", "restored")
    assert waiting("db_instance_available", DBInstanceIdentifier="restored-1") - began == 1200
    here.rds.delete_db_instance(DBInstanceIdentifier="restored-1", SkipFinalSnapshot=True)
    assert waiting("db_instance_deleted", DBInstanceIdentifier="restored-1") - began == 1500
    here.rds.delete_db_cluster(**restored, SkipFinalSnapshot=True)
    assert waiting("db_cluster_deleted", **restored) - began == 1620
    here.rds.delete_db_cluster_snapshot(**copy)
    assert waiting("db_cluster_snapshot_deleted", **copy) - began == 1650


@pytest.mark.parametrize(
    ("name", "params", "key", "status", "why"),
    [
        ("db_cluster_snapshot_available", {"DBClusterSnapshotIdentifier": "here"}, "rds.cluster_snapshot/here", "failed", "terminal failure"),
        ("db_cluster_available", {"DBClusterIdentifier": "alone"}, "rds.cluster/alone", "incompatible-restore", "terminal failure"),
        ("db_cluster_available", {"DBClusterIdentifier": "alone"}, "rds.cluster/alone", "peculiar", "Max attempts"),
        ("db_cluster_snapshot_available", {"DBClusterSnapshotIdentifier": "here"}, "rds.cluster_snapshot/here", "pending", "Max attempts"),
        ("db_cluster_deleted", {"DBClusterIdentifier": "alone"}, "rds.cluster/alone", "stopped", "Max attempts"),
        ("db_cluster_deleted", {"DBClusterIdentifier": "alone"}, "rds.cluster/alone", "creating", "terminal failure"),
    ],
)  # fmt: skip
def test_waiters_that_fail(here, waiting, name, params, key, status, why):
    here.sandbox.change(f"{key}@us-west-2", status)
    with pytest.raises(botocore.exceptions.WaiterError, match=why):
        waiting(name, **params)


def test_waiting_for_something_that_does_not_exist(waiting):
    with pytest.raises(botocore.exceptions.WaiterError, match="DBClusterNotFoundFault"):
        waiting("db_cluster_available", DBClusterIdentifier="nowhere")


# -- errors ------------------------------------------------------------------------------------------------


def test_errors_are_botocores_own_classes(here):
    rds = here.rds
    with pytest.raises(rds.exceptions.DBClusterNotFoundFault):
        rds.describe_db_clusters(DBClusterIdentifier="no")
    with pytest.raises(rds.exceptions.DBInstanceNotFoundFault):  # whose wire code has no Fault
        rds.describe_db_instances(DBInstanceIdentifier="no")


def test_an_operation_can_raise_its_own_codes_and_those_of_no_operation(here):
    """An error in a script waits for an operation that can raise it."""
    from actions.sandbox.clients import operation_facts

    model = here.rds.meta.service_model.operation_model("CopyDBClusterSnapshot")
    facts = operation_facts(model)
    assert facts.own == {
        "DBClusterSnapshotAlreadyExistsFault", "DBClusterSnapshotNotFoundFault", "InvalidDBClusterSnapshotStateFault",
        "InvalidDBClusterStateFault", "KMSKeyNotAccessibleFault", "SnapshotQuotaExceeded",
    }  # fmt: skip
    assert facts.can_raise("Throttling")
    assert not facts.can_raise("DBSubnetGroupNotFoundFault")


# -- clients -------------------------------------------------------------------------------------------------


def test_two_sandboxes_share_nothing(make):
    one, other = make({"rds.cluster/a@us-west-2": "available"}), make({"rds.cluster/b@us-west-2": "available"})
    first, second = one.rds, other.rds
    assert [c["DBClusterIdentifier"] for c in first.describe_db_clusters()["DBClusters"]] == ["a"]
    assert [c["DBClusterIdentifier"] for c in second.describe_db_clusters()["DBClusters"]] == ["b"]
    assert (len(one.sandbox.journal), len(other.sandbox.journal)) == (1, 1)


def test_no_network_and_no_settings_of_the_user_are_used(make, monkeypatch):
    def no(*_, **__):
        raise AssertionError

    monkeypatch.setattr("socket.socket.connect", no)
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:1")
    here = make({})
    for service in ("rds", "ec2", "ssm"):
        assert here.sandbox.clients(service, "eu-north-1").meta.region_name == "eu-north-1"
    here.sandbox.clients("rds", "eu-north-1").describe_db_clusters()


def test_threads_may_call_at_once(here):
    from concurrent.futures import ThreadPoolExecutor

    def add(number):
        return here.rds.add_tags_to_resource(
            ResourceName="arn:aws:rds:us-west-2:123456789012:cluster:orders",
            Tags=[{"Key": f"k{number}", "Value": "v"}],
        )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert len(here.cluster()["TagList"]) == 41
    assert len(here.sandbox.journal) == 41


@pytest.mark.integration
def test_importing_the_sandbox_imports_no_heavy_package():
    code = "import sys, actions.sandbox; actions.sandbox.Sandbox({}); print(sorted({'boto3','botocore','pg8000','yaml'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- the same calls twice -------------------------------------------------------------------------------------


def story(sandbox):
    rds = sandbox.clients("rds", "us-west-2")
    tags = [{"Key": "runbook:step", "Value": "copy-snapshot"}]
    arn = "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:daily-backup-2024-03-20"
    for _ in range(2):
        rds.copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier=arn, TargetDBClusterSnapshotIdentifier="copy", Tags=tags,
            KmsKeyId="alias/aurora-restore",
        )  # fmt: skip
        for _ in range(4):
            rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="copy")
            sandbox.clock.sleep(120)
        if (
            rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="copy")["DBClusterSnapshots"][0]["Status"]
            == "failed"
        ):
            rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="copy")
            sandbox.clock.sleep(60)
    rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="second", SnapshotIdentifier="copy", Engine="aurora-postgresql"
    )
    return sandbox


def test_the_same_calls_give_the_same_ids_and_journal():
    def outcome(sandbox):
        return [(call, sandbox.resources()) for call in story(sandbox).journal], sandbox.world

    first = outcome(Sandbox(default_world(), script=demo_script()))
    second = outcome(Sandbox(default_world(), script=demo_script()))
    assert first == second


# -- cost ----------------------------------------------------------------------------------------------------


def calls_made(do):
    """How many Python functions it calls: a measure of work that does not depend on how busy the machine is."""
    count = 0

    def profile(frame, event, argument):
        nonlocal count
        count += event == "call"

    sys.setprofile(profile)
    try:
        do()
    finally:
        sys.setprofile(None)
    return count


def test_a_sandbox_a_client_and_a_call_are_cheap():
    world = default_world()
    sandbox = Sandbox(world)
    rds = sandbox.clients("rds", "us-west-2")
    rds.describe_db_clusters()
    made = calls_made(lambda: Sandbox(world))
    client = calls_made(lambda: sandbox.clients("rds", "us-west-2"))
    call = calls_made(lambda: rds.describe_db_clusters(DBClusterIdentifier="orders"))
    assert (made < 1_000, client < 20, call < 300) == (True, True, True), (made, client, call)


def test_a_file_costs_little_and_a_long_one_loads_quickly(tmp_path):
    sandbox = Sandbox(default_world(), file=tmp_path / "world")
    rds = sandbox.clients("rds", "us-west-2")
    rds.describe_db_clusters(DBClusterIdentifier="orders")  # imports what a call needs
    first, *_, last = [calls_made(lambda: rds.describe_db_clusters(DBClusterIdentifier="orders")) for _ in range(2_000)]
    loading = calls_made(lambda: Sandbox(file=tmp_path / "world"))
    assert (last <= first, first < 350, loading < 20 * len(sandbox.journal)) == (True, True, True), (
        first,
        last,
        loading,
    )


def test_faults_do_not_outlive_their_sandbox(make):
    one = make({})
    one.sandbox.fault(Fault(kind="throttle", times=None))
    assert make({}).rds.describe_db_clusters()["DBClusters"] == []
