"""What project and user have settled: `runbook.toml` here or in a folder above, then the user's `config.toml`.

    store = "dynamodb:runbooks"     # as --store, --profile, --region, --endpoint-url and --store-timeout take them
    protected = ["*prod*"]          # what these patterns match is deleted only with --yes-delete NAME

Errors: UsageError with the file and what is wrong in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from engine.errors import UsageError
from engine.language.nearest import did_you_mean
from engine.values import Value, field

TEXTS: Final = ("store", "profile", "region", "endpoint_url", "store_timeout")
PROTECTED: Final = ("*prod*",)


class Files(Value):
    """The files that there are, nearest first; patterns add up, so that nobody loosens what another protects."""

    found: tuple[tuple[Path, Mapping[str, Any]], ...] = ()
    protected: tuple[str, ...] = field(default=PROTECTED)

    def value(self, name: str) -> str:
        """The first file's word; "" where none says it."""
        return next((str(said[name]) for _, said in self.found if name in said), "")


def files(environ: Mapping[str, str], folder: Path | None = None) -> Files:
    """What holds in this folder."""
    found = [(path, _read(path)) for path in _places(environ, folder) if path.is_file()]
    patterns = [tuple(said["protected"]) for _, said in found if "protected" in said]
    return Files(found=tuple(found), protected=_together(patterns))


def _together(patterns: list[tuple[str, ...]]) -> tuple[str, ...]:
    if not patterns:
        return PROTECTED
    return tuple(dict.fromkeys(pattern for some in patterns for pattern in some))


def _places(environ: Mapping[str, str], folder: Path | None) -> list[Path]:
    try:
        here = folder or Path.cwd()
    except OSError:  # the folder has been removed under us
        here = Path("/")
    above = [one / "runbook.toml" for one in (here, *here.parents)]
    project = next((path for path in above if path.is_file()), None)
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "~")) / ".config")
    return [*([project] if project else []), Path(home) / "runbook" / "config.toml"]


def _read(path: Path) -> Mapping[str, Any]:
    import tomllib

    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{path.name}: cannot be read: {error.strerror}"
        raise UsageError(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"{path.name}: is no TOML: {error}"
        raise UsageError(message) from error
    for name, found in said.items():
        _must_fit(path, name, found)
    return said


def _must_fit(path: Path, name: str, value: Any) -> None:
    if name not in (*TEXTS, "protected"):
        message = f"{path.name}: `{name}` is no setting; {did_you_mean(name, (*TEXTS, 'protected'))}"
        raise UsageError(message)
    listed = isinstance(value, list) and all(isinstance(one, str) for one in value)
    if name == "protected" and not listed:
        message = f'{path.name}: `protected` is a list of patterns, such as ["*prod*"]'
        raise UsageError(message)
    if name in TEXTS and not isinstance(value, str):
        message = f'{path.name}: `{name}` is text: {name} = "…"'
        raise UsageError(message)


def seconds(option: str, written: str) -> float:
    """A duration as the language writes it."""
    from engine.language.durations import duration

    try:
        return float(duration(written))
    except ValueError as error:
        message = f"{option} {written}: {error}"
        raise UsageError(message) from error


def region_of_profile(profile: str, environ: Mapping[str, str]) -> str:
    """The region in AWS's own file, read without boto3; "" where it says none."""
    import configparser

    path = Path(environ.get("AWS_CONFIG_FILE") or str(Path(environ.get("HOME", "~")) / ".aws" / "config"))
    name = profile or environ.get("AWS_PROFILE") or "default"
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return ""  # boto3 says what is wrong with it, when it is needed
    for section in (f"profile {name}", name):
        if parser.has_option(section, "region"):
            return parser.get(section, "region").strip()
    return ""
