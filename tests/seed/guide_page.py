"""The sections of docs/guide.md, and the runbooks that its diffs produce."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (_ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
PART: Final = re.compile(
    r"^```(?P<kind>\w+)\n(?P<body>.*?)^```$|^<!-- (?P<about>[\w -]+): (?P<value>[^\n]*) -->$", re.MULTILINE | re.DOTALL
)
SECTIONS: Final = [section for section in re.split(r"^(?=##+ )", PAGE, flags=re.MULTILINE)[1:] if "```sh" in section]


def edited(text: str, diff: str) -> str:
    """The text after a diff, whose hunks are separated by `@@`; the context of each must occur exactly once."""
    head, *lines = diff.splitlines()
    assert head == "--- runbooks/restore.yaml"
    for hunk in "\n".join(lines).split("\n@@\n"):
        before = "".join(line[1:] + "\n" for line in hunk.splitlines() if line[:1] in (" ", "-"))
        after = "".join(line[1:] + "\n" for line in hunk.splitlines() if line[:1] in (" ", "+"))
        assert text.count(before) == 1, hunk
        text = text.replace(before, after)
    return text


def runbook_of(heading: str) -> str:
    """The shipped restore with the edits of the section with this heading."""
    (section,) = [one for one in SECTIONS if one.splitlines()[0].strip("# ") == heading]
    text = (_ROOT / "runbooks" / "restore.yaml").read_text(encoding="utf-8")
    for part in PART.finditer(section):
        if part["kind"] == "diff":
            text = edited(text, part["body"])
    return text
