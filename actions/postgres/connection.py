"""One session with a database: who logs in, how it is opened, and what each answer means.

What fails before a transaction is committed has changed nothing, for the server takes it back when the connection ends;
only a commit without an answer is unknown. Must not know which statements there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from actions.postgres import tls
from actions.postgres.catalog_queries import QUIET
from actions.postgres.errors import Place, failed, problem_of
from actions.postgres.passwords import UnfitPassword, prepared
from engine.errors import EffectFailed, EffectUnknown, Problem
from engine.language.durations import parse_duration
from engine.language.secret import Secret
from engine.registry import Context
from engine.values import Resources

PORT: Final = 5432
TIMEOUT: Final = 10.0
SPARE: Final = 5.0
"""Seconds for which the server's own time-out comes before ours: then it says no, and nothing is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What the secret `admin` says."""

    user: str
    password: str = field(repr=False)
    database: str


class Session(Resources):
    """An open connection; every error that comes out of it is the engine's."""

    connection: Any
    place: Place
    ends: float  # when the step's time is over, by `now`
    now: Callable[[], float]

    def left(self) -> float:
        """Seconds of the step's time that are left; EffectFailed if there are none.

        All statements together must end before the lease does, as one call.
        """
        left = self.ends - self.now()
        if left <= 0:
            raise failed(
                "ConnectionTimeout", "timeout", f"{self.place}: the step's `timeout` is over; nothing was changed"
            )
        return left

    def limit(self, longest: float | None = None) -> None:
        """From now on a statement has as long as the step has, or `longest` seconds; then the server says no."""
        seconds = min(self.left(), longest or self.left())
        self.run(f"SET statement_timeout = {max(int(seconds * 1000), 1)}")

    def run(self, sql: str, **values: Any) -> list[list[Any]]:
        """The rows of one statement; EffectFailed with the server's no."""
        self.left()
        return self._ask(sql, values)

    def _ask(self, sql: str, values: Mapping[str, Any]) -> list[list[Any]]:
        try:
            return list(self.connection.run(sql, **values) or ())
        except Exception as error:  # pg8000 raises what the network, TLS and struct raise, besides its own
            raise EffectFailed(problem_of(error, self.place)) from None

    def run_alone(self, sql: str) -> list[list[Any]]:
        """A statement that is its own transaction: without an answer, nobody knows."""
        self.left()
        try:
            return self._ask(sql, {})
        except EffectFailed as error:
            raise _unanswered(error.problem, "the statement was sent") from None

    @property
    def columns(self) -> list[str]:
        """The names of the last rows' columns."""
        return [str(column["name"]) for column in self.connection.columns or ()]

    @property
    def affected(self) -> int:
        """How many rows the last statement was about."""
        return max(int(self.connection.row_count or 0), 0)

    @contextmanager
    def transaction(self, begin: str = "BEGIN") -> Iterator[None]:
        """All or nothing; EffectUnknown if the answer to the commit is lost."""
        self.run(begin)
        try:
            yield
            self.left()
        except BaseException:
            with suppress(Exception):  # the connection may be gone; then the server has taken it back
                self.connection.run("ROLLBACK")
            raise
        try:
            self._ask("COMMIT", {})
        except EffectFailed as error:
            raise _unanswered(error.problem, "COMMIT was sent") from None


def _unanswered(problem: Problem, what: str) -> EffectFailed | EffectUnknown:
    if problem.category == "timeout":
        return EffectUnknown(f"{what}, and no answer came: {problem.message}")
    return EffectFailed(problem)


@contextmanager
def session(
    params: Mapping[str, Any], ctx: Context, *, hidden: tuple[str, ...] = (), longest: float | None = None
) -> Iterator[Session]:
    """A session as `admin`, closed at the end; a statement may take `longest`, all together the step's `timeout`.

    `hidden` is what no message may hold besides the admin's password.
    """
    login = login_of(params, ctx)
    place = Place(
        host=str(params["host"]), port=int(params.get("port") or PORT), database=login.database, user=login.user,
        source=ctx.sources.get("admin", ""), hidden=(login.password, *hidden),
    )  # fmt: skip
    secure = tls.prepared(str(params.get("tls") or "verify-full"), params.get("ca"))
    ends = ctx.now() + ctx.timeout
    opened = _opened(login, place, secure, min(_seconds(params.get("timeout")), ctx.timeout), ctx)
    made = Session(connection=opened, place=place, ends=ends, now=ctx.now)
    try:
        made.run(QUIET)
        made.limit(longest)
        yield made
    finally:
        with suppress(Exception):  # nothing that was asked depends on how it closes
            made.connection.close()


def _opened(login: Login, place: Place, secure: Any, timeout: float, ctx: Context) -> Any:
    try:
        return ctx.network.postgres(
            host=place.host, port=place.port, user=login.user, password=login.password, database=login.database,
            ssl_context=secure, timeout=timeout, answer_timeout=ctx.timeout + SPARE,
            application_name=f"runbook {ctx.operation}".strip(), startup_params={"client_encoding": "UTF8"},
        )  # fmt: skip
    except EffectFailed:  # the certificates that are to be trusted
        raise
    except Exception as error:  # pg8000 raises what the network, TLS, SCRAM and struct raise, besides its own
        problem = problem_of(error, place)
    if problem.name == "AuthenticationFailed":
        _refuse_unfit(login)
    raise EffectFailed(problem)


def _refuse_unfit(login: Login) -> None:
    """A password that SCRAM cannot use looks like a server that does not know it: say which it is."""
    try:
        prepared(login.password)
    except UnfitPassword as why:
        raise failed("InvalidPassword", "config", f"the password of admin ({login.user}): {why}") from None


def login_of(params: Mapping[str, Any], ctx: Context) -> Login:
    """What `admin` and `database` say; EffectFailed `InvalidSecret` where the secret is no login."""
    admin, source = params["admin"], ctx.sources.get("admin", "")
    where = f"admin, from {source}" if source else "admin"
    if not isinstance(admin, Secret):
        raise failed("InvalidSecret", "config", f"{where}: no secret; write `secret:NAME` among the settings")
    value = ctx.secret(admin)
    if not isinstance(value, Mapping) or not all(_is_text(value.get(key)) for key in ("username", "password")):
        said = 'the secret must be JSON with username and password: {"username": …, "password": …}'
        raise failed("InvalidSecret", "config", f"{where}: {said}")
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
        raise failed("InvalidParameter", "invalid", "timeout: must be more than nothing")
    return seconds
