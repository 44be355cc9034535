"""docs/language.md: the reference of the language, generated from the tables that the parser uses."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Final

from engine.errors import CATEGORIES, PASSING
from engine.language.expressions.filters import FILTERS, TESTS
from engine.language.model import CLASSES
from engine.language.parse import shapes
from engine.language.parse.shapes import Shape
from engine.language.parse.state_tables import DEFAULT_VERBS

FORMS: Final[Mapping[str, str]] = {
    "text": "text", "word": "a name", "name": "a name", "id": "a name", "expression": "an expression",
    "duration": "a duration: `30s 5m 3h 2d`", "pause": "a duration, `${ }`, or `{until: MOMENT}`", "moment": "a moment: `2024-03-20T06:00:00Z`, or `${ }`", "yes": "`true` or `false`",
    "count": "a whole number", "factor": "a number", "any": "any value", "params": "a map",
    "each": "a list, or `${ }`", "words": "a list of names", "word_or_words": "a name, or a list of names",
    "errors": "a name, a category, `any`, or a list of them", "all_or_words": "`all`, or a list of steps",
    "account_id": "twelve digits, in quotes", "source": "`ssm:/path`, `secret:NAME`, `secret:NAME#field`",
    "pattern": "an RE2 regular expression", "values": "a list", "bound": "a number, a duration or a timestamp",
    "kind": "a kind, or `aws.SERVICE.OPERATION`", "action": "an action, or `aws.SERVICE.OPERATION`",
    "main_steps": "[steps](#steps)", "steps": "[steps](#steps)", "list_of_steps": "[steps](#steps), perhaps none",
    "states": "[a state table](#state-tables)", "rescues": "[branches](#rescue)", "then": "[a verb](#rescue)",
    "schedule": "[a schedule](#schedules)", "schedules": "[schedules](#schedules) by name",
    "retry": "[a schedule, or more](#schedules)", "engine_retry": "two [schedules](#schedules)",
    "monitor": "[how to poll](#monitor)", "until": "[a check](#until)", "undo_call": "[a call](#undo)",
    "inputs": "[inputs](#inputs) by name", "settings": "[settings](#settings) by name", "vars": "values by name",
    "accounts": "[accounts](#accounts) by name", "tags": "text by name", "outputs": "values by name",
    "classes": "a list of statuses for each class",
} | {form: " ".join(f"`{word}`" for word in words) for form, words in shapes.WORDS.items()}  # fmt: skip
"""What the tables say of each form."""

HEAD: Final = """# The runbook language

Generated from the tables that the parser uses (`engine/language/reference/page.py`), with explanations. For a whole
runbook, see [runbooks/restore.yaml](../runbooks/restore.yaml). Keys in bold are required. `runbook actions NAME` prints
the parameters that `with` takes.
"""


def document() -> str:
    """The whole page."""
    parts = [
        HEAD,
        _section("The top level", "", shapes.RUNBOOK),
        _section("Inputs", "`inputs: {NAME: {…}}`; given with `-i NAME=VALUE` or `--inputs FILE`.", shapes.INPUT),
        _section("Settings", SETTINGS, shapes.SETTING),
        _section("Accounts", "`accounts: {NAME: {…}}`; a step says `account: NAME`.", shapes.ACCOUNT),
        _steps(),
        _tables(),
        OWNERSHIP,
        ERRORS,
        _section("Rescue", "A list. The first branch that matches the error is taken.", shapes.RESCUE),
        _section("Schedules", SCHEDULES, shapes.BACKOFF),
        _keys("`retry: {schedule: …}` has more keys:", shapes.RETRY),
        _section("Monitor", MONITOR, shapes.MONITOR),
        _section("Until", UNTIL, shapes.UNTIL),
        _section("Undo", UNDO, shapes.UNDO_CALL),
        END,
        EXPRESSIONS,
        YAML,
        RESERVED,
    ]
    return "\n".join(parts)


SETTINGS: Final = (
    "`settings: {NAME: ssm:/path}`, or a map with the keys below. Settings are read when an operation starts, by `restart`, "
    "and by a rescue's `refresh`. A parameter's value is recorded. A secret's value is not: only its name, field and version are. "
    "`type` says what a parameter's text means: `{from: ssm:/x, type: boolean}`; a value that does not fit cannot be read. "
    "`list` splits a String at its commas; a StringList is a list anyway."
)
SCHEDULES: Final = (
    "`[5m, 10m, 15m]` are the delays between attempts: three delays are four attempts. The other form is exponential "
    "backoff, a map with one bound, `attempts` or `within`:"
)
MONITOR: Final = "How a step polls while the verb is `monitor`. Durations have a unit: `30s`, `5m`, `3h`, `2d`."
UNTIL: Final = (
    "A check that shows whether a `call` has taken effect. It looks before the call too, and does not call if the answer is yes. "
    "With `repeatable: true` beside it, it looks only afterwards. After an unknown outcome it looks before anything is repeated.\n\n"
    "`gone` is for calls that delete: `until: {gone: rds.cluster, with: {name: old}}`. The call has taken effect when a look "
    "does not see it, that is, at the class `missing`. It is always asked before the call too. Without `monitor`, it polls as "
    "the kind's removal does; `gone: aws.…` needs `monitor` and `status`, and may have `missing_on` and `classes`."
)
UNDO: Final = (
    "An undo never deletes the last copy of the data: before it deletes a snapshot copy, it checks that the source is there and "
    "available. The source is known by its id, so that a later snapshot of the same name does not count. A source that is being "
    "changed, or cannot be read for the moment, is watched. An undo polls with the `monitor` of its step (else the top level's), "
    "as it was when the step was intended; without one, as the kind polls what is being made, and then what is being "
    "deleted. An `ensure` has `undo: delete` or `undo: keep`. A `call` may have a call:"
)
OWNERSHIP: Final = """## Ownership

Everything that an operation makes carries the operation's tags, and its id is recorded in the **ledger**.

| owner | is |
|---|---|
| `own` | made by this operation: its tags match, and so does its id in the ledger |
| `kin` | made by another operation of the same runbook that has ended |
| foreign | anything else; only `owner: any` lets a step touch it |

- A removal means the resource that was recorded when the operation started, by its id. Another resource under the same
  name holds.
- **Nothing foreign is deleted without a person's word**, wherever the removal is: in the main list, a row, a rescue, an
  `on_*` list, an item of a `for_each`, or a row that says `replace`. What inputs and settings name is looked at and
  confirmed before the operation starts. What becomes known later is asked about at the terminal; without one, the
  operation holds (kind `target`), and `runbook resume ID --accept-target RESOURCE` is the word. A `for_each` asks once,
  for its whole list. In an `on_*` list nothing holds: the removal is left out, and `troubles` has the command for it.
- **A `call` of an `aws.…` operation that deletes, terminates, removes or purges** something, or switches its protection
  off, is a removal too. Its identifying parameters say what it deletes, each value of a list by itself. Own is what the
  ledger names, or the output of a call of this operation that made such a thing; all else needs a word. The call of an
  `undo` needs none, unless a protected pattern matches the name: then the entry is stuck. Deletes of data (items,
  objects, messages) do not count.
- A resource that belongs to an operation which has not ended is never taken, not even with `owner: any`.
- Deletion protection is never switched off, and a global cluster never left, unless the step says `unprotect: true` or
  `detach: true`.
"""


def _covered(category: str) -> str:
    if category == "credentials":
        return "no: the runner stops, with exit code 4, and uses up nothing"
    return "yes" if category in PASSING else "only if its `errors` name it"


ERRORS: Final = f"""## Errors

Every error has a **name** and a **category**. The name is AWS's code (`DBClusterSnapshotNotFoundFault`); many have a
wider name of this tool too (`InvalidSnapshot.NotFound`). A rescue may match either. `runbook explain NAME` prints them.

| category | `retry` covers it |
|---|---|
{chr(10).join(f"| {category} | {_covered(category)} |" for category in CATEGORIES)}

An error is handled in this order:

1. *Already exists* from a create and *not found* from a delete are not errors: the step checks the resource again.
2. A call that was throttled or could not be sent is sent again by the top-level `retry`, or the built-in schedule: 1 s,
   doubled up to 30 s, for 15 minutes. This uses up no attempt. Missing credentials stop the runner: exit code 4.
3. The first `rescue` that matches.
4. The step's `retry`.
5. The step fails, and with it the operation. If attempts were used up, the error is `AttemptsExhausted`.

A look that fails never fails a step: an error that can pass by itself counts as the status `unknown`; for any other, a
rescue applies or the step holds.

A call that may be repeated and got no answer (a 5xx, a lost reply, a timeout) is sent again by the top-level `retry`
(`network`), or the built-in schedule. That uses up no attempt. When the schedule is over, the error is handled as any
other: its name is AWS's code, else `Http503` and the like, and its wider names are `ServerError`, `ReplyLost` and
`CallTimeout`.

The `undo` of a call may use the call's own reply as `result`: `${{result.VolumeId}}`. If that reply was lost and never
learnt, the undo is stuck, and says what to look for.

An attempt with an **unknown outcome** (a lost reply, a 5xx after sending, a crash) is not an error and is never blindly
repeated: the step looks. A `call` that is neither repeatable nor has an `until` holds; `runbook resume ID --outcome
done` or `not-done` answers it.
"""
END: Final = """## The end of an operation

- The **ledger** lists what the operation may have made. An entry is `open`, `gone`, `void` (nothing was created),
  `kept` (on purpose), `stuck` (it could not be deleted) or `delivered`: after a success it belongs to the user, and no
  undo touches it.
- `take_back` looks before it deletes, polls until the resource is gone, and records each result. If something cannot be
  deleted, the operation is **stuck** and names it.
- After the **point of no return** (an `irreversible` step has begun its change) an unhandled failure holds: broken
  resources of its own are deleted, everything else is kept. A cluster that was seen available after that point is kept
  by an undo, unless `past:` names the step.
- How an operation ends is recorded before an `on_*` list runs. An error in the list is recorded and changes no result.
- `runbook resume` of a hold reads the settings again, looks, and makes the next attempt, whatever was mended. Schedules
  and deadlines begin afresh. An approval (`hold:`) is given by it. Only holds of kind `target` and `unknown_outcome`
  need an option besides.
- `time_limit` does not run during a hold, and starts again at `resume`.
- An operation runs the text of its runbook that was stored when it started. `resume --with FILE` replaces the text: it
  must pass `validate`, and the step where the operation stands must still exist.
"""
EXPRESSIONS: Final = f"""## Expressions

Any text may contain `${{ … }}`. A text that is one expression and nothing else keeps its type. `$${{` is a literal
`${{`. `if`, `only`, `is`, `status` and `retry_if` are expressions without `${{ }}`. Allowed are names, dots, indexes,
literals, lists and maps, `== != < <= > >= in and or not`, `~` (joins text), slices, `a if b else c`, and these filters,
with Jinja's arguments:

{" ".join(f"`{name}`" for name in FILTERS)}

`map` takes `attribute='…'`; `selectattr` takes {" or ".join(f"`'{test}'`" for test in TESTS)}; `default` also replaces
null; `truncate` counts exactly. There are no calls, no powers, no statements and no `is` tests. An expression has at
most 4,096 characters.

`+ - * / // %` take finite numbers up to 2^53; anything else is an error, and so is a result beyond that. `/` yields a
number with a fraction, `//` rounds down. Join text with `~`. Without blanks, `copy-snapshot` is a name with a hyphen
(RB304).

A **timestamp** (`2024-03-20T06:00:00Z`, with its time zone) and a **duration** (`30s 5m 3h 2d`) are text of that form,
from inputs and settings of that `type`, from AWS, or as written. `== != < <= > >= in`, `sort`, `unique` and `selectattr`
compare two timestamps as moments and two durations as lengths. With other text they cannot be compared (RB307). `epoch`
yields the seconds of a timestamp since 1970, `seconds` those of a duration:
`(operation.started | epoch) - (snap.created | epoch) > ('24h' | seconds)`.

Text alone is no condition: in `if`, `only`, `is` and `retry_if`, and in the operands of their `and`, `or` and `not`, it
counts neither as true nor as false, because `"false"` would be true. `validate` reports it where the type is known
(RB307). In a run it is the error `InvalidCondition` (category invalid): `if` and `retry_if` fail the step; for `is` and
`only` a rescue applies, or the step holds. So does a `status` that is neither text nor null. Null, zero, empty lists and
empty maps are false.

The names are each input and var, `settings`, `accounts`, the result of each earlier step by its id, `seen` (what the
last look saw), `each`, `error` (in a `rescue`) and `operation`. A skipped step's result is null, and an attribute of
null is undefined: use `default`. What comes out of an expression is data and is never evaluated again. A secret can be
passed to a parameter that takes secrets, and never becomes text.
"""
YAML: Final = """## YAML

Core types of YAML 1.2 only: `no`, `on`, `22:30`, `2024-03-20` and `0755` are text; `true` and `false` are booleans.
`validate` refuses duplicate keys, merge keys, anchors and aliases, tags, several documents, nesting deeper than 64,
files over 1 MB, empty values, and `${` without quotes in a `{ }` map. Quote numbers that are ids: `id: "123456789012"`.
Files are UTF-8.
"""
RESERVED: Final = f"""## Reserved words

{" ".join(f"`{word}`" for word in (*shapes.RESERVED, "attempt"))}, and `for` of a `hold`.
"""


def _section(title: str, what: str, shape: Shape) -> str:
    return f"## {title}\n\n" + (f"{_wrapped(what)}\n\n" if what else "") + _table(shape)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def _keys(what: str, shape: Shape) -> str:
    return f"{what}\n\n{_table(shape)}"


def _table(shape: Shape) -> str:
    lines = ["| key | is | |", "|---|---|---|"]
    for name, key in shape.items():
        shown = f"**`{name}`**" if key.required else f"`{name}`"
        # Only a kind can be made or deleted: an `aws.…` operation is looked at with `check`, or called with `call`.
        form = "a kind" if name in ("ensure", "remove") else FORMS[key.form]
        lines.append(f"| {shown} | {form} | {key.doc} |".replace("||", "| |"))
    return "\n".join(lines) + "\n"


def _steps() -> str:
    parts = [STEPS, _table(shapes.COMMON)]
    for kind, shape in shapes.KINDS.items():
        parts += [f"### {kind}\n", _table(shape)]
    return "\n".join(parts)


def _tables() -> str:
    kinds = list(DEFAULT_VERBS)
    lines = [
        STATE_TABLES,
        _table(shapes.ROW),
        VERBS,
        "| a row of | may have the verbs |",
        "|---|---|",
        *(f"| `{kind}` | {' '.join(f'`{verb}`' for verb in shapes.VERBS[kind])} |" for kind in kinds),
        "",
        CLASSES_EXPLAINED,
        "Rows that a runbook leaves out are filled in, never with a verb that destroys:\n",
        "| class | " + " | ".join(f"`{kind}`" for kind in kinds) + " |",
        "|---|" + "---|" * len(kinds),
    ]
    for cls in CLASSES:
        verbs = ["**must be written**" if (kind, cls) == MUST else DEFAULT_VERBS[kind][cls] for kind in kinds]
        lines.append(f"| {cls} | " + " | ".join(verbs) + " |")
    return "\n".join(lines) + "\n"


STEPS: Final = """## Steps

Steps run in order. Each has exactly one of the keys in bold below, which is its kind; in `steps` it also needs an `id`.
Every step may have:
"""
STATE_TABLES: Final = """## State tables

Every `ensure`, `remove` and `check` checks its resource first: on entry, on a retry, after a crash and after a
restart. What it sees picks one row of `states`. A row's name is a class, an exact status (`=stopped`), or several with
commas; an exact status beats a class. Its value is a verb or a map:
"""
MUST: Final = ("remove", "available")
"""The row that every runbook must have itself."""
VERBS: Final = """| verb | does |
|---|---|
| `create` | creates it: one attempt |
| `monitor` | polls every `monitor.every`, for at most `monitor.for` in this attempt; then the step holds |
| `replace` | deletes it, waits until it is gone, waits the delay, creates it again: the next attempt. Live data that was seen available is never replaced |
| `delete` | deletes it, its parts first: one attempt |
| `done` | continues with the next step |
| `hold` | stops safely and waits for a person |
| `fail` | fails the step |
"""
CLASSES_EXPLAINED: Final = """| class | means |
|---|---|
| `missing` | it does not exist |
| `pending` | AWS is working on it |
| `available` | it is usable |
| `blocked` | it exists unharmed, and is unusable until somebody acts (`stopped`, `incompatible-network`) |
| `broken` | creating it again can help (`failed`) |
| `leaving` | it is being deleted |
| `unknown` | a status that this version does not know: never success, never a reason to delete |

Which status has which class is in `runbook explain FILE STEP`. For the grace period after a create, `missing` counts as
`pending`; after a delete, what is still there counts as `leaving`, because AWS's lists may lag.
"""
