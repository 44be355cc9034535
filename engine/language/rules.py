"""What reading and parsing find, rule by rule: what it is, why it is refused, an example of each, and it put right.

`wrong` and `right` are whole runbooks, or steps alone. Pure data: `runbook explain` and docs/rules.md are made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.values import Value


class Told(Value):
    """One rule."""

    id: str
    title: str
    why: str
    wrong: str
    right: str


_NAMED: Final = "runbook: example\n"
_STEPS: Final = "steps:\n  - {id: pause, wait: 5m}\n"
_RIGHT: Final = _NAMED + _STEPS

TEXT: Final = (
    Told(
        id="RB101",
        title="This is not YAML",
        why="The text cannot be read at all: a bracket or a quote is open, the indentation fits nothing, or a text needs "
        "quotes. Only the first such place of a file is told, for what comes after it cannot be known.",
        wrong=_NAMED + "description: a restore: slow\n" + _STEPS,
        right=_NAMED + 'description: "a restore: slow"\n' + _STEPS,
    ),
    Told(
        id="RB102",
        title="Not UTF-8",
        why="A runbook is UTF-8, with or without byte-order mark, so that it reads the same for everybody. (The example is "
        "shown as its bytes are read in Latin-1.)",
        wrong=_NAMED + "description: caf\xe9\n" + _STEPS,
        right=_NAMED + "description: café\n" + _STEPS,
    ),
    Told(
        id="RB103",
        title="A character that is not seen, or is read otherwise than seen",
        why="Control characters, characters that turn the direction of writing, and line breaks that YAML 1.2 does not "
        "know can make a runbook do something else than it shows.",
        wrong=_NAMED + "description: nobody sees this:\u202e\n" + _STEPS,
        right=_NAMED + 'description: "written as an escape it is seen: \\u202e"\n' + _STEPS,
    ),
    Told(
        id="RB104",
        title="Larger than 1 MB, or of more than 100,000 values",
        why="Nobody reviews such a file; and a bound keeps every reading short.",
        wrong=_NAMED + "# " + "x" * 1_000_000 + "\n" + _STEPS,
        right=_RIGHT,
    ),
    Told(
        id="RB105",
        title="Nested deeper than 64",
        why="No runbook is; and a bound keeps text that was made to hurt from hurting.",
        wrong=_NAMED + "vars: {deep: " + "[" * 70 + "]" * 70 + "}\n" + _STEPS,
        right=_NAMED + "vars: {deep: [[[]]]}\n" + _STEPS,
    ),
    Told(
        id="RB106",
        title="A key twice in one map",
        why="YAML parsers take the last one in silence, so that half of what was written does not count. Both places are "
        "told.",
        wrong=_NAMED + "region: us-east-1\nregion: us-west-2\n" + _STEPS,
        right=_NAMED + "region: us-west-2\n" + _STEPS,
    ),
    Told(
        id="RB107",
        title="A merge key",
        why="`<<` is no part of YAML 1.2, and what it merges stands somewhere else than where it counts.",
        wrong=_NAMED + "vars:\n  a: {<<: 1}\n" + _STEPS,
        right=_NAMED + 'vars:\n  a: {"<<": 1}\n' + _STEPS,
    ),
    Told(
        id="RB108",
        title="An anchor or an alias",
        why="An alias loads in an instant and can grow without bound; and who reads a step must not have to search what it "
        "says. Text that begins with `*` or `&` is quoted.",
        wrong=_NAMED + "vars:\n  a: &x {b: 1}\n  c: *x\n" + _STEPS,
        right=_NAMED + "vars:\n  a: {b: 1}\n  c: ${a}\n" + _STEPS,
    ),
    Told(
        id="RB109",
        title="A tag",
        why="Tags make objects of text; a runbook is text, numbers, booleans, lists and maps.",
        wrong=_NAMED + "description: !!str 5\n" + _STEPS,
        right=_NAMED + 'description: "5"\n' + _STEPS,
    ),
    Told(
        id="RB110",
        title="More than one document",
        why="A file holds one runbook. A `%YAML` line that says another version than 1.2 is refused too.",
        wrong=_NAMED + _STEPS + "---\nrunbook: another\n",
        right=_RIGHT,
    ),
    Told(
        id="RB111",
        title="NaN, an infinity, or a number out of bounds",
        why="No parameter means it, and JSON cannot hold it.",
        wrong=_NAMED + "vars: {ratio: .nan}\n" + _STEPS,
        right=_NAMED + "vars: {ratio: 0.5}\n" + _STEPS,
    ),
    Told(
        id="RB112",
        title="Nothing where a value is meant",
        why="A key without a value is null in YAML, which is hardly ever what was meant: `{pending, unknown: monitor}` is "
        "`pending` with nothing, and `unknown`. Where null is meant, it is written.",
        wrong="- id: copy\n  check: rds.cluster\n  with: {name: orders}\n  states: {pending, unknown: monitor}\n",
        right='- id: copy\n  check: rds.cluster\n  with: {name: orders}\n  states: {"pending, unknown": monitor}\n',
    ),
    Told(
        id="RB113",
        title="`${` unquoted in `{…}` or `[…]`",
        why="There the brace is YAML's own, and the text ends before it.",
        wrong=_NAMED + "inputs: {a: {}}\nvars: {b: ${a}}\n" + _STEPS,
        right=_NAMED + 'inputs: {a: {}}\nvars: {b: "${a}"}\n' + _STEPS,
    ),
    Told(
        id="RB114",
        title="Text that is cut off by ` #`",
        why="` #` begins a comment, in an expression too; what stands before it is left open.",
        wrong=_NAMED + "inputs: {a: {}}\nvars:\n  b: ${a | replace(' #', '')}\n" + _STEPS,
        right=_NAMED + "inputs: {a: {}}\nvars:\n  b: \"${a | replace(' #', '')}\"\n" + _STEPS,
    ),
    Told(
        id="RB115",
        title="A number where an id is meant",
        why="An account's id is twelve digits of text: as a number it loses its zeros, and compares with nothing.",
        wrong=_NAMED + "accounts: {source: {id: 123456789012}}\n" + _STEPS,
        right=_NAMED + 'accounts: {source: {id: "123456789012"}}\n' + _STEPS,
    ),
    Told(
        id="RB116",
        title="An empty file",
        why="A runbook has a name and steps.",
        wrong="# nothing but a comment\n",
        right=_RIGHT,
    ),
    Told(
        id="RB117",
        title="A file that is no map",
        why="A runbook is a map: `runbook: NAME`, `steps: …`.",
        wrong="[runbook, steps]\n",
        right=_RIGHT,
    ),
    Told(
        id="RB118",
        title="A key that is no text",
        why="Keys are text; a list or a map as a key is a bracket in the wrong place.",
        wrong=_NAMED + "vars: {[a]: 1}\n" + _STEPS,
        right=_NAMED + "vars: {a: 1}\n" + _STEPS,
    ),
)

SHAPE: Final = (
    Told(
        id="RB201",
        title="A key that is not known",
        why="What is not understood is never skipped: a key with a typing error would not count, in silence.",
        wrong="- {id: pause, wait: 5m, descripton: short}\n",
        right="- {id: pause, wait: 5m, description: short}\n",
    ),
    Told(
        id="RB202",
        title="A key that is missing",
        why="It is compulsory here. It is told at the first key of the map that lacks it.",
        wrong="- wait: 5m\n",
        right="- {id: pause, wait: 5m}\n",
    ),
    Told(
        id="RB203",
        title="A value of the wrong type",
        why="Text, a list or a map is wanted here, and this is something else. What looks like a number or a boolean and "
        "is text, is quoted.",
        wrong="- {id: pause, wait: 5m, requires: 5}\n",
        right="- {id: old, check: rds.cluster, with: {name: orders}}\n- {id: pause, wait: 5m, requires: [old]}\n",
    ),
    Told(
        id="RB204",
        title="A word that cannot stand here",
        why="The value is one of a few words.",
        wrong="- {id: old, check: rds.cluster, with: {name: orders}, states: {broken: halt}}\n",
        right="- {id: old, check: rds.cluster, with: {name: orders}, states: {broken: hold}}\n",
    ),
    Told(
        id="RB205",
        title="A duration that is none",
        why="A duration carries its unit, one of `s m h d`: 30 could be seconds or minutes.",
        wrong="- {id: pause, wait: 30}\n",
        right="- {id: pause, wait: 30s}\n",
    ),
    Told(
        id="RB206",
        title="A name that cannot be one",
        why="Ids are `[a-z][a-z0-9_-]{0,63}`; what expressions name is letters, digits and `_`.",
        wrong="- {id: Copy Snapshot, wait: 5m}\n",
        right="- {id: copy-snapshot, wait: 5m}\n",
    ),
    Told(
        id="RB207",
        title="One name for two things",
        why="In expressions one name means one thing: inputs, vars, steps (`-` read as `_`), and the words that expressions "
        "have themselves.",
        wrong="- {id: the-copy, wait: 5m}\n- {id: the_copy, wait: 5m}\n",
        right="- {id: the-copy, wait: 5m}\n- {id: the-other, wait: 5m}\n",
    ),
    Told(
        id="RB208",
        title="A step that is none of the kinds of step, or several",
        why="A step has exactly one of `ensure remove check call take_back wait hold fail notify`, which is what it does.",
        wrong="- {id: pause, wait: 5m, hold: look at it}\n",
        right="- {id: pause, wait: 5m}\n- {id: look, hold: look at it}\n",
    ),
    Told(
        id="RB209",
        title="A key that this step cannot have",
        why="It belongs to another kind of step, and would not count here.",
        wrong="- {id: pause, wait: 5m, undo: delete}\n",
        right="- {id: pause, wait: 5m}\n",
    ),
    Told(
        id="RB210",
        title="A reserved word",
        why="A later version will give it a meaning; until then it has none.",
        wrong="- {id: pause, wait: 5m, at_once: 2}\n",
        right="- {id: pause, wait: 5m}\n",
    ),
    Told(
        id="RB211",
        title="A kind of resource that there is not",
        why="`runbook actions` lists the kinds.",
        wrong="- {id: old, check: rds.clutser, with: {name: orders}}\n",
        right="- {id: old, check: rds.cluster, with: {name: orders}}\n",
    ),
    Told(
        id="RB212",
        title="An action that there is not",
        why="`runbook actions` lists the actions; `aws.SERVICE.OPERATION` reaches every API of boto3.",
        wrong="- {id: tell, call: sns.publsh, with: {topic: x, text: y}}\n",
        right="- {id: tell, call: sns.publish, with: {topic: x, text: y}}\n",
    ),
    Told(
        id="RB213",
        title="A kind that cannot stand in such a step",
        why="Some kinds can only be looked at: nothing can make them or take them away.",
        wrong="- {id: net, ensure: ec2.network, with: {subnet_group: a, security_groups: [sg-1]}, undo: keep}\n",
        right="- {id: net, check: ec2.network, with: {subnet_group: a, security_groups: [sg-1]}}\n",
    ),
    Told(
        id="RB214",
        title="A schedule that is none",
        why="A schedule is a list of delays (three delays are four attempts), `{first: 2s, factor: 2, max: 1m, attempts: 5}` "
        "with one bound, or the name of one under `schedules`.",
        wrong="- {id: old, check: rds.cluster, with: {name: orders}, retry: slow}\n",
        right="- {id: old, check: rds.cluster, with: {name: orders}, retry: [5m, 10m]}\n",
    ),
    Told(
        id="RB215",
        title="Two rows with one name, or a row without a name",
        why="Which of them is taken could not be told.",
        wrong='- id: old\n  check: rds.cluster\n  with: {name: orders}\n  states: {broken: fail, "broken, blocked": hold}\n',
        right="- id: old\n  check: rds.cluster\n  with: {name: orders}\n  states: {broken: fail, blocked: hold}\n",
    ),
    Told(
        id="RB216",
        title="An input that contradicts itself",
        why="Its default, its enumeration and its bounds are of its own type, and a default is checked like a value that is "
        "given. A pattern is matched in linear time: it cannot refer back or look around.",
        wrong=_NAMED + "inputs: {count: {type: integer, default: many}}\n" + _STEPS,
        right=_NAMED + "inputs: {count: {type: integer, default: 3}}\n" + _STEPS,
    ),
    Told(
        id="RB217",
        title="A setting without a place",
        why="A setting is looked up: `ssm:/path`, `secret:NAME` or `secret:NAME#field`. A fixed value is one of `vars`.",
        wrong=_NAMED + "settings: {topic: /topics/recovery}\n" + _STEPS,
        right=_NAMED + "settings: {topic: ssm:/topics/recovery}\n" + _STEPS,
    ),
    Told(
        id="RB218",
        title="More APIs of AWS than a runbook can name",
        why="Each `aws.SERVICE.OPERATION` is checked against its model, and a bound of 64 keeps every check short. Only with it "
        "put right is the rest checked.",
        wrong="".join(f"- {{id: call-{n}, call: aws.sqs.list_{n}, repeatable: true}}\n" for n in range(65)),
        right="- {id: swap, call: aws.rds.modify_db_cluster, with: {DBClusterIdentifier: green}, repeatable: false}\n",
    ),
)

RULES: Final[Mapping[str, Told]] = {rule.id: rule for rule in (*TEXT, *SHAPE)}
