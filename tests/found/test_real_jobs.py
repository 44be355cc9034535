"""Jobs that somebody wrote from the docs: they validate, and run as far as there is something to run them against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from actions import build_registry
from engine.kernel.undo_calls import uses_result
from engine.language.model import Call
from engine.language.parse.document import load
from tests.cli.commands import Cli, Store, write_file
from tests.servers import moto as motos

EN = Path(__file__).with_name("inputs") / "en.yaml"
PAGE = Path(__file__).parents[2] / "docs/language.md"
JOBS = Path(__file__).with_name("inputs") / "jobs"
WORLD = """\
world:
  rds.cluster_snapshot/daily@us-west-2: {cluster: orders}
  rds.cluster/orders@us-west-2: {status: available, instances: 2}
"""
EBS = JOBS / "c-ebs-copy.yaml"


@pytest.fixture(scope="module")
def moto() -> Iterator[motos.Moto]:
    with motos.started() as server:
        yield server


@pytest.mark.parametrize("job", sorted(JOBS.glob("*.yaml")), ids=lambda job: job.stem)
def test_a_job_validates(cli: Cli, job: Path) -> None:
    result = cli("validate", str(job))
    assert result.code == 0, result.out


def test_a_swap_runs_in_the_sandbox(cli: Cli, tmp_path: Path, store: Store) -> None:
    sandbox = f"--sandbox={write_file(tmp_path / 'world.yaml', WORLD)}"
    words = ("-i", "snapshot=daily", "-i", "cluster=orders", sandbox, *store, "--yes", "--operation-id", "op")
    assert cli("run", str(JOBS / "e-aurora-swap.yaml"), *words).code == 5
    result = cli("resume", "op", sandbox, *store)
    assert result.code == 0, result.err
    assert "op  SUCCEEDED  aurora-swap" in result.out


def test_a_call_that_the_sandbox_does_not_have(cli: Cli, store: Store) -> None:
    result = cli("run", str(EBS), "-i", "snapshot=snap-0abc", "--sandbox", *store, "--yes")
    assert result.code == 4
    assert "the sandbox does not have the call ec2.DescribeSnapshots" in result.err
    assert "Run it against an emulator that has it, with --endpoint-url" in result.err


def source(moto: motos.Moto) -> str:
    """The id of a snapshot in us-east-1."""
    ec2 = moto.clients("ec2", "us-east-1")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    return str(ec2.create_snapshot(VolumeId=volume)["SnapshotId"])


@pytest.fixture
def ebs(cli: Cli, moto: motos.Moto, store: Store, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs a job against moto, with credentials of its account."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")

    def run(file: str, *words: str):  # type: ignore[no-untyped-def]
        snapshot = source(moto)
        return cli("run", file, "-i", f"snapshot={snapshot}", "--endpoint-url", moto.url, *store, "--yes", *words)

    return run


def volumes(moto: motos.Moto) -> set[str]:
    found = moto.clients("ec2", "us-west-2").describe_volumes()["Volumes"]
    return {str(one["VolumeId"]) for one in found}


def test_a_snapshot_is_copied_and_a_volume_made_from_it(ebs: Cli, moto: motos.Moto) -> None:
    before = volumes(moto)
    result = ebs(str(EBS), "-o", "json")
    assert result.code == 0, result.err
    (made,) = volumes(moto) - before
    assert result.document["outputs"]["volume"] == made


def test_a_failure_deletes_what_was_made(ebs: Cli, moto: motos.Moto, tmp_path: Path) -> None:
    """The undo of a call names what the call has made."""
    before = volumes(moto)
    text = EBS.read_text(encoding="utf-8").partition("on_failure:")[0]
    made = "      ClientToken: ${operation.id}\n    repeatable: true\n"
    undo = '    undo: {call: aws.ec2.delete_volume, with: {VolumeId: "${result.VolumeId}"}, repeatable: true}\n'
    assert made in text
    text = text.replace(made, made + undo).replace("\noutputs:", "\n  - {id: end, fail: no}\n\noutputs:")
    result = ebs(write_file(tmp_path / "ebs.yaml", text), "-o", "json")
    assert result.code == 1, result.err
    assert volumes(moto) == before
    (entry,) = result.document["resources"]
    assert entry["state"] == "gone"
    assert entry["name"].startswith("undo by aws.ec2.delete_volume vol-")


def test_the_page_and_the_product_agree_on_what_can_be_made_and_deleted(cli: Cli) -> None:
    result = cli("validate", str(EN))
    assert result.code != 0
    assert "does not support `ensure`" in result.out
    assert "there is no kind `aws.rds.delete_db_cluster`" in result.out
    page = PAGE.read_text(encoding="utf-8")
    for word in ("ensure", "remove"):
        assert f"| **`{word}`** | a kind |" in page


@pytest.mark.parametrize(
    ("id", "uses"),
    [
        ("${result.VolumeId}", True),
        ("${ '{}' ~ result.VolumeId }", True),
        ("${vars.result}", False),
        ("${'result'}", False),
        ("$${result.VolumeId}", False),
    ],
)
def test_an_undo_uses_the_reply_where_an_expression_names_it(id: str, uses: bool) -> None:
    runbook = load("runbook: r\nsteps: [{id: last, wait: 0s}]\n", build_registry())
    assert uses_result(runbook, Call(action="aws.ec2.delete_volume", params={"VolumeId": id})) is uses
