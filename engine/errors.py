"""Every exception of the engine, by whose fault it is and what to do about it.

Four families: the document's (`RunbookInvalid`), the caller's (`UsageError`), the environment's
(`EnvironmentProblem`), and the world's answers to an effect (`EffectFailed`, `EffectUnknown`,
`EffectNotSent`). What is ours is `BrokenInvariant`. This module uses the standard library alone.
"""

from __future__ import annotations

from typing import Final, Literal

from engine.values import Value

CATEGORIES: Final = (
    "throttled",
    "network",
    "conflict",
    "capacity",
    "quota",
    "config",
    "denied",
    "credentials",
    "not_found",
    "exists",
    "invalid",
    "timeout",
    "internal",
)
"""The families of error names (docs/language.md, "Errors")."""

PASSING: Final = frozenset({"throttled", "network", "conflict", "capacity", "timeout", "internal"})
"""Categories that can pass by themselves, so that a step's `retry` covers them unasked."""


Expected = Literal["text", "names", ""]
"""What a value should have been instead, where `validate --fix` can turn it into that: text, or a list of names."""


class Finding(Value):
    """One thing that is wrong in a document, at its place; lines and columns count from 1."""

    rule: str
    message: str
    file: str = "-"
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 2
    severity: str = "error"
    help: str = ""
    expected: Expected = ""


class RunbookError(Exception):
    """The root of everything that the engine raises on purpose; `exit_code` is that of docs/interface.md."""

    exit_code = 70


class RunbookInvalid(RunbookError):
    """The document is wrong: nothing was begun. Carries every finding, sorted."""

    exit_code = 3

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(f"{len(findings)} finding(s)")
        self.findings = findings


class UsageError(RunbookError):
    """Wrong usage, or not possible as things are; nothing was changed."""

    exit_code = 2


class EnvironmentProblem(RunbookError):
    """Credentials, store, network or a setting: resumable once it is mended."""

    exit_code = 4


class StoreConflict(RunbookError):
    """Another runner has appended to this operation: stop at once and write nothing more."""

    exit_code = 6


class Busy(RunbookError):
    """Another runner has the operation, or another operation has the lock."""

    exit_code = 6


class Locked(Busy):
    """Another operation has the lock; nobody drives this one."""


class BrokenInvariant(RunbookError):
    """A bug of this program: nothing more is performed, the log stands."""


class ExpressionError(RunbookError):
    """An expression that cannot be read or evaluated; the message says what and why."""

    exit_code = 3


class Problem(Value):
    """An error's stable names and category, as rescues match them and records keep them.

    `name` is AWS's wire code where there is one, else the tool's own; `also` holds the wider
    names that it answers to as well (`InvalidVPCConfiguration`).
    """

    name: str
    category: str
    message: str
    also: tuple[str, ...] = ()
    trace: str = ""

    def answers_to(self, wanted: str) -> bool:
        """Does a rescue for `wanted` (a name, a category or `any`) match?"""
        return wanted in ("any", self.name, self.category) or wanted in self.also


class EffectFailed(RunbookError):
    """The world answered no. `problem` says what, by name and category."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.name}: {problem.message}")
        self.problem = problem


class EffectUnknown(RunbookError):
    """It was sent, and no answer tells what became of it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class EffectNotSent(RunbookError):
    """It never left: nothing is used up. `problem.category` is credentials, throttled or network."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.name}: {problem.message}")
        self.problem = problem
