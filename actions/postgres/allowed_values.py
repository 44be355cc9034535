"""The values and the error names of the PostgreSQL actions that a runbook can contain."""

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
"""Every error name that the actions raise."""
