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
