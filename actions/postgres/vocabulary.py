"""The words that a runbook uses of databases: modes, accesses, and the names of errors."""

from __future__ import annotations

from typing import Final

TLS_MODES: Final = ("verify-full", "verify-ca", "require", "off")
ACCESSES: Final = ("readwrite", "readonly", "none")

ERRORS: Final = (
    "ConnectionTimeout",
    "AuthenticationFailed",
    "DatabaseNotFound",
    "TlsFailed",
    "InsufficientPrivilege",
    "PostgresError",
    "InvalidParameter",
    "InvalidSecret",
    "InvalidPassword",
)
"""Every name that they raise."""
