"""The rules of `until: {gone}`: each is replaced, and its scenarios over the sandbox must then end badly."""

from __future__ import annotations

from functools import partial

import pytest

from tests.crash import gone_scenarios as gone
from tests.laws.test_k12_rules import Rule, fails, no, nothing, without

RULES = (
    Rule(function="decide.until.waits_until_gone", instead=no,
         scenario=partial(gone.nothing_stands_that_the_ledger_calls_gone, "an undo deletes by a call and waits until it is gone")),
    Rule(function="decide.until.looks_at_deleted", instead=no,
         scenario=partial(gone.nothing_stands_that_the_ledger_calls_gone, "an undo checks what it deletes")),
    Rule(function="decide.until.before_deleting", instead=nothing, scenario=gone.a_snapshot_that_is_late_in_lists_is_taken_back),
    Rule(function="queries.is_in_the_making", instead=no,
         scenario=partial(gone.nothing_stands_that_the_ledger_calls_gone, "an undo deletes by a call what is made for three hours")),
    Rule(function="apply.outcomes.finds_nothing", instead=no,
         scenario=partial(gone.nothing_stands_that_the_ledger_calls_gone, "an undo deletes what somebody has deleted just before")),
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_without_the_rule_its_scenario_fails(rule: Rule) -> None:
    assert rule.scenario is not None
    rule.scenario()
    with without(rule):
        assert fails(rule.scenario)
