"""Confirmation before anything is deleted that the operation did not create.

Each resource is listed with its id, account and region. A person on a terminal is asked; elsewhere `--yes` confirms what
is known before the operation starts. A protected name is confirmed only by `--yes-delete NAME`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from engine.cli.options import Options
from engine.cli.output import terminal
from engine.errors import EnvironmentProblem, RunbookError, UsageError
from engine.kernel import Operation
from engine.kernel.effect import Deletion
from engine.kernel.operation import Entry
from engine.kernel.protected_names import forms_of, protected_names
from engine.kernel.queries import describe, name_of
from engine.language.model import Runbook
from engine.language.nearest import did_you_mean
from engine.runtime.driver import Interrupted
from engine.runtime.observer import PlannedRemoval
from engine.runtime.protection import ProtectionPolicy

Clients = Callable[..., Any]


@dataclass(slots=True)
class Confirmer:
    """Asks a person about deletions of one operation's runbook."""

    options: Options
    runbook: Runbook
    clients: Clients
    pause: Callable[[], None]  # the live table, while a person is asked
    accounts: dict[tuple[str, str | None], str] = field(default_factory=dict)

    def before_start(self, removals: list[PlannedRemoval]) -> bool:
        """Confirm what the runbook removes.

        Raises UsageError, with the list of what is not confirmed, where a person says no or nobody can be asked, or a
        protected name is among them.
        """
        for one in removals:
            if one.target.id is None:
                there = f"there is no {one.kind} {one.target.name} in {one.target.region}"
                self._say(f"{self._step(one.deletion)}: nothing to delete: {there}")
        deletions = [one.deletion for one in removals if one.target.id is not None]
        protected = [one for one in deletions if self._protected(one)]
        if protected:
            texts = "; ".join(self._describe(one) for one in protected)
            raise self._refusal(f"nothing was started: {texts} {self._why_protected(protected)}", deletions)
        lines = [self._line(one) for one in deletions]
        for line in lines:
            self._say(line)
        if self.options.yes or all(self._is_allowed(one) for one in deletions):
            return True
        if self.options.no_input or not terminal.can_prompt():
            raise self._refusal(
                f"not confirmed; nothing was started: {'; '.join(lines)}. To confirm, add --yes", deletions
            )
        if not terminal.confirm(_question(deletions)):
            raise self._refusal("not confirmed, so the operation was not started", deletions)
        return True

    def late(self, operation: Operation, deletions: tuple[Deletion, ...]) -> bool:
        """Ask about what has become known only now. False where nobody can be asked, or a protected name is among it."""
        if self.options.no_input or not terminal.can_prompt():
            return False
        self.pause()
        for one in deletions:
            terminal.err(terminal.escape(self._line(one)))
        protected = [one for one in deletions if self._protected(one)]
        if protected:
            terminal.err(terminal.escape(f"{', '.join(one.id for one in protected)} {self._why_protected(protected)}"))
            return False
        try:
            return terminal.confirm(_question(deletions))
        except KeyboardInterrupt:
            raise Interrupted(130) from None  # the operation is recorded, and can be resumed

    def _say(self, text: str) -> None:
        if not (self.options.quiet and self.options.yes):
            terminal.err(terminal.escape(text))

    def _protected(self, deletion: Deletion) -> list[str]:
        return protected_names(deletion, self.options.protected, self.options.yes_delete)

    def _why_protected(self, deletions: list[Deletion]) -> str:
        names = list(dict.fromkeys(name for one in deletions for name in self._protected(one)))
        pattern = ProtectionPolicy(protected=self.options.protected).pattern_for(names[0])
        allow = " ".join(f"--yes-delete {name}" for name in names)
        return f"matches the protected pattern {pattern}. To allow its deletion, add {allow}"

    def _is_allowed(self, deletion: Deletion) -> bool:
        """Has it been named with `--yes-delete`?"""
        return any(form in self.options.yes_delete for form in (deletion.name, *forms_of(deletion.name)))

    def _refusal(self, message: str, deletions: list[Deletion]) -> UsageError:
        unconfirmed: list[dict[str, object]] = [
            {
                "step": self._step(one), "kind": one.kind, "name": one.name, "id": one.id, "account": one.account,
                "account_id": self._account_id(one), "region": one.region, "protected": bool(self._protected(one)),
            }
            for one in deletions
        ]  # fmt: skip
        return UsageError(message, unconfirmed=unconfirmed)

    # -- texts ------------------------------------------------------------------------------------------------

    def _line(self, one: Deletion) -> str:
        """`delete-rds will delete rds.cluster orders (id …, account …, region …)`."""
        verb = "switch the protection off of" if one.unprotects else "delete"
        return f"{self._step(one)} will {verb} {self._describe(one)}"

    def _step(self, one: Deletion) -> str:
        """The step's key; `restore > remove rds.instance` for one without id in a row or a rescue."""
        path, bracket, items = one.step.partition("[")
        step = self.runbook.index.get(path)
        if step is None:
            return one.step
        head, number, *_ = path.split("/")
        outer = self.runbook.steps[int(number)].id if head == "steps" else head
        return f"{outer} > {describe(step)}{bracket}{items}"

    def _describe(self, one: Deletion) -> str:
        account = self._account_id(one) + (f" ({one.account})" if one.account else "")
        where = f"account {account}, region {one.region or 'of your settings'}"
        if one.kind.startswith("aws."):
            return f"{one.id} (by {one.kind}, {where})"
        return f"{one.kind} {one.name} (id {one.id}, {where})"

    def _account_id(self, one: Deletion) -> str:
        """The account's number; EnvironmentProblem if it cannot be determined."""
        account = self.runbook.accounts.get(one.account or "")
        if account is not None:
            return account.id
        key = one.region, one.account
        if key not in self.accounts:
            try:
                identity = self.clients("sts", one.region or None, None).get_caller_identity()
            except RunbookError as error:
                raise EnvironmentProblem(f"cannot determine the AWS account: {error}") from error
            except Exception as error:  # botocore's, which is not imported here
                raise EnvironmentProblem(f"cannot determine the AWS account: {type(error).__name__}") from error
            self.accounts[key] = str(identity["Account"])
        return self.accounts[key]


def _question(deletions: Iterable[Deletion]) -> str:
    ones = list(deletions)
    it = "it" if len(ones) == 1 else "them"
    return f"Delete {it}?" if any(not one.unprotects for one in ones) or not ones else "Switch the protection off?"


def confirm_past(options: Options, runbook: Runbook, operation: Operation, steps: Iterable[str]) -> tuple[str, ...]:
    """Check and confirm `--past`, which deletes live data. What else an undo takes needs no confirmation.

    Returns the steps. UsageError unless each is a point of no return of the runbook, and without a yes.
    """
    past = tuple(steps)
    points = [step.id for step in runbook.steps if step.irreversible]
    for step in past:
        if step not in points:
            raise UsageError(f"--past {step}: not a point of no return of {runbook.name}; {did_you_mean(step, points)}")
    live = [entry for entry in operation.ledger if entry.live and entry.state in ("open", "kept", "stuck")]
    if past and live:
        option = f"(--past {' '.join(past)})"
        resources = [f"{describe_entry(entry)} and the data written to it {option}" for entry in live]
        confirm_deletion(options, resources, nothing="nothing was done")
    return past


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
    if entry.kind == "call":
        return f"what {entry.step} did ({name_of(entry)}, account {account}, region {entry.region})"
    return f"{entry.kind} {name_of(entry)} (id {entry.id or 'unknown'}, account {account}, region {entry.region})"
