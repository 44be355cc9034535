"""The reference of the language, docs/language.md, which `make generate` writes."""

from __future__ import annotations

from engine.language.parse.document import READERS
from engine.language.reference.page import FORMS


def test_every_form_has_a_description() -> None:
    assert set(FORMS) == set(READERS)
