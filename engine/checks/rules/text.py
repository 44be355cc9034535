"""RB1xx: YAML that is refused. `engine.language` reports these while it reads; this is what `explain` says of them."""

from __future__ import annotations

from typing import Final

from engine.checks.rule import Rule

RULES: Final = (
    Rule(
        id="RB101",
        title="This is not YAML",
        why="The text cannot be read at all: a bracket or a quote is open, the indentation fits nothing, or a text needs "
        "quotes. Only the first such place of a file is told, for what comes after it cannot be known.",
    ),
    Rule(
        id="RB102",
        title="Not UTF-8",
        why="A runbook is UTF-8, with or without byte-order mark, so that it reads the same for everybody. (The example is "
        "shown as its bytes are read in Latin-1.)",
    ),
    Rule(
        id="RB103",
        title="A character that is not seen, or is read otherwise than seen",
        why="Control characters, characters that turn the direction of writing, and line breaks that YAML 1.2 does not "
        "know can make a runbook do something else than it shows.",
    ),
    Rule(
        id="RB104",
        title="Larger than 1 MB, or of more than 100,000 values",
        why="Nobody reviews such a file; and a bound keeps every reading short.",
    ),
    Rule(
        id="RB105",
        title="Nested deeper than 64",
        why="No runbook is; and a bound keeps text that was made to hurt from hurting.",
    ),
    Rule(
        id="RB106",
        title="A key twice in one map",
        why="YAML parsers take the last one in silence, so that half of what was written does not count. Both places are "
        "told.",
    ),
    Rule(
        id="RB107",
        title="A merge key",
        why="`<<` is no part of YAML 1.2, and what it merges stands somewhere else than where it counts.",
    ),
    Rule(
        id="RB108",
        title="An anchor or an alias",
        why="An alias loads in an instant and can grow without bound; and who reads a step must not have to search what it "
        "says. Text that begins with `*` or `&` is quoted.",
    ),
    Rule(
        id="RB109",
        title="A tag",
        why="Tags make objects of text; a runbook is text, numbers, booleans, lists and maps.",
    ),
    Rule(
        id="RB110",
        title="More than one document",
        why="A file holds one runbook. A `%YAML` line that says another version than 1.2 is refused too.",
    ),
    Rule(
        id="RB111",
        title="NaN, an infinity, or a number out of bounds",
        why="No parameter means it, and JSON cannot hold it.",
    ),
    Rule(
        id="RB112",
        title="Nothing where a value is meant",
        why="A key without a value is null in YAML, which is hardly ever what was meant: `{pending, unknown: monitor}` is "
        "`pending` with nothing, and `unknown`. Where null is meant, it is written.",
    ),
    Rule(
        id="RB113",
        title="`${` unquoted in `{…}` or `[…]`",
        why="There the brace is YAML's own, and the text ends before it.",
    ),
    Rule(
        id="RB114",
        title="Text that is cut off by ` #`",
        why="` #` begins a comment, in an expression too; what stands before it is left open.",
    ),
    Rule(
        id="RB115",
        title="A number where an id is meant",
        why="An account's id is twelve digits of text: as a number it loses its zeros, and compares with nothing.",
    ),
    Rule(
        id="RB116",
        title="An empty file",
        why="A runbook has a name and steps.",
    ),
    Rule(
        id="RB117",
        title="A file that is no map",
        why="A runbook is a map: `runbook: NAME`, `steps: …`.",
    ),
    Rule(
        id="RB118",
        title="A key that is no text",
        why="Keys are text; a list or a map as a key is a bracket in the wrong place.",
    ),
)
