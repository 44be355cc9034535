"""A connection to a pretend PostgreSQL that behaves like `pg8000.native.Connection`, with transactions.

Others see nothing before COMMIT. Must not know what statements mean.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from actions.sandbox.calls import Refusal
from actions.sandbox.faults import NoReply
from actions.sandbox.postgres.pretend_database import Answer, Data, SqlError, answer_to, normalized
from actions.sandbox.world import World


class Caller(Protocol):
    """The sandbox, as far as its network needs it."""

    @property
    def world(self) -> World: ...

    def network_call(self, service: str, operation: str, params: Mapping[str, Any], perform: Callable[[], Any]) -> Any:
        """What `perform` returns, recorded as a call that faults and the script can hit; OSError, Refusal or NoReply."""


@dataclass(slots=True)
class _Transaction:
    """The data as the statements since BEGIN have left them."""

    data: Data
    read_only: bool
    failed: bool = False


class PretendConnection:
    """Like pg8000's: `run`, `columns`, `row_count`, `close`. Raises pg8000's exceptions.

    Every commit, and every change outside of a transaction, is a call in the journal (`postgres.Commit`,
    `postgres.Execute`) that faults can hit.
    """

    def __init__(self, caller: Caller, cluster: str, options: Mapping[str, Any]) -> None:
        self.columns: list[dict[str, Any]] | None = None
        self.row_count = -1
        self._caller = caller
        self._cluster = cluster
        self._options = options
        self._transaction: _Transaction | None = None
        self._closed = False

    def run(self, statement: str, stream: Any = None, types: Any = None, **params: Any) -> list[list[Any]]:
        """The rows of one statement."""
        from pg8000.exceptions import InterfaceError

        if self._closed:
            raise InterfaceError("connection is closed")
        try:
            answer = self._execute(statement, params)
        except ConnectionError as error:
            self._closed = True
            raise InterfaceError("network error") from error
        except SqlError as error:
            if self._transaction is not None:
                self._transaction.failed = True
            raise database_error(error.code, error.message, hint=error.hint) from None
        self.columns = [{"name": name} for name in answer.columns] or None
        self.row_count = answer.affected
        return [list(row) for row in answer.rows]

    def close(self) -> None:
        """Close it; a transaction that was not committed is lost."""
        self._closed = True
        self._transaction = None

    def _execute(self, statement: str, params: Mapping[str, Any]) -> Answer:
        text = normalized(statement)
        word = text.partition(" ")[0].upper()
        transaction = self._transaction
        if word in ("BEGIN", "START"):
            self._transaction = transaction or _Transaction(copy.deepcopy(self._data()), "READ ONLY" in text.upper())
            return Answer()
        if word in ("COMMIT", "END", "ROLLBACK", "ABORT"):
            self._transaction = None
            rolled_back = transaction is None or transaction.failed or transaction.read_only
            if word in ("COMMIT", "END") and transaction is not None and not rolled_back:
                self._save("Commit", text, transaction.data)
            return Answer()
        if transaction is not None and transaction.failed:
            message = "current transaction is aborted, commands ignored until end of transaction block"
            raise SqlError("25P02", message)
        data = copy.deepcopy(self._data()) if transaction is None else transaction.data
        user = str(self._options.get("user"))
        answer = answer_to(statement, data, self._caller.world.answers, user=user, params=params)
        if answer.changes and transaction is None:
            self._save("Execute", text, data)
        elif answer.changes and transaction is not None and transaction.read_only:
            raise SqlError("25006", f"cannot execute {word} in a read-only transaction")
        return answer

    def _data(self) -> Data:
        """The committed data; ConnectionResetError if the cluster is gone."""
        data: Data | None = self._caller.world.databases.get(self._cluster)
        if data is None:
            raise ConnectionResetError(104, "Connection reset by peer")
        return data

    def _save(self, operation: str, text: str, data: Data) -> None:
        def perform() -> None:
            self._data()
            self._caller.world.databases[self._cluster] = data

        params = login_params(self._options) | {"statement": " ".join(text.split()[:2])}  # the rest may hold a password
        try:
            self._caller.network_call("postgres", operation, params, perform)
        except (NoReply, OSError):
            raise ConnectionResetError(104, "Connection reset by peer") from None
        except Refusal as refusal:
            raise scripted_error(refusal.code, self._options, severity="ERROR") from None


def login_params(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a connection that the journal may show."""
    return {name: options.get(name) for name in ("host", "port", "user", "database")}


# --- errors of pg8000 ---

_SCRIPTED: Final[Mapping[str, tuple[str, str]]] = {
    "StartingUp": ("57P03", "the database system is starting up"),
    "TooManyConnections": ("53300", "sorry, too many clients already"),
    "AuthenticationFailed": ("28P01", 'password authentication failed for user "{user}"'),
    "DatabaseNotFound": ("3D000", 'database "{database}" does not exist'),
}


def scripted_error(word: str, options: Mapping[str, Any], severity: str = "FATAL") -> Exception:
    """pg8000's exception for an error that a script names, by its name or by SQLSTATE."""
    code, text = _SCRIPTED.get(word, (word if re.fullmatch("[0-9A-Z]{5}", word) else "XX000", f"a scripted {word}"))
    user = options.get("user")
    return database_error(code, text.format(user=user, database=options.get("database") or user), severity)


def database_error(code: str, message: str, severity: str = "ERROR", hint: str = "") -> Exception:
    """pg8000's exception for an error of the server."""
    from pg8000.exceptions import DatabaseError

    made: Exception = DatabaseError(
        {"S": severity, "V": severity, "C": code, "M": message} | ({"H": hint} if hint else {})
    )
    return made
