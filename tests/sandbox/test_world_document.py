"""Worlds: their entries, defaults and errors, and changes from outside."""

from __future__ import annotations

import pytest

from actions.sandbox import DEMO, default_world, demo_script, read_file
from engine.errors import UsageError


def test_a_small_world_has_a_default_for_everything(make):
    here = make({"rds.cluster_snapshot/s@us-west-2": None, "rds.cluster/c@us-west-2": {"instances": 1}})
    seen, one = here.snapshot("s"), here.cluster("c")
    assert (seen["Status"], seen["Engine"], seen["SnapshotType"]) == ("available", "aurora-postgresql", "manual")
    assert (one["Status"], one["Port"], one["MasterUsername"]) == ("available", 5432, "admin")
    assert one["ClusterCreateTime"] < seen["SnapshotCreateTime"]
    here.restore("s")


def test_every_key_of_a_cluster(make):
    here = make(
        {
            "rds.cluster/c@us-west-2": {
                "id": "cluster-MINE", "engine": "aurora-mysql", "port": 3307, "protected": True, "tags": {"a": 1},
                "class": "db.t4g.medium", "serverless": {"min": 0.5, "max": 4}, "database": "shop",
                "security_groups": ["sg-1"], "kms_key": "arn:aws:kms:us-west-2:123456789012:key/k",
                "instances": ["one", {"name": "two", "class": "db.serverless", "zone": "us-west-2c", "tier": 0, "status": "failed"}],
            }
        }
    )  # fmt: skip
    one = here.cluster("c")
    assert (one["DbClusterResourceId"], one["Engine"], one["Port"]) == ("cluster-MINE", "aurora-mysql", 3307)
    assert (one["DeletionProtection"], one["TagList"]) == (True, [{"Key": "a", "Value": "1"}])
    assert (one["DatabaseName"], one["StorageEncrypted"]) == ("shop", True)
    first, second = here.instance("one"), here.instance("two")
    assert (first["DBInstanceClass"], second["DBInstanceClass"]) == ("db.t4g.medium", "db.serverless")
    placed = (second["DBInstanceStatus"], second["AvailabilityZone"], second["PromotionTier"])
    assert placed == ("failed", "us-west-2c", 0)
    assert first["TagList"] == [{"Key": "a", "Value": "1"}]


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("available", ["available", "available"]),
        ("creating", ["creating", "creating"]),
        (["creating x1", "failed"], ["creating", "failed"]),
        ({"status": ["modifying x1", "available"]}, ["modifying", "available"]),
        ("deleting", ["deleting", "deleting"]),
        (["deleting x2"], ["deleting", "deleting"]),
        ("no-such-status", ["no-such-status"] * 2),
    ],
)
def test_statuses(make, value, seen):
    here = make({"rds.cluster/c@us-west-2": value})
    assert [here.cluster("c")["Status"] for _ in seen] == seen


def test_passing_statuses_pass(make):
    here = make({"rds.cluster/c@us-west-2": "creating", "rds.cluster/d@us-west-2": "deleting"})
    here.sleep(720)
    assert here.cluster("c")["Status"] == "available"
    assert here.sandbox.get("rds.cluster/d@us-west-2") is None


def test_how_long_things_take(make):
    here = make({"takes": {"copy": "25h", "restore": 60}, "rds.cluster_snapshot/s@us-west-2": "available"})
    here.copy("s")
    here.restore("s")
    here.sleep(60)
    assert here.cluster("restored")["Status"] == "available"
    here.sleep(25 * 3600 - 61)
    assert here.snapshot("copy")["Status"] == "copying"
    here.sleep(1)
    assert here.snapshot("copy")["Status"] == "available"


def test_the_order_of_entries_does_not_matter(make):
    world = {
        "rds.cluster/c@us-west-2": {"subnet_group": "private"},
        "subnet_group/private@us-west-2": {"vpc": "vpc-1", "subnets": ["us-west-2a", "us-west-2b"]},
        "security_group/sg-1@us-west-2": {"vpc": "vpc-1"},
    }
    here = make(world)
    here.rds.modify_db_cluster(DBClusterIdentifier="c", VpcSecurityGroupIds=["sg-1"])
    assert here.cluster("c")["AvailabilityZones"] == ["us-west-2a", "us-west-2b"]


@pytest.mark.parametrize(
    ("world", "message"),
    [
        ({"rds.clutser/c@us-west-2": "available"}, r"world: unknown `rds.clutser`; did you mean `rds.cluster`\?"),
        ({"rds.cluster/c": "available"}, "needs a region: rds.cluster/c@us-west-2"),
        ({"rds.cluster": "available"}, "is not the key of an entry; write KIND/NAME@REGION"),
        (
            {"rds.cluster/c@us-west-2": {"instanecs": 2}},
            r"rds.cluster/c@us-west-2: unknown `instanecs`; did you mean",
        ),
        (
            {"rds.cluster/c@us-west-2": {"instances": "many"}},
            "rds.cluster/c@us-west-2: cannot read .*: `many` is neither a number nor a list of instances",
        ),
        ({"rds.cluster/c@us-west-2": {"port": "high"}}, "world: rds.cluster/c@us-west-2: cannot read `.*`: "),
        ({"rds.cluster/c@us-west-2": {"admin": "me"}}, "cannot read"),
        ({"rds.cluster/c@us-west-2": {"serverless": {"min": 1}}}, "cannot read"),
        ({"rds.cluster/c@us-west-2": "NotAStatus"}, "`NotAStatus` is not a status"),
        ({"rds.cluster/c@us-west-2": ["creating x"]}, "is not a script item"),
        ({"takes": {"copie": "3h"}}, "takes: unknown `copie`; did you mean `copy`"),
        ({"takes": {"copy": "long"}}, "takes: copy: `long` is not a duration; write 30s, 5m, 3h or 2d"),
        ({"endpoint": "somewhere"}, "is not HOST:PORT"),
        ({"security_group/s@r": {"ingress": [{"port": "high"}]}}, "security_group/s@r: cannot read"),
        ({"security_group/s@r": {"ingress": [{"from": "everywhere"}]}}, "security_group/s@r: cannot read"),
        ({"security_group/s@r": {"ingress": [{"prot": 1}]}}, "a rule has port, from and protocol, not prot"),
        ({"security_group/s@r": {"ingress": 5432}}, "security_group/s@r: cannot read"),
        ({"subnet_group/s@r": {"subnets": [{"id": "x"}]}}, "subnet_group/s@r: cannot read"),
        ({"sql": ["x"]}, "sql"),
        ({"accounts": ["x"]}, "accounts"),
    ],
)
def test_wrong_worlds(make, world, message):
    with pytest.raises(UsageError, match=message):
        make(world)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("world: [", "world.yaml:1:"),
        ("just text", "found text"),
        ("script: {}", "a world's file needs the key `world`"),
        ("world: {}\nscripts: {}", "unknown key `scripts`"),
        (b"\xff\xfe\x00", "UTF-8"),
        ("[" * 100_000, "deep"),
    ],
)
def test_wrong_files(tmp_path, text, message):
    path = tmp_path / "world.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError, match=message):
        read_file(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_file(tmp_path / "no.yaml")


# -- changes from outside -------------------------------------------------------------------------------------


def test_changes_from_outside_are_not_calls(here):
    sandbox = here.sandbox
    before = here.cluster()["DbClusterResourceId"]
    sandbox.put("rds.cluster/orders@us-west-2", {"instances": 1})  # another cluster of that name
    assert here.cluster()["DbClusterResourceId"] != before
    sandbox.change("rds.cluster/orders@us-west-2", "modifying", seconds=60, tags={"a": "b"}, DeletionProtection=True)
    seen = here.cluster()
    assert (seen["Status"], seen["DeletionProtection"]) == ("modifying", True)
    assert seen["TagList"] == [{"Key": "a", "Value": "b"}]
    here.sleep(60)
    assert here.cluster()["Status"] == "available"
    sandbox.remove("rds.cluster/orders@us-west-2")
    assert [row["name"] for row in sandbox.resources("rds.cluster", "rds.instance")] == ["alone"]
    with pytest.raises(UsageError, match=r"the sandbox has no rds\.cluster/orders@us-west-2"):
        sandbox.change("rds.cluster/orders@us-west-2", "available")
    assert [call.name for call in sandbox.journal] == ["rds.DescribeDBClusters"] * 4  # none of it was a call


def test_resources_are_sorted_plain_values(here):
    rows = here.sandbox.resources()
    assert rows == sorted(rows, key=lambda row: (row["kind"], row["region"], row["name"]))
    assert {"kind", "name", "region", "account", "id", "status", "tags"} == set(rows[0])
    assert len({row["id"] for row in rows}) == len(rows)
    assert here.sandbox.resources("rds.instance")[0]["name"] == "orders-1"


# -- the demo ------------------------------------------------------------------------------------------------


def test_the_demos_world_has_every_setting_of_the_restore(make, root):
    import re

    here = make(default_world(), script=demo_script())
    text = (root / "runbooks" / "restore.yaml").read_text(encoding="utf-8").replace("${target_region}", "us-west-2")
    named = re.findall(r"(ssm:/[\w/-]+|secret:[\w/-]+)", text)
    assert len(set(named)) >= 5
    assert all(here.sandbox.get(key) is not None for key in named)
    assert here.snapshot("daily-backup-2024-03-20", "us-east-1")["Status"] == "available"
    assert len(here.cluster()["DBClusterMembers"]) == 2


def test_the_demos_script_has_a_failing_copy_and_a_connection_timeout():
    assert demo_script() == {"copy-snapshot": ["copying x3", "failed"], "setup-db-users": ["ConnectionTimeout"]}
    assert DEMO.exists()
