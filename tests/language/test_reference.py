"""docs/language.md: what the code makes, and a word for every form."""

from __future__ import annotations

from pathlib import Path

from engine.language.parse.document import READERS
from engine.language.reference.page import FORMS, document


def test_the_page_is_what_the_code_makes(root: Path) -> None:
    """If it is not: write `engine.language.reference.page.document()` into it."""
    assert (root / "docs" / "language.md").read_text(encoding="utf-8") == document()


def test_every_form_has_its_words() -> None:
    assert set(FORMS) == set(READERS)
