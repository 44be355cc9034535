"""How much a database's certificate must prove, and by whose word.

`verify-full` (the default): issued by somebody trusted, to this host. `verify-ca`: by somebody trusted. `require`:
encrypted, to whomever. `off`: in the clear. Trusted are the system's authorities and, since RDS has its own, those in a
file of PEM certificates: the parameter `ca`, else RUNBOOK_DATABASE_CA, else libpq's PGSSLROOTCERT, else libpq's
`~/.postgresql/root.crt`.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, Literal

from actions.postgres.errors import BUNDLE, failed
from actions.postgres.vocabulary import TLS_MODES

VARIABLES: Final = ("RUNBOOK_DATABASE_CA", "PGSSLROOTCERT")


Made = ssl.SSLContext | Literal[False]
"""What pg8000 takes as `ssl_context`."""


def prepared(mode: str, ca: str | None) -> Callable[[], Made]:
    """What makes it, called by the network when it connects: a pretend one needs no certificates."""
    if mode not in TLS_MODES:
        raise failed("InvalidParameter", "invalid", f"tls: `{mode}` is none of {', '.join(TLS_MODES)}")
    return partial(context, mode, ca, os.environ)


def context(mode: str, ca: str | None, environ: Mapping[str, str]) -> Made:
    """EffectFailed `TlsFailed` where the certificates cannot be read."""
    if mode == "off":
        return False
    if mode == "require":
        return _context("", 0, host=False, verify=False)
    path, where = _authorities(ca, environ)
    try:
        changed = Path(path).stat().st_mtime_ns if path else 0
        return _context(path, changed, host=mode == "verify-full", verify=True)
    except OSError as error:  # ssl.SSLError is one: no certificate in the file
        why = "holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise failed("TlsFailed", "config", f"the certificates in {path} ({where}): {why}; {BUNDLE}") from None


def _authorities(ca: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    """The file, and where it was named; an empty path where there is none."""
    if ca:
        return ca, "`ca`"
    for name in VARIABLES:
        if environ.get(name) and environ[name] != "system":
            return environ[name], name
    usual = Path(environ.get("HOME", "~")).expanduser() / ".postgresql" / "root.crt"
    return (str(usual), "libpq's own file") if usual.is_file() else ("", "")


@lru_cache(maxsize=16)
def _context(path: str, changed: int, *, host: bool, verify: bool) -> ssl.SSLContext:
    """Read once a file and its time of change: reading the system's certificates takes a while."""
    made = ssl.create_default_context()
    made.check_hostname = host
    made.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    if path:
        made.load_verify_locations(cafile=path)
    return made
