"""The world in a file: other processes, SIGKILL at any moment, sharing, and wrong files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from actions.postgres.role_statements import save_role
from actions.sandbox import Fault, Sandbox
from engine.clock import VirtualClock
from engine.errors import EnvironmentProblem

WORLD = {
    "rds.cluster_snapshot/here@us-west-2": {"tags": {"a": "é"}},
    "rds.cluster/orders@us-west-2": {"instances": 2, "admin": {"username": "admin", "password": "pw"}},
    "ssm:/app/list": ["a", "b"],
    "secret:app": {"x": 1},
    "sql": {"SELECT 2": {"two": 2}},
    "takes": {"copy": 100},
    "accounts": {"source": "210987654321"},
}
SCRIPT = {"rds.CopyDBClusterSnapshot": ["SnapshotQuotaExceeded", "copying x5", "failed"], "left": ["ok always"]}


def names_of(sandbox):
    return [(call.name, call.at, call.outcome, call.performed, call.resource, call.step) for call in sandbox.journal]


def in_order(sandbox):
    """The resources in their order, which says which instance is the writer and which cluster the primary."""
    return [key for key in sandbox.world.resources if key.startswith("rds.")]


def same(one, other):
    assert one.world == other.world
    assert in_order(one) == in_order(other)
    assert one.script_left == other.script_left
    assert names_of(one) == names_of(other)
    assert one.messages == other.messages
    assert one.clock.now() == other.clock.now()


def live(sandbox):
    """Everything that changes a world, with a pause after each change."""
    sandbox.fault(Fault(kind="invisible", call="rds.CreateDBInstance", nth=2, times=None))
    yield from live_of_snapshots(sandbox, sandbox.clients("rds", "us-west-2"))
    yield from live_of_clusters(sandbox, sandbox.clients("rds", "us-west-2"))
    host = sandbox.clients("rds", "us-west-2").describe_db_clusters(DBClusterIdentifier="other")["DBClusters"][0][
        "Endpoint"
    ]
    made = sandbox.network.postgres(
        host=host, port=5432, user="admin", password="new-password", database="d", timeout=1
    )
    made.run(save_role("app", new=True, verifier=None))
    assert made.run("SELECT 2") == [[2]]
    yield
    topic = "arn:aws:sns:us-west-2:123456789012:message"
    sandbox.clients("sns", "us-west-2").publish(TopicArn=topic, Message="done")
    sandbox.put("ssm:/app/list", ["c"])
    sandbox.remove("rds.cluster_snapshot/copy@us-west-2")
    sandbox.put("rds.cluster/orders@us-west-2", {"instances": 1})
    yield


def live_of_snapshots(sandbox, rds):
    from botocore.exceptions import ClientError

    params = {"SourceDBClusterSnapshotIdentifier": "here", "TargetDBClusterSnapshotIdentifier": "copy"}
    with pytest.raises(ClientError):
        rds.copy_db_cluster_snapshot(**params)
    yield
    rds.copy_db_cluster_snapshot(**params, Tags=[{"Key": "runbook:step", "Value": "copy/1"}])
    for _ in range(3):
        sandbox.clock.sleep(20)
        rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="copy")
        yield


def live_of_clusters(sandbox, rds):
    rds.delete_db_instance(DBInstanceIdentifier="orders-1", SkipFinalSnapshot=True)
    yield
    sandbox.clock.sleep(400)
    rds.modify_db_cluster(
        DBClusterIdentifier="orders", NewDBClusterIdentifier="other", MasterUserPassword="new-password",
        ApplyImmediately=True,
    )  # fmt: skip
    yield
    sandbox.clock.sleep(150)
    for number in (3, 4):
        rds.create_db_instance(
            DBInstanceIdentifier=f"orders-{number}", DBInstanceClass="c", DBClusterIdentifier="other",
            Engine="aurora-postgresql",
        )  # fmt: skip
    yield


def test_the_next_process_finds_the_same_world(tmp_path):
    file = tmp_path / "deep" / "world"
    sandbox = Sandbox(WORLD, script=SCRIPT, file=file)
    for _ in live(sandbox):
        same(Sandbox({"rds.cluster/not-this@us-west-2": "available"}, file=file), sandbox)


def test_a_new_process_for_every_call_gives_the_same_world(tmp_path):
    whole = Sandbox(WORLD, script=SCRIPT)
    for _ in live(whole):
        pass
    file = tmp_path / "world"

    class Changing:
        """A new sandbox for every use of an attribute."""

        clock = VirtualClock()

        def __getattr__(self, name):
            made = Sandbox(WORLD, script=SCRIPT, file=file, clock=self.clock)
            return getattr(made, name)

    for _ in live(Changing()):
        pass
    same(Sandbox(file=file), whole)


def test_only_the_owner_can_read_the_file(tmp_path):
    Sandbox(WORLD, file=tmp_path / "world")
    assert (tmp_path / "world").stat().st_mode & 0o777 == 0o600


def test_two_sandboxes_share_a_file(tmp_path):
    file = tmp_path / "world"
    one, other = Sandbox(WORLD, file=file), Sandbox(file=file)
    one.clients("rds", "us-west-2").delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="here")
    seen = other.clients("rds", "us-west-2").describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="here")
    assert seen["DBClusterSnapshots"][0]["Status"] == "deleting"
    other.clock.sleep(30)
    other.clients("rds", "us-west-2").describe_db_clusters()
    one.clients("rds", "us-west-2").describe_db_clusters()
    assert one.clock.now() == other.clock.now()  # they have one time
    assert one.get("rds.cluster_snapshot/here@us-west-2") is None
    assert [call.name for call in one.journal] == [
        "rds.DeleteDBClusterSnapshot",
        "rds.DescribeDBClusterSnapshots",
        "rds.DescribeDBClusters",
        "rds.DescribeDBClusters",
    ]
    assert names_of(other) == names_of(one)[:3]


def test_a_faults_count_of_calls_spans_processes(tmp_path):
    from botocore.exceptions import ClientError

    file = tmp_path / "world"
    Sandbox(WORLD, file=file).fault(Fault(kind="throttle", call="rds.DescribeDBClusters", nth=3, times=2))
    for number in range(1, 7):
        rds = Sandbox(file=file).clients("rds", "us-west-2")
        if number in (3, 4):
            with pytest.raises(ClientError, match="Throttling"):
                rds.describe_db_clusters()
        else:
            rds.describe_db_clusters()


@pytest.mark.integration
def test_concurrent_writers_lose_nothing(tmp_path):
    file = tmp_path / "world"
    code = f"""
    import sys
    from pathlib import Path
    from actions.sandbox import Sandbox
    rds = Sandbox(file=Path({str(file)!r})).clients("rds", "us-west-2")
    arn = "arn:aws:rds:us-west-2:123456789012:cluster:orders"
    for number in range(15):
        key = f"{{sys.argv[1]}}-{{number}}"
        rds.add_tags_to_resource(ResourceName=arn, Tags=[dict(Key=key, Value="x")])
    """
    Sandbox(WORLD, file=file)
    running = [subprocess.Popen([sys.executable, "-c", textwrap.dedent(code), name]) for name in "abc"]
    assert [process.wait() for process in running] == [0, 0, 0]
    end = Sandbox(file=file)
    assert len(end.journal) == 45
    assert len(end.get("rds.cluster/orders@us-west-2").tags) == 45


@pytest.mark.parametrize("cut", [1, 10, 200])
def test_a_line_that_a_kill_cut_short_is_dropped(tmp_path, cut):
    file = tmp_path / "world"
    sandbox = Sandbox(WORLD, file=file)
    before = file.read_bytes()
    sandbox.clients("rds", "us-west-2").delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="here")
    file.write_bytes(file.read_bytes()[:-cut])
    again = Sandbox(file=file)
    assert again.get("rds.cluster_snapshot/here@us-west-2").status(again.clock.now()) == "available"
    assert again.journal == []
    assert file.read_bytes() == before
    again.clients("rds", "us-west-2").describe_db_clusters()
    assert len(Sandbox(file=file).journal) == 1


def test_a_first_line_that_was_cut_short_is_written_again(tmp_path):
    file = tmp_path / "world"
    file.write_text('{"format":1,"now":12')
    assert Sandbox(WORLD, file=file).get("rds.cluster/orders@us-west-2")
    assert Sandbox(file=file).get("rds.cluster/orders@us-west-2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not a world\n", "does not hold a sandbox's world; move it away"),
        ('{"format": 99, "now": 1}\n', "another version of the sandbox"),
        ("[]\n", "does not hold a sandbox's world"),
        (
            '{"format": 3, "now": 1, "state": {"world": {"resources": [1]}, "script": {}, "faults": []}}\n',
            "does not hold a sandbox's world",
        ),
        ('{"format": 3, "now": 1, "call": [1]}\n', "does not hold a sandbox's world"),
    ],
)
def test_wrong_files(tmp_path, text, message):
    (tmp_path / "world").write_text(text)
    with pytest.raises(EnvironmentProblem, match=message):
        Sandbox(WORLD, file=tmp_path / "world")
    assert (tmp_path / "world").read_text() == text


def test_a_path_that_cannot_be_opened(tmp_path):
    with pytest.raises(EnvironmentProblem, match="cannot be opened in"):
        Sandbox(WORLD, file=tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentProblem, match="cannot be opened in"):
        Sandbox(WORLD, file=tmp_path / "file" / "world")


@pytest.mark.integration
def test_a_full_disk_is_reported_and_nothing_is_lost(tmp_path):
    file = tmp_path / "world"
    code = f"""
    import resource, signal
    from pathlib import Path
    from actions.sandbox import Sandbox
    from engine.errors import EnvironmentProblem
    sandbox = Sandbox({WORLD!r}, file=Path({str(file)!r}))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (Path({str(file)!r}).stat().st_size + 50,) * 2)
    try:
        sandbox.clients("rds", "us-west-2").delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="here")
    except EnvironmentProblem as problem:
        print(problem)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert "the sandbox's world cannot be written in" in done.stdout
    again = Sandbox(file=file)
    assert again.get("rds.cluster_snapshot/here@us-west-2").status(again.clock.now()) == "available"


def test_the_file_has_one_json_object_a_line(tmp_path):
    file = tmp_path / "world"
    for _ in live(Sandbox(WORLD, script=SCRIPT, file=file)):
        pass
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert {line["format"] for line in lines} == {3}
    assert all(line["state"] is None for line in lines if (line["call"] or {}).get("operation") == "DescribeDBClusters")


def test_an_ok_of_a_script_is_used_up_for_the_next_process_too(tmp_path):
    file = tmp_path / "world"
    script = {"rds.DescribeDBClusters": ["ok", "Throttling"]}
    Sandbox(WORLD, script=script, file=file).clients("rds", "us-west-2").describe_db_clusters()
    assert Sandbox(file=file).script_left == {"rds.DescribeDBClusters": [("Throttling", 1)]}


# -- killed processes ------------------------------------------------------------------------------------------

RUNNER = """
import os, signal, sys
from pathlib import Path
from actions.sandbox import Sandbox
WORLD = {"rds.cluster/orders@us-west-2": {"instances": 1}, "rds.cluster_snapshot/s0@us-west-2": "available"}
sandbox = Sandbox(WORLD, file=Path(sys.argv[1]))
kill_at, moment = int(sys.argv[2]), sys.argv[3]
def hook(call, when):
    done = len(sandbox.journal) - (when == "after")
    if (done, when) == (kill_at, moment):
        os.kill(os.getpid(), signal.SIGKILL)
sandbox.watch_calls(hook)
rds = sandbox.clients("rds", "us-west-2")
while (number := len(sandbox.resources("rds.cluster_snapshot"))) < 5:
    sandbox.clock.sleep(30)
    rds.describe_db_clusters()
    rds.copy_db_cluster_snapshot(
        SourceDBClusterSnapshotIdentifier="s0", TargetDBClusterSnapshotIdentifier=f"s{number}"
    )
"""


@pytest.mark.integration
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("kill_at", [0, 5])
def test_a_process_killed_at_a_call(tmp_path, kill_at, moment):
    file = tmp_path / "world"

    def run(*words):
        return subprocess.run([sys.executable, "-c", RUNNER, str(file), *words], check=False).returncode

    assert run(str(kill_at), moment) == -signal.SIGKILL
    assert len(Sandbox(file=file).journal) == kill_at + (moment == "after")
    assert run("-1", "before") == 0
    end = Sandbox(file=file)
    assert [row["name"] for row in end.resources("rds.cluster_snapshot")] == ["s0", "s1", "s2", "s3", "s4"]
    times = [call.at for call in end.journal]
    assert times == sorted(times)  # time never goes back


@pytest.mark.integration
def test_a_process_killed_at_any_moment(tmp_path):
    """A process that only writes is killed a dozen times, and the file can be read each time."""
    file = tmp_path / "world"
    code = f"""
    from pathlib import Path
    from actions.sandbox import Sandbox
    sandbox = Sandbox({WORLD!r}, file=Path({str(file)!r}))
    print("up", flush=True)
    while True:
        for number in range(50):
            sandbox.put(f"ssm:/number/{{number}}", "x" * 300)
    """
    Sandbox(WORLD, file=file)
    for _ in range(12):
        with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE) as running:
            running.stdout.readline()
            size = file.stat().st_size
            while file.stat().st_size < size + 20_000:
                pass
            os.kill(running.pid, signal.SIGKILL)
        assert Sandbox(file=file).get("rds.cluster/orders@us-west-2")
        file.write_bytes(file.read_bytes()[:size])  # keep it small
