"""What a rule is: one function, with what it says of itself. `runbook explain RB402` and docs/rules.md come from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from engine.checks.subject import Found, Subject
from engine.values import Bundle

Severity = Literal["error", "warning"]
Find = Callable[[Subject], Iterable[Found]]


class Rule(Bundle):
    """`wrong` and `right` are runbooks, or steps alone; a test runs them. `find` None: reading finds it."""

    id: str
    title: str
    why: str
    wrong: str
    right: str
    severity: Severity = "error"
    find: Find | None = None

    @property
    def suppressible(self) -> bool:
        """What cannot be read cannot be run, whatever a comment says. A value that AWS may take by now can be."""
        return not self.id.startswith(("RB1", "RB2")) or self.id in ("RB253", "RB254")


def rule(
    *, id: str, title: str, why: str, wrong: str, right: str, severity: Severity = "error"
) -> Callable[[Find], Rule]:
    """Declares the rule that the function below it finds."""

    def declared(find: Find) -> Rule:
        return Rule(
            id=id, title=title, why=why, wrong=_whole(wrong), right=_whole(right), severity=severity, find=find
        )  # fmt: skip

    return declared


def _whole(example: str) -> str:
    """Steps alone, or a runbook with its name."""
    text = example.strip("\n") + "\n"
    return text if text.startswith("- ") else f"runbook: example\n{text}"


def document(example: str) -> str:
    """An example as a whole runbook: steps alone are put into one."""
    if not example.startswith("- "):
        return example
    steps = "".join(f"  {line}" if line.strip() else line for line in example.splitlines(keepends=True))
    return f"runbook: example\nregion: us-west-2\nsteps:\n{steps}"
