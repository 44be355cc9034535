"""Whose credentials an operation runs with: they are recorded when it begins, and compared before every drive.

With another account's credentials a look finds nothing, or somebody's namesake. So nothing else is sent before this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.errors import EnvironmentProblem, ExpressionError, UsageError
from engine.kernel import Operation
from engine.kernel.effect import Effect
from engine.kernel.operation import AccountIdentity
from engine.kernel.rendering import Names, rendered
from engine.language.model import Call, Check, Ensure, Notify, Remove, Runbook, Step
from engine.registry import Registry
from engine.runtime.preflight import Inspector

IDENTITY: Final = "sts.identity"
"""The kind that tells whose credentials they are. A registry without it records no accounts."""
NOTIFY: Final = "sns.publish"
OWN: Final = ""
"""The name of the runner's own account, which the runbook does not name."""


@dataclass(slots=True)
class AccountCheck:
    """Asks for each account once."""

    inspector: Inspector
    known: dict[str, AccountIdentity] = field(default_factory=dict)

    def identities(self, runbook: Runbook, operation: Operation) -> dict[str, AccountIdentity]:
        """The accounts that the runbook uses, by name; {} if it makes no call of AWS.

        EnvironmentProblem if one is not the account that the operation has recorded, or cannot be asked.
        """
        registry = self.inspector.performer.world.registry
        if registry.kind(IDENTITY) is None:
            return {}
        found = {}
        for name in sorted({one or OWN for one in _accounts_used(runbook, registry)}):
            if name not in self.known:
                self.known[name] = self._ask(runbook, operation, name)
            found[name] = self.known[name]
            recorded = operation.accounts.get(name)
            if recorded is not None and recorded != found[name]:
                raise EnvironmentProblem(_mismatch(operation, name, recorded, found[name]))
        return found

    def new(self, runbook: Runbook, operation: Operation) -> dict[str, AccountIdentity]:
        """Those that the operation has not recorded yet."""
        return {
            name: one for name, one in self.identities(runbook, operation).items() if name not in operation.accounts
        }

    def _ask(self, runbook: Runbook, operation: Operation, name: str) -> AccountIdentity:
        effect = Effect(
            verb="look", name=IDENTITY, key="", params={}, region=_region(runbook, operation), account=name or None
        )
        seen = self.inspector.look(runbook, operation, effect)
        return AccountIdentity(id=str(seen.attributes["account"]), partition=str(seen.attributes["arn"]).split(":")[1])


def check_region(runbook: Runbook, operation: Operation, registry: Registry) -> None:
    """UsageError if a kind of AWS has no region, before anything is recorded: it would hold at its first look."""
    if runbook.region or operation.region or registry.kind(IDENTITY) is None:
        return
    for step in runbook.index.values():
        if step.region or isinstance(step.body, (Call, Notify)) or not _calls(step, registry):
            continue  # of a generic call, the service may have no regions
        name = getattr(step.body, "kind", "")
        if name != IDENTITY and not name.startswith("aws."):
            message = (
                f"step {step.id} needs a region, and none is set. Set `region` in the runbook, or --region, "
                f"RUNBOOK_REGION or AWS_REGION"
            )
            raise UsageError(message)


def _mismatch(operation: Operation, name: str, recorded: AccountIdentity, now: AccountIdentity) -> str:
    whose = f"the account `{name}`" if name else "the AWS account"
    return (
        f"operation {operation.id} was begun in {_describe(recorded, now)}, and {whose} of these credentials is "
        f"{_describe(now, recorded)}. Nothing was sent; use credentials of {recorded.id}, for example with --profile"
    )


def _describe(one: AccountIdentity, other: AccountIdentity) -> str:
    return one.id if one.partition == other.partition else f"{one.id} (partition {one.partition})"


def _region(runbook: Runbook, operation: Operation) -> str:
    """Any region of the runbook will do: an account is the same in all of them."""
    names = Names(runbook, operation)
    for written in (runbook.region, operation.region, *(step.region for step in runbook.steps)):
        try:
            region = str(rendered(written, names) or "") if written else ""
        except ExpressionError:
            continue  # not known yet
        if region:
            return region
    return ""


def _accounts_used(runbook: Runbook, registry: Registry) -> Iterator[str | None]:
    """The names of the accounts in which the runbook makes calls; None: the runner's own."""
    for setting in runbook.settings.values():
        yield setting.account or runbook.account
    for step in runbook.index.values():
        if _calls(step, registry):
            yield step.account or runbook.account
    if runbook.notify is not None:
        yield runbook.account


def _calls(step: Step, registry: Registry) -> Mapping[str, Any]:
    """The calls of AWS that the step's kind or action can make."""
    match step.body:
        case Ensure(kind=name) | Remove(kind=name) | Check(kind=name):
            kind = registry.kind(name)
            return kind.calls if kind is not None else {}
        case Call(action=name):
            action = registry.action(name)
            return action.calls if action is not None else {}
        case Notify():
            return {NOTIFY: ()}
        case _:
            return {}
