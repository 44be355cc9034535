"""The values and the error names of the PostgreSQL actions that a runbook can contain."""

from __future__ import annotations

from typing import Final

TLS_MODES: Final = ("verify-full", "verify-ca", "require", "off")
ACCESSES: Final = ("readwrite", "readonly", "none")

SQLSTATE: Final = r"(?=.*[0-9])[0-9A-Z]{5}"
ROLE_NAME: Final = r"[^\s\x00-\x1f\x7f\"']([^\x00-\x1f\x7f\"']*[^\s\x00-\x1f\x7f\"'])?"
"""A quoted name may have any character. Quotes and blanks at an end are surely a mistake."""

ERRORS: Final = (
    "ConnectionTimeout",
    "AuthenticationFailed",
    "DatabaseNotFound",
    "TlsFailed",
    "InsufficientPrivilege",
    "ReadOnly",
    "PostgresError",
    "InvalidParameter",
    "InvalidSecret",
    "InvalidPassword",
)
"""Every error name that the actions raise."""
