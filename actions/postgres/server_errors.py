"""Turns errors of PostgreSQL, TLS and the network into the engine's (docs/kinds.md, "Errors of the database").

A message has the server's own text and what to do, with secrets masked. Knows no SQL statement.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from actions.masking import masked_text
from actions.network import reason_of
from actions.scram_login import UnprovenServer
from engine.errors import EffectFailed, Problem

CODES: Final = {
    # SQLSTATE (PostgreSQL, Appendix A, Error Codes): name, category
    "28P01": ("AuthenticationFailed", "denied"),
    "28000": ("AuthenticationFailed", "denied"),
    "3D000": ("DatabaseNotFound", "config"),
    "42501": ("InsufficientPrivilege", "denied"),
    "57P01": ("ConnectionTimeout", "timeout"),  # admin_shutdown: a failover
    "57P02": ("ConnectionTimeout", "timeout"),  # crash_shutdown
    "57P03": ("ConnectionTimeout", "timeout"),  # cannot_connect_now: starting up
    "53300": ("ConnectionTimeout", "timeout"),  # too_many_connections
    "57P05": ("ConnectionTimeout", "timeout"),  # idle_session_timeout
    "08000": ("ConnectionTimeout", "timeout"),  # and its class, connection exceptions
    "08001": ("ConnectionTimeout", "timeout"),
    "08003": ("ConnectionTimeout", "timeout"),
    "08004": ("ConnectionTimeout", "timeout"),
    "08006": ("ConnectionTimeout", "timeout"),
    "08007": ("ConnectionTimeout", "timeout"),  # the outcome of the transaction is unknown
    "40003": ("ConnectionTimeout", "timeout"),  # the outcome of the statement is unknown
    "25006": ("ReadOnly", "conflict"),  # read_only_sql_transaction: a reader, or the old writer after a failover
}

READ_ONLY: Final = "25006"
CANCELED: Final = "57014"

SHORTEST_MASKED: Final = 6
"""Characters. A shorter password is not masked: the stars in a known message would reveal it."""

BUNDLE: Final = (
    "for RDS, download AWS's certificates (global-bundle.pem, from truststore.pki.rds.amazonaws.com) and name the file "
    "with `ca:` or in RUNBOOK_DATABASE_CA"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The database and the user. `hidden` are secrets that no message may contain."""

    host: str
    port: int
    database: str
    user: str
    source: str = ""  # the setting that `admin` comes from
    hidden: tuple[str, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.database} as {self.user}"


def failed(name: str, category: str, message: str, *also: str) -> EffectFailed:
    """An error of this name and category."""
    return EffectFailed(Problem(name=name, category=category, message=message, also=also))


def problem_of(error: BaseException, place: Destination, *, only_reads: bool = False) -> Problem:
    """The problem behind an exception of pg8000, ssl or the network, or behind its cause: pg8000 wraps other exceptions.

    `only_reads`: we began the transaction as READ ONLY, so that its refusals do not mean a reader.
    """
    chain = list(_chain(error))
    fields = next((found for found in map(_fields, chain) if found), None)
    if fields is not None:
        return _server_problem(fields, place, only_reads=only_reads)
    for one in chain:
        if isinstance(one, ssl.SSLError):
            return _tls_problem(one, place)
        if "refuses SSL" in str(one):
            message = (
                "the server does not support TLS, so nothing was sent; check that `host` and `port` are the cluster's"
            )
            return _problem(place, "TlsFailed", "config", message)
        if isinstance(one, UnprovenServer):
            message = (
                f"{one}, and its certificate is not verified in full, so no password was sent; use `tls: verify-full`, "
                "or set password_encryption = 'scram-sha-256' at the server and set the password again"
            )
            return _problem(place, "AuthenticationFailed", "denied", message)
    for one in chain:
        if isinstance(one, OSError):
            return _problem(place, "ConnectionTimeout", "timeout", reason_of(one))
    if any(str(one) in ("network error", "connection is closed") for one in chain):
        return _problem(place, "ConnectionTimeout", "timeout", "the connection was lost")
    if any(type(one).__name__ == "ScramException" for one in chain):
        message = "the server could not prove that it knows the password; check that the password is right"
        return _problem(place, "AuthenticationFailed", "denied", message)
    message = f"the server there does not speak PostgreSQL's protocol ({type(error).__name__}); check `host` and `port`"
    return _problem(place, "PostgresError", "internal", message)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


def _fields(error: BaseException) -> dict[str, Any] | None:
    """The fields of the server's error message (pg8000's DatabaseError), if it is one."""
    fields = error.args[0] if error.args else None
    return fields if isinstance(fields, dict) and "C" in fields else None


def _server_problem(fields: dict[str, Any], place: Destination, *, only_reads: bool) -> Problem:
    """`C` is the SQLSTATE, `M` the message, `D` the detail, `H` the hint (PostgreSQL, Error and Notice Message Fields)."""
    code, text = str(fields["C"]), str(fields.get("M", ""))
    name, category = CODES.get(code, ("PostgresError", "internal"))
    if code == READ_ONLY and only_reads:
        name, category = "PostgresError", "internal"
    if code == "28000" and "no encryption" in text:
        return _problem(place, "TlsFailed", "config", f"{text}: the server requires TLS; remove `tls: off`", code)
    advice = str(fields.get("H", "")) or _advice(name, text, place)
    message = f"{text} (SQLSTATE {code})" if name in ("PostgresError", "ReadOnly") else text
    if name == "InsufficientPrivilege" and fields.get("D"):
        message += f": {str(fields['D']).rstrip('.')}"
    return _problem(place, name, category, f"{message}; {advice}" if advice else message, code)


def _advice(name: str, text: str, place: Destination) -> str:
    match name:
        case "AuthenticationFailed":
            admin = f"`admin` (from {place.source})" if place.source else "`admin`"
            return f"check that {admin} has the password of this cluster; a restored cluster has its snapshot's"
        case "DatabaseNotFound":
            return "name another one with `database:`"
        case "ReadOnly":
            return (
                "this is a reader: use the cluster's writer endpoint as `host`; for a moment after a failover, that name "
                "still leads to the old writer. (Or the database is set to default_transaction_read_only)"
            )
        case "InsufficientPrivilege" if "create role" in text:
            return f'ALTER ROLE "{place.user}" CREATEROLE, or use another `admin`'
        case "InsufficientPrivilege" if "role" in text:
            return (
                "since PostgreSQL 16, CREATEROLE is not enough for a role that another role has created: its creator must "
                f'GRANT it TO "{place.user}" WITH ADMIN OPTION'
            )
        case "InsufficientPrivilege":
            return f'only the owner can grant: GRANT the owner\'s role TO "{place.user}", or use the owner as `admin`'
        case _:
            return ""


def _tls_problem(error: ssl.SSLError, place: Destination) -> Problem:
    if not isinstance(error, ssl.SSLCertVerificationError):
        reason = getattr(error, "reason", None) or type(error).__name__
        return _problem(place, "TlsFailed", "config", f"the TLS connection cannot be set up: {reason}")
    reason = error.verify_message or "it is not trusted"
    if "mismatch" in reason or "not valid for" in reason:
        advice = "use the cluster's own endpoint as `host`, or set `tls: verify-ca`"
    else:
        advice = BUNDLE
    return _problem(place, "TlsFailed", "config", f"the server's certificate is not accepted: {reason}; {advice}")


def _problem(place: Destination, name: str, category: str, message: str, *also: str) -> Problem:
    # A server quotes no password, but a message could contain one by accident.
    message = masked_text(message, [secret for secret in place.hidden if len(secret) >= SHORTEST_MASKED])
    return Problem(name=name, category=category, message=f"{place}: {message}", also=also)
