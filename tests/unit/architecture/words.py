"""Words that messages, help, docstrings and pages must not have, and where they still are.

`words.txt` has a line for each file that has some, with their number. `make generate` lowers a number, and never raises one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.unit.architecture.source import FILES, ROOT, product

WORDS = {
    # the word, as a regular expression: what to write instead
    r"told": "said, printed, reported, described",
    r"anew": "again",
    r"bears?": "has, carries",
    r"is void": "was not created",
    r"looks?(?= (?:every|again|at it))": "checks, polls",
    r"good-?bye": "without releasing it",
    r"(?:go(?:es|ne)?|went) on": "continues, resumes",
    r"laid out|lays? \w+ out": "formatted, formats",
    r"hardly|seldom|by no means": "rarely, not",
    r"not broken": "only slow: timed out",
    r"c[ao]mes? of it|became of": "the result, the outcome",
    r"for ever": "indefinitely",
    r"do(?:es)? not say": "sets none, does not set it",
    r"in the air": "in flight",
    r"in its place": "instead",
    r"whose \S+ no \w+ brings": "has no default",
    r"must be said": "is missing: add it",
    r"another AWS": "the URL to send AWS requests to",
    r"what is asked": "the prompt, the request",
    r"takes? it out": "removes it",
    r"stands? (?:in|at|beside|there)": "is in",
    r"so many": "the number",
    r"may be found in": "may be in",
}
PATTERNS = {word: re.compile(rf"\b(?:{word})\b", re.IGNORECASE) for word in WORDS}

LIST = "tests/unit/architecture/words.txt"
"""`COUNT PATH` of each file that has unwanted words; `COUNT PATH (names)` for the names that it defines."""


def found(text: str) -> list[str]:
    """The unwanted words of a text."""
    return [match.group() for pattern in PATTERNS.values() for match in pattern.finditer(text)]


def texts(tree: ast.Module) -> Iterator[str]:
    """The string literals of a module: messages, help and docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def names(tree: ast.Module) -> Iterator[str]:
    """The names that a module defines, as words with spaces."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name.replace("_", " ")
            case ast.Name(id=name, ctx=ast.Store()):
                yield name.replace("_", " ")


@cache
def counts() -> dict[str, int]:
    """How many unwanted words each file has, as in the list."""
    made = {}
    for module in product().values():
        made[module.path] = sum(len(found(text)) for text in texts(module.tree))
        made[f"{module.path} (names)"] = sum(len(found(name)) for name in names(module.tree))
    for path in FILES:
        if path.endswith(".md"):
            made[path] = len(found((ROOT / path).read_text(encoding="utf-8")))
    return {path: count for path, count in sorted(made.items()) if count}


def allowed() -> dict[str, int]:
    lines = (ROOT / LIST).read_text(encoding="utf-8").splitlines() if (ROOT / LIST).exists() else []
    return {path: int(count) for count, path in (line.split(" ", 1) for line in lines)}


def shrunk() -> str:
    """The list without what is no longer needed."""
    before = allowed()
    now = {path: min(count, before[path]) for path, count in counts().items() if path in before}
    return "".join(f"{count} {path}\n" for path, count in now.items())


if __name__ == "__main__":
    import sys

    for path in sys.argv[1:]:
        text = (ROOT / path).read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), start=1):
            for word in found(line.replace("_", " ")):
                print(f"{path}:{number}: {word}")
