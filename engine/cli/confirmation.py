"""What a person is asked before anything is deleted that the operation did not make: each thing, its id, account, region.

A terminal is asked; elsewhere `--yes` says it. A protected name is confirmed by `--yes-delete NAME` alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from engine.cli.options import Options
from engine.cli.output import terminal
from engine.cli.protection import Policy
from engine.errors import EnvironmentProblem, RunbookError, UsageError
from engine.language.model import Runbook
from engine.runtime.observer import PlannedRemoval


class Confirming:
    """Called with what is meant; False where a person says no. UsageError where nobody can be asked."""

    def __init__(self, options: Options, runbook: Runbook, clients: Callable[..., Any]) -> None:
        self._options = options
        self._runbook = runbook
        self._clients = clients

    def __call__(self, meant: list[PlannedRemoval]) -> bool:
        for one in meant:
            if one.target.id is None:
                self._say(f"{one.step}: there is no {one.kind} {one.target.name} in {one.target.region} to delete")
        there = [one for one in meant if one.target.id is not None]
        if not there:
            return True
        told = [f"{one.step} deletes {self._thing(one)}" for one in there]
        self._must_be_named(there)
        for line in told:
            self._say(line)
        if self._options.yes or all(one.target.name in self._options.yes_delete for one in there):
            return True
        if not self._can_ask():
            message = "not confirmed, and nothing was begun: " + "; ".join(told) + ". To confirm it, add --yes"
            raise UsageError(message)
        return asked("Delete it?" if len(there) == 1 else "Delete them?")

    def _must_be_named(self, there: list[PlannedRemoval]) -> None:
        policy = Policy(protected=self._options.protected, allowed=self._options.yes_delete)
        guarded = [one for one in there if policy.pattern_for(one.target.name)]
        if guarded:
            words = " ".join(f"--yes-delete {one.target.name}" for one in guarded)
            things = "; ".join(self._thing(one) for one in guarded)
            pattern = policy.pattern_for(guarded[0].target.name)
            message = f"nothing was begun: {things} matches the protected pattern {pattern}. To delete it, add {words}"
            raise UsageError(message)

    def _thing(self, one: PlannedRemoval) -> str:
        target = one.target
        where = f"account {self._account(one)}, region {target.region or 'of your settings'}"
        return f"{one.kind} {target.name} (id {target.id}, {where})"

    def _account(self, one: PlannedRemoval) -> str:
        named = self._runbook.accounts.get(one.target.account or "")
        if named is not None:
            return f"{named.id} ({named.name})"
        try:
            reply = self._clients("sts", one.target.region or None, None).get_caller_identity()
        except RunbookError as error:
            message = f"the account cannot be told: {error}"
            raise EnvironmentProblem(message) from error
        except Exception as error:  # of botocore, which is not imported here
            message = f"the account cannot be told: {type(error).__name__}"
            raise EnvironmentProblem(message) from error
        return str(reply["Account"])

    def _can_ask(self) -> bool:
        here = terminal.is_terminal(sys.stdin) and terminal.is_terminal(sys.stderr)
        return here and not self._options.no_input

    def _say(self, text: str) -> None:
        if not (self._options.quiet and self._options.yes):
            terminal.err(terminal.clean(text))


def asked(question: str) -> bool:
    """Only `y` and `yes` are yes; the end of the input is no."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
