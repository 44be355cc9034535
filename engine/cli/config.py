"""Settings from files: `runbook.toml` of the project (this folder or one above), then the user's `config.toml`.

    store = "dynamodb:runbooks"     # also profile, region, endpoint_url, store_timeout: values as for the options
    protected = ["*prod*"]          # names that are deleted only with --yes-delete NAME

Errors: UsageError with the file's name and what is wrong in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from engine.errors import UsageError
from engine.language.nearest import did_you_mean
from engine.values import Value, field

TEXT_SETTINGS: Final = ("store", "profile", "region", "endpoint_url", "store_key", "store_timeout")
PROTECTED: Final = ("*prod*",)
"""Protected patterns where no file sets any."""


class Config(Value):
    """The settings of all files, the project's first. Protected patterns add up, so that no file loosens another."""

    settings: tuple[Mapping[str, Any], ...] = ()
    protected: tuple[str, ...] = field(default=PROTECTED)

    def value(self, name: str) -> str:
        """The first file's value; "" where no file sets it."""
        return next((str(settings[name]) for settings in self.settings if name in settings), "")


def load_config(environ: Mapping[str, str], folder: Path | None = None) -> Config:
    """The settings that apply in this folder; default: the working directory."""
    settings = tuple(_read_settings(path) for path in _config_paths(environ, folder) if path.is_file())
    patterns = [pattern for one in settings if "protected" in one for pattern in one["protected"]]
    is_set = any("protected" in one for one in settings)
    return Config(settings=settings, protected=tuple(dict.fromkeys(patterns)) if is_set else PROTECTED)


def _config_paths(environ: Mapping[str, str], folder: Path | None) -> list[Path]:
    try:
        current = folder or Path.cwd()
    except OSError:  # the working directory has been deleted
        current = Path("/")
    candidates = [parent / "runbook.toml" for parent in (current, *current.parents)]
    project = next((path for path in candidates if path.is_file()), None)
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "~")) / ".config")
    return [*([project] if project else []), Path(home) / "runbook" / "config.toml"]


def _read_settings(path: Path) -> Mapping[str, Any]:
    import tomllib

    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path.name} is not valid TOML: {error}") from error
    for name, value in settings.items():
        _check_setting(path, name, value)
    return settings


def _check_setting(path: Path, name: str, value: Any) -> None:
    if name not in (*TEXT_SETTINGS, "protected"):
        raise UsageError(f"{path.name}: unknown setting `{name}`; {did_you_mean(name, (*TEXT_SETTINGS, 'protected'))}")
    is_text_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
    if name == "protected" and not is_text_list:
        raise UsageError(f'{path.name}: `protected` must be a list of patterns, such as ["*prod*"]')
    if name in TEXT_SETTINGS and not isinstance(value, str):
        raise UsageError(f'{path.name}: `{name}` must be text: {name} = "…"')


def parse_duration(option: str, text: str) -> float:
    """Seconds, from a duration as runbooks write it (`15m`). UsageError names the option."""
    from engine.language.durations import parse_duration

    try:
        return float(parse_duration(text))
    except ValueError as error:
        raise UsageError(f"{option} {text}: {error}") from error


def parse_moment(option: str, text: str, now: float) -> float:
    """Seconds since the epoch, from how long ago (`7d`), a date, or a time (`2026-11-01T06:00Z`; without a zone: UTC)."""
    import datetime as dt

    from engine.language.durations import parse_duration

    with suppress(ValueError):
        return now - parse_duration(text)
    try:
        moment = dt.datetime.fromisoformat(text)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{option} {text}: write how long ago, such as 12h or 7d, or a date, such as 2026-11-01 or "
            f"2026-11-01T06:00Z"
        ) from error


def profile_region(profile: str, environ: Mapping[str, str]) -> str:
    """The region of an AWS profile, read from AWS's config file without importing boto3; "" where it has none."""
    import configparser

    path = Path(environ.get("AWS_CONFIG_FILE") or str(Path(environ.get("HOME", "~")) / ".aws" / "config"))
    name = profile or environ.get("AWS_PROFILE") or "default"
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return ""  # boto3 reports what is wrong with it, if it is needed
    for section in (f"profile {name}", name):
        if parser.has_option(section, "region"):
            return parser.get(section, "region").strip()
    return ""
