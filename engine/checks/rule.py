"""What a rule is: one function, with what it says of itself. `runbook explain RB402` and docs/rules.md come from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from engine.checks.subject import Found, Subject

Severity = Literal["error", "warning"]
Find = Callable[[Subject], Iterable[Found]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
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
        """What cannot be read cannot be run, whatever a comment says."""
        return not self.id.startswith(("RB1", "RB2"))


def rule(
    *, id: str, title: str, why: str, wrong: str, right: str, severity: Severity = "error"
) -> Callable[[Find], Rule]:
    """Declares the rule that the function below it finds."""

    def declared(find: Find) -> Rule:
        return Rule(id=id, title=title, why=why, wrong=wrong, right=right, severity=severity, find=find)

    return declared


def document(example: str) -> str:
    """An example as a whole runbook: steps alone are put into one."""
    text = example.strip("\n")
    if text.startswith("- "):
        lines = ["  " + line if line else line for line in text.split("\n")]
        return "runbook: example\nregion: us-west-2\nsteps:\n" + "\n".join(lines) + "\n"
    return "runbook: example\nregion: us-west-2\n" + text + "\n"
