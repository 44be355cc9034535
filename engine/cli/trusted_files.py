"""Which files of projects are trusted: by their path and the digest of their content, in the user's `trusted.json`.

A setting of an untrusted file counts for nothing: a command that needs it, and is not given it otherwise, refuses to
run. Errors: UsageError that names the file and the command.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from engine.cli.config import LOOPBACK, MAX_BYTES, NEEDS_TRUST, Config, ConfigFile, config_folder
from engine.errors import UsageError
from engine.regular_file import read_regular_file

FILE: Final = "trusted.json"


def check_settings(config: Config, names: Iterable[str], environ: Mapping[str, str]) -> None:
    """UsageError where one of these settings comes from a file that may not set it. `names`: those that would count."""
    by_file: dict[Path, tuple[ConfigFile, list[str]]] = {}
    for name in names:
        file = config.source(name)
        if file is not None and name in NEEDS_TRUST:
            by_file.setdefault(file.path, (file, []))[1].append(name)
    for file, used in by_file.values():
        _check_values(file, used)
        if not file.needs_trust:
            continue
        check_owner(file, used)
        if not is_trusted(file, environ):
            options = ", ".join(_override(name) for name in used)
            raise UsageError(
                f"{file.path} sets {_listed(used)}, and this content of it is not trusted yet. Read it, then trust it "
                f"with `runbook trust {file.path}`, or give {options}"
            )


def check_file(file: ConfigFile) -> None:
    """UsageError if the file could not be used although it is trusted."""
    used = [name for name in NEEDS_TRUST if name in file.settings]
    _check_values(file, used)
    if used:
        check_owner(file, used)


def _check_values(file: ConfigFile, used: Iterable[str]) -> None:
    """UsageError for a value that a file may not set at all."""
    if "endpoint_url" in used and file.needs_trust and not _is_private(file.value("endpoint_url")):
        raise UsageError(
            f"{file.path}: `endpoint_url` must begin with https://, or be on this machine: credentials and answers of AWS "
            f"must not travel in the clear. Correct it, or give --endpoint-url"
        )
    key = file.value("store_key") if "store_key" in used else ""
    if key and not key.startswith("kms:"):
        raise UsageError(
            f"{file.path}: `store_key` in a file must be kms:ARN; a key of your own belongs into RUNBOOK_STORE_KEY"
        )


def _is_private(address: str) -> bool:
    """Whether nobody on the network can read what is sent to the address."""
    try:
        url = urlsplit(address)
    except ValueError:  # it is no address
        return False
    return url.scheme == "https" or url.hostname in LOOPBACK


def check_owner(file: ConfigFile, used: list[str]) -> None:
    """UsageError if somebody else than the user and root could have written the file."""
    for path in (file.path, file.path.absolute().parent):
        found = path.stat()
        if found.st_uid not in (os.geteuid(), 0):
            why = "belongs to another user"
        elif found.st_mode & stat.S_IWOTH:
            why = "can be written by everybody"
        else:
            continue
        raise UsageError(
            f"{file.path} sets {_listed(used)}, and {path} {why}, so it is not obeyed. Take it over (chown, chmod o-w), or "
            f"give {', '.join(_override(name) for name in used)}"
        )


def _override(name: str) -> str:
    return "RUNBOOK_STORE_KEY" if name == "store_key" else f"--{name.replace('_', '-')}"


def _listed(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


# -- what is trusted ------------------------------------------------------------------------------------------


def digest_of(file: ConfigFile) -> str:
    """SHA-256 of the content, hex."""
    return hashlib.sha256(file.content).hexdigest()


def _place(file: ConfigFile) -> str:
    """Where the file is. A link counts where it is, not where it leads: a relative store is beside the link."""
    return str(file.path.absolute().parent.resolve() / file.path.name)


def is_trusted(file: ConfigFile, environ: Mapping[str, str]) -> bool:
    """Whether the user has accepted this content at this place."""
    return _read(config_folder(environ) / FILE).get(_place(file)) == digest_of(file)


def record_trust(file: ConfigFile, environ: Mapping[str, str]) -> None:
    """Remember that the user accepts this content, instead of any earlier one at this place."""
    folder = config_folder(environ)
    trusted = {**_read(folder / FILE), _place(file): digest_of(file)}
    document = json.dumps({"format": 1, "files": trusted}, indent=2, sort_keys=True) + "\n"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f"{FILE}.{os.getpid()}"
        draft.write_text(document, encoding="utf-8")
        draft.chmod(0o600)
        draft.replace(folder / FILE)
    except OSError as error:
        raise UsageError(f"{folder / FILE} cannot be written: {error.strerror}") from error


def _read(path: Path) -> dict[str, str]:
    """The digests by path; none where there is no such file yet."""
    try:
        document: Any = json.loads(read_regular_file(path, 16 * MAX_BYTES))
        files = document["files"]
        return {str(name): str(digest) for name, digest in files.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}. Delete it, and trust your files again") from error
