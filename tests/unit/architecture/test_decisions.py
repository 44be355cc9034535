"""The records in docs/decisions: each has its date, status and headings, and the folder's README lists it."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.unit.architecture.source import FILES, ROOT

FOLDER: Final = "docs/decisions/"
RECORDS: Final = [path for path in FILES if path.startswith(FOLDER) and not path.endswith("/README.md")]
HEADINGS: Final = ["Context", "Decision", "Alternatives", "Consequences"]


@pytest.mark.parametrize("path", RECORDS)
def test_a_record_has_its_headings_date_and_status(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    number = int(path.removeprefix(FOLDER)[:4])
    assert re.match(rf"# 0*{number}\.? [A-Z`].*\n", text), f"begin with `# {number}. TITLE`"
    head = text.partition("\n## ")[0]
    assert re.search(r"\bDate: \d{4}-\d\d-\d\d\b", head)
    assert re.search(r"\bStatus: (accepted|replaced|proposed)\b", head)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS


def test_the_list_names_every_record_in_order() -> None:
    """If it does not: add a line to docs/decisions/README.md."""
    text = (ROOT / FOLDER / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(\d+)\]\((\d{4}-[\w-]+\.md)\) \| .+ \|$", text, re.MULTILINE)
    assert [FOLDER + name for _, name in listed] == RECORDS
    assert all(int(number) == int(name[:4]) for number, name in listed)


def test_no_number_is_used_twice() -> None:
    numbers = [path.removeprefix(FOLDER)[:4] for path in RECORDS]
    assert sorted(set(numbers)) == numbers
