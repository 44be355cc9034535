"""Inputs that once failed: what is taken back, what is kept, and what a restart does after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.reports.status import status_document
from tests.cli.commands import Cli, Store, write_file
from tests.crash.sandbox_run import SandboxTrial
from tests.crash.sandbox_scenarios import POSSIBLE, SANDBOX_ONLY
from tests.laws.scenario_parts import HOLD, SNAPSHOT
from tests.laws.scenario_run import Scenario, Trial, cancel, fault, problem, run
from tests.laws.undo_scenarios import COPIES_EACH, EACH, ITEMS, SOURCES
from tests.servers import moto as motos

INPUTS = Path(__file__).parent / "inputs"
UNDO = {scenario.name: scenario for scenario in (*SOURCES, *ITEMS)}


@pytest.mark.parametrize("world", [Trial, SandboxTrial])
@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("undo: the source is there, so the copy is deleted", ["gone"]),
        ("undo: another snapshot has the name of the source, so the copy is kept", ["kept"]),
        ("undo: a look at the source fails once", ["gone"]),
        ("a look at a broken cluster fails once, past the point of no return", ["open", *["gone"] * 4]),
        ("each item of a for_each makes a copy in its do", ["delivered", "delivered"]),
    ],
)
def test_what_becomes_of_what_was_made(name: str, states: list[str], world: type[Trial]) -> None:
    operation = world(UNDO[name]).execute().operation
    assert operation is not None
    assert [entry.state for entry in operation.ledger] == states


def test_each_item_removes_its_own() -> None:
    """A removal in the `do` of a `for_each` records a target for each item."""
    trial = SandboxTrial(UNDO["each item of a for_each removes a snapshot in its do"]).execute()
    assert trial.operation is not None
    assert sorted(trial.operation.targets) == ["away[0]", "away[1]"]
    assert trial.world.named(SNAPSHOT, "one", "us-west-2") is None
    assert trial.world.named(SNAPSHOT, "two", "us-west-2") is None


# -- what blocks a removal -------------------------------------------------------------------------------------

BLOCKED = (
    "the name of the final snapshot is taken", "the old cluster is the primary of a global cluster with a secondary",
    "the old cluster is a replica", "the old cluster has a replica", "a global cluster blocks the removal",
    "protection stays on",
)  # fmt: skip


@pytest.mark.parametrize("name", BLOCKED)
def test_the_instances_stand_while_the_whole_is_blocked(name: str) -> None:
    """What blocks the cluster is found before its first instance is deleted."""
    trial = SandboxTrial(next(one for one in (*POSSIBLE, *SANDBOX_ONLY) if one.name == name)).execute()
    assert trial.operation is not None
    assert trial.operation.hold is not None
    assert trial.operation.hold.kind == "in_the_way"
    assert not [act for act in trial.world.journal if act.verb == "delete"]
    assert trial.world.named("rds.instance", "orders-1", "us-west-2").status(trial.clock.now()) == "available"


def test_polls_during_a_removal_make_no_further_reads() -> None:
    """What blocks the cluster is read before its first instance goes, and not at every poll after it."""
    scenario = next(one for one in SANDBOX_ONLY if one.name == "a final snapshot of the old cluster")
    calls = [call.name for call in SandboxTrial(scenario).execute().world.sandbox.journal]
    removal = calls[calls.index("rds.DeleteDBInstance") : calls.index("rds.DeleteDBCluster")]
    assert "rds.DescribeDBClusters" in removal
    proofs = removal.count("rds.DescribeDBSubnetGroups")  # `requires`: the network and the copy, proved together
    assert removal.count("rds.DescribeDBClusterSnapshots") == proofs


# -- restarts after an undo ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moto() -> Iterator[motos.Moto]:
    with motos.started() as server:
        yield server


def steps(document: dict[str, Any]) -> dict[str, str]:
    return {one["id"]: one["status"] for one in document["steps"]}


def test_a_restart_does_not_skip_a_copy_that_was_taken_back(cli: Cli, tmp_path: Path, store: Store) -> None:
    """en2.yaml: the copy was made, a later call fails, and the copy is taken back."""
    world = write_file(tmp_path / "world.yaml", "world: {rds.cluster_snapshot/daily@us-west-2: {cluster: orders}}\n")
    options = (*store, "-o", "json")
    run = cli("run", str(INPUTS / "en2.yaml"), f"--sandbox={world}", *options, "--yes", "--operation-id", "op-1")
    assert run.code == 1
    assert steps(run.document) == {"copy": "UNDONE", "late": "FAILED"}
    assert "restart op-1 --from copy" in run.err
    refused = cli("restart", "op-1", "--from", "late", "--sandbox", *options)
    assert (refused.code, "copy was undone; restart from copy" in refused.err) == (2, True)
    again = cli("restart", "op-1", "--from", "copy", "--sandbox", *options, "--yes")
    assert again.code == 1  # the call fails again
    assert steps(again.document) == {"copy": "UNDONE", "late": "FAILED"}
    assert [one["state"] for one in again.document["resources"]] == ["gone", "gone"]


@pytest.mark.integration
def test_a_restart_does_not_skip_a_call_that_was_taken_back(cli: Cli, store: Store, moto: motos.Moto) -> None:
    """u.yaml: a service was scaled down, a later check fails, and the service is scaled up again."""
    ecs = moto.clients("ecs", "us-east-1")
    ecs.create_cluster(clusterName="main")
    ecs.register_task_definition(family="web", containerDefinitions=[{"name": "web", "image": "web", "memory": 128}])
    ecs.create_service(cluster="main", serviceName="web", taskDefinition="web", desiredCount=2)
    options = (*store, "-o", "json", "--endpoint-url", moto.url)
    run = cli("run", str(INPUTS / "u.yaml"), *options, "--yes", "--operation-id", "op-1")
    assert run.code == 1
    assert steps(run.document) == {"scale-down": "UNDONE", "migrate": "FAILED"}
    assert "restart op-1 --from scale-down" in run.err
    refused = cli("restart", "op-1", "--from", "migrate", *options)
    assert (refused.code, "scale-down was undone; restart from scale-down" in refused.err) == (2, True)


# -- an undo that deletes --------------------------------------------------------------------------------------


def test_an_undo_may_not_check_what_it_deletes(cli: Cli) -> None:
    """uu2-with-wait.yaml: the check was true beforehand, so nothing was deleted, and the ledger said gone."""
    result = cli("validate", str(INPUTS / "uu2-with-wait.yaml"), "-o", "json")
    (error,) = [one for one in result.document["findings"] if one["severity"] == "error"]
    assert (error["rule"], error["line"], "`gone: rds.cluster`" in error["help"]) == ("RB607", 12, True)


def test_an_undo_waits_until_it_is_gone(cli: Cli, tmp_path: Path, store: Store) -> None:
    """The same with `gone`, as the finding advises."""
    text = (
        (INPUTS / "uu2-with-wait.yaml").read_text(encoding="utf-8").replace("check: rds.cluster", "gone: rds.cluster")
    )
    file, world = write_file(tmp_path / "a.yaml", text), write_file(tmp_path / "world.yaml", "world: {}\n")
    result = cli("run", file, f"--sandbox={world}", *store, "-o", "json", "--yes", "--operation-id", "op-1")
    assert (result.code, result.document["status"], result.document["cleanup_status"]) == (1, "FAILED", "COMPLETED")
    assert steps(result.document) == {"make": "UNDONE", "w": "DONE", "bad": "FAILED"}
    history = cli("history", "op-1", *store, "-o", "json").out
    assert "aws.rds.delete_db_cluster" in history


@pytest.mark.parametrize("item", [None, "one-copy"])
def test_a_for_each_is_undone_if_the_work_of_an_item_is(item: str | None) -> None:
    """What a step has made in its `do` is its work, too. The copy of `item` cannot be deleted."""
    denied = fault(f"delete {SNAPSHOT}", problem("AccessDenied", "denied"), times=9, only=lambda on: on["name"] == item)
    scenario = Scenario(
        name="", text=EACH % (COPIES_EACH, HOLD), arrange=(denied,), acts=(run(), cancel(undo=True)), ends=()
    )
    trial = Trial(scenario).execute()
    assert trial.operation is not None
    rows = status_document(trial.operation, trial.parse(scenario.text))["steps"]
    found = {row["id"]: row["status"] for row in rows}
    first = "UNDONE" if item is None else "DONE"
    assert found == {"each-one": "UNDONE", "each-one[0]": first, "each-one[1]": "UNDONE", "approval": "FAILED"}
