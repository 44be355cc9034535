"""What every command takes beside its own words, declared once, and what of it holds: flag, environment, files, default.

`taking("store", "format", …)` gives a command those options, and hands it an `Options` with all of them settled.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import typer

from engine.cli.config import Files, files, seconds
from engine.errors import UsageError
from engine.language.nearest import did_you_mean
from engine.values import Value

DEMO: Final = "demo"
"""`--sandbox` without WORLD."""


class Options(Value):
    """What holds for this command, whoever said it."""

    store: str = ""  # "": the default, which depends on the sandbox
    profile: str = ""
    region: str = ""
    endpoint_url: str = ""
    sandbox: str = ""  # "": no; `demo`, or the file of a world
    format: str = "text"
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    no_input: bool = False
    yes: bool = False
    yes_delete: tuple[str, ...] = ()
    store_timeout: float = 900.0
    protected: tuple[str, ...] = ("*prod*",)
    again: tuple[str, ...] = ()  # what was typed and must be typed again, so that a hint works

    @property
    def as_json(self) -> bool:
        """Is one JSON document wanted on stdout?"""
        return self.format == "json"


_FLAGS: Final[Mapping[str, Any]] = {
    "store": Annotated[
        str | None, typer.Option("--store", metavar="PLACE", help="sqlite:PATH or dynamodb:TABLE  [env: RUNBOOK_STORE]")
    ],
    "profile": Annotated[
        str | None, typer.Option("--profile", metavar="NAME", help="AWS profile  [env: RUNBOOK_PROFILE, AWS_PROFILE]")
    ],
    "region": Annotated[
        str | None, typer.Option("--region", metavar="NAME", help="where a step does not say  [env: RUNBOOK_REGION]")
    ],
    "endpoint_url": Annotated[
        str | None, typer.Option("--endpoint-url", metavar="URL", help="another AWS  [env: RUNBOOK_ENDPOINT_URL]")
    ],
    "sandbox": Annotated[
        str | None,
        typer.Option("--sandbox", metavar="[WORLD]", help="a pretend AWS in virtual time; WORLD: its YAML file"),
    ],
    "format": Annotated[str | None, typer.Option("--format", "-o", metavar="FORMAT", help="text or json")],
    "quiet": Annotated[bool, typer.Option("--quiet", "-q", help="no progress")],
    "verbose": Annotated[bool, typer.Option("--verbose", "-v", help="every event")],
    "debug": Annotated[bool, typer.Option("--debug", help="tracebacks")],
    "no_input": Annotated[bool, typer.Option("--no-input", help="never ask")],
    "yes": Annotated[bool, typer.Option("--yes", "-y", help="what is asked is confirmed")],
    "yes_delete": Annotated[
        list[str] | None,
        typer.Option("--yes-delete", metavar="NAME", help="NAME may be deleted though a protected pattern matches it"),
    ],
    "store_timeout": Annotated[
        str | None,
        typer.Option("--store-timeout", metavar="DURATION", help="how long a store may be away  [default: 15m]"),
    ],
}
_BARE: Final = {"quiet": False, "verbose": False, "debug": False, "no_input": False, "yes": False}

FINDING: Final = ("store", "profile", "region", "endpoint_url", "sandbox", "store_timeout")
"""What it takes to find an operation."""
SHOWING: Final = ("format", "quiet", "verbose", "debug")
DRIVING: Final = (*FINDING, "no_input", "yes", "yes_delete", *SHOWING)

Body = Callable[..., int]


def taking(*names: str, formats: tuple[str, ...] = ("text", "json")) -> Callable[[Body], Body]:
    """A command with these options; its first parameter is the settled `Options`."""

    def decorate(body: Body) -> Body:
        @functools.wraps(body)
        def command(**given: Any) -> int:
            raw = {name: given.pop(name) for name in names}
            return body(settle(raw, formats, os.environ), **given)

        own = list(inspect.signature(body, eval_str=True).parameters.values())[1:]
        added = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, annotation=_flag(name, formats), default=_BARE.get(name)
            )
            for name in names
        ]
        shown = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own] + added
        command.__signature__ = inspect.Signature(shown, return_annotation=int)  # type: ignore[attr-defined]
        command.__annotations__ = {one.name: one.annotation for one in shown}
        del command.__wrapped__  # typer would read the inner one's signature
        return command

    return decorate


def _flag(name: str, formats: tuple[str, ...]) -> Any:
    if name == "format" and formats != ("text", "json"):
        told = ", ".join(formats[:-1]) + f" or {formats[-1]}"
        return Annotated[str | None, typer.Option("--format", "-o", metavar="FORMAT", help=told)]
    return _FLAGS[name]


def settle(raw: Mapping[str, Any], formats: tuple[str, ...], environ: Mapping[str, str]) -> Options:
    """Flag, environment, project file, user file, default: the first that says something. UsageError."""
    said = files(environ)
    form = str(raw.get("format") or formats[0])
    if form not in formats:
        message = f"-o {form}: there is no such format; {did_you_mean(form, formats)}"
        raise UsageError(message)
    timeout = _first("store_timeout", raw, environ, said)
    return Options(
        store=_first("store", raw, environ, said), profile=_first("profile", raw, environ, said),
        region=_first("region", raw, environ, said) or _region_of_aws(environ),
        endpoint_url=_first("endpoint_url", raw, environ, said), sandbox=str(raw.get("sandbox") or ""), format=form,
        quiet=bool(raw.get("quiet")), verbose=bool(raw.get("verbose")), debug=bool(raw.get("debug")),
        no_input=bool(raw.get("no_input")), yes=bool(raw.get("yes")), yes_delete=tuple(raw.get("yes_delete") or ()),
        store_timeout=seconds("--store-timeout", timeout) if timeout else Options().store_timeout,
        protected=said.protected, again=_again(raw),
    )  # fmt: skip


def _first(name: str, raw: Mapping[str, Any], environ: Mapping[str, str], said: Files) -> str:
    return str(raw.get(name) or environ.get(f"RUNBOOK_{name.upper()}") or said.value(name) or "")


def _region_of_aws(environ: Mapping[str, str]) -> str:
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""


def _again(raw: Mapping[str, Any]) -> tuple[str, ...]:
    words: list[str] = []
    for name in ("store", "profile", "region", "endpoint_url"):
        if raw.get(name):
            words += [f"--{name.replace('_', '-')}", str(raw[name])]
    return (*words, "--sandbox") if raw.get("sandbox") else tuple(words)
