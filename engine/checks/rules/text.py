"""RB1xx: YAML that is refused. `engine.language` reports these while it reads; the texts here are for `explain`."""

from __future__ import annotations

from typing import Final

from engine.checks.rule import rules_from

RULES: Final = rules_from("""
RB101 Invalid YAML
    The file cannot be parsed: a bracket or quote is not closed, the indentation does not match, or text needs quotes.
    Only the first syntax error of a file is reported, because the parser cannot continue after it.
RB102 Not UTF-8
    Runbooks are encoded in UTF-8, with or without a byte-order mark, so that they read the same everywhere.
RB103 An invisible or misleading character
    Control characters, characters that change the direction of text, and line breaks that YAML 1.2 does not have can
    make a runbook do something other than what an editor shows. Write them as escapes in a quoted text. A no-break
    space or another wide or invisible space, as pasted text has them, looks like a plain space and is none for YAML.
RB104 Larger than 1 MB, or more than 100,000 values
    A file of this size cannot be reviewed. The limit also keeps validation fast. Split the runbook.
RB105 Nested more than 64 levels deep
    No real runbook is this deep. The limit protects the parser from files that are made to exhaust it.
RB106 Duplicate key
    Most YAML parsers silently keep the last of two equal keys, so part of the file would have no effect. The finding
    names both places.
RB107 Merge key
    `<<` is not part of YAML 1.2, and it hides values that take effect in one place and are written in another. Write
    the values out, or quote the key.
RB108 Anchor or alias
    Aliases can expand to gigabytes, and whoever reads a step would have to search for what it says. Use `vars`. Text
    that begins with `*` or `&` needs quotes.
RB109 YAML tag
    Tags create typed objects. A runbook has only text, numbers, booleans, null, lists and maps; for text, use quotes.
RB110 More than one document
    A file holds one runbook. A `%YAML` directive with a version other than 1.2 is refused too.
RB111 NaN, infinity, or a number out of range
    No parameter accepts these values, and JSON cannot represent them.
RB112 Missing value
    In YAML a key without a value is null, which is rarely intended: `{pending, unknown: monitor}` is `pending` without
    a value, and `unknown: monitor`. If you mean null, write `null`.
RB113 `${` without quotes inside `{…}` or `[…]`
    Inside a flow map or list, YAML reads the brace as its own syntax and ends the text there. Quote the value.
RB114 Text cut off by ` #`
    ` #` starts a comment, even inside an expression, so the text before it is incomplete. Quote the value.
RB115 A number where an id is expected
    An AWS account id is twelve digits of text. As a number it loses its leading zeros, and never equals the id that AWS
    returns. Quote it.
RB116 Empty file
    A runbook needs at least a name and steps: `runbook: NAME`, `steps: …`.
RB117 Not a map
    The top level of a runbook is a map: `runbook: NAME`, `steps: …`.
RB118 A key that is not text
    Keys are text. A list or a map as a key usually means a misplaced bracket.
""")
