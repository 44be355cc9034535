"""Parsing: the values of the model for each form of the language."""

from __future__ import annotations

import re
from typing import Any

import pytest

from engine.language.model import (
    Account,
    Backoff,
    Call,
    Check,
    Delays,
    Ensure,
    Fail,
    Hold,
    Input,
    Monitor,
    Notify,
    Remove,
    Retry,
    RetryIf,
    Row,
    Runbook,
    Setting,
    Step,
    TakeBack,
    UndoCall,
    Wait,
)
from engine.language.parse import document as documents
from tests.language.parsed_examples import CALL, CHECK, ENSURE, HEAD, PAUSE, REMOVE, UNTIL, document, parsed


def runbook(example: str) -> Runbook:
    found = parsed(example)
    assert not found.findings, found.findings
    assert found.runbook is not None
    return found.runbook


def step(example: str) -> Step:
    return runbook(example).steps[0]


# -- kinds of step -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "body"),
    [
        ("wait: 10m", Wait(duration=600.0)),
        ("wait: 0s", Wait(duration=0.0)),
        ("wait: '${pause}'", Wait(duration="${pause}")),
        ("hold: look at it", Hold(reason="look at it")),
        ("{fail: no, error: Nope}", Fail(reason="no", error="Nope")),
        ("fail: no", Fail(reason="no")),
        ("take_back: all", TakeBack(steps=None)),
        ("take_back: [a, b]", TakeBack(steps=("a", "b"))),
        ("{take_back: all, past: delete-rds}", TakeBack(steps=None, past=("delete-rds",))),
        ("{take_back: all, past: [a, b]}", TakeBack(steps=None, past=("a", "b"))),
        ("notify: '${topic}'", Notify(topic="${topic}")),
        ("{notify: arn, subject: s, text: t}", Notify(topic="arn", subject="s", text="t")),
    ],
)
def test_steps_without_a_kind_of_resource(written: str, body: Any) -> None:
    inner = written[1:-1] if written.startswith("{") else written
    assert step(f"- {{id: one, {inner}}}\n").body == body


def test_the_keys_that_every_step_may_have() -> None:
    one = step(
        "- id: a-b\n  description: why\n  if: n > 1\n  region: us-east-1\n  account: other\n  timeout: 30s\n"
        "  requires: [x, y]\n  for_each: [1, {a: 2}]\n  wait: 1s\n"
    )
    assert (one.id, one.name, one.description, one.condition) == ("a-b", "a_b", "why", "n > 1")
    assert (one.region, one.account, one.timeout, one.requires) == ("us-east-1", "other", 30.0, ("x", "y"))
    assert one.for_each == [1, {"a": 2}]


@pytest.mark.parametrize(("written", "condition"), [("true", "true"), ("5", "5"), ("'${a}'", "${a}"), ("a.b", "a.b")])
def test_a_condition_is_kept_as_it_is_written(written: str, condition: str) -> None:
    assert step(f"- {{id: one, if: {written}, wait: 1s}}\n").condition == condition


def test_an_ensure() -> None:
    one = step(ENSURE + "  owner: kin\n  only: seen.a\n  is: seen.settled\n  irreversible: true\n")
    assert isinstance(one.body, Ensure)
    assert (one.body.owner, one.body.only, one.body.is_, one.body.undo) == ("kin", "seen.a", "seen.settled", "delete")
    assert one.irreversible


def test_a_remove_with_a_target() -> None:
    one = step(REMOVE + "  target: old-one\n  owner: any\n  states: {available: delete}\n")
    assert isinstance(one.body, Remove)
    assert (one.body.target, one.body.owner) == ("old-one", "any")


def test_a_call_with_until_and_undo() -> None:
    whole = runbook(
        CALL + UNTIL + "  monitor: {every: 15s, for: 30m}\n"
        "  undo: {call: aws.rds.modify_db_cluster, with: {a: 1}, repeatable: false, retry: [1m], region: us-east-1}\n"
    )
    one = whole.steps[0]
    assert isinstance(one.body, Call)
    assert one.body.until is not None
    assert one.body.until.path == "steps/0/until"
    assert one.monitor == Monitor(every=15.0, longest=1800.0)
    look = one.body.until.body
    assert isinstance(look, Check)
    assert (look.kind, look.params, look.is_) == ("rds.cluster", {"name": "green"}, "seen.id == 'x'")
    assert isinstance(one.body.undo, UndoCall)
    undo = one.body.undo.call
    assert (undo.path, undo.region, undo.retry) == ("steps/0/undo", "us-east-1", Retry(schedule=Delays(delays=(60.0,))))
    assert isinstance(undo.body, Call)
    assert undo.body.action == "aws.rds.modify_db_cluster"
    assert list(whole.index) == ["steps/0/until", "steps/0/undo", "steps/0", "on_failure/0"]
    assert whole.index["steps/0/undo"] == undo


def test_an_until_that_waits_until_something_is_gone() -> None:
    until = "  until: {gone: aws.dynamodb.describe_table, status: seen.a, missing_on: [A], classes: {leaving: [b]}, "
    one = step(CALL + until + "monitor: {every: 15s, for: 30m}}\n")
    assert isinstance(one.body, Call)
    assert one.body.until is not None
    look = one.body.until.body
    assert isinstance(look, Check)
    assert (look.gone, look.kind, look.status) == (True, "aws.dynamodb.describe_table", "seen.a")
    assert (look.missing_on, look.classes) == (("A",), {"leaving": ("b",)})
    assert one.monitor == Monitor(every=15.0, longest=1800.0)


@pytest.mark.parametrize(
    ("undo", "top", "monitor"),
    [
        ("", "", Monitor(every=15.0, longest=1800.0)),
        ("", "monitor: {every: 1s, grace: 2m}\n", Monitor(every=15.0, longest=1800.0, grace=120.0)),
        (", monitor: {for: 2h}", "", Monitor(every=15.0, longest=7200.0)),
        (
            ", until: {check: rds.cluster, with: {name: x}, monitor: {every: 9s}}",
            "",
            Monitor(every=9.0, longest=1800.0),
        ),
    ],
)
def test_an_undo_polls_as_its_step_does(undo: str, top: str, monitor: Monitor) -> None:
    """Its own `monitor` first, else that of its `until`, its step, the top level; not that of the step's `until`."""
    until = UNTIL + "    monitor: {every: 3s, grace: 3s}\n"
    step = f"  undo: {{call: aws.rds.modify_db_cluster, with: {{a: 1}}{undo}}}\n  monitor: {{every: 15s, for: 30m}}\n"
    steps = "".join(f"  {line}\n" for line in (CALL + until + step).splitlines())
    one = runbook(f"runbook: x\nregion: us-west-2\n{top}steps:\n{steps}").steps[0]
    assert isinstance(one.body, Call)
    assert isinstance(one.body.undo, UndoCall)
    assert one.body.undo.call.monitor == monitor


@pytest.mark.parametrize(
    ("written", "repeatable"), [("repeatable: true", True), ("repeatable: false", False), (UNTIL.strip(), False)]
)
def test_a_call_is_repeatable_if_it_says_so(written: str, repeatable: bool) -> None:
    body = step(f"{CALL}  {written}\n").body
    assert isinstance(body, Call)
    assert body.repeatable is repeatable


def test_a_call_is_repeatable_if_its_action_is() -> None:
    body = step("- {id: tell, call: sns.publish, with: {topic: a}}\n").body
    assert isinstance(body, Call)
    assert body.repeatable


def test_a_check_of_an_aws_api() -> None:
    one = step(
        "- id: table\n  check: aws.dynamodb.describe_table\n  with: {TableName: orders}\n"
        "  status: seen.Table.TableStatus\n  missing_on: [ResourceNotFoundException]\n"
        "  classes: {pending: [CREATING, UPDATING], available: [ACTIVE]}\n  states: {=ARCHIVED: fail}\n"
        "  monitor: {every: 10s, for: 10m}\n"
    )
    assert isinstance(one.body, Check)
    assert one.body.status == "seen.Table.TableStatus"
    assert one.body.missing_on == ("ResourceNotFoundException",)
    assert one.body.classes == {"pending": ("CREATING", "UPDATING"), "available": ("ACTIVE",)}
    assert one.body.states[0] == Row(path="steps/0/states/0", names=("=ARCHIVED",), verb="fail")


# -- state tables ------------------------------------------------------------------------------------------


def test_rows_of_a_state_table() -> None:
    body = step(
        ENSURE + "  retry: [1m]\n  states:\n    missing: create\n    'pending, =copying': monitor\n"
        "    broken: {do: [{wait: 1s}, {id: tell, hold: why}], then: done}\n    blocked: {hold: why, error: Odd}\n"
        "    =gone-wrong, =worse: {fail: 'it ${seen.status}'}\n"
    ).body
    assert isinstance(body, Ensure)
    by_name = {row.name: row for row in body.states if not row.is_default}
    assert by_name["pending, =copying"].verb == "monitor"
    assert by_name["pending, =copying"].names == ("pending", "=copying")
    assert [one.path for one in by_name["broken"].do] == ["steps/0/states/2/do/0", "steps/0/states/2/do/1"]
    assert by_name["broken"].verb == "done"
    assert (by_name["blocked"].verb, by_name["blocked"].reason, by_name["blocked"].error) == ("hold", "why", "Odd")
    assert by_name["=gone-wrong, =worse"].reason == "it ${seen.status}"
    assert [row.name for row in body.states[:2]] == ["pending, =copying", "=gone-wrong, =worse"], "exact ones first"


@pytest.mark.parametrize(
    ("kind", "filled"),
    [
        ("ensure", "missing create pending monitor available done blocked hold broken hold leaving monitor"),
        ("remove", "missing done pending monitor blocked hold broken hold leaving monitor"),
        ("check", "missing hold pending monitor available done blocked hold broken hold leaving monitor"),
    ],
)
def test_default_rows_never_destroy(kind: str, filled: str) -> None:
    more = {"ensure": "  undo: keep\n", "remove": "  states: {available: delete}\n", "check": ""}[kind]
    body = step(f"- id: one\n  {kind}: rds.cluster\n  with: {{name: a}}\n{more}").body
    assert isinstance(body, (Ensure, Remove, Check))
    words = f"{filled} unknown monitor".split()
    assert {row.name: row.verb for row in body.states if row.is_default} == dict(
        zip(words[::2], words[1::2], strict=True)
    )


# -- rescues, schedules, monitor -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "then"),
    [
        ("retry", "retry"), ("hold", "hold"), ("fail", "fail"), ("done", "done"),
        ("{retry_if: settings.changed, else: hold}", RetryIf(condition="settings.changed", otherwise="hold")),
        ("{retry_if: error.name == 'x'}", RetryIf(condition="error.name == 'x'", otherwise="fail")),
    ],
)  # fmt: skip
def test_then_of_a_rescue(written: str, then: Any) -> None:
    one = step(CHECK + f"  rescue:\n    - error: [Odd, config]\n      refresh: settings\n      then: {written}\n")
    (rescue,) = one.rescue
    assert (rescue.errors, rescue.refresh, rescue.then) == (("Odd", "config"), True, then)


@pytest.mark.parametrize(
    ("written", "retry"),
    [
        ("[5m, 10m]", Retry(schedule=Delays(delays=(300.0, 600.0)))),
        ("slow", Retry(schedule=Delays(delays=(1.0,)))),
        ("quick", Retry(schedule=Backoff(first=2.0, attempts=5))),
        ("{schedule: slow, errors: [quota], then: hold}", Retry(schedule=Delays(delays=(1.0,)), errors=("quota",), then="hold")),
        ("{schedule: [1m], errors: quota}", Retry(schedule=Delays(delays=(60.0,)), errors=("quota",))),
        (
            "{first: 2s, factor: 3, max: 1m, jitter: none, within: 15m}",
            Retry(schedule=Backoff(first=2.0, factor=3.0, longest=60.0, jitter="none", within=900.0)),
        ),
        ("{first: 5m, attempts: 3}", Retry(schedule=Backoff(first=300.0, longest=300.0, attempts=3))),
        ("{schedule: {first: 1s, attempts: 2}}", Retry(schedule=Backoff(first=1.0, attempts=2))),
    ],
)  # fmt: skip
def test_retry_of_a_step(written: str, retry: Retry) -> None:
    text = document(CHECK + f"  retry: {written}\n") + "schedules: {slow: [1s], quick: {first: 2s, attempts: 5}}\n"
    assert step(text).retry == retry, "schedules count wherever they stand"


def test_monitor_of_a_step_overrides_the_top_level() -> None:
    text = document(CHECK + "  monitor: {every: 5s}\n- {id: two, check: rds.cluster, with: {name: b}}\n")
    whole = runbook(text + "monitor: {every: 20s, for: 2h, grace: 0s}\n")
    assert [one.monitor for one in whole.steps] == [
        Monitor(every=5.0, longest=7200.0, grace=0.0), Monitor(every=20.0, longest=7200.0, grace=0.0),
    ]  # fmt: skip


def test_monitor_of_a_call_overrides_its_until_and_the_top_level() -> None:
    text = document(CALL + UNTIL + "    monitor: {every: 7s, for: 9m}\n  monitor: {every: 3s}\n")
    assert runbook(text + "monitor: {for: 2h, grace: 1s}\n").steps[0].monitor == Monitor(
        every=3.0, longest=540.0, grace=1.0
    )


# -- the top level -------------------------------------------------------------------------------------------


def test_the_keys_of_the_top_level() -> None:
    whole = runbook(
        "runbook: example\ndescription: why\ninputs: {a: {type: integer, default: 3, min: 1, max: 5, enum: [3, 4]}}\n"
        "settings: {b: 'ssm:/x/${a}', c: {from: 'secret:n#f', region: us-east-1, account: other}, "
        "d: {from: 'ssm:/y', default: [1]}}\nvars: {e: '${a}'}\n"
        'accounts: {other: {id: "123456789012", role_arn: "arn:aws:iam::123456789012:role/r", external_id: x}}\n'
        "account: other\nregion: us-west-2\nlock: '${a}'\ntime_limit: 2d\nnotify: '${settings.b}'\n"
        "retry: {throttled: [1s], network: {first: 1s, attempts: 3}}\ntags: {team: db}\noutputs: {f: 1}\n"
        "on_success: []\non_failure: [{take_back: all, past: one}]\non_hold: [{wait: 1s}]\n"
        "steps: [{id: one, wait: 1s}]\n"
    )
    assert whole.inputs["a"] == Input(name="a", type="integer", default=3, required=False, enum=(3, 4), min=1, max=5)
    assert whole.settings["c"] == Setting(name="c", source="secret:n#f", region="us-east-1", account="other")
    assert whole.settings["d"] == Setting(name="d", source="ssm:/y", default=[1], has_default=True)
    assert whole.accounts["other"] == Account(
        name="other", id="123456789012", role_arn="arn:aws:iam::123456789012:role/r", external_id="x"
    )
    assert (whole.account, whole.time_limit, whole.tags, whole.outputs) == ("other", 172800.0, {"team": "db"}, {"f": 1})
    assert (whole.throttled, whole.network) == (Delays(delays=(1.0,)), Backoff(first=1.0, attempts=3))
    assert [step.body for step in whole.ends["on_failure"]] == [TakeBack(steps=None, past=("one",))]
    assert whole.ends["on_success"] == ()
    assert [step.body for step in whole.ends["on_cancel"]] == [Notify()]


def test_without_notify_there_are_no_notifications() -> None:
    whole = runbook(HEAD + PAUSE)
    assert {name: [step.body for step in steps] for name, steps in whole.ends.items()} == {
        "on_success": [], "on_failure": [TakeBack(steps=None)], "on_hold": [], "on_cancel": [],
    }  # fmt: skip
    assert "cleanup/1" not in whole.index


@pytest.mark.parametrize(
    "source", ["ssm:/x/${ '}' }", "ssm:/${ {'a': b}['a'] }/y", "secret:${ 'a b' | replace(' ', '') }#c"]
)
def test_a_source_may_contain_any_expression(source: str) -> None:
    assert runbook(f'runbook: a\nsettings: {{b: "{source}"}}\n{PAUSE}').settings["b"].source == source


@pytest.mark.parametrize("source", ["ssm:/x y", "${a}", "ssm:/x#${ '#' }#"])
def test_a_source_must_be_a_parameter_or_a_secret(source: str) -> None:
    assert [one.rule for one in parsed(f'runbook: a\nsettings: {{b: "{source}"}}\n{PAUSE}').findings] == ["RB217"]


def test_the_example_in_the_docstring_of_the_parser() -> None:
    text = (
        "\n".join(re.findall(r"^    (.*)$", str(documents.__doc__).split("**Text to nodes.**")[0], re.MULTILINE)) + "\n"
    )
    found = parsed(text)
    assert [(one.rule, one.line, one.message) for one in found.findings] == [
        ("RB201", 7, "unknown key `timout` in a step with `call`")
    ]
    assert found.runbook is not None
    (step,) = found.runbook.steps
    assert (step.path, step.id) == ("steps/0", "stop-cluster")
    assert step.body == Call(
        action="aws.rds.stop_db_cluster", params={"DBClusterIdentifier": "orders"}, repeatable=True
    )
    assert found.runbook.step("steps/0") == found.runbook.by_name["stop_cluster"] == step
    assert [one.body for one in found.runbook.ends["on_failure"]] == [TakeBack(steps=None)]
