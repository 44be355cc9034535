"""What a rule is: an id, a title, why it matters, a severity, and the function that finds it.

`runbook explain RB402` and docs/rules.md are made from these, with the examples in `engine/checks/examples`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Literal

from engine.checks.subject import Found, Subject
from engine.values import Resources

Severity = Literal["error", "warning"]
Find = Callable[[Subject], Iterable[Found]]


class Rule(Resources):
    """`find` is None for rules that are not looked for here: reading, parsing, the walk or the suppressions report them."""

    id: str
    title: str
    why: str
    severity: Severity = "error"
    find: Find | None = None

    @property
    def suppressible(self) -> bool:
        """RB1xx and RB2xx are not: what cannot be read cannot be run.

        RB253 and RB254 are, because AWS may accept values that the installed botocore does not know yet.
        """
        return not self.id.startswith(("RB1", "RB2")) or self.id in ("RB253", "RB254")


def rule(id: str, severity: Severity = "error") -> Callable[[Find], Rule]:
    """Declare a rule by the function that finds it. Its docstring has the title and, below it, why the rule matters."""

    def declare(find: Find) -> Rule:
        title, _, why = (find.__doc__ or "").partition("\n\n")
        return Rule(id=id, title=title, why=" ".join(why.split()), severity=severity, find=find)

    return declare


def rules_from(text: str) -> tuple[Rule, ...]:
    """Rules that have no function, from lines `ID TITLE`, each with lines below it that begin with a space and say why."""
    found = []
    for entry in re.split(r"\n(?! |$)", text.strip()):
        head, _, why = entry.partition("\n")
        id, _, title = head.partition(" ")
        found.append(Rule(id=id, title=title, why=" ".join(why.split())))
    return tuple(found)
