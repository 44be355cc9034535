"""Every exception of the engine, by what caused it.

The document (`RunbookInvalid`), the caller (`UsageError`), the environment (`EnvironmentProblem`), the world's answer to
an effect (`EffectFailed`, `EffectUnknown`, `EffectNotSent`), or a bug of this program (`BrokenInvariant`).
This module imports nothing but the standard library and `engine.values`.
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
"""The categories of errors (docs/language.md, "Errors")."""

PASSING: Final = frozenset({"throttled", "network", "conflict", "capacity", "timeout", "internal"})
"""Categories of transient errors: a step's `retry` covers them by default."""


Expected = Literal["text", "names", ""]
"""What a value should have been instead, where `validate --fix` can turn it into that: text, or a list of names."""


class Finding(Value):
    """One problem in a document, with its place. Lines and columns count from 1."""

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
    """The base class of what the engine raises on purpose. `exit_code`: see docs/interface.md.

    `options_to_repeat`: the options that the user typed and that the commands in the message need too.
    """

    exit_code = 70
    options_to_repeat: tuple[str, ...] = ()


class RunbookInvalid(RunbookError):
    """The document is invalid, and nothing was started. Has every finding, sorted."""

    exit_code = 3

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(f"{len(findings)} finding(s)")
        self.findings = findings


class UsageError(RunbookError):
    """Wrong usage, or not possible in the current state. Nothing was changed.

    `unconfirmed`: what would be deleted, and nobody has confirmed (docs/interface.md).
    """

    exit_code = 2

    def __init__(self, message: str = "", *, unconfirmed: list[dict[str, object]] | None = None) -> None:
        super().__init__(message)
        self.unconfirmed = unconfirmed


class EnvironmentProblem(RunbookError):
    """A problem of credentials, store, network or a setting. The operation can be resumed once it is fixed."""

    exit_code = 4


class StoreConflict(RunbookError):
    """Another runner has appended to this operation: stop at once, and write nothing more."""

    exit_code = 6


class Busy(RunbookError):
    """Another runner is running the operation, or another operation has the lock."""

    exit_code = 6


class Locked(Busy):
    """Another operation, `holder`, has the lock. No runner is running this one."""

    def __init__(self, message: str, holder: str = "") -> None:
        super().__init__(message)
        self.holder = holder


class BrokenInvariant(RunbookError):
    """A bug of this program. The operation stops; its log is intact."""


class ExpressionError(RunbookError):
    """An expression that cannot be parsed or evaluated. The message says which, and why.

    `name` and `category` are those of the `Problem` that a step gets from it.
    """

    exit_code = 3
    name = "ExpressionError"
    category = "config"

    @property
    def problem(self) -> Problem:
        return Problem(name=self.name, category=self.category, message=str(self))


class InvalidCondition(ExpressionError):
    """A condition whose value is text, or a `status` that is neither text nor null."""

    name = "InvalidCondition"
    category = "invalid"


class Problem(Value):
    """An error of the world: stable names for `rescue` to match, and its category.

    `name` is AWS's error code if it has one, else a name of this tool. `also` has more general names that a rescue may
    use as well, such as `InvalidVPCConfiguration`.
    """

    name: str
    category: str
    message: str
    also: tuple[str, ...] = ()
    trace: str = ""

    def answers_to(self, wanted: str) -> bool:
        """Does a rescue for `wanted`, which is a name, a category or `any`, match?"""
        return wanted in ("any", self.name, self.category) or wanted in self.also


class EffectFailed(RunbookError):
    """The effect was refused or failed. `problem` has the error's name and category."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.name}: {problem.message}")
        self.problem = problem


class EffectUnknown(RunbookError):
    """The effect was sent, and its result is not known. `problem` names what happened instead of an answer."""

    def __init__(self, why: str, problem: Problem | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.problem = problem or Problem(name="ReplyLost", category="timeout", message=why)


class EffectNotSent(RunbookError):
    """The effect was not sent, so no attempt is used up. `problem.category` is credentials, throttled or network."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.name}: {problem.message}")
        self.problem = problem
