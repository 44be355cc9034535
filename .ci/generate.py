"""`make generate`: writes every generated file of the repository. A test compares them with what this script generates.

README.md has its own script, because its commands take longer (`make readme`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from actions import build_registry
from engine.checks import pages
from engine.language.reference import json_schema, page
from tests.unit.architecture import words
from tests.validate import corpus

ROOT = Path(__file__).resolve().parent.parent


def runbook_schema() -> str:
    registry = build_registry(entry_points=False)
    return json_schema.as_text(json_schema.schema(registry.kinds, registry.actions))


GENERATED: dict[str, Callable[[], str]] = {
    "schemas/runbook.schema.json": runbook_schema,
    "docs/language.md": page.document,
    "docs/rules.md": pages.document,
    words.LIST: words.shrunk,
    # the output of `runbook validate` for each invalid runbook of the corpus
    **{
        str(corpus.expected(file).relative_to(ROOT)): partial(corpus.rendered_findings, file)
        for file in corpus.runbooks("bad")
    },
}
"""Path of each generated file, and the function that generates its text."""


def main() -> int:
    for path, make in GENERATED.items():
        file, text = ROOT / path, make()
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
