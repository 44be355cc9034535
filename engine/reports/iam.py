"""What IAM must allow for a runbook, from what its kinds and actions declare: which permission, on what, for which step.

Names that only a run knows are `*`; what inputs say is put in its place. Pure; the words of IAM come from the registry
and from whoever asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.errors import ExpressionError
from engine.kernel.operation import Operation
from engine.kernel.rendering import Names
from engine.language.expressions.template import split_template
from engine.language.model import Call, Check, Ensure, Notify, Remove, Runbook, Step
from engine.registry import Entitled, Registry, ResourceKind, Right
from engine.values import Resources, Value

READS: Final = ("Describe", "Get", "List", "Head")
NOTIFY: Final = "sns.publish"
_REMOVING: Final = ("replace", "delete")
_ROLE: Final = re.compile(r"(Role|RoleArn|RoleARN|roleArn|role_arn)$")
_PARTITIONS: Final = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))


class Need(Value):
    """One permission on one kind of thing. `account` is a name of the runbook's; None: whoever runs it."""

    action: str
    on: str
    account: str | None = None
    via: str = ""  # `rds.us-west-2.amazonaws.com`
    step: str = ""


class Words(Resources):
    """How IAM names things: of the actions, for this module knows none."""

    permission: Callable[[str], str]
    settings: Mapping[str, tuple[Right, ...]]


@dataclass(slots=True, kw_only=True)
class Asked:
    """A runbook with what is known before it runs."""

    runbook: Runbook
    registry: Registry
    words: Words
    inputs: Mapping[str, Any] = field(default_factory=dict)
    region: str = ""

    @property
    def names(self) -> Names:
        """What an expression may name before anything has run."""
        return Names(self.runbook, Operation(
            id="*", runbook=self.runbook.name, digest="", started=0.0, region=self.region, inputs=self.inputs
        ))  # fmt: skip

    def text(self, written: Any) -> str:
        """As it will be, with `*` for what only a run knows."""
        if not isinstance(written, str):
            return "*" if written is None else str(written)
        told = "".join(part if isinstance(part, str) else self._value(part[0]) for part in split_template(written))
        return re.sub(r"\*+", "*", told)

    def _value(self, expression: str) -> str:
        from engine.language.expressions.evaluation import evaluate

        if expression in self.runbook.vars:
            return self.text(self.runbook.vars[expression])
        if re.search(r"\boperation\b", expression):
            return "*"
        try:
            value = evaluate(expression, self.names)
        except ExpressionError:
            return "*"
        return value if isinstance(value, str) and value else "*"


def needs(asked: Asked) -> list[Need]:
    """All of them, each once, by account and name."""
    found: list[Need] = []
    for step in asked.runbook.index.values():
        found += _of_step(asked, step)
    found += _of_settings(asked)
    found += [
        Need(action="sts:AssumeRole", on=account.role_arn, step="accounts")
        for account in asked.runbook.accounts.values()
        if account.role_arn is not None
    ]
    return sorted(dict.fromkeys(found), key=lambda one: (one.account or "", one.action, one.on, one.step))


def _of_step(asked: Asked, step: Step) -> Iterator[Need]:
    body = step.body
    match body:
        case Check():
            yield from _of_kind(asked, step, body.kind, body.params, {"look"})
        case Ensure():
            going = body.undo == "delete" or any(row.verb in _REMOVING for row in body.states)
            verbs = {"look", "create", "delete"} if going else {"look", "create"}
            yield from _of_kind(asked, step, body.kind, body.params, verbs)
        case Remove():
            yield from _of_kind(asked, step, body.kind, body.params, {"look", "delete"})
        case Call():
            yield from _of_action(asked, step, body.action, body.params)
        case Notify():
            topic = body.topic if body.topic is not None else asked.runbook.notify
            yield from _of_action(asked, step, NOTIFY, {"topic": topic})
        case _:
            return


def _of_kind(asked: Asked, step: Step, name: str, params: Mapping[str, Any], verbs: set[str]) -> Iterator[Need]:
    kind = asked.registry.kind(name)
    for right in _rights(kind, asked.words) if kind is not None else ():
        if right.verb in verbs:
            yield from _each(asked, step, right, params)


def _rights(kind: ResourceKind, words: Words) -> Iterable[Right]:
    """Its own; of one that does not say, its calls: reads are for looking, the others for whatever it does."""
    if isinstance(kind, Entitled):
        return kind.rights
    return [right for call in kind.calls for right in _of_call(call, words)]


def _of_call(call: str, words: Words) -> Iterator[Right]:
    action = words.permission(call)
    if not action:
        return
    if call.partition(".")[2].startswith(READS):
        yield Right(action=action, verb="look")
    else:
        yield Right(action=action, verb="create")
        yield Right(action=action, verb="delete")


def _of_action(asked: Asked, step: Step, name: str, params: Mapping[str, Any]) -> Iterator[Need]:
    action = asked.registry.action(name)
    if action is None:
        return
    called = [asked.words.permission(call) for call in action.calls]
    rights = action.rights or tuple(Right(action=one, verb="call") for one in called if one)
    for right in rights:
        yield from _each(asked, step, right, params)
    for role in _roles(params):
        yield Need(action="iam:PassRole", on=_arn(asked.text(role)), account=_account(asked, step), step=step.id)


def _roles(params: Any) -> Iterator[Any]:
    """Roles that a call hands on: parameters named so, however deep."""
    if isinstance(params, Mapping):
        for key, value in params.items():
            if _ROLE.search(str(key)) and isinstance(value, str):
                yield value
            yield from _roles(value)
    elif isinstance(params, (list, tuple)):
        for value in params:
            yield from _roles(value)


def _arn(text: str) -> str:
    return text if text.startswith("arn:") else "arn:aws:iam::*:role/" + text.rpartition("/")[2]


# -- where ---------------------------------------------------------------------------------------------------


def _account(asked: Asked, step: Step) -> str | None:
    return step.account or asked.runbook.account


def _each(asked: Asked, step: Step, right: Right, params: Mapping[str, Any]) -> Iterator[Need]:
    if right.only_with and params.get(right.only_with) is None:
        return
    region = asked.text(step.region if step.region is not None else asked.runbook.region or asked.region or None)
    values = {key: _short(asked.text(value)) for key, value in params.items() if isinstance(value, str)}
    yield from needed(asked.runbook, right, region, _account(asked, step), values, step.id)


def needed(
    runbook: Runbook, right: Right, region: str, account: str | None, values: Mapping[str, str], step: str
) -> Iterator[Need]:
    """A right at its place, on each of its things."""
    known = runbook.accounts.get(account or "")
    partition = next((name for start, name in _PARTITIONS if region.startswith(start)), "aws")
    words = {**values, "region": region, "partition": partition, "account": known.id if known is not None else "*"}
    service = right.via if "." in right.via or not right.via else f"{right.via}.{region}"
    via = f"{service}.amazonaws.com" if service else ""
    for arn in right.on:
        on = re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], "*"), arn)
        yield Need(action=right.action, on=on, account=account, via=via, step=step)


def _short(text: str) -> str:
    """The name in an ARN of RDS, which has seven fields; any other text as it is."""
    fields = text.split(":", 6)
    return fields[6] if text.startswith("arn:") and len(fields) > 6 else text


def _of_settings(asked: Asked) -> Iterator[Need]:
    for setting in asked.runbook.settings.values():
        kind, _, path = asked.text(setting.source).partition(":")
        region = asked.text(setting.region or asked.runbook.region or asked.region or None)
        account = setting.account or asked.runbook.account
        for right in asked.words.settings.get(kind, ()):
            values = {"path": path.partition("#")[0].lstrip("/")}
            yield from needed(asked.runbook, right, region, account, values, f"settings.{setting.name}")
