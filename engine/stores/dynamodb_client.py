"""Requests to one DynamoDB table: a few tries within one request, and AWS's errors in our words.

A condition that does not hold is an answer, not an error. A reply that was cut off parses as an empty one, so that
what every whole reply has is asked for. This module must not know what is in an item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import Any, Final

from engine.backoff import delay
from engine.clock import Clock
from engine.errors import EnvironmentProblem
from engine.stores.port import StoreUnavailable

TRIES: Final = 4
"""Sendings within one request, over a second or two; a longer outage is waited for by `RetryingStore`."""

PASSING: Final = frozenset({
    "InternalFailure", "InternalServerError", "InternalServerErrorException", "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException", "RequestLimitExceeded", "RequestTimeout", "RequestTimeoutException",
    "ServiceUnavailable", "ServiceUnavailableException", "SlowDown", "Throttling", "ThrottlingException",
    "TransactionConflictException", "TransactionInProgressException",
})  # fmt: skip
"""Codes that pass by themselves; so does any other with an HTTP status of 500 and above."""

CREDENTIALS: Final = frozenset({
    "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "IncompleteSignatureException",
    "InvalidClientTokenId", "InvalidSignatureException", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException",
})  # fmt: skip

PASSING_HERE: Final = frozenset({
    "ChecksumError", "ConnectTimeoutError", "ConnectionClosedError", "ConnectionError", "EndpointConnectionError",
    "HTTPClientError", "IncompleteReadError", "ProxyConnectionError", "ReadTimeoutError", "ResponseParserError",
    "ResponseStreamingError", "SSLError",
})  # fmt: skip
"""botocore's own errors, by class: it was not sent, or no reply came."""

CREDENTIALS_HERE: Final = frozenset({
    "CredentialRetrievalError", "InvalidConfigError", "MetadataRetrievalError", "NoAuthTokenError",
    "NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "RefreshWithMFAUnsupportedError",
    "SSOError", "SSOTokenLoadError", "TokenRetrievalError", "UnauthorizedSSOTokenError",
})  # fmt: skip

HAS: Final = {"query": "Count", "scan": "Count", "batch_get_item": "Responses", "describe_table": "Table"}
"""What a whole reply to a request that reads always has."""


def retry_wait(attempt: int, fraction: float) -> float:
    """Seconds until one request is sent again: full jitter, for `RetryingStore` waits out what lasts."""
    return delay(attempt, first=0.1, longest=1.0, fraction=fraction)


class ConditionFailed(Exception):
    """The condition of a write does not hold; or it held, was written, and the reply was lost."""


class TableClient:
    """Requests to one table. Threads may share it: clients are thread-safe, and one is made."""

    def __init__(
        self, table: str, clients: Callable[[str], Any], clock: Clock,
        table_problem: Callable[[TableClient], str | None] = lambda calls: None,
    ) -> None:  # fmt: skip
        """`table_problem`: asked why the table cannot serve, where DynamoDB refuses a request as invalid."""
        self.table = table
        self._unfit = table_problem
        self._clients = clients
        self._clock = clock
        self._lock = Lock()
        self._client: Any = None

    def client(self) -> Any:
        """The client, made at the first request."""
        with self._lock:
            if self._client is None:
                self._client = self._clients("dynamodb")
            return self._client

    def ask(self, request: str, **arguments: Any) -> dict[str, Any]:
        """One request, tried again a few times where it may pass; ConditionFailed where its condition fails."""
        try:
            return self._once(request, arguments)
        except StoreUnavailable:
            pass
        import random

        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

        again = Retrying(
            retry=retry_if_exception_type(StoreUnavailable), stop=stop_after_attempt(TRIES - 1), sleep=self._clock.sleep,
            wait=lambda state: retry_wait(state.attempt_number, random.random()), reraise=True,
        )  # fmt: skip
        reply: dict[str, Any] = again(self._once, request, arguments)
        return reply

    def pages(self, request: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """The items of a query or scan, read to the end."""
        while True:
            reply = self.ask(request, **arguments)
            yield from reply["Items"]
            after = reply.get("LastEvaluatedKey")
            if not after:
                return
            arguments["ExclusiveStartKey"] = after

    def _once(self, request: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        named = {} if request == "batch_get_item" else {"TableName": self.table}
        try:
            reply: dict[str, Any] = getattr(self.client(), request)(**named, **arguments)
        except Exception as error:
            told = self._told(request, error)
            if told is None:
                raise
            raise told from error
        return self._whole(request, reply)

    def _whole(self, request: str, reply: dict[str, Any]) -> dict[str, Any]:
        wanted = HAS.get(request)
        cut = wanted is not None and wanted not in reply
        if cut or (wanted == "Count" and len(reply.get("Items", ())) != reply["Count"]):
            raise StoreUnavailable(f"a reply of DynamoDB about {self.table} was cut off")
        return reply

    # -- errors -------------------------------------------------------------------------------------------

    def _told(self, request: str, error: Exception) -> Exception | None:
        """None for what is not AWS's: that goes on as it is."""
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        if isinstance(error, ClientError):
            return self._answered(request, error.response)
        if not isinstance(error, (BotoCoreError, ResponseParserError)):
            return None
        names = {one.__name__ for one in type(error).__mro__}
        if names & CREDENTIALS_HERE:
            return self._credentials(str(error))
        if names & PASSING_HERE:
            return StoreUnavailable(f"DynamoDB does not answer about {self.table}: {error}")
        return EnvironmentProblem(f"{self.table} cannot be reached: {error}")

    def _answered(self, request: str, response: Mapping[str, Any]) -> Exception:
        said = response.get("Error", {})
        code, message = str(said.get("Code", "")), str(said.get("Message") or said.get("message") or "")
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        match code:
            case "ConditionalCheckFailedException":
                return ConditionFailed(message)
            case "ResourceNotFoundException":
                return EnvironmentProblem(
                    f"there is no DynamoDB table {self.table} in this account and region ({message}): check --profile "
                    f"and --region, or make it: `runbook store init --store dynamodb:{self.table}`"
                )
            case "AccessDeniedException":
                return EnvironmentProblem(f"DynamoDB refuses {request} of {self.table}: {message}")
            case "ValidationException":
                refused = f"DynamoDB refuses {request} of {self.table}: {message}"
                return EnvironmentProblem(self._unfit(self) or refused)
            case _ if code in CREDENTIALS:
                return self._credentials(f"{code}: {message}")
            case _ if code in PASSING or status >= 500:
                return StoreUnavailable(f"DynamoDB is not ready for {request} of {self.table}: {code}: {message}")
        return EnvironmentProblem(f"DynamoDB refuses {request} of {self.table}: {code}: {message}")

    def _credentials(self, message: str) -> EnvironmentProblem:
        return EnvironmentProblem(
            f"the credentials for the store {self.table} are missing or no longer good ({message}); nothing is lost: log "
            f"in again (`aws sso login`, or new keys), then `runbook resume`"
        )
