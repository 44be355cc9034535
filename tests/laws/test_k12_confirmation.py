"""K12 for deletions that need a person's word: without each rule some scenario fails."""

from __future__ import annotations

import pytest

from tests.laws import confirmation_scenarios as scenarios
from tests.laws import scenario_run
from tests.laws.test_k12_rules import Rule, fails, fails_without, no, without, yes

RULES = (
    Rule(function="decide.deletions.needs_word", instead=no,
         scenarios=("a removal whose name is known later", "a removal in a row, known later",
                    "a removal in on_success, known later, is left out",
                    "a foreign resource breaks after the start and would be replaced")),
    Rule(function="decide.deletions.is_confirmed", instead=yes, scenarios=("a removal in a rescue, known later",)),
    Rule(function="decide.deletions.is_own", instead=yes, scenario=scenarios.a_foreign_call_holds),
    Rule(function="decide.deletions.is_own", instead=no, scenario=scenarios.an_own_call_needs_no_word),
    Rule(function="protected_names.protected_names", instead=lambda *_: [],
         scenario=scenarios.a_protected_call_holds_although_it_is_own_or_confirmed),
    Rule(function="protected_names.protected_names", instead=lambda *_: [], scenario=scenarios.a_protected_undo_is_stuck),
    Rule(function="undo_calls.names_in_undo", instead=lambda *_: (),
         scenario=scenarios.a_protected_undo_is_stuck_although_the_runbook_has_lost_it),
    Rule(function="decide.survey.must_survey", instead=no, scenarios=("the items of a list are asked about at once",)),
    Rule(function="apply.lifecycle.with_policy", instead=lambda operation, event: operation,
         scenario=scenarios.a_restart_brings_the_names_that_its_runner_allows),
    Rule(function="apply.steps.confirmed", instead=lambda runbook, operation, event: operation,
         scenarios=("a removal whose name is known later",)),
    Rule(function="apply.stack.without_used", instead=lambda operation, step, action: operation.confirmed,
         scenario=scenarios.the_word_for_a_call_is_used_up),
    Rule(function="engine.runtime.driver.Driver._ask_or_record", instead=lambda driver, event: driver.log.fold(event),
         scenario=scenarios.a_person_at_a_terminal_is_asked_once),
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_without_the_rule_some_scenario_fails(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenario_run, "EVERY", False)
    if rule.scenario is not None:
        rule.scenario()  # passes with the rule
        with without(rule):
            assert fails(rule.scenario)
    else:
        assert all(fails_without(rule, name) for name in rule.scenarios), rule.scenarios
