"""The options that commands share, each declared once, and their values: flag, environment, config files, default.

`@command("status", "store", "format", …)` registers the command `status` with these options, whose values it gets as one
`Options`.
"""

from __future__ import annotations

import functools
import inspect
import os
import shlex
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from engine.cli.arguments.runbook_files import complete_runbook
from engine.cli.config import NEEDS_TRUST, Config, load_config, parse_duration
from engine.errors import RunbookError, UsageError
from engine.language.nearest import did_you_mean
from engine.values import Value

DEMO: Final = "demo"
"""The world of `--sandbox` without WORLD."""


class Options(Value):
    """The values of the shared options, from whichever source set them."""

    store: str = ""  # "": the default, which depends on the sandbox
    profile: str = ""
    region: str = ""
    endpoint_url: str = ""
    store_key: str = ""  # "": none; base64, or kms:ARN
    sandbox: str = ""  # "": no sandbox; `demo`, or the file of a world
    format: str = "text"
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    no_input: bool = False
    yes: bool = False
    yes_delete: tuple[str, ...] = ()
    store_timeout: float = 900.0
    protected: tuple[str, ...] = ("*prod*",)
    to_repeat: tuple[str, ...] = ()  # options that the user typed and that suggested commands must repeat
    sources: tuple[str, ...] = ()  # what configuration files set, a line for each; commands that act show them

    def suggested_command(self, command: str) -> str:
        """The command with the options that select the store and the world, so that it can be typed as it is."""
        return " ".join([command, *(shlex.quote(word) for word in self.to_repeat)])

    @property
    def as_json(self) -> bool:
        """Whether stdout gets one JSON document."""
        return self.format == "json"


# -- declarations ---------------------------------------------------------------------------------------------


def _text(*names: str, metavar: str, help: str) -> Any:
    return Annotated[str | None, typer.Option(*names, metavar=metavar, help=help)]


def _flag(*names: str, help: str) -> Any:
    return Annotated[bool, typer.Option(*names, help=help)]


_TYPES: Final[Mapping[str, Any]] = {
    "store": _text("--store", metavar="PLACE", help="sqlite:PATH or dynamodb:TABLE  [env: RUNBOOK_STORE]"),
    "profile": _text("--profile", metavar="NAME", help="AWS profile  [env: RUNBOOK_PROFILE, AWS_PROFILE]"),
    "region": _text("--region", metavar="NAME", help="default region for steps that set none  [env: RUNBOOK_REGION]"),
    "endpoint_url": _text(
        "--endpoint-url", metavar="URL", help="send AWS requests to this URL  [env: RUNBOOK_ENDPOINT_URL]"
    ),
    "sandbox": _text(
        "--sandbox",
        metavar="[WORLD]",
        help="run against a simulated AWS in virtual time; WORLD: a YAML file with its resources",
    ),
    "quiet": _flag("--quiet", "-q", help="show no progress"),
    "verbose": _flag("--verbose", "-v", help="show every event"),
    "debug": _flag("--debug", help="show tracebacks"),
    "no_input": _flag("--no-input", help="never prompt"),
    "yes": _flag(
        "--yes", "-y", help="confirm what is shown before anything begins, and nothing that becomes known later"
    ),
    "yes_delete": Annotated[
        list[str] | None,
        typer.Option(
            "--yes-delete",
            metavar="NAME",
            help="allow deleting or unprotecting NAME although a protected pattern matches it",
        ),
    ],
    "store_timeout": _text(
        "--store-timeout", metavar="DURATION", help="how long to wait for an unavailable store  [default: 15m]"
    ),
}
"""The declaration of each option, but for `format`, whose help depends on the command."""

_DEFAULTS: Final = dict.fromkeys(("quiet", "verbose", "debug", "no_input", "yes"), False)

STORE_OPTIONS: Final = ("store", "profile", "region", "endpoint_url", "sandbox", "store_timeout")
"""The options of every command that opens a store."""
OUTPUT_OPTIONS: Final = ("format", "quiet", "verbose", "debug")
RUN_OPTIONS: Final = (*STORE_OPTIONS, "no_input", "yes", "yes_delete", *OUTPUT_OPTIONS)
"""The options of the commands that run an operation."""

FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="the runbook", autocompletion=complete_runbook)]
PathsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="PATH", help="files or folders  [default: runbooks]", autocompletion=complete_runbook),
]
InputOption = Annotated[list[str] | None, typer.Option("--input", "-i", metavar="NAME=VALUE", help="an input")]
InputsFileOption = Annotated[str | None, typer.Option("--inputs", metavar="FILE", help="inputs as YAML or JSON")]

CommandFunction = Callable[..., int]

registered: Final = typer.Typer(rich_markup_mode=None)
"""The commands whose modules were imported."""


def command(
    name: str, *options: str, formats: tuple[str, ...] = ("text", "json"), group: typer.Typer = registered,
    summary: str | None = None,
) -> Callable[[CommandFunction], CommandFunction]:  # fmt: skip
    """Register the command with these options. Its first parameter is the `Options`.

    The first of `formats` is the default. `summary`: the command's line in the help of its group.
    """

    def decorate(function: CommandFunction) -> CommandFunction:
        @functools.wraps(function)
        def run(**arguments: Any) -> int:
            flags = {one: arguments.pop(one) for one in options}
            values = resolve_options(flags, formats, os.environ)
            try:
                return function(values, **arguments)
            except RunbookError as error:
                error.options_to_repeat = values.to_repeat
                raise

        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        shared = [
            inspect.Parameter(
                one, inspect.Parameter.KEYWORD_ONLY, annotation=_option_type(one, formats), default=_DEFAULTS.get(one)
            )
            for one in options
        ]
        parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own] + shared
        run.__signature__ = inspect.Signature(parameters, return_annotation=int)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        del run.__wrapped__  # typer would read the inner function's signature
        return group.command(name, cls=Command, short_help=summary)(run)

    return decorate


def _option_type(name: str, formats: tuple[str, ...]) -> Any:
    if name == "format":
        return _text("--format", "-o", metavar="FORMAT", help=f"{', '.join(formats[:-1])} or {formats[-1]}")
    return _TYPES[name]


# -- values ---------------------------------------------------------------------------------------------------


def resolve_options(flags: Mapping[str, Any], formats: tuple[str, ...], environ: Mapping[str, str]) -> Options:
    """For each option the first that sets it: flag, environment, project file, user file, default. Raises UsageError.

    A command that has one of the options that need trust uses all of them, or their defaults.
    """
    config = load_config(environ)
    if any(name in flags for name in NEEDS_TRUST):
        from_files = [name for name in NEEDS_TRUST if not _given(name, flags, environ) and config.source(name)]
    else:
        from_files = []
    if from_files:
        from engine.cli.trusted_files import check_settings

        check_settings(config, from_files, environ)
    format = str(flags.get("format") or formats[0])
    if format not in formats:
        raise UsageError(f"-o {format}: unknown format; {did_you_mean(format, formats)}")
    timeout = _resolve("store_timeout", flags, environ, config)
    return Options(
        store=_resolve("store", flags, environ, config), profile=_resolve("profile", flags, environ, config),
        region=_resolve("region", flags, environ, config)
        or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "",
        endpoint_url=_resolve("endpoint_url", flags, environ, config), store_key=_resolve("store_key", flags, environ, config),
        sandbox=str(flags.get("sandbox") or ""),
        format=format, quiet=bool(flags.get("quiet")), verbose=bool(flags.get("verbose")),
        debug=bool(flags.get("debug")), no_input=bool(flags.get("no_input")), yes=bool(flags.get("yes")),
        yes_delete=tuple(flags.get("yes_delete") or ()),
        store_timeout=parse_duration("--store-timeout", timeout) if timeout else Options().store_timeout,
        protected=config.protected, to_repeat=_to_repeat(flags), sources=_sources(config, from_files),
    )  # fmt: skip


def _resolve(name: str, flags: Mapping[str, Any], environ: Mapping[str, str], config: Config) -> str:
    file = config.source(name)
    return _given(name, flags, environ) or (file.value(name) if file is not None else "")


def _given(name: str, flags: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """The value of the flag or the variable; "" where there is none."""
    return str(flags.get(name) or environ.get(f"RUNBOOK_{name.upper()}") or "")


def _sources(config: Config, from_files: list[str]) -> tuple[str, ...]:
    """What files say, a line for each: `from FILE: store dynamodb:runbooks, protected db-*`."""
    lines = []
    for file in config.files:
        parts = [f"{name} {file.value(name)}" for name in from_files if config.source(name) is file]
        parts += [f"protected {' '.join(file.settings['protected'])}"] if file.settings.get("protected") else []
        lines += [f"from {file.path}: {', '.join(parts)}"] if parts else []
    return tuple(lines)


def _to_repeat(flags: Mapping[str, Any]) -> tuple[str, ...]:
    words: list[str] = []
    for name in ("store", "profile", "region", "endpoint_url"):
        if flags.get(name):
            words += [f"--{name.replace('_', '-')}", str(flags[name])]
    sandbox = flags.get("sandbox")
    return (*words, "--sandbox" if sandbox == DEMO else f"--sandbox={sandbox}") if sandbox else tuple(words)


# -- typer's classes ------------------------------------------------------------------------------------------
#
# All parameters are text or flags and need no conversion. Typer's own conversion imports pydantic, a third of a
# cold start; so it is called only where a required value is missing, for typer's message.


def _plain_value(convert: Callable[[Any, Any], Any], parameter: Any, context: Any, value: Any) -> Any:
    if value is None or value == ():
        return convert(context, value) if parameter.required else None
    if parameter.callback is not None:
        return parameter.callback(context, parameter, value)
    return value


def _without_conversion(parameters: list[Any]) -> list[Any]:
    for one in parameters:
        if not isinstance(one.process_value, partial):  # already replaced
            one.process_value = partial(_plain_value, one.process_value, one)
    return parameters


def _in_lower_case(option: Any) -> Any:
    """Typer's `--help` option, with a text like those of the other options."""
    if option is not None:
        option.help = "show this message and exit"
    return option


class Command(TyperCommand):
    """A command whose parameters are not converted."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _without_conversion(super().get_params(ctx))

    def get_help_option(self, ctx: Any) -> Any:
        return _in_lower_case(super().get_help_option(ctx))


class Group(TyperGroup):
    """A group whose parameters are not converted."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _without_conversion(super().get_params(ctx))

    def get_help_option(self, ctx: Any) -> Any:
        return _in_lower_case(super().get_help_option(ctx))
