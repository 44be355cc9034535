"""Calls that got no answer: what is sent again, and what the error is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import Cli, Store, write_file

INPUTS = Path(__file__).with_name("inputs")


def test_a_5xx_of_a_repeatable_call_is_sent_again(cli: Cli, store: Store) -> None:
    world = f"--sandbox={INPUTS / 'fivew.yaml'}"
    result = cli("run", str(INPUTS / "five.yaml"), world, *store, "--operation-id", "op")
    assert result.code == 0, result.err
    assert "HTTP 500" in result.err or "500" in result.err
    status = cli("status", "op", *store, world, "-o", "json").document
    (step,) = status["steps"]
    assert (step["status"], step["attempt"]) == ("DONE", 1)  # it used up no attempt


NAMES = {
    # the fault of the sandbox's script: the name of the error, and its wider name
    "server_error": ("InternalFailure", "ServerError"),
    "lost": ("ReadTimeoutError", "CallTimeout"),
}


@pytest.mark.parametrize("fault", list(NAMES))
def test_when_the_schedule_is_over_the_error_says_what_it_was(
    cli: Cli, tmp_path: Path, store: Store, fault: str
) -> None:
    name, wider = NAMES[fault]
    text = (INPUTS / "five.yaml").read_text(encoding="utf-8")
    file = write_file(tmp_path / "five.yaml", text + f"    rescue:\n      - {{error: {wider}, then: hold}}\n")
    world = (INPUTS / "fivew.yaml").read_text(encoding="utf-8").replace("server_error", f"{fault} always")
    sandbox = f"--sandbox={write_file(tmp_path / 'world.yaml', world)}"
    result = cli("run", file, sandbox, *store, "--operation-id", "op")
    assert result.code == 5, result.err  # the rescue by the wider name holds it
    document = cli("status", "op", *store, sandbox, "-o", "json").document
    assert (document["hold"]["kind"], document["error"]) == ("rescue", name)
    assert document["steps"][0]["attempt"] == 1


@pytest.mark.parametrize(
    ("file", "world"),
    [
        ("m1.yaml", "m1w.yaml"),  # `missing_on` of an `until`
        ("until-missing-on/check.yaml", "until-missing-on/world.yaml"),
        ("until-missing-on/wider-name.yaml", "m1w.yaml"),  # by the name of this tool
    ],
)
def test_missing_on_counts_wherever_it_stands(cli: Cli, store: Store, file: str, world: str) -> None:
    result = cli("run", str(INPUTS / file), f"--sandbox={INPUTS / world}", *store, "--operation-id", "op")
    assert result.code == 0, result.err


def test_missing_on_of_an_undo(cli: Cli, store: Store) -> None:
    world = f"--sandbox={INPUTS / 'm1w.yaml'}"
    assert cli("run", str(INPUTS / "uu-with-wait.yaml"), world, *store, "--operation-id", "op").code == 1
    document = cli("status", "op", world, *store, "-o", "json").document
    assert (document["status"], document["cleanup_status"]) == ("FAILED", "COMPLETED")
    (resource,) = document["resources"]
    assert (resource["state"], resource["name"]) == ("gone", "undo by aws.rds.delete_db_cluster fresh")
    text = cli("status", "op", world, *store).out
    assert "steps/0" not in text


def test_a_step_that_never_ran_is_null(cli: Cli, tmp_path: Path, store: Store) -> None:
    assert cli("validate", str(INPUTS / "r1.yaml")).code == 0
    steps = """\
runbook: never
steps:
  - {id: bad, fail: no}
  - {id: volume, hold: a person}
on_failure:
  - {id: asked, if: volume, fail: it ran}
  - {id: null-is-shown, if: volume == none, wait: 0s}
"""
    file = write_file(tmp_path / "never.yaml", steps)
    assert cli("run", file, *store, "--operation-id", "op").code == 1
    events = cli("history", "op", *store).out
    assert "trouble" not in events
    attribute = write_file(tmp_path / "attribute.yaml", steps.replace("if: volume == none", "if: volume.actor"))
    result = cli("validate", attribute)
    assert (result.code, "RB305" in result.out) == (1, True)


BY_RESULT = """\
runbook: by-result
region: us-west-2
steps:
  - id: volume
    call: aws.ec2.create_volume
    with: {AvailabilityZone: us-west-2a, Size: 1}
    undo: {call: aws.ec2.delete_volume, with: {VolumeId: "${result.%s}"}, repeatable: true}
"""


def test_an_undo_may_use_the_reply_of_its_call(cli: Cli, tmp_path: Path) -> None:
    assert cli("validate", write_file(tmp_path / "ok.yaml", BY_RESULT % "VolumeId")).code == 0
    wrong = cli("validate", write_file(tmp_path / "wrong.yaml", BY_RESULT % "VolumeID"))
    assert wrong.code == 1
    assert "RB303" in wrong.out
    assert "VolumeId" in wrong.out
    elsewhere = write_file(tmp_path / "elsewhere.yaml", "runbook: a\nsteps:\n  - {id: b, hold: '${result.x}'}\n")
    assert "RB301" in cli("validate", elsewhere).out
