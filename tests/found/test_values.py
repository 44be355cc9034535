"""The meaning of values: conditions, settings, moments and durations, arithmetic, exact numbers, secrets, and their bounds."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pytest

from actions.aws.generic_calls import read_body
from engine.runtime.performer import plain
from tests.cli.commands import Cli, Store, write_file
from tests.found.cases import HEAD, INPUTS, SNAPSHOT, run, validated

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


# -- what can never be true --------------------------------------------------------------------------------------


def test_an_until_that_asks_for_another_status_is_found(cli: Cli, tmp_path: Path) -> None:
    text = (INPUTS / "never-true.yaml").read_text(encoding="utf-8")
    assert ("RB410", 7) in validated(cli, tmp_path, text)
    assert not validated(cli, tmp_path, text.replace("seen.status == 'stopped'", "seen.settled"))


NEVER = {
    "`is` of a check": "is: seen.status == 'stopped'",
    "`is` in a list": "is: seen.status in ['stopped', 'failed']",
    "`is`, the other way round": "is: \"'stopped' == seen.status and seen.settled\"",
    "a status that there is not": "rescue: [{error: any, then: {retry_if: seen.status == 'stoped'}}]",
}


@pytest.mark.parametrize("written", NEVER.values(), ids=NEVER)
def test_a_status_that_never_is_is_found(cli: Cli, tmp_path: Path, written: str) -> None:
    text = f"{HEAD}steps:\n  - id: x\n    check: rds.cluster\n    with: {{name: a}}\n    {written}\n"
    assert ("RB410", 7) in validated(cli, tmp_path, text)


def test_the_status_of_a_result_is_one_of_those_that_are_done(cli: Cli, tmp_path: Path) -> None:
    steps = "steps:\n  - {id: old, check: rds.cluster, with: {name: a}STATES}\n  - {id: x, if: old.status == 'stopped', wait: 1s}\n"
    assert ("RB410", 5) in validated(cli, tmp_path, HEAD + steps.replace("STATES", ""))
    for states in ("{blocked: done}", "{=stopped: done}", "{unknown: done}"):
        assert not validated(cli, tmp_path, HEAD + steps.replace("STATES", f", states: {states}"))


# -- what comes from the world -----------------------------------------------------------------------------------

EXACT = {
    "a sum of bigints": (Decimal(9223372036854775808123), 9223372036854775808123),
    "a whole number with a scale": (Decimal("5.00"), 5),
    "a price": (Decimal("12.50"), 12.5),
    "more digits than a float has": (Decimal("12345678901234567890.123"), "12345678901234567890.123"),
    "a small one": (Decimal("0.1000000000000000000001"), "0.1000000000000000000001"),
    "none": (Decimal("NaN"), "nan"),
    "bytes": (b"\xff\xfe", "//4="),
    "a time with a zone": (
        dt.datetime(2024, 3, 20, 7, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        "2024-03-20T06:00:00Z",
    ),
    "a time without a zone": (dt.datetime(2024, 3, 20, 7, tzinfo=dt.UTC).replace(tzinfo=None), "2024-03-20T07:00:00"),
}


@pytest.mark.parametrize(("value", "recorded"), EXACT.values(), ids=EXACT)
def test_values_are_recorded_exactly(value: object, recorded: object) -> None:
    found = plain({"a": [value]})["a"][0]
    assert found == recorded
    assert type(found) is type(recorded)


@pytest.mark.parametrize(("body", "recorded"), [(b"caf\xc3\xa9", "caf\u00e9"), (b"\x89PNG\xff", "iVBOR/8=")])
def test_a_streamed_body_is_text_or_base64(body: bytes, recorded: str) -> None:
    assert plain(read_body(io.BytesIO(body))) == recorded


PAGED = """
runbook: paged
region: us-west-2
steps:
  - {id: list, call: aws.rds.describe_db_clusters, with: {DBClusterIdentifier: orders}}
  - {id: x, hold: "${list.DBClusters | length} ${list.Marker}"}
  - {id: rows, call: aws.athena.get_query_results, with: {QueryExecutionId: a}}
  - {id: y, hold: "${rows.ResultSet.Rows | length} ${rows.ResultSet.ResultSetMetadata} ${rows.UpdateCount}"}
  - {id: z, hold: "${rows.NextToken}"}
"""


def test_a_member_that_a_paged_read_drops_is_found(cli: Cli, tmp_path: Path) -> None:
    assert validated(cli, tmp_path, PAGED.lstrip()) == [("RB303", 5), ("RB303", 8)]


def test_times_of_a_reply_are_moments(cli: Cli, tmp_path: Path) -> None:
    condition = "list.DBClusters[0].ClusterCreateTime > 'yesterday'"
    assert ("RB307", 5) in validated(
        cli, tmp_path, PAGED.lstrip().replace("{id: x, hold", f'{{id: x, if: "{condition}", hold')
    )


# -- parameters and tags -----------------------------------------------------------------------------------------


def test_an_instance_needs_its_cluster_and_class(cli: Cli, tmp_path: Path) -> None:
    steps = "steps:\n  - {id: x, ensure: rds.instance, with: {name: a}, undo: keep}\n"
    assert validated(cli, tmp_path, HEAD + steps) == [("RB252", 4)]
    assert "needs `cluster` and `class`" in cli("validate", str(tmp_path / "a.yaml")).out
    assert not validated(cli, tmp_path, HEAD + steps.replace("{name: a}", "{name: a, cluster: b, class: db.r6g.large}"))
    assert not validated(cli, tmp_path, HEAD + steps.replace("undo: keep", "undo: keep, states: {missing: fail}"))
    assert not validated(cli, tmp_path, HEAD + "steps:\n  - {id: x, check: rds.instance, with: {name: a}}\n")


def test_tags_that_aws_refuses_are_found(cli: Cli, tmp_path: Path) -> None:
    text = (INPUTS / "tag-characters.yaml").read_text(encoding="utf-8")
    assert validated(cli, tmp_path, text) == [("RB253", 6), ("RB253", 7)]
    assert not validated(
        cli, tmp_path, text.replace("DBA team, nights", "DBA team/nights").replace(": disk full, (see wiki)", "")
    )


TAGS = {
    "a long value": f"a: {'x' * 257}",
    "a long name": f"{'x' * 129}: a",
    "a name that RDS reserves": '"rds:mine": a',
    "a name that AWS reserves": '"AWS:mine": a',
    "a line break": '"a": "b\\nc"',
    "a part of a value": '"a": "${operation.id}, b"',
    "one of the values of an input": '"a": "${kind}"',
}


@pytest.mark.parametrize("tag", TAGS.values(), ids=TAGS)
def test_each_such_tag_is_found(cli: Cli, tmp_path: Path, tag: str) -> None:
    text = (
        HEAD + "inputs: {kind: {enum: [x, 'y;z'], default: x}}\ntags:\n  " + tag + "\nsteps:\n  - {id: x, wait: 1s}\n"
    )
    assert validated(cli, tmp_path, text) == [("RB253", 5)]


def test_a_resource_has_no_more_than_45_tags_of_a_runbook(cli: Cli, tmp_path: Path) -> None:
    def tagged(many: int) -> str:
        return (
            HEAD
            + "tags:\n"
            + "".join(f"  t{n}: Größe 1.5 @x\n" for n in range(many))
            + "steps:\n  - {id: x, wait: 1s}\n"
        )

    assert not validated(cli, tmp_path, tagged(45))
    assert validated(cli, tmp_path, tagged(46)) == [("RB253", 3)]


def test_a_type_that_is_added_while_the_operation_holds_counts(cli: Cli, tmp_path: Path, store: Store) -> None:
    steps = 'steps:\n  - {id: wait, hold: for an edit}\n  - {id: x, fail: "it is ${1 if settings.x == false else settings.x}"}\n'
    text = f"{HEAD}settings: {{x: ssm:/x}}\n{steps.replace('1 if settings.x == false else ', '')}"
    assert run(cli, tmp_path, store, text, "--operation-id", "op", world="ssm:/x: 'false'").code == 5
    edited = write_file(tmp_path / "b.yaml", f"{HEAD}settings: {{x: {{from: ssm:/x, type: boolean}}}}\n{steps}")
    world = f"--sandbox={tmp_path / 'world.yaml'}"
    assert cli("resume", "op", "--with", edited, world, *store, "--no-input", "--yes").code == 5
    result = cli("resume", "op", world, *store, "--no-input", "-o", "json")
    assert result.document["error_message"] == "it is 1", result.err
