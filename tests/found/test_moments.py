"""Moments and durations are compared by what they mean, arithmetic is checked, and a wait may end at a moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import Cli, Store
from tests.found.cases import HEAD, INPUTS, run, validated

WINDOW = (
    HEAD
    + 'inputs: {window: {type: timestamp, default: "2024-03-19T02:00:00Z"}, limit: {type: duration, default: 90m}}\n'
)


def waiting(written: str) -> str:
    return WINDOW + f"steps:\n  - id: until-the-window\n    wait: {written}\n"


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("${window}", "RB307"), ('"02:00"', "RB205"), ('{until: "02:00"}', "RB219"), ('{until: "2024-03-20 02:00"}', "RB219"),
        ('{until: "2024-03-20T02:00:00"}', "RB219"), ("{until: tomorrow}", "RB219"), ('{until: "${limit}"}', "RB307"),
        ('{until: "${operation.id}"}', "RB307"), ('{untill: "${window}"}', "RB201"), ("2024-03-20T02:00:00Z", "RB205"),
    ],
)  # fmt: skip
def test_the_wrong_form_of_a_wait_is_found(cli: Cli, tmp_path: Path, written: str, rule: str) -> None:
    assert (rule, 6) in validated(cli, tmp_path, waiting(written))


@pytest.mark.parametrize("written", ['{until: "${window}"}', "{until: 2024-03-20T02:00:00+01:00}", "${limit}", "10m"])
def test_the_right_form_of_a_wait_runs(cli: Cli, tmp_path: Path, store: Store, written: str) -> None:
    assert run(cli, tmp_path, store, waiting(written)).code == 0


def test_a_wait_until_a_moment_ends_then(cli: Cli, tmp_path: Path, store: Store) -> None:
    """A moment that is past ends it at once. The sandbox's operations begin at 2024-03-20T00:06:00Z."""
    steps = 'steps:\n  - {id: past, wait: {until: 2001-01-01T00:00:00Z}}\n  - {id: to-come, wait: {until: "${at}"}}\n'
    late = "outputs: {late: \"${operation.elapsed > ('2h' | seconds)}\", early: \"${operation.elapsed < ('4h' | seconds)}\"}\n"
    result = run(
        cli,
        tmp_path,
        store,
        HEAD + "inputs: {at: {type: timestamp}}\n" + steps + late,
        "-i",
        "at=2024-03-20T04:06:00+01:00",
    )
    assert result.code == 0, result.err
    assert result.document["outputs"] == {"late": True, "early": True}


COMPARED = {
    "a moment with text": "operation.started > operation.id",
    "a moment with a literal without its zone": "window < '2024-03-20 06:00'",
    "a moment with a date": "window == '2024-03-20'",
    "a moment with a duration": "window < limit",
    "a duration with text": "limit == operation.step",
    "a duration with a bare number as text": "limit < '90'",
    "a moment with a number": "window > 5",
    "a duration in a list of text": "limit in ['90m', 'long']",
    "text in a sum": "operation.id + 1 > 2",
    "a moment in a difference": "window - operation.started > 0",
    "a duration in a sum": "limit + 1 > 2",
    "true in a product": "true * 2 == 2",
    "a division by zero": "operation.elapsed / 0 > 1",
    "seconds of a moment": "(window | seconds) > 1",
    "seconds of a number": "(operation.elapsed | seconds) > 1",
    "epoch of a duration": "(limit | epoch) > 1",
    "seconds of other text": "('a day' | seconds) > 1",
}


@pytest.mark.parametrize("condition", COMPARED.values(), ids=COMPARED)
def test_what_has_no_meaning_is_found(cli: Cli, tmp_path: Path, condition: str) -> None:
    assert ("RB307", 5) in validated(cli, tmp_path, WINDOW + f'steps:\n  - {{id: x, if: "{condition}", wait: 1s}}\n')


def test_epoch_of_a_literal_without_a_zone_is_found(cli: Cli, tmp_path: Path) -> None:
    text = WINDOW + "steps:\n  - {id: x, if: \"('2024-03-20T06:00' | epoch) > 1\", wait: 1s}\n"
    assert ("RB219", 5) in validated(cli, tmp_path, text)


HOLDS = [
    "window == '2024-03-19T03:00:00+01:00'", "window < '2024-03-19T02:00:00-01:00'", "limit == '90m'", "limit < '2h'",
    "limit > '5m'", "limit in ['1h', '90m']", "operation.started > window", "each_limit == '5400s'",
    "(operation.started | epoch) - (window | epoch) > ('20h' | seconds)", "7 // 2 + 7 % 2 * 2 - 6 / 4 == 3.5",
    "-(limit | seconds) == 0 - 5400",
]  # fmt: skip


@pytest.mark.parametrize("condition", HOLDS)
def test_moments_and_durations_are_compared_by_what_they_mean(
    cli: Cli, tmp_path: Path, store: Store, condition: str
) -> None:
    """After the log has been read again, too: `each` and `limit` come from it."""
    step = f'  - id: x\n    for_each: ["${{limit}}"]\n    fail: "it is ${{{condition}}}"\n'.replace(
        "each_limit", "each"
    )
    result = run(cli, tmp_path, store, WINDOW + "steps:\n" + step)
    assert result.document["error_message"] == "it is true", result.err


def test_the_runbook_that_waited_for_a_moment_is_found(cli: Cli, tmp_path: Path) -> None:
    assert validated(cli, tmp_path, (INPUTS / "wait-until.yaml").read_text(encoding="utf-8")) == [("RB307", 7)]
