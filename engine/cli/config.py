"""Settings from files: `runbook.toml` of the project (this folder or one above), then the user's `config.toml`.

    store = "dynamodb:runbooks"     # also profile, region, endpoint_url, store_key, store_timeout
    protected = ["db-*"]            # more names that are deleted only with --yes-delete NAME

A project's file may be somebody else's. What it sets of `NEEDS_TRUST` counts once its content is trusted (`trusted_files.py`).
Errors: UsageError with the file and what is wrong in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from engine.errors import UsageError
from engine.language.nearest import did_you_mean
from engine.regular_file import read_regular_file
from engine.values import Value

NEEDS_TRUST: Final = ("store", "profile", "region", "endpoint_url", "store_key")
"""Settings that decide where operations are stored and what they act on."""
TEXT_SETTINGS: Final = (*NEEDS_TRUST, "store_timeout")
PROTECTED: Final = ("*prod*",)
"""Patterns that always hold; files only add to them."""
MAX_BYTES: Final = 64 * 1024
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class ConfigFile(Value):
    """One file that was read."""

    path: Path
    content: bytes
    settings: Mapping[str, Any]
    needs_trust: bool  # it is a project's

    def value(self, name: str) -> str:
        """The value of a text setting; "" where the file does not set it."""
        return str(self.settings.get(name, ""))


class Config(Value):
    """The files that apply, the project's first."""

    files: tuple[ConfigFile, ...] = ()

    @property
    def protected(self) -> tuple[str, ...]:
        """The built-in patterns and those of all files, so that no file loosens another."""
        added = [pattern for file in self.files for pattern in file.settings.get("protected", ())]
        return tuple(dict.fromkeys((*PROTECTED, *added)))

    def source(self, name: str) -> ConfigFile | None:
        """The first file that sets it."""
        return next((file for file in self.files if name in file.settings), None)


def load_config(environ: Mapping[str, str], folder: Path | None = None) -> Config:
    """The files that apply in this folder; default: the working directory."""
    project = project_file(folder)
    found = [read_config(project, needs_trust=True)] if project is not None else []
    own = config_folder(environ) / "config.toml"
    if own.is_file():
        found.append(read_config(own, needs_trust=False))
    return Config(files=tuple(found))


def project_file(folder: Path | None = None) -> Path | None:
    """The `runbook.toml` of this folder or the nearest one above."""
    try:
        current = folder or Path.cwd()
    except OSError:  # the working directory has been deleted
        return None
    candidates = (parent / "runbook.toml" for parent in (current, *current.parents))
    return next((path for path in candidates if path.is_file()), None)


def config_folder(environ: Mapping[str, str]) -> Path:
    """The user's folder of configuration files (XDG)."""
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "~")) / ".config")
    return Path(home) / "runbook"


def read_config(path: Path, *, needs_trust: bool) -> ConfigFile:
    """The file, checked, with its relative paths made absolute."""
    import tomllib

    try:
        content = read_regular_file(path, MAX_BYTES + 1)
        settings = tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # no UTF-8, or no TOML
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    if len(content) > MAX_BYTES:
        raise UsageError(f"{path} is larger than {MAX_BYTES // 1024} KB, so it is no configuration file")
    for name, value in settings.items():
        _check_setting(path, name, value)
    if "store" in settings:
        settings["store"] = _beside(path, settings["store"])
    return ConfigFile(path=path, content=content, settings=settings, needs_trust=needs_trust)


def _check_setting(path: Path, name: str, value: Any) -> None:
    if name not in (*TEXT_SETTINGS, "protected"):
        raise UsageError(f"{path}: unknown setting `{name}`; {did_you_mean(name, (*TEXT_SETTINGS, 'protected'))}")
    is_text_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
    if name == "protected" and not is_text_list:
        raise UsageError(f'{path}: `protected` must be a list of patterns, such as ["db-*"]')
    if name in TEXT_SETTINGS and not isinstance(value, str):
        raise UsageError(f'{path}: `{name}` must be text: {name} = "…"')
    if isinstance(value, str) and not value.isprintable():
        raise UsageError(f"{path}: `{name}` has a control character, or another one that cannot be seen")


def _beside(path: Path, store: str) -> str:
    """A SQLite store whose path is relative is relative to the file that names it."""
    kind, _, place = store.partition(":")
    if kind != "sqlite" or not place or place.startswith(("/", "~")):
        return store
    return f"sqlite:{path.absolute().parent / place}"


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
