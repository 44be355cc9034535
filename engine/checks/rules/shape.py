"""RB2xx: keys and values in the wrong place. `engine.language` reports these while it parses; the texts are for `explain`."""

from __future__ import annotations

from typing import Final

from engine.checks.rule import rules_from

RULES: Final = rules_from("""
RB201 Unknown key
    Unknown keys are never ignored: a misspelt key would silently have no effect.
RB202 Missing key
    The map lacks a required key. The finding points at the first key of that map.
RB203 Wrong type
    Text, a list or a map is required here, and the value is something else. Text that looks like a number or a boolean
    needs quotes.
RB204 Not one of the allowed values
    This key takes one of a fixed set of words; the finding lists them.
RB205 Invalid duration
    A duration needs a unit, one of `s m h d`: a plain 30 could mean seconds or minutes.
RB206 Invalid name
    Ids match `[a-z][a-z0-9_-]{0,63}`. Names used in expressions consist of letters, digits and `_`.
RB207 Name used twice
    In an expression a name must mean one thing. Inputs, vars, steps (with `-` read as `_`) and the built-in names of
    expressions share one namespace.
RB208 A step that does nothing, or several things
    A step has exactly one of `ensure remove check call take_back wait hold fail notify`, which says what it does.
RB209 A key that this kind of step does not have
    The key belongs to another kind of step and would have no effect here.
RB210 Reserved word
    A later version will define this key. Until then it must not be used.
RB211 Unknown kind of resource
    No kind of this name is registered; `runbook actions` lists them.
RB212 Unknown action
    No action of this name is registered; `runbook actions` lists them. `aws.SERVICE.OPERATION` calls any API that boto3
    knows.
RB213 A kind that does not support this step
    Some kinds are read-only: they can be checked, but not created or removed.
RB214 Invalid schedule
    A schedule is a list of delays (three delays make four attempts), or `{first: 2s, factor: 2, max: 1m, attempts: 5}`
    with `attempts` or `within`, or the name of an entry in `schedules`.
RB215 Duplicate or nameless row
    If two rows match the same class or status, it is undefined which one applies. Give each row its own names.
RB216 Inconsistent input
    Default, enum and bounds must have the input's own type, and the default must pass the same checks as a value given
    by the operator. A pattern is an RE2 regular expression for the whole value, of at most 2,000 characters. It has no
    lookaround and no backreferences, and large repetitions such as `(a{50}){50}` are refused.
RB217 A setting without a source
    A setting is looked up in AWS: `ssm:/path`, `secret:NAME` or `secret:NAME#FIELD`. Fixed values belong in `vars`.
RB218 Too many different AWS APIs
    Each `aws.SERVICE.OPERATION` is checked against its service model. At most 64 different ones are allowed, which
    keeps validation fast. The rest of the runbook is checked once this is fixed.
RB219 Not a moment
    A moment has a date, a time and a time zone: `2024-03-20T06:00:00Z`, `2024-03-20T07:00+01:00`. Without its zone it would
    mean another moment on another machine. `wait: {until: …}` and the filter `epoch` take moments.
""")
