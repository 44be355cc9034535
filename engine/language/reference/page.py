"""docs/language.md: the reference of the language, made of the tables that the parser itself reads by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.language.expressions.filters import FILTERS, TESTS
from engine.language.model import CLASSES
from engine.language.parse import shapes
from engine.language.parse.shapes import Shape
from engine.language.parse.state_tables import FILLED

FORMS: Final[Mapping[str, str]] = {
    "text": "text", "word": "a name", "name": "a name", "id": "a name", "expression": "an expression",
    "duration": "a duration: `30s 5m 3h 2d`", "pause": "a duration, or `${ }`", "yes": "`true` or `false`",
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
    "monitor": "[how to watch](#monitor)", "until": "[a check](#until)", "undo_call": "[a call](#undo)",
    "inputs": "[inputs](#inputs) by name", "settings": "[settings](#settings) by name", "vars": "values by name",
    "accounts": "[accounts](#accounts) by name", "tags": "text by name", "outputs": "values by name",
    "classes": "a list of statuses for each class",
} | {form: " ".join(f"`{word}`" for word in words) for form, words in shapes.WORDS.items()}  # fmt: skip
"""What a form is, in a table's words."""

HEAD: Final = """# The runbook language

This page is made of the tables that the parser reads by (`engine/language/reference/page.py`); a test compares the two.
A whole runbook, to be read first: [runbooks/restore.yaml](../runbooks/restore.yaml). Keys in bold are compulsory. Which
parameters `with` has, says `runbook actions NAME`.
"""


def document() -> str:
    """The whole page."""
    parts = [
        HEAD,
        _section("The top", "", shapes.RUNBOOK),
        _section("Inputs", "`inputs: {NAME: {…}}`; given with `-i NAME=VALUE` or `--inputs FILE`.", shapes.INPUT),
        _section("Settings", "`settings: {NAME: ssm:/path}`, or a map:", shapes.SETTING),
        _section("Accounts", "`accounts: {NAME: {…}}`; a step says `account: NAME`.", shapes.ACCOUNT),
        _steps(),
        _tables(),
        _section("Rescue", "A list; the first branch that matches the error is taken.", shapes.RESCUE),
        _section("Schedules", SCHEDULES, shapes.BACKOFF),
        _keys("As `{schedule: …}`, `retry` says more:", shapes.RETRY),
        _section("Monitor", "A step's own word, else the top level's, else the kind's.", shapes.MONITOR),
        _section("Until", "How to see that a `call` has been done; asked before the call, too.", shapes.UNTIL),
        _section("Undo", "An `ensure` says `delete` or `keep`; a `call` may say a call:", shapes.UNDO_CALL),
        EXPRESSIONS,
        RESERVED,
    ]
    return "\n".join(parts)


SCHEDULES: Final = (
    "`[5m, 10m, 15m]`: the delays between attempts; three delays are four attempts. Or a map with one bound, "
    "`attempts` or `within`:"
)
EXPRESSIONS: Final = f"""## Expressions

`${{ … }}` in any text; a text that is one expression and nothing else keeps its type. `$${{` is a literal `${{`. `if`,
`only`, `is`, `status` and `retry_if` are expressions as they stand. Names, dots, indexes, literals, lists and maps,
`== != < <= > >= in and or not`, `~` (joins text), slices, `a if b else c`, and these filters, with Jinja's arguments:

{" ".join(f"`{name}`" for name in FILTERS)}

`map` takes `attribute='…'`; `selectattr` asks {" or ".join(f"`'{test}'`" for test in TESTS)}; `default` also takes the place
of null; `truncate` counts exactly. There are no calls, no arithmetic, no statements, no `is` tests. A secret can be handed
to a parameter that takes secrets, and never becomes text. An expression has at most 4,096 characters.
"""
RESERVED: Final = f"""## Reserved words

{" ".join(f"`{word}`" for word in (*shapes.RESERVED, "attempt"))}, and `for` of a `hold`.
"""


def _section(title: str, what: str, shape: Shape) -> str:
    return f"## {title}\n\n" + (f"{what}\n\n" if what else "") + _table(shape)


def _keys(what: str, shape: Shape) -> str:
    return f"{what}\n\n{_table(shape)}"


def _table(shape: Shape) -> str:
    lines = ["| key | is | |", "|---|---|---|"]
    for name, key in shape.items():
        shown = f"**`{name}`**" if key.required else f"`{name}`"
        lines.append(f"| {shown} | {FORMS[key.form]} | {key.doc} |".replace("||", "| |"))
    return "\n".join(lines) + "\n"


def _steps() -> str:
    parts = [
        (
            "## Steps\n\nDone in order. A step has exactly one of the keys in bold below, which is its kind; in `steps` it "
            "needs an `id`.\n\nEvery step:\n"
        ),
        _table(shapes.COMMON),
    ]
    for kind, shape in shapes.KINDS.items():
        parts += [f"### {kind}\n", _table(shape)]
    return "\n".join(parts)


def _tables() -> str:
    kinds = list(FILLED)
    lines = [
        (
            "## State tables\n\nA row's name is a class, an exact status (`=stopped`), or several with commas. Exact beats class. "
            "Its value is a verb, or a map:\n"
        ),
        _table(shapes.ROW),
        "Verbs: "
        + "; ".join(f"{kind}: {' '.join(f'`{verb}`' for verb in shapes.VERBS[kind])}" for kind in kinds)
        + ".\n",
        "Rows that are not written:\n",
        "| class | " + " | ".join(f"`{kind}`" for kind in kinds) + " |",
        "|---|" + "---|" * len(kinds),
    ]
    for cls in CLASSES:
        verbs = ["**must be written**" if (kind, cls) == MUST else FILLED[kind][cls] for kind in kinds]
        lines.append(f"| {cls} | " + " | ".join(verbs) + " |")
    return "\n".join(lines) + "\n"


MUST: Final = ("remove", "available")
"""What a runbook must say itself."""
