"""Generated files are what the code makes; `make generate` writes them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATED = _script("generate").GENERATED


@pytest.mark.parametrize("path", GENERATED)
def test_the_file_is_what_the_code_makes(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == GENERATED[path](), "run `make generate`, then read the diff"


def test_every_wrong_runbook_of_the_corpus_is_among_them() -> None:
    wrong = [path for path in (ROOT / "tests/validate/bad").glob("*.yaml") if not path.name.endswith(".test.yaml")]
    assert {f"tests/validate/bad/{path.stem}.txt" for path in wrong} <= set(GENERATED)
    assert len(GENERATED) == len(wrong) + 4
