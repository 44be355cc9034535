"""Parsing: the findings for a value of the wrong shape, with their places and help."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RunbookInvalid
from engine.language.parse import shapes
from engine.language.parse.document import READERS, load
from engine.language.yaml.reader import MOST_FINDINGS
from tests.language.parsed_examples import (
    CALL,
    CHECK,
    ENSURE,
    HEAD,
    PAUSE,
    REMOVE,
    TABLE,
    UNTIL,
    VOCABULARY,
    document,
    parsed,
    rules_at,
    text_at_finding,
)


@pytest.mark.parametrize(
    ("example", "rule", "at"),
    [
        (HEAD + "stepss: []\n" + PAUSE, "RB201", "stepss"),
        (HEAD, "RB202", "runbook"),
        (PAUSE, "RB202", "steps"),
        (HEAD + "steps: []\n", "RB202", "[]"),
        (HEAD + "steps: {}\n", "RB203", "{}"),
        ("runbook: 5\n" + PAUSE, "RB203", "5"),
        ("runbook: a b\n" + PAUSE, "RB206", "a b"),
        ("- {wait: 5m}\n", "RB202", "wait"),
        ("- 5\n", "RB203", "5"),
        ("- {id: one}\n", "RB208", "id"),
        ("- {id: one, ensures: rds.cluster}\n", "RB208", "ensures"),
        ("- {id: one, wait: 5m, call: sns.publish}\n", "RB208", "call"),
        ("- {id: 5, wait: 5m}\n", "RB203", "5"),
        ("- {id: One, wait: 5m}\n", "RB206", "One"),
        (f"- {{id: {'a' * 65}, wait: 5m}}\n", "RB206", "a" * 65),
        ("- {id: a-b, wait: 5m}\n- {id: a_b, wait: 5m}\n", "RB207", "a_b"),
        ("- {id: settings, wait: 5m}\n", "RB207", "settings"),
        ("- {id: not, wait: 5m}\n", "RB207", "not"),
        ("runbook: a\ninputs: {b: {}}\nvars: {b: 1}\n" + PAUSE, "RB207", "b"),
        ("runbook: a\ninputs: {pause: {}}\n" + PAUSE, "RB207", "pause"),
        ("runbook: a\nsettings: {changed: 'ssm:/x'}\n" + PAUSE, "RB207", "changed"),
        ("runbook: a\ninputs: {a-b: {}}\n" + PAUSE, "RB206", "a-b"),
        ("runbook: a\ninputs: {a: string}\n" + PAUSE, "RB203", "string"),
        ("runbook: a\ninputs: {a: {type: text}}\n" + PAUSE, "RB204", "text"),
        ("runbook: a\ninputs: {a: {default: 5}}\n" + PAUSE, "RB216", "5"),
        ("runbook: a\ninputs: {a: {default: '${b}'}}\n" + PAUSE, "RB216", "'${b}'"),
        ("runbook: a\ninputs: {a: {default: B, pattern: '[a-z]'}}\n" + PAUSE, "RB216", "B"),
        ("runbook: a\ninputs: {a: {pattern: '(a)(?=b)'}}\n" + PAUSE, "RB216", "("),
        ("runbook: a\ninputs: {a: {pattern: 'a{1,99999}'}}\n" + PAUSE, "RB216", "{"),
        ("runbook: a\ninputs: {a: {type: list, pattern: a}}\n" + PAUSE, "RB216", "a"),
        ("runbook: a\ninputs: {a: {type: region, default: here}}\n" + PAUSE, "RB216", "here"),
        ("runbook: a\ninputs: {a: {type: integer, enum: [1, b]}}\n" + PAUSE, "RB216", "b"),
        ("runbook: a\ninputs: {a: {type: integer, min: 5, max: 1}}\n" + PAUSE, "RB216", "1"),
        ("runbook: a\ninputs: {a: {type: integer, min: 5m}}\n" + PAUSE, "RB216", "5m"),
        ("runbook: a\ninputs: {a: {type: boolean, min: 5}}\n" + PAUSE, "RB216", "5"),
        ("runbook: a\nsettings: {a: [b]}\n" + PAUSE, "RB203", "[b]"),
        ("runbook: a\nsettings: {a: {from: 'secret:b', default: c}}\n" + PAUSE, "RB209", "default"),
        ("runbook: a\naccounts: {a: {}}\n" + PAUSE, "RB202", "{}"),
        ("runbook: a\naccounts: {a: {id: 12345}}\n" + PAUSE, "RB115", "12345"),
        ("runbook: a\naccounts: {a: {id: '12345'}}\n" + PAUSE, "RB206", "'12345'"),
        ("runbook: a\ntags: {'aws:a': b}\n" + PAUSE, "RB206", "'aws:a'"),
        ("runbook: a\ntags: {a: 5}\n" + PAUSE, "RB203", "5"),
        ("runbook: a\ntime_limit: 36\n" + PAUSE, "RB205", "36"),
        ("runbook: a\nretry: [5m]\n" + PAUSE, "RB203", "[5m]"),
        ("runbook: a\nparallel: 2\n" + PAUSE, "RB210", "parallel"),
        ("- {id: one, hold: why, for: 5m}\n", "RB210", "for"),
        ("- {id: one, run: other.yaml}\n", "RB210", "run"),
        ("- {id: one, wait: 5m, with: {}}\n", "RB209", "with"),
        ("- {id: one, wait: 5m, parameters: {}}\n", "RB201", "parameters"),
        ("- {id: one, wait: 5m, timeout: 30}\n", "RB205", "30"),
        ("- {id: one, wait: 5 m}\n", "RB205", "5 m"),
        ("- {id: one, wait: [5m]}\n", "RB203", "[5m]"),
        ("- {id: one, wait: 5m, for_each: 5}\n", "RB203", "5"),
        ("- {id: one, wait: 5m, for_each: text}\n", "RB203", "text"),
        ("- {id: one, wait: 5m, if: [a]}\n", "RB203", "[a]"),
        ("- {id: one, wait: 5m, requires: other}\n", "RB203", "other"),
        ("- {id: one, wait: 5m, requires: ['a b']}\n", "RB206", "'a b'"),
        ("- {id: one, take_back: some}\n", "RB203", "some"),
        ("- {id: one, hold: ''}\n", "RB203", "''"),
        ("- {id: one, check: rds.clusters}\n", "RB211", "rds.clusters"),
        ("- {id: one, check: sns.publish}\n", "RB211", "sns.publish"),
        ("- {id: one, call: rds.cluster}\n", "RB212", "rds.cluster"),
        ("- {id: one, remove: net.endpoint, states: {available: delete}}\n", "RB213", "net.endpoint"),
        (CHECK + "  status: seen.a\n", "RB209", "status"),
        (CHECK + "  undo: delete\n", "RB209", "undo"),
        (CHECK + "  states: [a]\n", "RB203", "[a]"),
        (CHECK + "  states: {broken: halt}\n", "RB204", "halt"),
        (CHECK + "  states: {broken: true}\n", "RB203", "true"),
        (CHECK + "  states: {broken: {hold: a, fail: b}}\n", "RB203", "hold"),
        (CHECK + "  states: {broken: {error: a}}\n", "RB203", "error"),
        (CHECK + "  states: {broken: {do: [{wait: 1s}]}}\n", "RB202", "do"),
        (CHECK + "  states: {broken: {hold: a, then: done}}\n", "RB203", "then"),
        (CHECK + "  states: {broken: {do: [{wait: 1s}], then: create}}\n", "RB204", "create"),
        (CHECK + "  states: {broken: hold, =a: hold, '=a, =b': fail}\n", "RB215", "=a"),
        (CHECK + "  states: {'broken,': hold}\n", "RB215", "'broken,'"),
        (CHECK + "  rescue: {error: a}\n", "RB203", "{error: a}"),
        (CHECK + "  rescue: [{error: a}]\n", "RB202", "error"),
        (CHECK + "  rescue: [{then: hold}]\n", "RB202", "then"),
        (CHECK + "  rescue: [{error: [], then: hold}]\n", "RB203", "[]"),
        (CHECK + "  rescue: [{error: a, then: monitor}]\n", "RB204", "monitor"),
        (CHECK + "  rescue: [{error: a, then: {retry_if: a, else: retry}}]\n", "RB204", "retry"),
        (CHECK + "  rescue: [{error: a, refresh: all, then: hold}]\n", "RB204", "all"),
        (CHECK + "  retry: []\n", "RB214", "[]"),
        (CHECK + "  retry: fast\n", "RB214", "fast"),
        (CHECK + "  retry: 5\n", "RB203", "5"),
        (CHECK + "  retry: [5]\n", "RB205", "5"),
        (CHECK + "  retry: {first: 1s}\n", "RB214", "first"),
        (CHECK + "  retry: {first: 1s, attempts: 2, within: 5m}\n", "RB214", "first"),
        (CHECK + "  retry: {first: 5m, max: 1m, attempts: 2}\n", "RB214", "1m"),
        (CHECK + "  retry: {first: 1s, attempts: 0}\n", "RB203", "0"),
        (CHECK + "  retry: {first: 1s, factor: 0.5, attempts: 2}\n", "RB203", "0.5"),
        (CHECK + "  retry: {errors: [quota]}\n", "RB202", "errors"),
        (CHECK + "  monitor: 30s\n", "RB203", "30s"),
        (CHECK + "  monitor: {every: 0s}\n", "RB205", "0s"),
        (CHECK + "  monitor: {each: 5s}\n", "RB201", "each"),
        (CALL + "  until: {is: a}\n", "RB202", "is"),
        (CALL + "  until: true\n", "RB203", "true"),
        (CALL + "  until: {gone: rds.cluster, is: seen.a}\n", "RB209", "is"),
        (CALL + "  until: {gone: rds.cluster, check: rds.cluster}\n", "RB209", "check"),
        (CALL + "  until: {gone: rds.clutser}\n", "RB211", "rds.clutser"),
        (CALL + "  until: {gone: ec2.network}\n", "RB213", "ec2.network"),
        (CALL + "  until: {gone: rds.cluster, missing_on: [A]}\n", "RB209", "missing_on"),
        (CALL + "  until: {gone: aws.dynamodb.describe_table, monitor: {every: 1s, for: 1m}}\n", "RB202", "gone"),
        (CALL + "  until: {gone: aws.dynamodb.describe_table, status: a}\n", "RB202", "id"),
        (CHECK + "  gone: rds.cluster\n", "RB201", "gone"),
        (CALL + UNTIL + "  undo: delete\n", "RB203", "delete"),
        (ENSURE.replace("undo: delete", "undo: true"), "RB204", "true"),
        ("- {id: t, check: aws.dynamodb.describe_table, status: a}\n", "RB202", "id"),
        ("- {id: t, check: aws.dynamodb.describe_table, monitor: {every: 1s, for: 1m}}\n", "RB202", "id"),
        (TABLE + "  classes: {pendnig: [a]}\n", "RB204", "pendnig"),
        (TABLE + "  classes: {pending: [A], available: [A]}\n", "RB215", "A"),
    ],
)
def test_a_finding_has_its_rule_and_place(example: str, rule: str, at: str) -> None:
    (found,) = parsed(example).findings
    assert found.rule == rule
    assert text_at_finding(example) == at


@pytest.mark.parametrize(
    ("example", "help"),
    [
        ("- {id: one, wait: 5m, descripton: a}\n", "did you mean `description`?"),
        ("- {id: one, check: rds.clutser}\n", "did you mean `rds.cluster`?"),
        ("- {id: one, call: sns.publsh}\n", "did you mean `sns.publish`?"),
        ("- {id: one, ensures: rds.cluster}\n", "did you mean `ensure`?"),
        ("- {id: one, nam: a, wiat: 0s}\n", "did you mean `wait`?"),
        ("- {id: Copy Snapshot, wait: 5m}\n", "write `copy-snapshot`"),
        ("- {id: one, wait: 5m, when: a}\n", "write `if`"),
        (REMOVE + "  states: {available: delete}\n  unprotect: true\n", "go under `with`"),
        (TABLE.replace("dynamodb.describe_table", "dynamodb.describe"), "boto3's names"),
        ("- {id: one, call: aws.rds.modify_cluster}\n", "boto3's names"),
        ("- {id: one, wait: 30}\n", "`30s`"),
        ("- {id: one, check: sns.publish}\n", "`call: sns.publish`"),
        (CHECK + "  states: {broken: hodl}\n", "did you mean `hold`?"),
        ("runbook: a\ninputs: {a-b: {}}\n" + PAUSE, "`a_b`"),
        ("- {id: one, wait: 5m, requires: other}\n", "[other]"),
    ],
)
def test_help_of_a_finding(example: str, help: str) -> None:
    assert help in parsed(example).findings[0].help


def test_a_very_long_message_is_shortened() -> None:
    found = parsed("- {id: one, check: " + "r" * 500_000 + "}\n").findings[0]
    assert found.rule == "RB211"
    assert len(found.message) < 1_000
    assert found.end_column > 500_000


def test_the_list_of_many_names_is_shortened() -> None:
    many = ", ".join(f"s{number}: [1s]" for number in range(9_000))
    steps = "".join(f"- {{id: q{n}, check: rds.cluster, with: {{name: a}}, retry: q{n}}}\n" for n in range(3_000))
    found = parsed(document(steps) + f"schedules: {{{many}, slow: [1s]}}\n").findings
    assert len(found) == MOST_FINDINGS  # nobody reads more
    assert "and 8977 more" in found[0].help


def test_all_findings_are_reported_in_order() -> None:
    found = rules_at(
        "- {id: One, wait: 5}\n- {wait: 5m}\n- {id: two, hold: why, undo: delete}\n- {id: three, check: nosuch}\n"
        "- {id: four, wait: 5m, x: &a 1}\n"
    )
    assert [rule for rule, _, _ in found] == ["RB206", "RB205", "RB202", "RB209", "RB211", "RB108", "RB201"] or [
        rule for rule, _, _ in found
    ] == ["RB206", "RB205", "RB202", "RB209", "RB211", "RB201", "RB108"]
    assert found == sorted(found, key=lambda one: one[1:])


def test_a_wrong_step_does_not_hide_the_others() -> None:
    found = parsed("- {id: one, hodl: why}\n- {id: two, wait: 5m}\n")
    assert found.runbook is not None
    assert set(found.runbook.by_name) == {"one", "two"}


def test_load_raises_for_a_wrong_runbook() -> None:
    with pytest.raises(RunbookInvalid) as raised:
        load("runbook: a\nsteps: [{id: one}]\n", VOCABULARY, "a.yaml")
    assert [one.rule for one in raised.value.findings] == ["RB208"]


def test_every_form_has_a_reader_and_every_reader_a_form() -> None:
    tables = [value for value in vars(shapes).values() if isinstance(value, dict)]
    keys = [key for table in tables for key in table.values() if isinstance(key, shapes.Key)]
    keys += [key for shape in shapes.KINDS.values() for key in shape.values()]
    assert {key.form for key in keys} == set(READERS)


NODES = st.recursive(
    st.sampled_from([None, True, 5, "text", "5m", "${a}", "done", "rds.cluster", "all", "", [], {}]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [name for shape in shapes.STEPS.values() for name in shape]
                + [*shapes.RUNBOOK, *shapes.ROW, *shapes.RESCUE, *shapes.BACKOFF, "missing", "broken", "x"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from([*shapes.RUNBOOK]), NODES, max_size=6))
def test_a_random_runbook_is_built_or_reported(value: dict[str, Any]) -> None:
    text = json.dumps(value)
    found = parsed(text)
    if found.findings:
        with pytest.raises(RunbookInvalid):
            load(text, VOCABULARY)
    else:
        assert load(text, VOCABULARY) == found.runbook
