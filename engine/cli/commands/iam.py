"""iam: the least-privilege policy of a runbook, for each account that it works in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final

import typer

from actions import build_registry
from actions.aws.permissions import SETTINGS, TABLE, permission
from engine.cli.command_classes import Command
from engine.cli.context import default_region, place_of
from engine.cli.files import checked
from engine.cli.input_options import given, typed_inputs
from engine.cli.options import SHOWING, Options, taking
from engine.cli.output import terminal
from engine.errors import UsageError
from engine.language.model import Call, Runbook
from engine.language.nearest import did_you_mean
from engine.reports.iam import Asked, Need, Words, needed, needs
from engine.values import changed

app = typer.Typer(rich_markup_mode=None)
_ASKED: Final = ("store", "profile", "region")
OWN: Final = "own"
GRANT: Final = "kms:CreateGrant"
LARGEST: Final = 6144
"""Characters of a managed policy, without blanks (IAM, quotas)."""


@app.command("iam", cls=Command)
@taking(*_ASKED, *SHOWING)
def iam(
    options: Options,
    file: Annotated[str, typer.Argument(metavar="FILE", help="the runbook")],
    inputs: Annotated[list[str] | None, typer.Option("--input", "-i", metavar="NAME=VALUE", help="an input")] = None,
    inputs_file: Annotated[str | None, typer.Option("--inputs", metavar="FILE", help="inputs as YAML or JSON")] = None,
    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="of this account alone; `own`: of whoever runs it")
    ] = None,
) -> int:
    """The policy that IAM needs for a runbook: what its steps, settings and store take, for each account.

    It follows from what kinds and actions declare, without network and credentials. What only a run knows is `*` in it;
    -i narrows names and regions, and without it inputs have their defaults.
    """
    registry = build_registry()
    runbook = checked(file, registry, quiet=True)
    values = _values(runbook, given(inputs or [], inputs_file))
    words, region = Words(permission=permission, settings=SETTINGS), default_region(options)
    found = needs(Asked(runbook=runbook, registry=registry, words=words, inputs=values, region=region))
    kind, _, table = place_of(options, os.environ).partition(":")
    if kind == "dynamodb":
        for right in TABLE:
            found += needed(runbook, right, region or "*", None, {"table": table}, "store")
    accounts = _accounts(runbook, found, account)
    if options.as_json:
        terminal.document(_document(runbook, found, accounts))
    else:
        for name in accounts:
            if len(accounts) > 1:
                terminal.out(terminal.clean(_title(runbook, name)))
            terminal.out(json.dumps(policy(one for one in found if one.account == name), indent=2))
    if not options.quiet:
        for line in _hints(runbook, found, accounts, values):
            terminal.err(terminal.clean(line))
    return 0


def _values(runbook: Runbook, said: dict[str, Any]) -> dict[str, Any]:
    """What is said, and defaults: nothing is required here. UsageError for what cannot be."""
    if set(said) - set(runbook.inputs):
        return typed_inputs(runbook, said)
    known = {name: one for name, one in runbook.inputs.items() if name in said or not one.required}
    return typed_inputs(changed(runbook, inputs=known), said)


def _accounts(runbook: Runbook, found: list[Need], wanted: str | None) -> list[str | None]:
    """Whoever runs it first. UsageError for one that the runbook does not work in."""
    there = sorted({one.account for one in found}, key=lambda name: name or "")
    if wanted is None:
        return there or [None]
    chosen = None if wanted == OWN else wanted
    if chosen not in there:
        names = [name or OWN for name in there]
        message = f"--account {wanted}: {runbook.name} needs nothing there; {did_you_mean(wanted, names)}"
        raise UsageError(message)
    return [chosen]


# -- the policy ------------------------------------------------------------------------------------------------


def policy(found: Iterable[Need]) -> dict[str, Any]:
    """Statements: permissions that are on the same things, under the same condition, stand together."""
    things: dict[tuple[str, str], set[str]] = {}
    vias: dict[tuple[str, str], set[str]] = {}
    for one in found:
        key = one.action, one.via.partition(".")[0]
        things.setdefault(key, set()).add(one.on)
        vias.setdefault(key, set()).add(one.via)
    grouped: dict[tuple[tuple[str, ...], tuple[str, ...], bool], list[str]] = {}
    for (action, service), on in things.items():
        via = tuple(sorted(vias[action, service])) if service else ()
        where = ("*",) if "*" in on else tuple(sorted(on))
        grouped.setdefault((where, via, action == GRANT), []).append(action)
    statements = [
        {"Effect": "Allow", "Action": sorted(actions), "Resource": "*" if where == ("*",) else list(where)}
        | _condition(via, grant=grant)
        for (where, via, grant), actions in grouped.items()
    ]
    return {"Version": "2012-10-17", "Statement": sorted(statements, key=lambda one: one["Action"])}


def _condition(via: tuple[str, ...], *, grant: bool) -> dict[str, Any]:
    """Only through the service that needs it; and what AWS itself grants, to itself alone."""
    if not via:
        return {}
    operator = "StringLike" if any("*" in one for one in via) else "StringEquals"
    condition: dict[str, Any] = {operator: {"kms:ViaService": list(via)}}
    return {"Condition": condition | ({"Bool": {"kms:GrantIsForAWSResource": "true"}} if grant else {})}


# -- what is told ----------------------------------------------------------------------------------------------


def _title(runbook: Runbook, name: str | None) -> str:
    account = runbook.accounts.get(name or "")
    if account is None:
        return "# whoever runs it"
    return f"# {account.name} ({account.id})" + (f", {account.role_arn}" if account.role_arn else "")


def _document(runbook: Runbook, found: list[Need], accounts: list[str | None]) -> dict[str, Any]:
    policies = []
    for name in accounts:
        account = runbook.accounts.get(name or "")
        own = [one for one in found if one.account == name]
        why: dict[str, list[str]] = {}
        for one in own:
            steps = why.setdefault(one.action, [])
            steps += [one.step] if one.step not in steps else []
        policies.append({
            "account": name, "account_id": account.id if account is not None else None,
            "role_arn": account.role_arn if account is not None else None, "policy": policy(own),
            "why": dict(sorted(why.items())),
        })  # fmt: skip
    return {"format": 1, "runbook": runbook.name, "policies": policies}


def _hints(runbook: Runbook, found: list[Need], accounts: list[str | None], values: dict[str, Any]) -> Iterator[str]:
    if values:
        said = ", ".join(f"{name}={value}" for name, value in values.items())
        yield f"for {said}; -i NAME=VALUE says otherwise"
    if any(one.via for one in found):
        yield "a key of KMS must allow it by its own policy too; without keys of your own, leave the statements on kms out"
    for step in runbook.index.values():
        if isinstance(step.body, Call) and step.body.action.startswith("aws."):
            yield f"{step.id}: named as AWS's call, and on anything; AWS's Service Authorization Reference may narrow it"
    for name in accounts:
        size = len(json.dumps(policy(one for one in found if one.account == name), separators=(",", ":")))
        if size > LARGEST:
            yield f"{_title(runbook, name)}: {size} characters, and a managed policy has at most {LARGEST}: cut it in two"
