"""The shapes of a runbook as tables: which keys a map has, of which form each value is, and what it means.

The parser's checks of keys and the JSON Schema for editors both come from here. A form is a word: `parsing` has a
reader for each, `schema` the JSON Schema of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.values import Value


class Key(Value):
    """One key of a map: the form of its value, and what it says."""

    form: str
    doc: str
    required: bool = False


Shape = Mapping[str, Key]

RUNBOOK: Final[Shape] = {
    "runbook": Key(form="name", doc="The runbook's name.", required=True),
    "description": Key(form="text", doc="What it is for."),
    "inputs": Key(form="inputs", doc="What is given when an operation starts: `-i name=value`."),
    "settings": Key(form="settings", doc="`ssm:/path` or `secret:NAME#field`: read at the start, and on `refresh`."),
    "vars": Key(form="vars", doc="Values with a name; may use inputs, settings and earlier vars."),
    "accounts": Key(form="accounts", doc="AWS accounts by name: id, role_arn, external_id."),
    "account": Key(form="word", doc="The account of every step that does not say otherwise."),
    "region": Key(form="text", doc="The region of every step that does not say otherwise."),
    "lock": Key(form="text", doc="One operation at a time on this target."),
    "time_limit": Key(form="duration", doc="Running longer than this, the operation holds."),
    "notify": Key(form="text", doc="The topic that is told of success, failure and holds."),
    "monitor": Key(form="monitor", doc="How to watch, where a step does not say otherwise."),
    "schedules": Key(form="schedules", doc="Delays between attempts, by name."),
    "retry": Key(form="engine_retry", doc="The schedules for throttled calls and for a network that is away."),
    "tags": Key(form="tags", doc="Tags on everything that is made, beside the tool's own."),
    "steps": Key(form="main_steps", doc="Done in order.", required=True),
    "outputs": Key(form="outputs", doc="What the operation yields."),
    "on_success": Key(form="list_of_steps", doc="Steps after success; without it, `notify` is told."),
    "on_failure": Key(form="list_of_steps", doc="Steps after a failure; without it, all is taken back and told."),
    "on_hold": Key(form="list_of_steps", doc="Steps when it holds; without it, `notify` is told."),
    "on_cancel": Key(form="list_of_steps", doc="Steps after a cancel; without it, `notify` is told."),
}

INPUT: Final[Shape] = {
    "type": Key(form="input_type", doc="string (without it), integer, number, boolean, list, map, region, …"),
    "description": Key(form="text", doc="What it is."),
    "default": Key(form="any", doc="Its value where none is given; without it, the input is required."),
    "pattern": Key(form="pattern", doc="What the whole value must match."),
    "enum": Key(form="values", doc="The values that it may have."),
    "min": Key(form="bound", doc="The least value, or length of text and lists."),
    "max": Key(form="bound", doc="The greatest value, or length of text and lists."),
}

SETTING: Final[Shape] = {
    "from": Key(form="source", doc="`ssm:/path` or `secret:NAME#field`.", required=True),
    "region": Key(form="text", doc="Where it is read; without it, the runbook's region."),
    "account": Key(form="word", doc="Where it is read; without it, the runbook's account."),
    "default": Key(form="any", doc="Its value where there is none."),
}

ACCOUNT: Final[Shape] = {
    "id": Key(form="account_id", doc="Twelve digits, in quotes.", required=True),
    "role_arn": Key(form="word", doc="The role to be assumed there."),
    "external_id": Key(form="word", doc="What the role asks for."),
}

MONITOR: Final[Shape] = {
    "every": Key(form="duration", doc="The time between two looks."),
    "for": Key(form="duration", doc="The longest that is watched in one attempt; then the step holds."),
    "grace": Key(form="duration", doc="How long AWS's lists may not tell of what was just made or deleted."),
}

BACKOFF: Final[Shape] = {
    "first": Key(form="duration", doc="The first delay.", required=True),
    "factor": Key(form="factor", doc="Each delay is so many times the one before; without it, 2."),
    "max": Key(form="duration", doc="The longest delay; without it, 1m."),
    "jitter": Key(form="jitter", doc="full (without it) or none."),
    "attempts": Key(form="count", doc="How many attempts in all."),
    "within": Key(form="duration", doc="No attempt begins later than this after the first failure."),
}

RETRY: Final[Shape] = {
    "schedule": Key(form="schedule", doc="A list of delays, a named schedule, or `{first, …}`.", required=True),
    "errors": Key(form="errors", doc="Error names and categories that it covers too."),
    "then": Key(form="after_retry", doc="When no attempt is left: fail (without it) or hold."),
}

ENGINE_RETRY: Final[Shape] = {
    "throttled": Key(form="schedule", doc="For calls that AWS throttles."),
    "network": Key(form="schedule", doc="For calls that never left."),
}

RESCUE: Final[Shape] = {
    "error": Key(form="errors", doc="An error's name or category, `any`, or a list of them.", required=True),
    "do": Key(form="steps", doc="Steps, before all else."),
    "refresh": Key(form="refresh", doc="`settings`: they are read again."),
    "then": Key(form="then", doc="retry, hold, fail, done, or `{retry_if: EXPRESSION, else: VERB}`.", required=True),
}

RETRY_IF: Final[Shape] = {
    "retry_if": Key(form="expression", doc="If it is true: the next attempt.", required=True),
    "else": Key(form="else", doc="hold, fail (without it) or done."),
}

ROW: Final[Shape] = {
    "do": Key(form="steps", doc="Steps, once for each time that the row is entered from another one."),
    "then": Key(form="after_do", doc="After `do`: monitor, done, hold or fail."),
    "hold": Key(form="text", doc="Why it holds."),
    "fail": Key(form="text", doc="Why it fails."),
    "error": Key(form="word", doc="The name of the error."),
}

_WITH: Final = Key(form="params", doc="Parameters of the kind or action.")
_STATES: Final = Key(form="states", doc="What to do in each state: class or `=status` → verb.")
_MONITOR: Final = Key(form="monitor", doc="How to watch; without it, as the kind says.")
_RETRY: Final = Key(form="retry", doc="The delays between attempts: a list, a named schedule, or `{schedule, …}`.")
_RESCUE: Final = Key(form="rescues", doc="What to do when an error comes, by its name or category.")
_OWNER: Final = Key(form="owner", doc="Whose it may be: own (without it), kin or any. Anything else holds.")
_ONLY: Final = Key(form="expression", doc="Over `seen`: where it is false, the step holds.")
_IS: Final = Key(form="expression", doc="Over `seen`: while it is false, `available` counts as `pending`.")
_STATUS: Final = Key(form="expression", doc="Over `seen`, the reply: its status; null or empty is `missing`.")
_MISSING_ON: Final = Key(form="words", doc="Error codes that mean that it is missing.")
_CLASSES: Final = Key(form="classes", doc="Which statuses are of which class.")
_IRREVERSIBLE: Final = Key(form="yes", doc="The point of no return: from here on a failure holds.")
_REPEATABLE: Final = Key(form="yes", doc="May it be done twice?")
_UNTIL: Final = Key(form="until", doc="How to see that it has been done.")

COMMON: Final[Shape] = {
    "id": Key(form="id", doc="Its name; `-` is written `_` in expressions."),
    "description": Key(form="text", doc="What it is for."),
    "if": Key(form="expression", doc="Where it is false, the step is skipped."),
    "region": Key(form="text", doc="Without it, the runbook's."),
    "account": Key(form="word", doc="One of `accounts`; without it, the runbook's."),
    "timeout": Key(form="duration", doc="The longest that one call may take."),
    "requires": Key(form="words", doc="Earlier steps that must be met now, before each change."),
    "for_each": Key(form="each", doc="A list: the step is done for one item after the other, as `${each}`."),
}

KINDS: Final[Mapping[str, Shape]] = {
    "ensure": {
        "ensure": Key(form="kind", doc="Makes a resource of this kind exist and be usable.", required=True),
        "with": _WITH, "states": _STATES, "owner": _OWNER, "only": _ONLY, "is": _IS, "monitor": _MONITOR,
        "retry": _RETRY, "rescue": _RESCUE, "irreversible": _IRREVERSIBLE,
        "undo": Key(form="undo", doc="When all is taken back: delete or keep."),
    },
    "remove": {
        "remove": Key(form="kind", doc="Makes a resource of this kind be gone.", required=True),
        "with": _WITH, "states": _STATES, "owner": _OWNER, "only": _ONLY, "monitor": _MONITOR, "retry": _RETRY,
        "rescue": _RESCUE, "irreversible": _IRREVERSIBLE,
        "target": Key(form="word", doc="The earlier check whose thing is meant, whatever its name is by then."),
    },
    "check": {
        "check": Key(form="kind", doc="Looks at a resource of this kind, and changes nothing.", required=True),
        "with": _WITH, "states": _STATES, "is": _IS, "status": _STATUS, "missing_on": _MISSING_ON,
        "classes": _CLASSES, "monitor": _MONITOR, "retry": _RETRY, "rescue": _RESCUE,
    },
    "call": {
        "call": Key(form="action", doc="Does one thing.", required=True),
        "with": _WITH, "repeatable": _REPEATABLE, "until": _UNTIL, "monitor": _MONITOR, "retry": _RETRY,
        "rescue": _RESCUE, "irreversible": _IRREVERSIBLE,
        "undo": Key(form="undo_call", doc="The call that takes it back."),
    },
    "take_back": {
        "take_back": Key(form="all_or_words", doc="Undoes what was made, newest first: all, or steps.", required=True),
        "past": Key(form="word_or_words", doc="The irreversible step beyond which it takes back too."),
    },
    "wait": {"wait": Key(form="pause", doc="A pause that survives a crash.", required=True)},
    "hold": {"hold": Key(form="text", doc="Stops safely until somebody resumes: the reason.", required=True)},
    "fail": {
        "fail": Key(form="text", doc="Ends the operation as failed: the reason.", required=True),
        "error": Key(form="word", doc="The name of the failure."),
    },
    "notify": {
        "notify": Key(form="text", doc="The topic that is told.", required=True),
        "subject": Key(form="text", doc="Without it, a standard one."),
        "text": Key(form="text", doc="Without it, a standard one."),
        "retry": _RETRY, "rescue": _RESCUE,
    },
}  # fmt: skip

STEPS: Final[Mapping[str, Shape]] = {kind: {**COMMON, **own} for kind, own in KINDS.items()}

UNTIL: Final[Shape] = {
    "check": Key(form="kind", doc="What is looked at.", required=True),
    "with": _WITH, "status": _STATUS, "missing_on": _MISSING_ON, "classes": _CLASSES, "monitor": _MONITOR,
    "is": Key(form="expression", doc="Over `seen`: it has been done when this is true and the thing is available."),
}  # fmt: skip

UNDO_CALL: Final[Shape] = {
    "call": Key(form="action", doc="The call that takes it back.", required=True),
    "with": _WITH, "repeatable": _REPEATABLE, "until": _UNTIL, "monitor": _MONITOR, "retry": _RETRY,
    "region": COMMON["region"], "account": COMMON["account"], "timeout": COMMON["timeout"],
}  # fmt: skip

RESERVED: Final[Mapping[str, str]] = {
    "parallel": "steps are done one after the other in this version",
    "at_once": "the items of a `for_each` are done one after the other in this version",
    "run": "a runbook cannot run another one in this version",
    "kinds": "kinds cannot be defined in YAML in this version; `check: aws.SERVICE.OPERATION` may serve",
    "include": "a runbook is one file in this version",
}
"""Words that a later version will give a meaning."""
HOLD_FOR: Final = "a hold lasts until somebody resumes it in this version"

OTHER_WORDS: Final[Mapping[str, str]] = {
    "when": "if", "condition": "if", "parameters": "with", "params": "with", "args": "with", "needs": "requires",
    "depends_on": "requires", "loop": "for_each", "foreach": "for_each", "with_items": "for_each",
    "retries": "retry", "catch": "rescue", "on_error": "rescue", "except": "rescue", "rollback": "undo",
    "compensate": "undo", "match": "error", "errors": "error", "name": "id", "interval": "every", "timeout": "for",
    "variables": "vars", "state": "states", "delay": "first",
}  # fmt: skip
"""What people who come from elsewhere write, and the word for it here."""

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "input_type": (
        "string", "integer", "number", "boolean", "list", "map", "region", "duration", "timestamp", "arn", "account_id",
    ),
    "jitter": ("full", "none"),
    "after_retry": ("fail", "hold"),
    "refresh": ("settings",),
    "else": ("hold", "fail", "done"),
    "after_do": ("monitor", "done", "hold", "fail"),
    "owner": ("own", "kin", "any"),
    "undo": ("delete", "keep"),
}  # fmt: skip
"""Forms whose value is one of a few words."""

THEN: Final = ("retry", "hold", "fail", "done")
VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "ensure": ("create", "monitor", "replace", "done", "hold", "fail"),
    "remove": ("delete", "monitor", "done", "hold", "fail"),
    "check": ("monitor", "done", "hold", "fail"),
}
