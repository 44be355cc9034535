"""The meaning of values: conditions, settings, moments and durations, arithmetic, exact numbers, secrets, and their bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import Cli, Result, Store, write_file

INPUTS = Path(__file__).parent / "inputs"

SNAPSHOT = "rds.cluster_snapshot/x@us-west-2: available"
HEAD = "runbook: a\nregion: us-west-2\n"


def validated(cli: Cli, tmp_path: Path, text: str) -> list[tuple[str, int]]:
    """The errors of a runbook: rule and line. Warnings are left out."""
    result = cli("validate", write_file(tmp_path / "a.yaml", text), "-o", "json")
    return [(one["rule"], one["line"]) for one in result.document["findings"] if one["severity"] == "error"]


def run(cli: Cli, tmp_path: Path, store: Store, text: str, *words: str, world: str = SNAPSHOT) -> Result:
    """Run a runbook in a sandbox with that world."""
    made = write_file(tmp_path / "world.yaml", "world:\n" + "".join(f"  {line}\n" for line in world.split("\n")))
    file = write_file(tmp_path / "a.yaml", text)
    return cli("run", file, f"--sandbox={made}", *store, "--yes", "--no-input", "-o", "json", *words)


# -- conditions ------------------------------------------------------------------------------------------------

TEXT_DECIDES = {
    "an input": 'inputs: {flag: {default: "false"}}\nsteps:\n  - {id: x, if: flag, wait: 0s}\n',
    "a setting": "settings: {flag: ssm:/flag}\nsteps:\n  - {id: x, if: settings.flag, wait: 0s}\n",
    "a var": 'vars: {flag: "no"}\nsteps:\n  - {id: x, if: "${flag}", wait: 0s}\n',
    "a literal": "steps:\n\n  - {id: x, if: \"'false'\", wait: 0s}\n",
    "an operand": 'inputs: {flag: {default: "x"}}\nsteps:\n  - {id: x, if: 1 == 1 and flag, wait: 0s}\n',
    "what `not` denies": 'inputs: {flag: {default: "x"}}\nsteps:\n  - {id: x, if: not flag, wait: 0s}\n',
    "a test": 'inputs: {flag: {default: "x"}}\nsteps:\n  - {id: x, if: (true if flag else false), wait: 0s}\n',
    "`only`": "vars: {flag: a}\nsteps:\n  - {id: x, ensure: rds.cluster_snapshot, with: {name: x, copy_of: y}, only: flag}\n",
    "`is`": "steps:\n\n  - {id: x, check: rds.cluster, with: {name: x}, is: seen.endpoint}\n",
}


@pytest.mark.parametrize("case", TEXT_DECIDES.values(), ids=TEXT_DECIDES)
def test_text_alone_is_no_condition(cli: Cli, tmp_path: Path, case: str) -> None:
    assert ("RB307", 5) in validated(cli, tmp_path, HEAD + case)


def test_text_alone_is_no_retry_if(cli: Cli, tmp_path: Path) -> None:
    rescue = "    rescue: [{error: any, then: {retry_if: settings.flag, else: hold}}]\n"
    steps = "steps:\n  - id: x\n    call: sns.publish\n    with: {topic: a, subject: b, text: c}\n" + rescue
    assert ("RB307", 8) in validated(cli, tmp_path, HEAD + "settings: {flag: ssm:/flag}\n" + steps)


UNKNOWN_TYPE = (
    HEAD
    + """
inputs: {more: {type: map}}
steps:
  - id: x
    STEP
"""
)
"""An attribute of a map has no known type, so `validate` accepts it."""


@pytest.mark.parametrize(
    "condition", ["more.flag", "not more.flag", "more.flag or 1 == 2", "true if more.flag else false"]
)
def test_a_text_that_comes_up_in_a_run_fails_the_step(cli: Cli, tmp_path: Path, store: Store, condition: str) -> None:
    text = UNKNOWN_TYPE.replace("STEP", f"if: {condition}\n    wait: 0s")
    result = run(cli, tmp_path, store, text, "-i", "more={flag: 'false'}")
    assert result.document["error"] == "InvalidCondition", result.document["error_message"]
    assert (result.code, result.document["status"]) == (1, "FAILED")
    assert "false" in result.document["error_message"]


@pytest.mark.parametrize("value", ["true", "1", "[a]", "{a: b}"])
def test_what_is_not_text_counts_as_before(cli: Cli, tmp_path: Path, store: Store, value: str) -> None:
    text = UNKNOWN_TYPE.replace("STEP", "if: more.flag and not more.no\n    fail: it ran")
    result = run(cli, tmp_path, store, text, "-i", f"more={{flag: {value}, no: []}}")
    assert result.document["error_message"] == "it ran"


LOOKS = {
    "is": ("check: rds.cluster_snapshot", "is: more.flag"),
    "only": ("ensure: rds.cluster_snapshot", "owner: any\n    only: more.flag\n    undo: keep"),
    "status": (
        "check: aws.rds.describe_db_clusters",
        "status: more.number\n    classes: {available: [available]}\n    monitor: {every: 1s, for: 1m}",
    ),
}


@pytest.mark.parametrize("key", LOOKS)
def test_a_look_whose_condition_is_text_holds(cli: Cli, tmp_path: Path, store: Store, key: str) -> None:
    verb, rest = LOOKS[key]
    params = "    with: {DBClusterIdentifier: c}" if "aws." in verb else "    with: {name: x, copy_of: y}"
    params = params.replace(", copy_of: y", "") if "check" in verb else params
    text = UNKNOWN_TYPE.replace("STEP", f"{verb}\n{params}\n    {rest}")
    world = SNAPSHOT + "\nrds.cluster/c@us-west-2: available"
    given = ("-i", "more={flag: 'false', number: 5}")
    result = run(cli, tmp_path, store, text, *given, world=world)
    assert result.code == 5, result.err
    assert (result.document["hold"]["kind"], result.document["error"]) == ("failure", "InvalidCondition")


def test_a_rescue_takes_it(cli: Cli, tmp_path: Path, store: Store) -> None:
    step = "check: rds.cluster_snapshot\n    with: {name: x}\n    is: more.flag\n    rescue: [{error: InvalidCondition, then: done}]"
    result = run(cli, tmp_path, store, UNKNOWN_TYPE.replace("STEP", step), "-i", "more={flag: 'no'}")
    assert result.code == 0, result.err


def test_a_status_of_another_type_is_found(cli: Cli, tmp_path: Path) -> None:
    step = "check: aws.rds.describe_db_clusters\n    with: {DBClusterIdentifier: c}\n    status: seen.DBClusters | length\n    monitor: {every: 1s, for: 1m}"
    assert ("RB307", 9) in validated(cli, tmp_path, UNKNOWN_TYPE.replace("STEP", step))


# -- moments, durations, arithmetic ----------------------------------------------------------------------------

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


# -- settings --------------------------------------------------------------------------------------------------


def with_setting(declared: str, use: str = '{id: x, fail: "it is ${settings.x}"}') -> str:
    return HEAD + f"settings: {{x: {declared}}}\nsteps:\n  - {use}\n"


READ = {
    "boolean": ("'true '", "boolean", "it is true"),
    "integer": ("' 42'", "integer", "it is 42"),
    "number": ("'1.5'", "number", "it is 1.5"),
    "duration": ("90m", "duration", "it is 90m"),
    "a String as a list": ("' a, b ,,c'", "list", 'it is ["a", "b", "c"]'),
    "a list as YAML has it": ("'[a, 1]'", "list", 'it is ["a", 1]'),
    "a StringList": ("[a, b]", "list", 'it is ["a", "b"]'),
    "a map": ("'{a: 1}'", "map", 'it is {"a": 1}'),
    "text as it is": ("'true'", "string", "it is true"),
}


@pytest.mark.parametrize(("stored", "type", "message"), READ.values(), ids=READ)
def test_a_setting_has_its_type(cli: Cli, tmp_path: Path, store: Store, stored: str, type: str, message: str) -> None:
    text = with_setting(f"{{from: ssm:/x, type: {type}}}")
    result = run(cli, tmp_path, store, text, world=f"ssm:/x: {stored}")
    assert result.document["error_message"] == message, result.err


@pytest.mark.parametrize(
    ("stored", "type"), [("maybe", "boolean"), ("[a, b]", "string"), ("'2024-03-20'", "timestamp")]
)
def test_a_setting_that_does_not_fit_cannot_be_read(
    cli: Cli, tmp_path: Path, store: Store, stored: str, type: str
) -> None:
    result = run(cli, tmp_path, store, with_setting(f"{{from: ssm:/x, type: {type}}}"), world=f"ssm:/x: {stored}")
    assert result.code == 4
    assert f"`settings.x` has `type: {type}`" in result.err
    assert "ssm:/x" in result.err


def test_false_as_text_is_false(cli: Cli, tmp_path: Path, store: Store) -> None:
    text = with_setting("{from: ssm:/x, type: boolean}", "{id: x, if: settings.x, fail: it ran}")
    assert run(cli, tmp_path, store, text, world="ssm:/x: 'false'").code == 0


@pytest.mark.parametrize(
    ("declared", "rule"),
    [
        ("{from: secret:x, type: string}", "RB203"), ("{from: ssm:/x, type: integer, default: many}", "RB216"),
        ("{from: ssm:/x, type: list, default: a}", "RB216"), ("{from: ssm:/x, type: timestamp, default: '2024-03-20'}", "RB216"),
        ("{from: ssm:/x, type: bool}", "RB204"),
    ],
)  # fmt: skip
def test_a_wrong_type_of_a_setting_is_found(cli: Cli, tmp_path: Path, declared: str, rule: str) -> None:
    assert (rule, 3) in validated(cli, tmp_path, with_setting(declared))


def test_for_each_over_a_setting_without_a_type_is_found(cli: Cli, tmp_path: Path) -> None:
    text = (INPUTS / "for-each-text.yaml").read_text(encoding="utf-8")
    result = cli("validate", str(INPUTS / "for-each-text.yaml"))
    assert ("RB307", 7) in validated(cli, tmp_path, text)
    assert "give the setting `names` the `type: list`" in result.out + result.err
    assert not validated(
        cli, tmp_path, text.replace("ssm:/app/instance-names", "{from: ssm:/app/instance-names, type: list}")
    )


def test_for_each_over_text_says_what_to_do(cli: Cli, tmp_path: Path, store: Store) -> None:
    text = UNKNOWN_TYPE.replace("STEP", 'for_each: "${more.names}"\n    wait: 0s')
    result = run(cli, tmp_path, store, text, "-i", "more={names: 'a,b'}")
    assert "`${more.names}` is text (`a,b`): make the parameter a StringList" in result.document["error_message"]
