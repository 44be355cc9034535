"""Confirmation before anything is deleted that the operation did not create.

Each resource is listed with its id, account and region. A person on a terminal is asked; elsewhere `--yes` confirms.
A protected name is confirmed only by `--yes-delete NAME`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.cli.options import Options
from engine.cli.output import terminal
from engine.errors import EnvironmentProblem, RunbookError, UsageError
from engine.kernel import Operation
from engine.kernel.operation import Entry
from engine.language.model import Runbook
from engine.runtime.observer import PlannedRemoval
from engine.runtime.protection import ProtectionPolicy


class DeletionConfirmation:
    """Called with the resources that the runbook removes; False where a person says no.

    Raises UsageError where nobody can be asked, or a protected name is among them.
    """

    def __init__(self, options: Options, runbook: Runbook, clients: Callable[..., Any]) -> None:
        self._options = options
        self._runbook = runbook
        self._clients = clients

    def __call__(self, removals: list[PlannedRemoval]) -> bool:
        for one in removals:
            if one.target.id is None:
                self._say(
                    f"{one.step}: nothing to delete: there is no {one.kind} {one.target.name} in {one.target.region}"
                )
        existing = [one for one in removals if one.target.id is not None]
        if not existing:
            return True
        lines = [f"{one.step} will delete {self._describe(one)}" for one in existing]
        self._check_protection(existing)
        for line in lines:
            self._say(line)
        if self._options.yes or all(one.target.name in self._options.yes_delete for one in existing):
            return True
        if self._options.no_input or not terminal.can_prompt():
            raise UsageError(f"not confirmed; nothing was started: {'; '.join(lines)}. To confirm, add --yes")
        return terminal.confirm("Delete it?" if len(existing) == 1 else "Delete them?")

    def _check_protection(self, existing: list[PlannedRemoval]) -> None:
        policy = ProtectionPolicy(protected=self._options.protected, allowed=self._options.yes_delete)
        protected = [one for one in existing if policy.pattern_for(one.target.name)]
        if protected:
            options = " ".join(f"--yes-delete {one.target.name}" for one in protected)
            resources = "; ".join(self._describe(one) for one in protected)
            pattern = policy.pattern_for(protected[0].target.name)
            raise UsageError(
                f"nothing was started: {resources} matches the protected pattern {pattern}. "
                f"To allow its deletion, add {options}"
            )

    def _describe(self, one: PlannedRemoval) -> str:
        target = one.target
        where = f"account {self._account(one)}, region {target.region or 'of your settings'}"
        return f"{one.kind} {target.name} (id {target.id}, {where})"

    def _account(self, one: PlannedRemoval) -> str:
        account = self._runbook.accounts.get(one.target.account or "")
        if account is not None:
            return f"{account.id} ({account.name})"
        try:
            reply = self._clients("sts", one.target.region or None, None).get_caller_identity()
        except RunbookError as error:
            raise EnvironmentProblem(f"cannot determine the AWS account: {error}") from error
        except Exception as error:  # botocore's, which is not imported here
            raise EnvironmentProblem(f"cannot determine the AWS account: {type(error).__name__}") from error
        return str(reply["Account"])

    def _say(self, text: str) -> None:
        if not (self._options.quiet and self._options.yes):
            terminal.err(terminal.escape(text))


def confirm_past(options: Options, operation: Operation, points: tuple[str, ...]) -> None:
    """Confirm `--past`, which deletes live data. What else an undo takes needs no confirmation. Raises UsageError."""
    live = [entry for entry in operation.ledger if entry.live and entry.state in ("open", "kept", "stuck")]
    if not points or not live:
        return
    past = f"(--past {' '.join(points)})"
    resources = [f"{describe_entry(entry)} and the data written to it {past}" for entry in live]
    confirm_deletion(options, resources, nothing="nothing was done")


def confirm_deletion(options: Options, resources: list[str], *, nothing: str) -> None:
    """Show the resources and ask. Raises UsageError without a yes; `nothing` says what was not done."""
    if options.yes:
        return
    if options.no_input or not terminal.can_prompt():
        raise UsageError(f"not confirmed; {nothing}: {'; '.join(resources)}. To confirm, add --yes")
    for one in resources:
        terminal.err(terminal.escape(f"will delete {one}"))
    if not terminal.confirm("Delete it?" if len(resources) == 1 else "Delete them?"):
        raise UsageError(f"not confirmed; {nothing}")


def describe_entry(entry: Entry) -> str:
    """`rds.cluster orders (id …, account …, region …)`."""
    account = entry.account or "of your credentials"
    name = next(iter(entry.identity.values()), "")
    return f"{entry.kind} {name} (id {entry.id or 'unknown'}, account {account}, region {entry.region})"
