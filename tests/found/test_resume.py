"""Answers that nothing asks for, and `resume` after something was mended."""

from __future__ import annotations

import pytest

from engine.stores.factory import open_store
from tests.cli.commands import Cli, Store, start_held, write_file


def log(store: Store) -> list[object]:
    opened = open_store(store[1])
    events = [record.digest for record in opened.records("op")]
    opened.close()
    return events


@pytest.mark.parametrize(
    "answer", [("--reject", "no"), ("--outcome", "done"), ("--outcome", "not-done"), ("--accept-target", "x")]
)
@pytest.mark.parametrize("end", ["SUCCEEDED", "CANCELLED"])
def test_an_ended_operation_takes_no_answer(
    cli: Cli, few: str, store: Store, answer: tuple[str, str], end: str
) -> None:
    start_held(cli, few, store)
    assert cli("resume" if end == "SUCCEEDED" else "cancel", "op", *store).code == 0
    before = log(store)
    result = cli("resume", "op", *answer, *store)
    assert result.code == 2
    assert f"operation op has ended as {end}: there is nothing to answer" in result.err
    assert log(store) == before


def test_plain_resume_of_a_succeeded_operation_stays_0(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    assert cli("resume", "op", *store).code == 0
    assert cli("resume", "op", *store).code == 0


@pytest.mark.parametrize("answer", [("--outcome", "done"), ("--accept-target", "x")])
def test_an_approval_takes_no_other_answer(cli: Cli, few: str, store: Store, answer: tuple[str, str]) -> None:
    start_held(cli, few, store)
    before = log(store)
    assert cli("resume", "op", *answer, *store).code == 2
    assert log(store) == before


RESCUED = """\
runbook: rescued
settings: {text: "ssm:/text"}
steps:
  - id: note
    call: aws.sns.publish
    with: {TopicArn: "arn:aws:sns:us-east-1:123456789012:alerts", Message: "${settings.text}"}
    region: us-east-1
    repeatable: true
    retry: [1m]
    rescue:
      - error: any
        refresh: settings
        then: %s
"""


@pytest.mark.parametrize("then", ["hold", "{retry_if: settings.changed, else: hold}"])
def test_whatever_was_mended_the_next_attempt_is_made(cli: Cli, tmp_path, store: Store, then: str) -> None:
    """AWS refuses twice: the first resume is too early, at the second it is mended."""
    file = write_file(tmp_path / "rescued.yaml", RESCUED % then)
    world = write_file(
        tmp_path / "world.yaml", "world: {'ssm:/text': hello}\nscript: {note: [AuthorizationError x2]}\n"
    )
    sandbox = f"--sandbox={world}"
    assert cli("run", file, sandbox, *store, "--operation-id", "op").code == 5
    assert cli("resume", "op", sandbox, *store).code == 5
    assert cli("resume", "op", sandbox, *store).code == 0
