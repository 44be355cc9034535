"""Every page, section and path that code and documentation name exists, and every relative link leads somewhere.

A reference in code is written `docs/aws.md, "Deleting a cluster"`: a path from the repository's root, then headings of that page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.unit.architecture.source import FILES, ROOT

SEARCHED: Final = ("engine/", "actions/", "tests/", "docs/", "runbooks/", "bench/", ".ci/", "schemas/")
UNSEARCHED: Final = ("tests/golden/", "tests/unit/architecture/test_references.py")  # logs; the examples below

PAGE: Final = re.compile(r"(?<![\w*{}<>/.-])[\w.][\w./-]*\.md\b")
SECTIONS: Final = re.compile(r'([\w./-]+\.md)((?:,? (?:and )?"[^"\n]+")+)')
NUMBER: Final = re.compile(r"([\w./-]+\.md),? (?:§|sections? )\s*([\w.]+)")
LINK: Final = re.compile(r"\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$", re.MULTILINE)
CODE_PATH: Final = re.compile(r"`((?:engine|actions|tests|docs|runbooks|schemas|bench|\.ci)/[\w./-]*)`")
FILE_NAME: Final = re.compile(r"`([\w-]+\.(?:py|yaml|json))`|`([\w-]+/)`")
FENCE: Final = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def searched() -> tuple[str, ...]:
    """Code, documentation, runbooks and schemas."""
    found = [path for path in FILES if path.startswith(SEARCHED) or path.endswith(".md")]
    return tuple(
        path for path in found if path.endswith((".py", ".md", ".yaml", ".json")) and not path.startswith(UNSEARCHED)
    )


@cache
def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def flat(path: str) -> str:
    """A file's text without line breaks inside references; `root / "docs" / "a.md"` is read as docs/a.md."""
    text = text_of(path)
    if path.endswith(".md"):
        text = re.sub(r"\[[^\]\[]*\](\([^)\s]+\))", r"\1", text)  # what a link shows is not its target
    joined = text.replace('" / "', "/")
    return re.sub(r"\s*\n\s*(?:# )?", " ", joined)


@cache
def headings(path: str) -> frozenset[str]:
    """The headings of a page, without their code marks."""
    found = re.findall(r"^#+ (.+)$", FENCE.sub("", text_of(path)), re.MULTILINE)
    return frozenset(heading.replace("`", "") for heading in found)


def anchors(path: str) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings(path)}


def found_at(name: str, path: str) -> str | None:
    """The file that a name in `path` means: from the root, or in a page from the page's folder. None if there is none."""
    bases = [ROOT, (ROOT / path).parent] if path.endswith(".md") else [ROOT]
    for base in bases:
        if (base / name).exists():
            return str((base / name).resolve().relative_to(ROOT))
    return None


def wrong_pages(path: str, text: str) -> Iterator[str]:
    for name in PAGE.findall(re.sub(r"https?://\S+", "", text)):
        if found_at(name, path) is None:
            yield f"{path}: there is no {name}"


def wrong_sections(path: str, text: str) -> Iterator[str]:
    for name, quoted in SECTIONS.findall(text):
        page = found_at(name, path)
        for heading in re.findall(r'"([^"]+)"', quoted):
            if page is None or heading.replace("`", "") not in headings(page):
                yield f"{path}: {name} has no section {heading}"
    for name, number in NUMBER.findall(text):
        page = found_at(name, path)
        if page is None or not any(heading.startswith(f"{number} ") for heading in headings(page)):
            yield f"{path}: {name} has no section {number}"


def wrong_links(path: str, text: str) -> Iterator[str]:
    for groups in LINK.findall(FENCE.sub("", text)):
        target = groups[0] or groups[1]
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        page = (ROOT / path).parent / name if name else ROOT / path
        if not page.exists():
            yield f"{path}: the link {target} leads nowhere"
        elif anchor and anchor not in anchors(str(page.resolve().relative_to(ROOT))):
            yield f"{path}: no heading has the anchor of {target}"


def wrong_names(path: str) -> Iterator[str]:
    """`driver.py` and `decide/` in docs/architecture.md must be the name of some file or folder."""
    known = {part for file in FILES for part in Path(file).parts}
    for groups in FILE_NAME.findall(text_of(path)) if path == "docs/architecture.md" else ():
        name = groups[0] or groups[1].rstrip("/")
        if name not in known:
            yield f"{path}: nothing here is called {name}"


@pytest.mark.parametrize("path", searched())
def test_every_page_and_section_that_is_named_exists(path: str) -> None:
    text = flat(path)
    assert [*wrong_pages(path, text), *wrong_sections(path, text)] == []


@pytest.mark.parametrize("path", [path for path in searched() if path.endswith(".md")])
def test_every_link_and_path_of_a_page_exists(path: str) -> None:
    text = text_of(path)
    missing = [name for name in CODE_PATH.findall(text) if not (ROOT / name).exists()]
    assert [*wrong_links(path, text), *missing, *wrong_names(path)] == []


PROBE: Final = "docs/aws.md"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('see docs/aws.md, "Statuses"', []),
        ('see docs/aws.md, "Statuses" and "Error codes"', []),
        ("see https://example.org/other.md", []),
        ("see interface.md", ["engine/x.py: there is no interface.md"]),
        ('see docs/aws.md, "Statuses" and "Nothing"', ["engine/x.py: docs/aws.md has no section Nothing"]),
        ("see docs/aws.md §3", ["engine/x.py: docs/aws.md has no section 3"]),
    ],
)
def test_what_leads_nowhere_is_found(text: str, found: list[str]) -> None:
    assert [*wrong_pages("engine/x.py", text), *wrong_sections("engine/x.py", text)] == found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("[a](kinds.md#tags)", 0),
        ("[a](#statuses)", 0),
        ("[a](gone.md)", 1),
        ("[a](kinds.md#gone)", 1),
        ("[a]: gone.md", 1),
    ],
)
def test_links_that_lead_nowhere_are_found(text: str, count: int) -> None:
    assert len(list(wrong_links(PROBE, text))) == count
