"""`runbook explain`: a rule, an error, a kind, or a runbook's state tables and times."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from engine.cli.command_classes import Command
from engine.cli.commands.actions import one_of
from engine.cli.options import Options, taking
from engine.cli.output import descriptions, terminal
from engine.cli.session import surrounded
from engine.errors import CATEGORIES, UsageError
from engine.language.nearest import did_you_mean
from engine.registry import Registry

app = typer.Typer(rich_markup_mode=None)

RULE: Final = re.compile(r"RB\d{3}", re.IGNORECASE)


@app.command("explain", cls=Command)
@taking("format", "debug")
def explain(
    options: Options,
    what: Annotated[str, typer.Argument(metavar="WHAT", help="RB404, an error's name, a kind, or a runbook's FILE")],
    step: Annotated[str | None, typer.Argument(metavar="[STEP]", help="of FILE: this step alone")] = None,
    time: Annotated[bool, typer.Option("--time", help="of FILE: how long each step can take at most")] = False,
) -> int:
    """A rule's or an error's page; of a runbook, its filled state tables and its worst-case times."""
    with surrounded(options) as here:
        is_file = what.endswith((".yaml", ".yml")) or Path(what).is_file()
        if not is_file and (step is not None or time):
            message = f"{what} is no file: STEP and --time are about a runbook's FILE"
            raise UsageError(message)
        if is_file:
            from engine.cli.output.state_tables import tell

            tell(options, here.registry, what, step, time=time)
        elif RULE.fullmatch(what):
            _rule(options, what.upper())
        else:
            _word(options, here.registry, what)
    return 0


def _rule(options: Options, id: str) -> None:
    from engine.checks.pages import example
    from engine.checks.rules import BY_ID

    rule = BY_ID.get(id)
    if rule is None:
        message = f"there is no rule {id}; {did_you_mean(id, BY_ID)}"
        raise UsageError(message)
    wrong, right = example(id, "bad"), example(id, "good")
    if options.as_json:
        fields = ("id", "title", "severity", "why")
        words = {name: getattr(rule, name) for name in fields}
        terminal.document({"format": 1, **words, "wrong": wrong, "right": right})
    else:
        terminal.out("\n".join(descriptions.rule_as_text(rule, wrong, right)))


def _word(options: Options, registry: Registry, word: str) -> None:
    """A kind, an action, an error's name, a category."""
    if descriptions.named(registry, word) is not None:
        one_of(options, registry, word)
        return
    found = descriptions.error(registry, word)
    if found is None:
        known = [*descriptions.error_names(registry), *CATEGORIES, *registry.kinds, *registry.actions]
        hint = did_you_mean(word, known, rest="`runbook actions` lists kinds and actions")
        message = f"there is no rule, error, kind, action or file {word}; {hint}"
        raise UsageError(message)
    if options.as_json:
        terminal.document({"format": 1, **found})
    else:
        terminal.out("\n".join(descriptions.error_as_text(found)))
