"""`runbook explain`: a rule, an error, a kind, an action, or the state tables and times of a runbook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from engine.cli.arguments.runbook_files import complete_runbook, complete_step_of_file
from engine.cli.context import CommandContext
from engine.cli.options import Options, command
from engine.cli.output import descriptions, terminal
from engine.errors import CATEGORIES, UsageError
from engine.language.nearest import did_you_mean
from engine.registry import Registry

RULE_ID: Final = re.compile(r"RB\d{3}", re.IGNORECASE)


@command("explain", "format", "debug")
def explain(
    options: Options,
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="a rule (RB404), an error, a kind, an action, or a runbook's FILE",
            autocompletion=complete_runbook,
        ),
    ],
    step: Annotated[
        str | None,
        typer.Argument(metavar="STEP", help="with FILE: only this step", autocompletion=complete_step_of_file),
    ] = None,
    time: Annotated[bool, typer.Option("--time", help="with FILE: the longest time that each step can take")] = False,
) -> int:
    """Explain a rule, an error, a kind or an action; or show a runbook's state tables and worst-case times."""
    with CommandContext(options) as context:
        is_file = what.endswith((".yaml", ".yml")) or Path(what).is_file()
        if not is_file and (step is not None or time):
            raise UsageError(f"{what} is not a file: STEP and --time need the FILE of a runbook")
        if is_file:
            from engine.cli.output.state_tables import print_explanation

            print_explanation(options, context.registry, what, step, show_times=time)
        elif RULE_ID.fullmatch(what):
            _explain_rule(options, what.upper())
        else:
            _explain_name(options, context.registry, what)
    return 0


def _explain_rule(options: Options, id: str) -> None:
    from engine.checks.pages import example
    from engine.checks.rules import BY_ID

    rule = BY_ID.get(id)
    if rule is None:
        raise UsageError(f"there is no rule {id}; {did_you_mean(id, BY_ID)}")
    wrong, right = example(id, "bad"), example(id, "good")
    document = {name: getattr(rule, name) for name in ("id", "title", "severity", "why")}
    document |= {"wrong": wrong, "right": right}
    terminal.out_document(document, descriptions.format_rule(rule, wrong, right), as_json=options.as_json)


def _explain_name(options: Options, registry: Registry, name: str) -> None:
    """A kind, an action, an error or an error category."""
    description = descriptions.describe_kind_or_action(registry, name)
    if description is not None:
        terminal.out_document(description, descriptions.format_description(description), as_json=options.as_json)
        return
    error = descriptions.describe_error(registry, name)
    if error is None:
        if Path(name).is_dir():
            raise UsageError(f"{name} is a folder; name a runbook in it: `runbook explain FILE`")
        known = [*descriptions.error_names(registry), *CATEGORIES, *registry.kinds, *registry.actions]
        rest = "`runbook actions` lists kinds and actions, `runbook explain FILE STEP` explains a step"
        hint = did_you_mean(name, known, rest=rest)
        raise UsageError(f"there is no rule, error, kind, action or file {name}; {hint}")
    terminal.out_document(error, descriptions.format_error(error), as_json=options.as_json)
