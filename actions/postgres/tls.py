"""The TLS modes of a database connection, and the certificates that are trusted.

`verify-full` (the default): the certificate is issued by a trusted authority, for this host. `verify-ca`: by a trusted authority.
`require`: encrypted, but any certificate is accepted. `off`: not encrypted. Except with `verify-full`, the login must be by
SCRAM, which proves to each side that the other knows the password without showing it. The system's authorities are trusted and, because RDS
has authorities of its own, those in a PEM file: the parameter `ca`, else RUNBOOK_DATABASE_CA, else libpq's
PGSSLROOTCERT, else libpq's `~/.postgresql/root.crt`.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, Literal

from actions.postgres.allowed_values import TLS_MODES
from actions.postgres.server_errors import BUNDLE, failed

VERIFY_FULL: Final = "verify-full"
VARIABLES: Final = ("RUNBOOK_DATABASE_CA", "PGSSLROOTCERT")

TlsContext = ssl.SSLContext | Literal[False]
"""The type of pg8000's `ssl_context`."""


def context_maker(mode: str, ca: str | None) -> Callable[[], TlsContext]:
    """A function that makes the context. The network calls it to connect; the sandbox's needs no certificates."""
    if mode not in TLS_MODES:
        raise failed(
            "InvalidParameter", "invalid", f"tls: there is no mode `{mode}`; use one of {', '.join(TLS_MODES)}"
        )
    return partial(context, mode, ca, os.environ)


def context(mode: str, ca: str | None, environ: Mapping[str, str]) -> TlsContext:
    """The context of a mode; EffectFailed `TlsFailed` if the certificates cannot be read."""
    if mode == "off":
        return False
    if mode == "require":
        return _context("", 0, host=False, verify=False)
    path, where = _authorities(ca, environ)
    try:
        modified = Path(path).stat().st_mtime_ns if path else 0
        return _context(path, modified, host=mode == VERIFY_FULL, verify=True)
    except OSError as error:  # or its subclass ssl.SSLError: the file has no certificate
        why = "no certificate in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise failed(
            "TlsFailed", "config", f"the certificates in {path} ({where}) cannot be read: {why}; {BUNDLE}"
        ) from None


def _authorities(ca: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    """The file and what names it; an empty path if there is none."""
    if ca:
        return ca, "`ca`"
    for name in VARIABLES:
        if environ.get(name) and environ[name] != "system":
            return environ[name], name
    default = Path(environ.get("HOME", "~")).expanduser() / ".postgresql" / "root.crt"
    return (str(default), "libpq's default") if default.is_file() else ("", "")


@lru_cache(maxsize=16)
def _context(path: str, modified: int, *, host: bool, verify: bool) -> ssl.SSLContext:
    """Cached for each file and its time, because reading the system's certificates is slow."""
    context = ssl.create_default_context()
    context.check_hostname = host
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    if path:
        context.load_verify_locations(cafile=path)
    return context
