"""IAM policies of a runbook: built from its permissions, and printed with hints about what they cannot express."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from engine.cli.options import Options
from engine.cli.output import terminal
from engine.language.model import Call, Runbook
from engine.reports.iam import Permission
from engine.values import Value

CREATE_GRANT: Final = "kms:CreateGrant"
MAX_POLICY: Final = 6144
"""Characters of a managed policy, white space not counted (IAM User Guide, IAM and STS quotas)."""


def print_policies(
    options: Options,
    runbook: Runbook,
    permissions: list[Permission],
    accounts: list[str | None],
    inputs: dict[str, Any],
) -> None:
    """Print the policy of each account on stdout, and hints on stderr."""
    policies = {name: build_policy(one for one in permissions if one.account == name) for name in accounts}
    lines: list[str] = []
    for name, policy in policies.items():
        lines += [terminal.escape(_title(runbook, name))] if len(accounts) > 1 else []
        lines.append(json.dumps(policy, indent=2))
    terminal.out_document(_document(runbook, permissions, policies), lines, as_json=options.as_json)
    if not options.quiet:
        for line in _hints(runbook, permissions, policies, inputs):
            terminal.err(terminal.escape(line))


# -- the policy ------------------------------------------------------------------------------------------------


def build_policy(permissions: Iterable[Permission]) -> dict[str, Any]:
    """A policy document. Actions on the same resources under the same condition share a statement."""
    resources: dict[_Limits, set[str]] = {}
    services: dict[_Limits, set[str]] = {}
    for one in permissions:
        key = _Limits(action=one.action, service=one.via.partition(".")[0], own=one.own, tags=one.tags)
        resources.setdefault(key, set()).add(one.on)
        services.setdefault(key, set()).add(one.via)
    groups: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for limits, on in resources.items():
        via = tuple(sorted(services[limits])) if limits.service else ()
        arns = ("*",) if "*" in on else tuple(sorted(on))
        groups.setdefault((arns, json.dumps(_condition(limits, via))), []).append(limits.action)
    statements = [_statement(actions, arns, json.loads(condition)) for (arns, condition), actions in groups.items()]
    return {"Version": "2012-10-17", "Statement": sorted(statements, key=_order)}


def _order(statement: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    return statement["Action"], list(statement["Resource"])


def _statement(actions: list[str], arns: tuple[str, ...], condition: Mapping[str, Any]) -> dict[str, Any]:
    allowed = {
        "Effect": "Allow", "Action": sorted(set(actions)), "Resource": "*" if arns == ("*",) else list(arns)
    }  # fmt: skip
    return allowed | ({"Condition": condition} if condition else {})


class _Limits(Value):
    """An action, the service that it is used through, and what else limits it."""

    action: str
    service: str
    own: bool
    tags: tuple[str, ...]


def _condition(limits: _Limits, via: tuple[str, ...]) -> dict[str, Any]:
    """Only through these services; a grant only for AWS resources; only the caller's account; only these keys of tags."""
    condition: dict[str, dict[str, Any]] = {}
    if via:
        operator = "StringLike" if any("*" in one for one in via) else "StringEquals"
        condition[operator] = {"kms:ViaService": list(via)}
    if via and limits.action == CREATE_GRANT:
        condition["Bool"] = {"kms:GrantIsForAWSResource": "true"}
    if limits.own:
        condition["StringEquals"] = {"aws:ResourceAccount": "${aws:PrincipalAccount}"}
    if limits.tags:
        condition["ForAllValues:StringEquals"] = {"aws:TagKeys": list(limits.tags)}
    return condition


# -- output ----------------------------------------------------------------------------------------------------


def _title(runbook: Runbook, name: str | None) -> str:
    account = runbook.accounts.get(name or "")
    if account is None:
        return "# the account you run it from"
    return f"# {account.name} ({account.id})" + (f", {account.role_arn}" if account.role_arn else "")


def _document(
    runbook: Runbook, permissions: list[Permission], policies: Mapping[str | None, Any]
) -> dict[str, Any]:  # fmt: skip
    rows = []
    for name, policy in policies.items():
        account = runbook.accounts.get(name or "")
        why: dict[str, dict[str, None]] = {}  # the steps that need an action, in their order
        for one in permissions:
            if one.account == name:
                why.setdefault(one.action, {})[one.step] = None
        rows.append({
            "account": name, "account_id": account.id if account is not None else None,
            "role_arn": account.role_arn if account is not None else None, "policy": policy,
            "why": {action: list(steps) for action, steps in sorted(why.items())},
        })  # fmt: skip
    return {"runbook": runbook.name, "policies": rows}


def _hints(
    runbook: Runbook, permissions: list[Permission], policies: Mapping[str | None, Any], inputs: dict[str, Any]
) -> Iterator[str]:  # fmt: skip
    if inputs:
        values = ", ".join(f"{name}={value}" for name, value in inputs.items())
        yield f"for the inputs {values}; -i NAME=VALUE changes them"
    if any(one.via for one in permissions):
        yield (
            "the key policy of each KMS key must allow these kms actions too; "
            "if you have no customer managed keys, remove the kms statements"
        )
    everywhere = {one.step for one in permissions if one.on == "*"}
    for step in runbook.index.values():
        if isinstance(step.body, Call) and step.body.action.startswith("aws.") and step.id in everywhere:
            yield (
                f"{step.id}: the action is named after the API call and allowed on all resources; "
                "AWS's Service Authorization Reference says how to narrow it"
            )
    for name, policy in policies.items():
        size = len(json.dumps(policy, separators=(",", ":")))
        if size > MAX_POLICY:
            yield f"{_title(runbook, name)}: {size} characters; a managed policy has at most {MAX_POLICY}, so split it"
