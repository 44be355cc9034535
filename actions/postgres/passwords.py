"""Passwords as PostgreSQL keeps them: SCRAM-SHA-256 verifiers, computed here so that no server sees a password.

Must not know roles or connections. No message holds a password, or a part of one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Final

ITERATIONS: Final = 4096
SALT: Final = 16
"""PostgreSQL's own (src/include/common/scram-common.h)."""

_STORED: Final = re.compile(r"SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+")


class UnfitPassword(Exception):
    """A password that nobody could log in with; the message says why, and never quotes it."""


def prepared(password: str) -> str:
    """The password as SCRAM uses it on both sides (SASLprep, RFC 4013)."""
    from scramp.utils import ScramException, saslprep

    if not password:
        raise UnfitPassword("it is empty")
    try:
        fit: str = saslprep(password)
    except ScramException as error:
        raise UnfitPassword(_reason(str(error), password)) from None
    if not fit:
        raise UnfitPassword("nothing is left of it once SCRAM has prepared it (SASLprep)")
    return fit


def _reason(told: str, password: str) -> str:
    """scramp's reason, which names a rule and no character, in an operator's words."""
    rule = told.partition(":")[0]
    if "control characters" in rule:
        where = "at its end" if password[-1:].isspace() else "in it"
        return f"there is a control character, or a line break, {where}, which SCRAM does not allow (SASLprep)"
    return f"SCRAM does not allow it (SASLprep: {rule}); use other characters"


def verifier(password: str, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """`SCRAM-SHA-256$4096:salt$stored:server`; UnfitPassword for what SASLprep refuses."""
    salt = secrets.token_bytes(SALT) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", prepared(password).encode(), salt, iterations)
    stored = hashlib.sha256(_keyed(salted, b"Client Key")).digest()
    server = _keyed(salted, b"Server Key")
    return f"SCRAM-SHA-256${iterations}:{_text(salt)}${_text(stored)}:{_text(server)}"


def fits(stored: str | None, password: str) -> bool:
    """Is what a server has stored the verifier of this password?"""
    match = _STORED.fullmatch(stored or "")
    if match is None:
        return False
    again = verifier(password, base64.b64decode(match[2]), int(match[1]))
    return hmac.compare_digest(again, stored or "")


def _keyed(salted: bytes, word: bytes) -> bytes:
    return hmac.digest(salted, word, "sha256")


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
