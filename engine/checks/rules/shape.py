"""RB2xx: keys and values in the wrong place. `engine.language` reports these while it parses."""

from __future__ import annotations

from typing import Final

from engine.checks.rule import Rule

RULES: Final = (
    Rule(
        id="RB201",
        title="A key that is not known",
        why="What is not understood is never skipped: a key with a typing error would not count, in silence.",
    ),
    Rule(
        id="RB202",
        title="A key that is missing",
        why="It is compulsory here. It is told at the first key of the map that lacks it.",
    ),
    Rule(
        id="RB203",
        title="A value of the wrong type",
        why="Text, a list or a map is wanted here, and this is something else. What looks like a number or a boolean and "
        "is text, is quoted.",
    ),
    Rule(
        id="RB204",
        title="A word that cannot stand here",
        why="The value is one of a few words.",
    ),
    Rule(
        id="RB205",
        title="A duration that is none",
        why="A duration carries its unit, one of `s m h d`: 30 could be seconds or minutes.",
    ),
    Rule(
        id="RB206",
        title="A name that cannot be one",
        why="Ids are `[a-z][a-z0-9_-]{0,63}`; what expressions name is letters, digits and `_`.",
    ),
    Rule(
        id="RB207",
        title="One name for two things",
        why="In expressions one name means one thing: inputs, vars, steps (`-` read as `_`), and the words that expressions "
        "have themselves.",
    ),
    Rule(
        id="RB208",
        title="A step that is none of the kinds of step, or several",
        why="A step has exactly one of `ensure remove check call take_back wait hold fail notify`, which is what it does.",
    ),
    Rule(
        id="RB209",
        title="A key that this step cannot have",
        why="It belongs to another kind of step, and would not count here.",
    ),
    Rule(
        id="RB210",
        title="A reserved word",
        why="A later version will give it a meaning; until then it has none.",
    ),
    Rule(
        id="RB211",
        title="A kind of resource that there is not",
        why="`runbook actions` lists the kinds.",
    ),
    Rule(
        id="RB212",
        title="An action that there is not",
        why="`runbook actions` lists the actions; `aws.SERVICE.OPERATION` reaches every API of boto3.",
    ),
    Rule(
        id="RB213",
        title="A kind that cannot stand in such a step",
        why="Some kinds can only be looked at: nothing can make them or take them away.",
    ),
    Rule(
        id="RB214",
        title="A schedule that is none",
        why="A schedule is a list of delays (three delays are four attempts), `{first: 2s, factor: 2, max: 1m, attempts: 5}` "
        "with one bound, or the name of one under `schedules`.",
    ),
    Rule(
        id="RB215",
        title="Two rows with one name, or a row without a name",
        why="Which of them is taken could not be told.",
    ),
    Rule(
        id="RB216",
        title="An input that contradicts itself",
        why="Its default, its enumeration and its bounds are of its own type, and a default is checked like a value that is "
        "given. A pattern is an RE2 regular expression of the whole value, without look-around or references to groups. It has 2,000 "
        "characters at most, and one whose counts make it too large is refused: `(a{50}){50}`.",
    ),
    Rule(
        id="RB217",
        title="A setting without a place",
        why="A setting is looked up: `ssm:/path`, `secret:NAME` or `secret:NAME#field`. A fixed value is one of `vars`.",
    ),
    Rule(
        id="RB218",
        title="More APIs of AWS than a runbook can name",
        why="Each `aws.SERVICE.OPERATION` is checked against its model, and a bound of 64 keeps every check short. Only with it "
        "put right is the rest checked.",
    ),
)
