"""What is done in one place only: a search over the product's source."""

from __future__ import annotations

from tests.unit.architecture.source import ROOT, product


def source() -> dict[str, str]:
    return {module.path: (ROOT / module.path).read_text(encoding="utf-8") for module in product().values()}


def test_nearest_words_are_found_in_one_place() -> None:
    """One matcher and one wording; the hint of `engine/stores/factory.py` is about a form, not about a near word."""
    asking = {path for path, text in source().items() if "did you mean" in text}
    assert asking == {"engine/language/nearest.py", "engine/stores/factory.py"}
    assert not [path for path, text in source().items() if "get_close_matches" in text]


def test_delays_grow_in_one_place() -> None:
    growing = {path for path, text in source().items() if "factor **" in text or "wait_random_exponential" in text}
    assert growing == {"engine/backoff.py"}
