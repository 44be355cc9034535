"""K12 for the rules of an undo: each is replaced, and its scenarios must then end otherwise than they should."""

from __future__ import annotations

import pytest

from engine.kernel.frame import EntryTurn
from engine.kernel.queries import undo_rows
from engine.language.model import Monitor, Row
from tests.laws import undo_scenarios as undoing
from tests.laws.test_k12_rules import Rule, fails, fails_without, no, nothing, without, yes


def unknown_is_left(turn: EntryTurn) -> tuple[Row, ...]:
    """A resource is left where it is if the look at it failed."""
    rest = Row(path="undo/unknown", names=("unknown",), verb="done")
    return (rest, *undo_rows(turn))


RULES = (
    # the source of a copy
    Rule(function="decide.requirements.must_see_source", instead=no, scenario=undoing.a_copy_is_taken_back),
    Rule(function="decide.requirements.is_same_source", instead=yes,
         scenarios=("undo: another snapshot has the name of the source, so the copy is kept",)),
    Rule(function="decide.requirements.may_come_back", instead=no,
         scenarios=("undo: a look at the source fails once", "undo: the source is pending for five minutes")),
    Rule(function="queries.undo_rows", instead=unknown_is_left,
         scenarios=("a look at a broken cluster fails once, past the point of no return",)),
    # the watch of an undo
    Rule(function="queries.is_in_the_making", instead=no, scenarios=("undo: a copy is being made for three hours",)),
    Rule(function="queries.undo_monitor", instead=lambda runbook, entry: Monitor(),
         scenarios=("undo: a copy is being made for 30 hours, and its step may take 48",)),
    Rule(function="queries.undo_monitor", instead=lambda runbook, entry: Monitor(),
         scenario=undoing.a_late_copy_is_found_within_the_grace_of_its_step),
    # what blocks a removal
    Rule(function="engine.runtime.performer.RegistryPerformer._blocker", instead=nothing,
         scenarios=("a snapshot of the old cluster is being made before its removal",)),
    Rule(function="decide.verbs.ends_by_itself", instead=no,
         scenarios=("a snapshot of the old cluster is being made before its removal",)),
    Rule(function="decide.requirements.whole_of", instead=nothing, scenario=undoing.instances_of_a_protected_cluster_stand),
    # restarts
    Rule(function="restarts.undone_keys", instead=lambda runbook, operation: frozenset(),
         scenarios=tuple(scenario.name for scenario in undoing.RESTARTS[:2])),
    Rule(function="restarts.has_served", instead=no, scenarios=("a restart with a kept cluster does not copy again",)),
    # items of a `for_each`
    Rule(function="decide.view.View.within", instead=lambda view, do: (),
         scenarios=("each item of a for_each removes a snapshot in its do",)),
    Rule(function="decide.view.View.within", instead=lambda view, do: (), scenario=undoing.what_each_item_makes_is_delivered),
    Rule(function="decide.decision.made_here", instead=lambda view, named: view.own_entries(),
         scenario=undoing.a_do_makes_another_name_each_time),
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_without_the_rule_some_scenario_fails(rule: Rule) -> None:
    if rule.scenario is not None:
        rule.scenario()
        with without(rule):
            assert fails(rule.scenario)
    else:
        assert all(fails_without(rule, name) for name in rule.scenarios), rule.scenarios
