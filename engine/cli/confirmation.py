"""Confirmation before anything is deleted that the operation did not create.

Each resource is listed with its id, account and region. A person on a terminal is asked; elsewhere `--yes` confirms.
A protected name is confirmed only by `--yes-delete NAME`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine.cli.options import Options
from engine.cli.output import terminal
from engine.errors import EnvironmentProblem, RunbookError, UsageError
from engine.kernel import Operation
from engine.kernel.operation import Entry
from engine.language.model import Runbook
from engine.language.nearest import did_you_mean
from engine.runtime.observer import PlannedRemoval
from engine.runtime.protection import ProtectionPolicy


def confirm_removals(
    options: Options, runbook: Runbook, clients: Callable[..., Any], removals: list[PlannedRemoval]
) -> bool:
    """Confirm what the runbook removes; False where a person says no.

    Raises UsageError where nobody can be asked, or a protected name is among them.
    """

    def say(text: str) -> None:
        if not (options.quiet and options.yes):
            terminal.err(terminal.escape(text))

    for one in removals:
        if one.target.id is None:
            say(f"{one.step}: nothing to delete: there is no {one.kind} {one.target.name} in {one.target.region}")
    existing = [(one, _describe(runbook, clients, one)) for one in removals if one.target.id is not None]
    _check_protection(options, [(one.target.name, text) for one, text in existing])
    lines = [f"{one.step} will delete {text}" for one, text in existing]
    for line in lines:
        say(line)
    if options.yes or all(one.target.name in options.yes_delete for one, _ in existing):
        return True
    if options.no_input or not terminal.can_prompt():
        raise UsageError(f"not confirmed; nothing was started: {'; '.join(lines)}. To confirm, add --yes")
    return terminal.confirm("Delete it?" if len(existing) == 1 else "Delete them?")


def _check_protection(options: Options, resources: list[tuple[str, str]]) -> None:
    """UsageError if a pattern protects one. `resources`: name and description of each."""
    policy = ProtectionPolicy(protected=options.protected, allowed=options.yes_delete)
    protected = [(name, text) for name, text in resources if policy.pattern_for(name)]
    if protected:
        pattern = policy.pattern_for(protected[0][0])
        raise UsageError(
            f"nothing was started: {'; '.join(text for _, text in protected)} matches the protected pattern {pattern}. "
            f"To allow its deletion, add {' '.join(f'--yes-delete {name}' for name, _ in protected)}"
        )


def _describe(runbook: Runbook, clients: Callable[..., Any], one: PlannedRemoval) -> str:
    """`rds.cluster orders (id …, account …, region …)`."""
    target = one.target
    account = runbook.accounts.get(target.account or "")
    if account is not None:
        where = f"{account.id} ({account.name})"
    else:
        try:
            where = clients("sts", target.region or None, None).get_caller_identity()["Account"]
        except RunbookError as error:
            raise EnvironmentProblem(f"cannot determine the AWS account: {error}") from error
        except Exception as error:  # botocore's, which is not imported here
            raise EnvironmentProblem(f"cannot determine the AWS account: {type(error).__name__}") from error
    region = target.region or "of your settings"
    return f"{one.kind} {target.name} (id {target.id}, account {where}, region {region})"


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
    name = next(iter(entry.identity.values()), "")
    return f"{entry.kind} {name} (id {entry.id or 'unknown'}, account {account}, region {entry.region})"
