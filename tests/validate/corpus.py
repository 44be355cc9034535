"""The corpus: runbooks that read as documentation, and beside each wrong one its findings, which `make generate` writes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from actions import build_registry
from engine.checks import validate
from engine.checks.formats import format_findings
from engine.errors import Finding
from engine.registry import Registry

HERE = Path(__file__).parent


@cache
def registry() -> Registry:
    return build_registry()


def runbooks(folder: str) -> list[Path]:
    """Every runbook in `good` or `bad`, without the test files beside them."""
    return sorted(file for file in (HERE / folder).glob("*.yaml") if not file.name.endswith(".test.yaml"))


def shipped() -> list[Path]:
    """The runbooks that come with the product, without the worlds and tests beside them."""
    files = sorted((HERE.parents[1] / "runbooks").glob("*.yaml"))
    return [
        file for file in files if any(line.startswith("runbook:") for line in _lines(file)) and ".test" not in file.name
    ]


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines()


def found(file: Path) -> list[Finding]:
    tests = file.with_suffix(".test.yaml")
    return validate(file.read_bytes(), registry(), file.name, tests.read_text("utf-8") if tests.exists() else None)[1]


def rendered_findings(file: Path) -> str:
    """The findings as text."""
    return format_findings("text", found(file), {file.name: file.read_text("utf-8")})


def expected(file: Path) -> Path:
    return file.with_suffix(".txt")
