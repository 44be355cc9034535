"""Rule pages: the examples that `runbook explain RB402` shows, and docs/rules.md, which has a page for each rule."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from engine.checks.rule import Rule
from engine.checks.rules import ALL

FAMILIES: Final = {
    "RB1": ("Text", "YAML that is refused."),
    "RB2": ("Shape", "Unknown or missing keys, wrong types, invalid durations, and parameters in `with`."),
    "RB3": ("Data", "Names, attributes and types, results that may be missing, and secrets."),
    "RB4": ("States", "State tables."),
    "RB5": ("Errors and time", "Error names, rescues, polling intervals and time limits."),
    "RB6": ("Safety", "Undo, removals, points of no return, and calls that may be repeated."),
    "RB7": ("Style", "Declarations without effect, and cases that the runbook leaves open."),
}
LONGEST: Final = 20
"""Lines of an example that docs/rules.md shows."""
EXAMPLES: Final = Path(__file__).with_name("examples")
"""Only RB402 finds something in `RB402.bad.yaml`; no rule finds anything in `RB402.good.yaml`."""
USUAL_HEAD: Final = "runbook: example\nregion: us-west-2\nsteps:\n"
"""How an example starts that is only about its steps; pages leave these lines out."""

HEAD: Final = """# What `runbook validate` finds

This page is generated from the rules in `engine/checks/rules`. Each wrong example produces exactly this finding, and each
right one produces none. `runbook explain RB402` prints the page of one rule.

To suppress a finding, add a comment with a reason at the end of its line, or on a line of its own above it:
`# runbook: ignore RB605 because …`. Findings of RB1xx and RB2xx cannot be suppressed, because a runbook that cannot be
read cannot be run; RB253 and RB254 can.
"""


def document() -> str:
    """The text of docs/rules.md."""
    out = [HEAD]
    for prefix, (title, what) in FAMILIES.items():
        out.append(f"\n## {prefix}xx {title}\n\n{what}\n")
        out += [f"\n{_page(rule)}" for rule in ALL if rule.id.startswith(prefix)]
    return "".join(out)


def example(id: str, which: Literal["bad", "good"]) -> str:
    """The rule's example as its page shows it: only the steps, if the rest is the usual head."""
    text = (EXAMPLES / f"{id}.{which}.yaml").read_bytes().decode("utf-8", errors="backslashreplace")
    steps = text.removeprefix(USUAL_HEAD)
    return text if steps == text else "".join(line.removeprefix("  ") for line in steps.splitlines(keepends=True))


def visible_lines(text: str) -> list[str]:
    """The lines of a text, with invisible characters as escapes."""
    return ["".join(char if char.isprintable() else ascii(char)[1:-1] for char in line) for line in text.splitlines()]


def _page(rule: Rule) -> str:
    severity = "" if rule.severity == "error" else f" ({rule.severity})"
    wrong, right = _block(example(rule.id, "bad")), _block(example(rule.id, "good"))
    return f"### {rule.id} {rule.title}{severity}\n\n{rule.why}\n\nWrong:\n\n{wrong}\nRight:\n\n{right}"


def _block(text: str) -> str:
    """A block of YAML; long lines and long examples are cut."""
    shown = [line if len(line) <= 120 else f"{line[:100]}…" for line in visible_lines(text)[:LONGEST]]
    return "```yaml\n" + "\n".join(shown) + "\n```\n"
