"""Scripts: statuses, errors and connections to come (docs/sandbox.md)."""

from __future__ import annotations

import pytest

from actions.postgres.role_statements import save_role
from engine.errors import UsageError

COPY = [{"Key": "runbook:step", "Value": "copy-snapshot"}]


def statuses(here, looks, name="copy"):
    return [here.snapshot(name)["Status"] for _ in range(looks)]


def scripted(make, **script):
    world = {"rds.cluster_snapshot/here@us-west-2": "available", "rds.cluster/orders@us-west-2": {"instances": 1}}
    return make(world, script={name.replace("_", "-"): items for name, items in script.items()})


def test_the_first_copy_fails_and_the_next_one_succeeds(make):
    here = scripted(make, copy_snapshot=["copying x3", "failed"])
    here.copy(Tags=COPY)
    assert statuses(here, 5) == ["copying", "copying", "copying", "failed", "failed"]
    here.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="copy")
    here.sleep(30)
    here.copy(Tags=COPY)
    assert statuses(here, 4) == ["copying"] * 4
    here.sleep(420)
    assert statuses(here, 1) == ["available"]
    assert here.sandbox.script_left == {}


@pytest.mark.parametrize(
    ("items", "seen"),
    [
        (["available"], ["available"] * 3),
        (["failed x2"], ["failed"] * 3),
        (["pending x2"], ["pending", "pending", "copying"]),  # then as usual
        (["copying", "peculiar", "available"], ["copying", "peculiar", "available"]),
        (["copying always"], ["copying"] * 3),
    ],
)
def test_the_statuses_of_a_copy(make, items, seen):
    here = scripted(make, copy_snapshot=items)
    here.copy(Tags=COPY)
    assert statuses(here, 3) == seen


def test_two_copies_that_fail(make):
    here = scripted(make, copy_snapshot=["failed x2"])
    for expected in ("failed", "failed", "copying"):
        here.copy(Tags=COPY)
        assert statuses(here, 1) == [expected]
        here.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="copy")
        here.sleep(31)


def test_the_statuses_of_a_deletion(make):
    here = scripted(make, copy_snapshot=["failed", "deleting x2", "available"])
    here.copy(Tags=COPY)
    here.sandbox.enter_step("copy-snapshot")
    here.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="copy")
    here.sleep(600)
    assert statuses(here, 2) == ["deleting", "deleting"]
    refusal = here.refusal(here.rds.describe_db_cluster_snapshots, DBClusterSnapshotIdentifier="copy")
    assert refusal[0] == "DBClusterSnapshotNotFoundFault"
    here.copy(Tags=COPY)
    assert statuses(here, 1) == ["available"]


def test_an_error_waits_for_a_call_that_can_raise_it(make):
    here = scripted(make, copy_snapshot=["DBSubnetGroupNotFoundFault", "ok", "SnapshotQuotaExceeded"])
    here.copy(Tags=COPY)  # a copy cannot raise it
    assert here.sandbox.script_left["copy-snapshot"][0] == ("DBSubnetGroupNotFoundFault", 1)


def test_errors_in_order(make):
    here = scripted(make, copy_snapshot=["SnapshotQuotaExceeded x2", "ok", "Throttling", "failed"])
    message = [here.refusal(here.copy, Tags=COPY) for _ in range(2)]
    assert [code for code, _, _ in message] == ["SnapshotQuotaExceeded"] * 2
    assert "Cannot copy more than 5 snapshots" in message[0][2]
    here.copy("here", "other", Tags=COPY)
    assert here.refusal(here.copy, Tags=COPY)[0] == "Throttling"
    here.copy(Tags=COPY)
    assert statuses(here, 1) == ["failed"]


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("InvalidVPCConfiguration", "InvalidVPCNetworkStateFault"),
        ("InvalidSnapshot.NotFound", "DBClusterSnapshotNotFoundFault"),
    ],
)
def test_names_of_the_guide_stand_for_codes_of_aws(make, word, code):
    here = scripted(make, restore_snapshot=[word])
    assert here.refusal(here.restore, Tags=[{"Key": "runbook:step", "Value": "restore-snapshot"}])[0] == code


@pytest.mark.parametrize("word", ["lost", "lost_unperformed", "unsent", "throttle", "server_error", "credentials"])
def test_a_script_can_name_kinds_of_fault(make, word):
    from botocore.exceptions import BotoCoreError, ClientError

    here = scripted(make, copy_snapshot=[word])
    with pytest.raises((BotoCoreError, ClientError)):
        here.copy(Tags=COPY)
    assert here.sandbox.journal[0].performed is (word == "lost")


def test_only_a_list_by_call_applies_to_calls_that_read(make):
    here = make(
        {"rds.cluster/orders@us-west-2": "available"},
        script={"rds.DescribeDBClusters": ["Throttling"], "old": ["Throttling"]},
    )
    here.sandbox.enter_step("old")
    assert here.refusal(here.cluster)[0] == "Throttling"
    here.cluster()
    assert here.sandbox.script_left == {"old": [("Throttling", 1)]}


def test_items_have_their_own_list_and_a_common_one(make):
    here = make(
        {"rds.cluster/c@us-west-2": "available"},
        script={"instances[1]": ["failed"], "instances": ["insufficient-capacity"]},
    )
    for number, status in ((1, "failed"), (0, "insufficient-capacity")):
        here.add_instance(f"c-{number}", "c", Tags=[{"Key": "runbook:step", "Value": f"instances/{number}"}])
        assert here.instance(f"c-{number}")["DBInstanceStatus"] == status


def test_looks_at_a_cluster_are_not_looks_at_its_instances(make):
    here = make({"rds.cluster/c@us-west-2": "available"}, script={"rds.CreateDBInstance": ["creating x2", "failed"]})
    here.add_instance("c-1", "c")
    for _ in range(5):
        here.cluster("c")
        here.rds.describe_db_instances(Filters=[{"Name": "db-cluster-id", "Values": ["c"]}])
    assert [here.instance("c-1")["DBInstanceStatus"] for _ in range(3)] == ["creating", "creating", "failed"]


def test_only_resources_on_the_page_are_looked_at(make):
    world = {f"rds.cluster_snapshot/s{number:02}@us-west-2": "available" for number in range(24)}
    here = make(world | {"rds.cluster_snapshot/s24@us-west-2": ["copying x1", "failed"]})
    for expected in ("copying", "failed"):
        pages = here.rds.get_paginator("describe_db_cluster_snapshots").paginate(PaginationConfig={"PageSize": 20})
        assert [page["DBClusterSnapshots"][-1]["Status"] for page in pages][-1] == expected


# -- connections ---------------------------------------------------------------------------------------------


def connected(here):
    host = here.cluster()["Endpoint"]
    return here.sandbox.network.postgres(host=host, port=5432, user="u", password="p", database="d", timeout=5)


@pytest.mark.parametrize(
    ("word", "raised"),
    [
        ("ConnectionTimeout", TimeoutError),
        ("ConnectionRefused", ConnectionRefusedError),
        ("NameNotFound", OSError),
    ],
)
def test_connections_that_fail(make, word, raised):
    here = scripted(make, setup_db_users=[f"{word} x2"])
    for _ in range(2):
        with pytest.raises(raised):
            connected(here)
    assert connected(here).run("SELECT 1") == [[1]]
    message = [call.outcome for call in here.sandbox.journal if call.service == "postgres"]
    assert message == [word, word, "ok"]


@pytest.mark.parametrize(
    ("word", "code"),
    [("StartingUp", "57P03"), ("TooManyConnections", "53300"), ("AuthenticationFailed", "28P01"), ("DatabaseNotFound", "3D000")],
)  # fmt: skip
def test_errors_of_a_database(make, word, code):
    from pg8000.exceptions import DatabaseError

    here = scripted(make, setup_db_users=[word])
    with pytest.raises(DatabaseError) as caught:
        connected(here)
    assert caught.value.args[0]["C"] == code


def test_connections_of_a_step(make):
    here = scripted(make, first=["ConnectionTimeout"], second=["ConnectionRefused"])
    here.sandbox.enter_step("second")
    with pytest.raises(ConnectionRefusedError):
        connected(here)
    assert list(here.sandbox.script_left) == ["first"]


def test_a_commit_can_be_lost(make):
    from pg8000.exceptions import InterfaceError

    here = make({"rds.cluster/orders@us-west-2": {"instances": 1}}, script={"postgres.Commit": ["lost"]})
    made = connected(here)
    made.run("BEGIN")
    made.run(save_role("app", new=True, verifier=None))
    with pytest.raises(InterfaceError, match="network error"):
        made.run("COMMIT")
    assert connected(here).run(save_role("app", new=False, verifier=None)) == []  # the role is there


def test_a_host_that_cannot_be_reached(make):
    here = make({"rds.cluster/orders@us-west-2": {"instances": 1}}, script={"net.Reach": ["ConnectionRefused", "ok"]})
    host = here.cluster()["Endpoint"]
    with pytest.raises(ConnectionRefusedError):
        here.sandbox.network.reach(host, 5432, 5)
    assert here.sandbox.network.reach(host, 5432, 5)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ({"copy": ["copying x"]}, "`copying x` is not a script item"),
        ({"copy": [3]}, "`3` is not a script item"),
        ({"copy": "x3 copying"}, "script: copy:"),
        (["copying"], "is not a map from steps"),
    ],
)
def test_wrong_scripts(make, script, message):
    with pytest.raises(UsageError, match=message):
        make({}, script=script)
