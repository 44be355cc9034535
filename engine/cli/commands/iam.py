"""`runbook iam`: the least-privilege policy of a runbook, for each account that it works in."""

from __future__ import annotations

import os
from typing import Annotated, Any, Final

import typer

from actions import build_registry
from actions.aws import permissions as iam_names
from actions.aws.iam.dependents import needed_besides
from actions.aws.iam.resources import resources
from actions.aws.permissions import SETTINGS, STORE_KEY, TABLE
from actions.aws.read_calls import is_read_call
from engine.cli.arguments.input_options import read_inputs
from engine.cli.context import default_region, store_place
from engine.cli.files import load_runbook
from engine.cli.options import OUTPUT_OPTIONS, FileArgument, InputOption, InputsFileOption, Options, command
from engine.cli.output.iam_policy import print_policies
from engine.errors import UsageError
from engine.language.inputs import resolve_inputs
from engine.language.model import Runbook
from engine.language.nearest import did_you_mean
from engine.reports.iam import IamNames, Permission, RunbookContext, permissions_for, required_permissions
from engine.stores.store_key import KMS, check_kms_key
from engine.values import changed

IAM_OPTIONS: Final = ("store", "profile", "region")
OWN: Final = "own"
"""The name for `--account` of the account that the runbook is run from."""


@command("iam", *IAM_OPTIONS, *OUTPUT_OPTIONS)
def iam(
    options: Options,
    file: FileArgument,
    inputs: InputOption = None,
    inputs_file: InputsFileOption = None,
    account: Annotated[
        str | None,
        typer.Option(
            "--account", metavar="NAME", help="only the policy for this account; `own`: the one you run it from"
        ),
    ] = None,
) -> int:
    """Print the least-privilege IAM policy of a runbook, for each account that it works in.

    The policy covers the runbook's steps, settings and store. It is computed from what kinds and actions declare,
    without network or credentials. Names that are known only during a run are `*`; -i NAME=VALUE narrows names and
    regions, and other inputs have their defaults.
    """
    registry = build_registry()
    runbook = load_runbook(file, registry, quiet=True)
    values = _known_inputs(runbook, read_inputs(inputs or [], inputs_file))
    names = IamNames(
        permissions=iam_names.permissions, is_read=is_read_call, settings=SETTINGS, resources=resources,
        needed_besides=needed_besides,
    )  # fmt: skip
    region = default_region(options)
    permissions = required_permissions(
        RunbookContext(runbook=runbook, registry=registry, iam=names, inputs=values, region=region)
    )
    kind, _, table = store_place(options, os.environ).partition(":")
    if kind == "dynamodb":
        for right in TABLE:
            permissions += permissions_for(runbook, right, region or "*", None, {"table": table}, "store")
    if options.store_key.startswith(KMS):
        key = check_kms_key(options.store_key)
        resource = key if ":key/" in key else f"{key.partition(':alias/')[0]}:key/*"
        for right in STORE_KEY:
            permissions += permissions_for(runbook, right, region or "*", None, {"key": resource}, "store key")
    print_policies(options, runbook, permissions, _accounts(runbook, permissions, account), values)
    return 0


def _known_inputs(runbook: Runbook, given: dict[str, Any]) -> dict[str, Any]:
    """The given inputs and the defaults; required ones may be missing. UsageError for values of another type."""
    if set(given) - set(runbook.inputs):
        return resolve_inputs(runbook, given)  # reports the unknown names
    known = {name: one for name, one in runbook.inputs.items() if name in given or not one.required}
    return resolve_inputs(changed(runbook, inputs=known), given)


def _accounts(runbook: Runbook, permissions: list[Permission], wanted: str | None) -> list[str | None]:
    """The accounts to print, own (None) first. UsageError for one that the runbook does not work in."""
    accounts = sorted({one.account for one in permissions}, key=lambda name: name or "")
    if wanted is None:
        return accounts or [None]
    chosen = None if wanted == OWN else wanted
    if chosen not in accounts:
        names = [name or OWN for name in accounts]
        raise UsageError(f"--account {wanted}: {runbook.name} needs no permission there; {did_you_mean(wanted, names)}")
    return [chosen]
