"""The examples of rules, as files: `engine/checks/examples/RB402.bad.yaml` and `RB402.good.yaml`."""

from __future__ import annotations

from engine.checks.pages import EXAMPLES


def bad(rule: str) -> bytes:
    """The bad example of a rule."""
    text = (EXAMPLES / f"{rule}.bad.yaml").read_bytes()
    if rule == "RB104":  # its megabyte is left out of the repository
        text = text.replace(b"# ", b"# " + b"x" * 1_000_000)
    return text


def good(rule: str) -> bytes:
    """The good example of a rule."""
    return (EXAMPLES / f"{rule}.good.yaml").read_bytes()


def sibling_tests(rule: str, which: str) -> str | None:
    """The text of the test file beside an example, if there is one."""
    file = EXAMPLES / f"{rule}.{which}.test.yaml"
    return file.read_text(encoding="utf-8") if file.exists() else None
