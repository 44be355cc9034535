"""The shapes of a runbook as tables: the keys of each map, the form of each value, and what it means.

The parser's checks of keys, the JSON Schema for editors and docs/language.md come from these tables. A form is a word:
`parse.document` has a reader for each, `reference.json_schema` its JSON Schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.values import Value


class Key(Value):
    """One key of a map: the form of its value, and its documentation."""

    form: str
    doc: str
    required: bool = False


Shape = Mapping[str, Key]

RUNBOOK: Final[Shape] = {
    "runbook": Key(form="name", doc="The runbook's name.", required=True),
    "description": Key(form="text", doc="What it is for."),
    "inputs": Key(form="inputs", doc="Values given when an operation starts: `-i name=value`."),
    "settings": Key(form="settings", doc="`ssm:/path` or `secret:NAME#field`: read at the start and on `refresh`."),
    "vars": Key(form="vars", doc="Named values; they may use inputs, settings and earlier vars."),
    "accounts": Key(form="accounts", doc="AWS accounts by name: `id`, `role_arn`, `external_id`."),
    "account": Key(form="word", doc="The account of every step that names none."),
    "region": Key(form="text", doc="The region of every step that names none."),
    "lock": Key(form="text", doc="Only one operation at a time runs with this lock."),
    "time_limit": Key(form="duration", doc="If the operation runs longer than this, it holds."),
    "notify": Key(form="text", doc="The SNS topic for success, failure and holds."),
    "monitor": Key(form="monitor", doc="How to poll, for every step that has no `monitor` of its own."),
    "schedules": Key(form="schedules", doc="Named delays between attempts."),
    "retry": Key(form="engine_retry", doc="The schedules for throttled calls and for network failures."),
    "tags": Key(form="tags", doc="Tags for everything the operation makes, besides the tool's own."),
    "steps": Key(form="main_steps", doc="Run in order.", required=True),
    "outputs": Key(form="outputs", doc="The results of the operation."),
    "on_success": Key(form="list_of_steps", doc="Steps after success. Default: notify the topic."),
    "on_failure": Key(
        form="list_of_steps", doc="Steps after a failure. Default: take everything back and notify the topic."
    ),
    "on_hold": Key(form="list_of_steps", doc="Steps at a hold. Default: notify the topic."),
    "on_cancel": Key(form="list_of_steps", doc="Steps after a cancel. Default: notify the topic."),
}

INPUT: Final[Shape] = {
    "type": Key(form="input_type", doc="Default: string."),
    "description": Key(form="text", doc="What it is for."),
    "default": Key(form="any", doc="The value if none is given. An input without a default is required."),
    "pattern": Key(form="pattern", doc="The whole value must match."),
    "enum": Key(form="values", doc="The allowed values."),
    "min": Key(form="bound", doc="The least value, or the least length of text and lists."),
    "max": Key(form="bound", doc="The greatest value, or the greatest length of text and lists."),
}

SETTING: Final[Shape] = {
    "from": Key(
        form="source", doc="An SSM parameter, or a secret (or one field of it) in Secrets Manager.", required=True
    ),
    "type": Key(form="input_type", doc="Checked when it is read. Default: text, or a list if it is a StringList."),
    "region": Key(form="text", doc="Where it is read. Default: the runbook's region."),
    "account": Key(form="word", doc="Where it is read. Default: the runbook's account."),
    "default": Key(form="any", doc="The value if the parameter does not exist."),
}

ACCOUNT: Final[Shape] = {
    "id": Key(form="account_id", doc="Compared with the caller identity before the first call.", required=True),
    "role_arn": Key(form="word", doc="The role to assume in that account."),
    "external_id": Key(form="word", doc="The external id that the role demands."),
}

MONITOR: Final[Shape] = {
    "every": Key(form="duration", doc="The time between two polls."),
    "for": Key(form="duration", doc="The timeout of one attempt. After it the step holds."),
    "grace": Key(form="duration", doc="How long AWS's lists may lag behind a create or a delete."),
}

BACKOFF: Final[Shape] = {
    "first": Key(form="duration", doc="The first delay.", required=True),
    "factor": Key(form="factor", doc="Each delay is this many times the one before. Default: 2."),
    "max": Key(form="duration", doc="The longest delay. Default: 1m."),
    "jitter": Key(form="jitter", doc="`full` (the default): a random delay, at most the computed one."),
    "attempts": Key(form="count", doc="How many attempts in total."),
    "within": Key(form="duration", doc="No attempt starts later than this after the first failure."),
}

RETRY: Final[Shape] = {
    "schedule": Key(form="schedule", doc="A list of delays, a named schedule, or `{first, …}`.", required=True),
    "errors": Key(form="errors", doc="Error names and categories to retry besides the ones that pass by themselves."),
    "then": Key(form="after_retry", doc="What to do when no attempt is left. Default: fail."),
}

ENGINE_RETRY: Final[Shape] = {
    "throttled": Key(form="schedule", doc="For calls that AWS throttled."),
    "network": Key(form="schedule", doc="For calls that could not be sent."),
}

RESCUE: Final[Shape] = {
    "error": Key(form="errors", doc="Which errors this branch is for.", required=True),
    "do": Key(form="steps", doc="Steps to run first."),
    "refresh": Key(form="refresh", doc="Reads the settings again."),
    "then": Key(
        form="then", doc="`retry`, `hold`, `fail`, `done`, or `{retry_if: EXPRESSION, else: VERB}`.", required=True
    ),
}

RETRY_IF: Final[Shape] = {
    "retry_if": Key(form="expression", doc="If it is true, make the next attempt.", required=True),
    "else": Key(form="else", doc="Otherwise. Default: fail."),
}

ROW: Final[Shape] = {
    "do": Key(form="steps", doc="Steps to run once, each time another row changes to this one."),
    "then": Key(form="after_do", doc="What to do after `do`."),
    "hold": Key(form="text", doc="Hold, for this reason."),
    "fail": Key(form="text", doc="Fail, for this reason."),
    "error": Key(form="word", doc="The name of the error, for `hold` or `fail`."),
}

_WITH: Final = Key(form="params", doc="The parameters of the kind or action.")
_STATES: Final = Key(form="states", doc="What to do for each state: a class or `=status`, and a verb.")
_MONITOR: Final = Key(form="monitor", doc="How to poll. Default: the runbook's, else the kind's.")
_RETRY: Final = Key(form="retry", doc="When to make the next attempt.")
_RESCUE: Final = Key(form="rescues", doc="What to do about an error, by its name or category.")
_OWNER: Final = Key(
    form="owner", doc="Whose the resource may be. Default: `own`; with `target`: `any`. Anything else holds."
)
_ONLY: Final = Key(form="expression", doc="A condition on `seen`. If it is false, the step holds.")
_IS: Final = Key(form="expression", doc="A condition on `seen`. While it is false, `available` counts as `pending`.")
_STATUS: Final = Key(
    form="expression", doc="For `aws.…`: the status, computed from the reply `seen`. Null or empty means `missing`."
)
_MISSING_ON: Final = Key(form="words", doc="For `aws.…`: error codes that mean `missing`.")
_CLASSES: Final = Key(form="classes", doc="For `aws.…`: the statuses of each class.")
_IRREVERSIBLE: Final = Key(form="yes", doc="The point of no return: from here on, a failure holds instead of failing.")
_REPEATABLE: Final = Key(form="yes", doc="Whether the call may be repeated.")
_UNTIL: Final = Key(form="until", doc="How to see that the call has taken effect.")

COMMON: Final[Shape] = {
    "id": Key(form="id", doc="The step's name. In expressions, write `-` as `_`."),
    "description": Key(form="text", doc="What it is for."),
    "if": Key(form="expression", doc="If it is false, the step is skipped."),
    "region": Key(form="text", doc="Default: the runbook's."),
    "account": Key(form="word", doc="One of `accounts`. Default: the runbook's."),
    "timeout": Key(
        form="duration", doc="The timeout of one call. Default: 60s for a `call`, or what its action says; 30s else."
    ),
    "requires": Key(form="words", doc="Earlier steps whose resources are checked again before each change."),
    "for_each": Key(form="each", doc="Runs the step for each item, one after the other, as `${each}`."),
}

KINDS: Final[Mapping[str, Shape]] = {
    "ensure": {
        "ensure": Key(form="kind", doc="Makes a resource exist and be usable.", required=True),
        "with": _WITH, "states": _STATES, "owner": _OWNER, "only": _ONLY, "is": _IS, "monitor": _MONITOR,
        "retry": _RETRY, "rescue": _RESCUE, "irreversible": _IRREVERSIBLE,
        "undo": Key(form="undo", doc="What an undo does with it."),
    },
    "remove": {
        "remove": Key(form="kind", doc="Deletes a resource.", required=True),
        "with": _WITH, "states": _STATES, "owner": _OWNER, "only": _ONLY, "monitor": _MONITOR, "retry": _RETRY,
        "rescue": _RESCUE, "irreversible": _IRREVERSIBLE,
        "target": Key(form="word", doc="An earlier `check`: delete the resource it saw, whatever its name is now."),
    },
    "check": {
        "check": Key(form="kind", doc="Looks at a resource and changes nothing.", required=True),
        "with": _WITH, "states": _STATES, "is": _IS, "status": _STATUS, "missing_on": _MISSING_ON,
        "classes": _CLASSES, "monitor": _MONITOR, "retry": _RETRY, "rescue": _RESCUE,
    },
    "call": {
        "call": Key(form="action", doc="Calls an action or an API.", required=True),
        "with": _WITH, "repeatable": _REPEATABLE, "until": _UNTIL, "monitor": _MONITOR, "retry": _RETRY,
        "rescue": _RESCUE, "irreversible": _IRREVERSIBLE,
        "undo": Key(form="undo_call", doc="The call that undoes it."),
    },
    "take_back": {
        "take_back": Key(form="all_or_words", doc="Undoes what the operation, or these steps, made; newest first.", required=True),
        "past": Key(form="word_or_words", doc="Also undo what was made after this `irreversible` step."),
    },
    "wait": {
        "wait": Key(form="pause", doc="Waits, for so long or until a moment; the wait survives a crash.", required=True)
    },
    "hold": {"hold": Key(form="text", doc="Stops safely until a person resumes. The text is the reason.", required=True)},
    "fail": {
        "fail": Key(form="text", doc="Ends the operation as failed. The text is the reason.", required=True),
        "error": Key(form="word", doc="The name of the error."),
    },
    "notify": {
        "notify": Key(form="text", doc="The SNS topic to notify.", required=True),
        "subject": Key(form="text", doc="Default: a standard one."),
        "text": Key(form="text", doc="Default: a standard one."),
        "retry": _RETRY, "rescue": _RESCUE,
    },
}  # fmt: skip

STEPS: Final[Mapping[str, Shape]] = {kind: {**COMMON, **own} for kind, own in KINDS.items()}

UNTIL: Final[Shape] = {
    "check": Key(form="kind", doc="What to look at."),
    "gone": Key(form="kind", doc="In place of `check`: what must not be there any more. It has no `is`."),
    "with": _WITH, "status": _STATUS, "missing_on": _MISSING_ON, "classes": _CLASSES, "monitor": _MONITOR,
    "is": Key(form="expression", doc="A condition on `seen`. The call has taken effect if it is true and the resource is available."),
}  # fmt: skip

UNDO_CALL: Final[Shape] = {
    "call": Key(form="action", doc="The call that undoes it.", required=True),
    "with": _WITH, "repeatable": _REPEATABLE, "until": _UNTIL,
    "monitor": Key(form="monitor", doc="How to poll. Default: the step's, else the runbook's, else the kind's."), "retry": _RETRY,
    "region": COMMON["region"], "account": COMMON["account"], "timeout": COMMON["timeout"],
}  # fmt: skip

WAIT_UNTIL: Final[Shape] = {
    "until": Key(form="moment", doc="When it ends. A moment that is past ends it at once.", required=True),
}

RESERVED: Final[Mapping[str, str]] = {
    "parallel": "steps run one after the other in this version",
    "at_once": "the items of a `for_each` run one after the other in this version",
    "run": "a runbook cannot run another one in this version",
    "kinds": "kinds cannot be defined in YAML in this version; use `check: aws.SERVICE.OPERATION`",
    "include": "a runbook is one file in this version",
}
"""Words that a later version may give a meaning."""
HOLD_FOR: Final = "in this version, a hold lasts until somebody resumes it"

OTHER_WORDS: Final[Mapping[str, str]] = {
    "when": "if", "condition": "if", "parameters": "with", "params": "with", "args": "with", "needs": "requires",
    "depends_on": "requires", "loop": "for_each", "foreach": "for_each", "with_items": "for_each",
    "retries": "retry", "catch": "rescue", "on_error": "rescue", "except": "rescue", "rollback": "undo",
    "compensate": "undo", "match": "error", "errors": "error", "name": "id", "interval": "every", "timeout": "for",
    "variables": "vars", "state": "states", "delay": "first",
}  # fmt: skip
"""Words of other tools, and the word for each here."""

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
