"""RB2xx: keys and values in the wrong place. `engine.language` reports these while it parses; the texts are for `explain`."""

from __future__ import annotations

from typing import Final

from engine.checks.rule import Rule

RULES: Final = (
    Rule(
        id="RB201",
        title="Unknown key",
        why="Unknown keys are never ignored: a misspelt key would silently have no effect.",
    ),
    Rule(
        id="RB202",
        title="Missing key",
        why="The map lacks a required key. The finding points at the first key of that map.",
    ),
    Rule(
        id="RB203",
        title="Wrong type",
        why="Text, a list or a map is required here, and the value is something else. Text that looks like a number or a "
        "boolean needs quotes.",
    ),
    Rule(
        id="RB204",
        title="Not one of the allowed values",
        why="This key takes one of a fixed set of words; the finding lists them.",
    ),
    Rule(
        id="RB205",
        title="Invalid duration",
        why="A duration needs a unit, one of `s m h d`: a plain 30 could mean seconds or minutes.",
    ),
    Rule(
        id="RB206",
        title="Invalid name",
        why="Ids match `[a-z][a-z0-9_-]{0,63}`. Names used in expressions consist of letters, digits and `_`.",
    ),
    Rule(
        id="RB207",
        title="Name used twice",
        why="In an expression a name must mean one thing. Inputs, vars, steps (with `-` read as `_`) and the built-in names "
        "of expressions share one namespace.",
    ),
    Rule(
        id="RB208",
        title="A step that does nothing, or several things",
        why="A step has exactly one of `ensure remove check call take_back wait hold fail notify`, which says what it does.",
    ),
    Rule(
        id="RB209",
        title="A key that this kind of step does not have",
        why="The key belongs to another kind of step and would have no effect here.",
    ),
    Rule(
        id="RB210",
        title="Reserved word",
        why="A later version will define this key. Until then it must not be used.",
    ),
    Rule(
        id="RB211",
        title="Unknown kind of resource",
        why="No kind of this name is registered; `runbook actions` lists them.",
    ),
    Rule(
        id="RB212",
        title="Unknown action",
        why="No action of this name is registered; `runbook actions` lists them. `aws.SERVICE.OPERATION` calls any API that "
        "boto3 knows.",
    ),
    Rule(
        id="RB213",
        title="A kind that does not support this step",
        why="Some kinds are read-only: they can be checked, but not created or removed.",
    ),
    Rule(
        id="RB214",
        title="Invalid schedule",
        why="A schedule is a list of delays (three delays make four attempts), or "
        "`{first: 2s, factor: 2, max: 1m, attempts: 5}` with `attempts` or `within`, or the name of an entry in `schedules`.",
    ),
    Rule(
        id="RB215",
        title="Duplicate or nameless row",
        why="If two rows match the same class or status, it is undefined which one applies. Give each row its own names.",
    ),
    Rule(
        id="RB216",
        title="Inconsistent input",
        why="Default, enum and bounds must have the input's own type, and the default must pass the same checks as a value "
        "given by the operator. A pattern is an RE2 regular expression for the whole value, of at most 2,000 characters. It has "
        "no lookaround and no backreferences, and large repetitions such as `(a{50}){50}` are refused.",
    ),
    Rule(
        id="RB217",
        title="A setting without a source",
        why="A setting is looked up in AWS: `ssm:/path`, `secret:NAME` or `secret:NAME#FIELD`. Fixed values belong in `vars`.",
    ),
    Rule(
        id="RB218",
        title="Too many different AWS APIs",
        why="Each `aws.SERVICE.OPERATION` is checked against its service model. At most 64 different ones are allowed, which "
        "keeps validation fast. The rest of the runbook is checked once this is fixed.",
    ),
)
