"""A session with a database: the login, the connection, and what the answer to a statement means.

An error before COMMIT changes nothing, because the server rolls the transaction back when the connection ends. Only a COMMIT
without an answer has an unknown outcome. Knows no statement of an action.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from actions.postgres import tls
from actions.postgres.catalog_queries import SEARCH_PATH, STANDARD_STRINGS
from actions.postgres.passwords import UnfitPassword, prepared
from actions.postgres.server_errors import CANCELED, Destination, failed, problem_of
from engine.errors import EffectFailed, EffectUnknown, Problem
from engine.language.durations import format_duration, parse_duration
from engine.language.secret import Secret
from engine.registry import Context
from engine.values import changed

PORT: Final = 5432
TIMEOUT: Final = 10.0
ANSWER_MARGIN: Final = 5.0
"""Seconds by which the server's timeout ends before ours, so that it refuses and the outcome is known."""
CANCEL_MARGIN: Final = 0.5
"""Seconds before the end of the step's `timeout` from which a cancelled statement was cancelled for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The user, password and database in the secret `admin`."""

    user: str
    password: str = field(repr=False)
    database: str


@dataclass(slots=True, kw_only=True)
class Session:
    """An open connection. It raises only errors of the engine."""

    connection: Any
    place: Destination
    timeout: float  # the step's, in seconds
    deadline: float  # when it has passed, by `now`
    now: Callable[[], float]
    only_reads: bool = False  # is a transaction open that we began as READ ONLY?

    def left(self) -> float:
        """Seconds that remain of the step's `timeout`; EffectFailed if none do.

        All statements together must end before the lease does, as one call.
        """
        left = self.deadline - self.now()
        if left <= 0:
            message = f"{self.place}: the step's `timeout` has passed; nothing was changed"
            raise failed("ConnectionTimeout", "timeout", message)
        return left

    @property
    def _timeout(self) -> str:
        return format_duration(self.timeout, units=2)

    def limit(self) -> None:
        """Let the server refuse a statement that takes longer than what is left of the step's `timeout`."""
        self.run(f"SET statement_timeout = {max(int(self.left() * 1000), 1)}")

    def search(self, schemas: Iterable[str]) -> None:
        """Resolve names without a schema in these schemas, in their order."""
        from pg8000.native import identifier

        self.run(f"SET search_path = {', '.join(identifier(name) for name in schemas)}")

    def run(self, sql: str, **values: Any) -> list[list[Any]]:
        """The rows of one statement; EffectFailed if the server refuses it."""
        self.left()
        return self._execute(sql, values)

    def _execute(self, sql: str, values: Mapping[str, Any]) -> list[list[Any]]:
        try:
            return list(self.connection.run(sql, **values) or ())
        except Exception as error:  # pg8000 raises its own exceptions and those of sockets, ssl and struct
            problem = problem_of(error, self.place, only_reads=self.only_reads)
        over = (
            "statement timeout" in problem.message or self.now() >= self.deadline - CANCEL_MARGIN
        )  # it may speak French
        if CANCELED in problem.also and over:
            problem = changed(problem, message=(
                f"{problem.message}: the step's own `timeout` ({self._timeout}) has passed, and the server rolled the "
                "statement back; give the step a longer `timeout:`"
            ))  # fmt: skip
        raise EffectFailed(problem)

    def run_alone(self, sql: str) -> list[list[Any]]:
        """The rows of a statement outside a transaction; EffectUnknown if the answer is lost."""
        self.left()
        try:
            return self._execute(sql, {})
        except EffectFailed as error:
            raise _unanswered(error.problem, "the statement was sent") from None

    @property
    def columns(self) -> list[str]:
        """The names of the last rows' columns."""
        return [str(column["name"]) for column in self.connection.columns or ()]

    @property
    def affected(self) -> int:
        """How many rows the last statement affected."""
        return max(int(self.connection.row_count or 0), 0)

    @contextmanager
    def transaction(self, *, only_reads: bool = False) -> Iterator[None]:
        """A transaction, rolled back on an error; EffectUnknown if the answer to COMMIT is lost."""
        self.run("BEGIN READ ONLY" if only_reads else "BEGIN")
        self.only_reads = only_reads
        try:
            yield
            self.left()
        except BaseException:
            with suppress(Exception):  # the connection may be closed; then the server has rolled it back
                self.connection.run("ROLLBACK")
            raise
        try:
            self._execute("COMMIT", {})
        except EffectFailed as error:
            raise _unanswered(error.problem, "COMMIT was sent") from None


def _unanswered(problem: Problem, what: str) -> EffectFailed | EffectUnknown:
    if problem.category == "timeout":
        return EffectUnknown(f"{what}, but no answer came: {problem.message}")
    return EffectFailed(problem)


@contextmanager
def open_session(params: Mapping[str, Any], ctx: Context, *, hidden: tuple[str, ...] = ()) -> Iterator[Session]:
    """A session as `admin` in which only `pg_catalog` is searched, closed at the end of the block.

    All statements together may take the step's `timeout`. `hidden` are secrets that no message may contain, besides the
    admin's password.
    """
    login = login_of(params, ctx)
    place = Destination(
        host=str(params["host"]), port=int(params.get("port") or PORT), database=login.database, user=login.user,
        source=ctx.sources.get("admin", ""), hidden=(login.password, *hidden),
    )  # fmt: skip
    mode = str(params.get("tls") or tls.VERIFY_FULL)
    make_context = tls.context_maker(mode, params.get("ca"))
    deadline = ctx.now() + ctx.timeout
    timeout = min(_seconds(params.get("timeout")), ctx.timeout)
    connection = _connect(login, place, make_context, timeout, ctx, scram_only=mode != tls.VERIFY_FULL)
    session = Session(connection=connection, place=place, timeout=ctx.timeout, deadline=deadline, now=ctx.now)
    try:
        session.run(STANDARD_STRINGS)
        session.run(SEARCH_PATH)
        session.limit()
        yield session
    finally:
        with suppress(Exception):  # the outcome no longer depends on it
            session.connection.close()


def _connect(
    login: Login, place: Destination, make_context: Any, timeout: float, ctx: Context, *, scram_only: bool
) -> Any:
    try:
        return ctx.network.postgres(
            host=place.host, port=place.port, user=login.user, password=login.password, database=login.database,
            ssl_context=make_context, scram_only=scram_only, timeout=timeout, answer_timeout=ctx.timeout + ANSWER_MARGIN,
            application_name=f"runbook {ctx.operation}".strip(), startup_params={"client_encoding": "UTF8"},
        )  # fmt: skip
    except EffectFailed:  # the certificates cannot be read
        raise
    except Exception as error:  # pg8000 raises its own exceptions and those of sockets, ssl, scramp and struct
        problem = problem_of(error, place)
    if problem.name == "AuthenticationFailed":
        _refuse_unfit(login)
    raise EffectFailed(problem)


def _refuse_unfit(login: Login) -> None:
    """EffectFailed if SCRAM cannot use the password, which otherwise looks like a wrong password."""
    try:
        prepared(login.password)
    except UnfitPassword as why:
        raise failed(
            "InvalidPassword", "config", f"the password of admin ({login.user}) cannot be used: {why}"
        ) from None


def login_of(params: Mapping[str, Any], ctx: Context) -> Login:
    """The login from `admin` and `database`; EffectFailed `InvalidSecret` if the secret does not contain one."""
    admin, source = params["admin"], ctx.sources.get("admin", "")
    where = f"admin, from {source}" if source else "admin"
    if not isinstance(admin, Secret):
        raise failed("InvalidSecret", "config", f"{where}: it must be a secret: write `secret:NAME` in `settings`")
    value = ctx.secret(admin)
    if not isinstance(value, Mapping) or not all(_is_text(value.get(key)) for key in ("username", "password")):
        message = 'the secret must be JSON with username and password: {"username": …, "password": …}'
        raise failed("InvalidSecret", "config", f"{where}: {message}")
    database = params.get("database") or value.get("database") or value.get("dbname") or "postgres"
    return Login(user=value["username"], password=value["password"], database=str(database))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _seconds(timeout: Any) -> float:
    try:
        seconds = (
            TIMEOUT if timeout is None else parse_duration(timeout) if isinstance(timeout, str) else float(timeout)
        )
    except ValueError as error:
        raise failed("InvalidParameter", "invalid", f"timeout: {error}") from None
    if seconds <= 0:
        raise failed("InvalidParameter", "invalid", "timeout: it must be longer than 0 s")
    return seconds
