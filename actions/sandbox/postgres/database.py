"""A pretend PostgreSQL behind each cluster: a connection that behaves as `pg8000.native.Connection` does.

It checks who logs in, keeps transactions (nothing is there before COMMIT), and knows the statements of `sql`. What
is changed is kept with the cluster, so a snapshot takes it along. Must not know of botocore.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from actions.postgres.passwords import fits
from actions.sandbox.calls import Refusal
from actions.sandbox.postgres import sql

CLOSED: Final = "connection is closed"
_BEGIN: Final = re.compile(r"(?:BEGIN|START TRANSACTION)\b(.*)", re.IGNORECASE | re.DOTALL)
_END: Final = re.compile(r"(COMMIT|END|ROLLBACK|ABORT)\b.*", re.IGNORECASE | re.DOTALL)


class Keeper(Protocol):
    """Where a database's data is kept, and how a change of it is made known."""

    def read(self) -> dict[str, Any]:
        """The data as it is; ConnectionResetError where the cluster is gone."""

    def change(self, operation: str, statement: str, data: dict[str, Any]) -> None:
        """Keep `data` instead: one call, in the journal and open to faults."""


def refuse_stranger(data: Mapping[str, Any], options: Mapping[str, Any], database: str | None) -> None:
    """Refuses a wrong user, password or database; where the world does not say which are right, all are."""
    user, password = options.get("user"), options.get("password")
    admin = data.get("admin") or {}
    if admin.get("user") is not None and not _knows(data, admin, str(user), str(password)):
        raise Refusal("AuthenticationFailed", f'password authentication failed for user "{user}"')
    wanted = options.get("database") or user
    if database is not None and wanted not in ("postgres", "template1", database):
        raise Refusal("DatabaseNotFound", f'database "{wanted}" does not exist')


def _knows(data: Mapping[str, Any], admin: Mapping[str, Any], user: str, password: str) -> bool:
    if user == admin["user"]:
        return admin.get("password") in (None, password)
    role = data.get("roles", {}).get(user)
    return role is not None and bool(role["login"]) and fits(role.get("stored"), password)


@dataclass(slots=True)
class _Transaction:
    """What has been said since BEGIN, and is not yet true."""

    data: dict[str, Any]
    read_only: bool
    failed: bool = False


class Connection:
    """As pg8000's: `run`, `columns`, `row_count`, `close`. Raises pg8000's exceptions."""

    def __init__(self, keeper: Keeper, user: str, answers: Mapping[str, Any], lost: Callable[[], Exception]) -> None:
        self.columns: list[dict[str, Any]] | None = None
        self.row_count = -1
        self._keeper = keeper
        self._user = user
        self._answers = answers
        self._lost = lost
        self._transaction: _Transaction | None = None
        self._closed = False

    def run(self, statement: str, stream: Any = None, types: Any = None, **params: Any) -> list[list[Any]]:
        """The rows of one statement."""
        if self._closed:
            from pg8000.exceptions import InterfaceError

            raise InterfaceError(CLOSED)
        try:
            return self._run(statement.strip().rstrip(";").strip(), params)
        except ConnectionError:
            self._closed = True
            raise self._lost() from None
        except sql.Refused as refused:
            if self._transaction is not None:
                self._transaction.failed = True
            raise _error(refused) from None

    def close(self) -> None:
        """What was not committed is as if it had not been said."""
        self._closed = True
        self._transaction = None

    def _run(self, statement: str, params: Mapping[str, Any]) -> list[list[Any]]:
        begin, end = _BEGIN.fullmatch(statement), _END.fullmatch(statement)
        if begin:
            if self._transaction is None:
                read_only = "READ ONLY" in begin[1].upper()
                self._transaction = _Transaction(copy.deepcopy(self._keeper.read()), read_only)
            return self._answered(sql.Answer())
        if end:
            return self._ended(end[1].upper(), statement)
        inside = self._transaction
        if inside is not None and inside.failed:
            said = "current transaction is aborted, commands ignored until end of transaction block"
            raise sql.Refused("25P02", said)
        data = copy.deepcopy(self._keeper.read()) if inside is None else inside.data
        asked = sql.Asked(statement=statement, params=params, user=self._user, data=data, answers=self._answers)
        answer = sql.answer(asked)
        if answer.changes and inside is not None and inside.read_only:
            raise sql.Refused(
                "25006", f"cannot execute {statement.split(maxsplit=1)[0].upper()} in a read-only transaction"
            )
        if answer.changes and inside is None:
            self._keeper.change("Execute", statement, data)
        return self._answered(answer)

    def _ended(self, word: str, statement: str) -> list[list[Any]]:
        inside, self._transaction = self._transaction, None
        if inside is not None and word in ("COMMIT", "END") and not inside.failed and not inside.read_only:
            self._keeper.change("Commit", statement, inside.data)
        return self._answered(sql.Answer())

    def _answered(self, answer: sql.Answer) -> list[list[Any]]:
        self.columns = [{"name": name} for name in answer.columns] or None
        self.row_count = answer.affected
        return [list(row) for row in answer.rows]


def _error(refused: sql.Refused) -> Exception:
    """pg8000's exception for a server's no."""
    from pg8000.exceptions import DatabaseError

    fields = {"S": "ERROR", "V": "ERROR", "C": refused.code, "M": refused.message}
    made: Exception = DatabaseError(fields | ({"H": refused.hint} if refused.hint else {}))
    return made
