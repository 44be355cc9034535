"""RB1xx: YAML that is refused. `engine.language` reports these while it reads; the texts here are for `explain`."""

from __future__ import annotations

from typing import Final

from engine.checks.rule import Rule

RULES: Final = (
    Rule(
        id="RB101",
        title="Invalid YAML",
        why="The file cannot be parsed: a bracket or quote is not closed, the indentation does not match, or text needs "
        "quotes. Only the first syntax error of a file is reported, because the parser cannot continue after it.",
    ),
    Rule(
        id="RB102",
        title="Not UTF-8",
        why="Runbooks are encoded in UTF-8, with or without a byte-order mark, so that they read the same everywhere.",
    ),
    Rule(
        id="RB103",
        title="An invisible or misleading character",
        why="Control characters, characters that change the direction of text, and line breaks that YAML 1.2 does not "
        "have can make a runbook do something other than what an editor shows. Write them as escapes in a quoted text.",
    ),
    Rule(
        id="RB104",
        title="Larger than 1 MB, or more than 100,000 values",
        why="A file of this size cannot be reviewed. The limit also keeps validation fast. Split the runbook.",
    ),
    Rule(
        id="RB105",
        title="Nested more than 64 levels deep",
        why="No real runbook is this deep. The limit protects the parser from files that are made to exhaust it.",
    ),
    Rule(
        id="RB106",
        title="Duplicate key",
        why="Most YAML parsers silently keep the last of two equal keys, so part of the file would have no effect. The "
        "finding names both places.",
    ),
    Rule(
        id="RB107",
        title="Merge key",
        why="`<<` is not part of YAML 1.2, and it hides values that take effect in one place and are written in another. "
        "Write the values out, or quote the key.",
    ),
    Rule(
        id="RB108",
        title="Anchor or alias",
        why="Aliases can expand to gigabytes, and whoever reads a step would have to search for what it says. Use `vars`. "
        "Text that begins with `*` or `&` needs quotes.",
    ),
    Rule(
        id="RB109",
        title="YAML tag",
        why="Tags create typed objects. A runbook has only text, numbers, booleans, null, lists and maps; for text, use "
        "quotes.",
    ),
    Rule(
        id="RB110",
        title="More than one document",
        why="A file holds one runbook. A `%YAML` directive with a version other than 1.2 is refused too.",
    ),
    Rule(
        id="RB111",
        title="NaN, infinity, or a number out of range",
        why="No parameter accepts these values, and JSON cannot represent them.",
    ),
    Rule(
        id="RB112",
        title="Missing value",
        why="In YAML a key without a value is null, which is rarely intended: `{pending, unknown: monitor}` is `pending` "
        "without a value, and `unknown: monitor`. If you mean null, write `null`.",
    ),
    Rule(
        id="RB113",
        title="`${` without quotes inside `{…}` or `[…]`",
        why="Inside a flow map or list, YAML reads the brace as its own syntax and ends the text there. Quote the value.",
    ),
    Rule(
        id="RB114",
        title="Text cut off by ` #`",
        why="` #` starts a comment, even inside an expression, so the text before it is incomplete. Quote the value.",
    ),
    Rule(
        id="RB115",
        title="A number where an id is expected",
        why="An AWS account id is twelve digits of text. As a number it loses its leading zeros, and never equals the id that "
        "AWS returns. Quote it.",
    ),
    Rule(
        id="RB116",
        title="Empty file",
        why="A runbook needs at least a name and steps: `runbook: NAME`, `steps: …`.",
    ),
    Rule(
        id="RB117",
        title="Not a map",
        why="The top level of a runbook is a map: `runbook: NAME`, `steps: …`.",
    ),
    Rule(
        id="RB118",
        title="A key that is not text",
        why="Keys are text. A list or a map as a key usually means a misplaced bracket.",
    ),
)
