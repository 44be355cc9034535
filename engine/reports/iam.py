"""The IAM permissions that a runbook needs, from what its kinds and actions declare: which action, on what, for which step.

What is known before the run, such as inputs, is filled in; `*` stands for the rest. Pure: the names of IAM come from the
registry and from the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, assert_never

from engine.errors import ExpressionError
from engine.kernel.operation import Operation
from engine.kernel.rendering import Names
from engine.language.expressions.budget import Budget, TooMuchWork
from engine.language.expressions.template import split_template
from engine.language.model import Call, Check, Ensure, Fail, Hold, Notify, Remove, Runbook, Step, TakeBack, Wait
from engine.registry import Action, Entitled, Registry, ResourceKind, Right
from engine.values import Resources, Value, changed

NOTIFY: Final = "sns.publish"
TAGS: Final = ("runbook:operation", "runbook:runbook", "runbook:step", "runbook:attempt", "runbook:store")
_OWN: Final = ("rds:", "dynamodb:", "ssm:", "secretsmanager:")
"""Services that know `aws:ResourceAccount` for each of their resources."""
_DELETING_VERBS: Final = ("replace", "delete")
_ROLE: Final = re.compile(r"(Role|RoleArn|RoleARN|roleArn|role_arn)$")
_PARTITIONS: Final = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))


class Permission(Value):
    """One permission on one resource. `account` is a name in the runbook; None: that of the current credentials."""

    action: str
    on: str
    account: str | None = None
    via: str = ""  # `rds.us-west-2.amazonaws.com`
    step: str = ""
    own: bool = False  # on resources of the account whose credentials are used, although its number is not known
    tags: tuple[str, ...] = ()  # the only keys of tags that it may set; empty: any


class IamNames(Resources):
    """How IAM names actions and settings. The caller provides it: this module knows no AWS service."""

    permissions: Callable[[str], tuple[str, ...]]  # of a call, such as `rds.DescribeDBClusters`
    is_read: Callable[[str, str], bool]  # of a service and an operation
    settings: Mapping[str, tuple[Right, ...]]
    resources: Callable[[str, Mapping[str, Any]], tuple[str, ...]]  # ARNs, of a call with its rendered parameters
    needed_besides: Callable[[str, Mapping[str, Any]], tuple[tuple[str, str], ...]]  # actions and their ARNs


@dataclass(slots=True, kw_only=True)
class RunbookContext:
    """A runbook, and what is known before it runs."""

    runbook: Runbook
    registry: Registry
    iam: IamNames
    inputs: Mapping[str, Any] = field(default_factory=dict)
    region: str = ""
    budget: Budget = field(default_factory=Budget)

    @property
    def names(self) -> Names:
        """The names that expressions can use before the run."""
        return Names(self.runbook, Operation(
            id="*", runbook=self.runbook.name, digest="", started=0.0, region=self.region, inputs=self.inputs
        ), budget=self.budget)  # fmt: skip

    def text(self, written: Any) -> str:
        """The rendered text, with `*` for everything that is known only during the run."""
        if not isinstance(written, str):
            return "*" if written is None else str(written)
        text = "".join(part if isinstance(part, str) else self._value(part[0]) for part in split_template(written))
        return re.sub(r"\*+", "*", text)

    def _value(self, expression: str) -> str:
        from engine.language.expressions.evaluation import evaluate

        if expression in self.runbook.vars:
            return self.text(self.runbook.vars[expression])
        if re.search(r"\boperation\b", expression):
            return "*"
        try:
            value = evaluate(expression, self.names)
        except TooMuchWork:
            raise
        except ExpressionError:
            return "*"
        return value if isinstance(value, str) and value else "*"


def required_permissions(context: RunbookContext) -> list[Permission]:
    """All permissions, each once, ordered by account and action."""
    found: list[Permission] = []
    for step in context.runbook.index.values():
        found += _permissions_of_step(context, step)
    found += _permissions_of_settings(context)
    found += [
        Permission(action="sts:AssumeRole", on=account.role_arn, step="accounts")
        for account in context.runbook.accounts.values()
        if account.role_arn is not None
    ]
    return sorted(dict.fromkeys(found), key=lambda one: (one.account or "", one.action, one.on, one.step))


def _permissions_of_step(context: RunbookContext, step: Step) -> Iterator[Permission]:
    body = step.body
    match body:
        case Check():
            yield from _permissions_of_kind(context, step, body.kind, body.params, {"look"})
        case Ensure():
            going = body.undo == "delete" or any(row.verb in _DELETING_VERBS for row in body.states)
            verbs = {"look", "create", "delete"} if going else {"look", "create"}
            yield from _permissions_of_kind(context, step, body.kind, body.params, verbs)
        case Remove():
            yield from _permissions_of_kind(context, step, body.kind, body.params, {"look", "delete"})
        case Call():
            yield from _permissions_of_action(context, step, body.action, body.params)
        case Notify():
            topic = body.topic if body.topic is not None else context.runbook.notify
            yield from _permissions_of_action(context, step, NOTIFY, {"topic": topic})
        case TakeBack() | Wait() | Hold() | Fail():
            return
        case _:
            assert_never(body)


def _permissions_of_kind(
    context: RunbookContext, step: Step, name: str, params: Mapping[str, Any], verbs: set[str]
) -> Iterator[Permission]:
    kind = context.registry.kind(name)
    for right in _rights(kind, context.iam) if kind is not None else ():
        if right.verb in verbs:
            yield from _permissions_of_right(context, step, right, params)


def _rights(kind: ResourceKind, iam: IamNames) -> Iterable[Right]:
    """The rights that the kind declares, or else those of its calls: reads are for looks, others to create and delete."""
    if isinstance(kind, Entitled):
        return kind.rights
    return [right for call in kind.calls for right in _rights_of_call(call, iam)]


def _rights_of_call(call: str, iam: IamNames) -> Iterator[Right]:
    service, _, operation = call.partition(".")
    for action in iam.permissions(call):
        if iam.is_read(service, operation):
            yield Right(action=action, verb="look")
        else:
            yield Right(action=action, verb="create")
            yield Right(action=action, verb="delete")


def _permissions_of_action(
    context: RunbookContext, step: Step, name: str, params: Mapping[str, Any]
) -> Iterator[Permission]:
    action = context.registry.action(name)
    if action is None:
        return
    rights = action.rights or tuple(_rights_of_action(context, action, params))
    for right in rights:
        yield from _permissions_of_right(context, step, right, params)
    for role in _roles(params):
        yield Permission(
            action="iam:PassRole", on=_arn(context.text(role)), account=_account(context, step), step=step.id
        )


def _rights_of_action(context: RunbookContext, action: Action, params: Mapping[str, Any]) -> Iterator[Right]:
    """The rights of an action that declares none, from its calls."""
    known = {name: _texts(context, value) for name, value in params.items() if value is not None}
    for call in action.calls:
        for name in context.iam.permissions(call):
            yield Right(action=name, verb="call", on=context.iam.resources(call, known))
        for name, arn in context.iam.needed_besides(call, known):
            yield Right(action=name, verb="call", on=(arn,))


def _texts(context: RunbookContext, value: Any) -> Any:
    return [context.text(one) for one in value] if isinstance(value, (list, tuple)) else context.text(value)


def _roles(params: Any) -> Iterator[Any]:
    """The roles that a call passes on: parameters with such a name, at any depth."""
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


def _account(context: RunbookContext, step: Step) -> str | None:
    return step.account or context.runbook.account


def _permissions_of_right(
    context: RunbookContext, step: Step, right: Right, params: Mapping[str, Any]
) -> Iterator[Permission]:
    if right.only_with and params.get(right.only_with) is None:
        return
    region = context.text(step.region if step.region is not None else context.runbook.region or context.region or None)
    values = {key: _name_in_arn(context.text(value)) for key, value in params.items() if isinstance(value, str)}
    yield from permissions_for(context.runbook, right, region, _account(context, step), values, step.id)


def permissions_for(
    runbook: Runbook, right: Right, region: str, account: str | None, values: Mapping[str, str], step: str
) -> Iterator[Permission]:
    """The permissions of a right, one for each of its ARNs, in a region and an account."""
    known = runbook.accounts.get(account or "")
    partition = next((name for start, name in _PARTITIONS if region.startswith(start)), "aws")
    fields = {**values, "region": region, "partition": partition, "account": known.id if known is not None else "*"}
    service = right.via if "." in right.via or not right.via else f"{right.via}.{region}"
    via = f"{service}.amazonaws.com" if service else ""
    tags = (*TAGS, *runbook.tags) if right.tags else ()

    def filled(arn: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: fields.get(found[1], "*"), arn)

    for arn in right.on:
        on = filled(arn)
        own = known is None and "{account}" in arn and right.action.startswith(_OWN)
        yield Permission(
            action=right.action, on=filled(right.unknown) if on == "*" else on, account=account, via=via, step=step,
            own=own, tags=tags,
        )  # fmt: skip


def _written_arn(kind: str, name: str) -> str:
    """The ARN where a setting is written as one; "" for a name. A secret's ARN may lack the six characters at its end."""
    if not name.startswith("arn:"):
        return ""
    return name + "-??????" if kind == "secret" and not re.search(r"-[A-Za-z0-9]{6}$", name) else name


def _name_in_arn(text: str) -> str:
    """The name in an ARN of RDS, which has seven fields; other texts unchanged."""
    fields = text.split(":", 6)
    return fields[6] if text.startswith("arn:") and len(fields) > 6 else text


def _permissions_of_settings(context: RunbookContext) -> Iterator[Permission]:
    for setting in context.runbook.settings.values():
        kind, _, path = context.text(setting.source).partition(":")
        region = context.text(setting.region or context.runbook.region or context.region or None)
        account = setting.account or context.runbook.account
        for right in context.iam.settings.get(kind, ()):
            name = path.partition("#")[0].lstrip("/")
            written = _written_arn(kind, name)
            own = changed(right, on=(written,)) if written and not right.via else right
            yield from permissions_for(
                context.runbook, own, region, account, {"path": name}, f"settings.{setting.name}"
            )
