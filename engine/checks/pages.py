"""The pages of rules: what `runbook explain RB402` prints, and docs/rules.md, which is made of all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from engine.checks.rule import Rule
from engine.checks.rules import ALL, BY_ID

FAMILIES: Final = {
    "RB1": ("Text", "YAML that is refused."),
    "RB2": ("Shape", "Unknown or missing keys, wrong types, bad durations, a wrong `with`."),
    "RB3": ("Data", "Names, attributes, types; results that may not be there; secrets."),
    "RB4": ("States", "State tables."),
    "RB5": ("Errors and time", "Names of errors, rescues, waits."),
    "RB6": ("Safety", "What is made, what is deleted, and what is seen to be so before."),
    "RB7": ("Style", "What is written and does nothing; what is left to be guessed."),
}
LONGEST: Final = 20
"""Lines of an example that are shown."""
EXAMPLES: Final = Path(__file__).with_name("examples")
"""`RB402.bad.yaml` is found by RB402 and by nothing else; in `RB402.good.yaml` nothing is found."""
USUAL_HEAD: Final = "runbook: example\nregion: us-west-2\nsteps:\n"
"""What an example that is about its steps begins with; pages leave it out."""

HEAD: Final = """# What `runbook validate` finds

Made from the rules themselves (`engine/checks`): each example of what is wrong gives just this finding, and each of what
is right gives none. `runbook explain RB402` prints the page of one.

A finding that is to stay is suppressed where it stands, at the end of its line or alone on the line above it, with a
reason: `# runbook: ignore RB605 because …`. RB1xx and RB2xx (but for RB253) cannot be suppressed: what cannot be read
cannot be run.
"""


def page(id: str) -> str | None:
    """The page of one rule; None where there is none."""
    rule = BY_ID.get(id.upper())
    return _page(rule, "") if rule is not None else None


def document() -> str:
    """docs/rules.md."""
    out = [HEAD]
    for prefix, (title, what) in FAMILIES.items():
        out.append(f"\n## {prefix}xx {title}\n\n{what}\n")
        out += [f"\n{_page(rule, '### ')}" for rule in ALL if rule.id.startswith(prefix)]
    return "".join(out)


def example(id: str, which: Literal["bad", "good"]) -> str:
    """The rule's example as its page shows it: its steps alone where the rest is the usual head."""
    text = (EXAMPLES / f"{id}.{which}.yaml").read_bytes().decode("utf-8", errors="backslashreplace")
    steps = text.removeprefix(USUAL_HEAD)
    return text if steps == text else "".join(line.removeprefix("  ") for line in steps.splitlines(keepends=True))


def _page(rule: Rule, mark: str) -> str:
    severity = "" if rule.severity == "error" else f" ({rule.severity})"
    wrong, right = _block(example(rule.id, "bad")), _block(example(rule.id, "good"))
    return f"{mark}{rule.id} {rule.title}{severity}\n\n{rule.why}\n\nWrong:\n\n{wrong}\nRight:\n\n{right}"


def _block(text: str) -> str:
    """As a block of YAML: long lines and long texts cut, characters that are not seen as their escapes."""
    lines = ["".join(char if char.isprintable() else ascii(char)[1:-1] for char in line) for line in text.splitlines()]
    shown = [line if len(line) <= 120 else f"{line[:100]}…" for line in lines[:LONGEST]]
    return "```yaml\n" + "\n".join(shown) + "\n```\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(document())
