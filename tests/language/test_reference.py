"""docs/language.md, which `make generate` writes: a word for every form."""

from __future__ import annotations

from engine.language.parse.document import READERS
from engine.language.reference.page import FORMS


def test_every_form_has_its_words() -> None:
    assert set(FORMS) == set(READERS)
