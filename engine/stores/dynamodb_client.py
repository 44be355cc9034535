"""Requests to one DynamoDB table, each retried a few times, with AWS's errors turned into the store's.

A condition that fails is an answer, not an error. A reply that was cut off can parse as an empty one, so replies are
checked for a field that every complete one has. This module does not know what is in an item.
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
"""How often one request is sent, within a second or two. `RetryingStore` waits for longer outages."""

TRANSIENT: Final = frozenset({
    "InternalFailure", "InternalServerError", "InternalServerErrorException", "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException", "RequestLimitExceeded", "RequestTimeout", "RequestTimeoutException",
    "ServiceUnavailable", "ServiceUnavailableException", "SlowDown", "Throttling", "ThrottlingException",
    "TransactionConflictException", "TransactionInProgressException",
})  # fmt: skip
"""Error codes that are worth a retry. So is any other error with an HTTP status of 500 or more."""

CREDENTIALS: Final = frozenset({
    "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "IncompleteSignatureException",
    "InvalidClientTokenId", "InvalidSignatureException", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException",
})  # fmt: skip

TRANSIENT_CLASSES: Final = frozenset({
    "ChecksumError", "ConnectTimeoutError", "ConnectionClosedError", "ConnectionError", "EndpointConnectionError",
    "HTTPClientError", "IncompleteReadError", "ProxyConnectionError", "ReadTimeoutError", "ResponseParserError",
    "ResponseStreamingError", "SSLError",
})  # fmt: skip
"""Classes of botocore's own errors that are worth a retry: the request was not sent, or no reply arrived."""

CREDENTIALS_CLASSES: Final = frozenset({
    "CredentialRetrievalError", "InvalidConfigError", "MetadataRetrievalError", "NoAuthTokenError",
    "NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "RefreshWithMFAUnsupportedError",
    "SSOError", "SSOTokenLoadError", "TokenRetrievalError", "UnauthorizedSSOTokenError",
})  # fmt: skip

REPLY_FIELD: Final = {"query": "Count", "scan": "Count", "batch_get_item": "Responses", "describe_table": "Table"}
"""By request: a field that every complete reply has."""


def retry_wait(attempt: int, fraction: float) -> float:
    """Seconds until a request is sent again. Full jitter: `RetryingStore` has the longer delays."""
    return delay(attempt, first=0.1, longest=1.0, fraction=fraction)


class ConditionFailed(Exception):
    """The condition of a write failed; or an earlier attempt wrote it, and its reply was lost."""


class TableClient:
    """Requests to one table. Threads may share it: boto3 clients are thread-safe, and one is created."""

    def __init__(
        self, table: str, clients: Callable[[str], Any], clock: Clock,
        find_problem: Callable[[TableClient], str | None] = lambda client: None,
    ) -> None:  # fmt: skip
        """`find_problem` says what is wrong with the table. It is called if DynamoDB refuses a request as invalid."""
        self.table = table
        self._find_problem = find_problem
        self._clients = clients
        self._clock = clock
        self._lock = Lock()
        self._client: Any = None

    def client(self) -> Any:
        """The boto3 client, created at the first request."""
        with self._lock:
            if self._client is None:
                self._client = self._clients("dynamodb")
            return self._client

    def request(self, name: str, **arguments: Any) -> dict[str, Any]:
        """The reply to a request, which is retried after transient errors. ConditionFailed if its condition fails.

        `name`: of the method of the boto3 client, such as `put_item`.
        """
        try:
            return self._send(name, arguments)
        except StoreUnavailable:
            pass
        import random

        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

        retrying = Retrying(
            retry=retry_if_exception_type(StoreUnavailable), stop=stop_after_attempt(TRIES - 1), sleep=self._clock.sleep,
            wait=lambda state: retry_wait(state.attempt_number, random.random()), reraise=True,
        )  # fmt: skip
        reply: dict[str, Any] = retrying(self._send, name, arguments)
        return reply

    def pages(self, name: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """The items of all pages of a query or scan."""
        while True:
            reply = self.request(name, **arguments)
            yield from reply["Items"]
            after = reply.get("LastEvaluatedKey")
            if not after:
                return
            arguments["ExclusiveStartKey"] = after

    def _send(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        table = {} if name == "batch_get_item" else {"TableName": self.table}
        try:
            reply: dict[str, Any] = getattr(self.client(), name)(**table, **arguments)
        except Exception as error:
            translated = self._translate(name, error)
            if translated is None:
                raise
            raise translated from error
        return self._complete(name, reply)

    def _complete(self, name: str, reply: dict[str, Any]) -> dict[str, Any]:
        """The reply; StoreUnavailable if a part of it is missing."""
        expected = REPLY_FIELD.get(name)
        cut = expected is not None and expected not in reply
        if cut or (expected == "Count" and len(reply.get("Items", ())) != reply["Count"]):
            raise StoreUnavailable(f"a reply from DynamoDB for the table {self.table} was cut off")
        return reply

    # -- errors -------------------------------------------------------------------------------------------

    def _translate(self, name: str, error: Exception) -> Exception | None:
        """The error in the store's terms; None for one that is not AWS's, which is raised as it is."""
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        if isinstance(error, ClientError):
            return self._translate_response(name, error.response)
        if not isinstance(error, (BotoCoreError, ResponseParserError)):
            return None
        classes = {one.__name__ for one in type(error).__mro__}
        if classes & CREDENTIALS_CLASSES:
            return self._credentials_problem(str(error))
        if classes & TRANSIENT_CLASSES:
            return StoreUnavailable(f"DynamoDB does not answer for the table {self.table}: {error}")
        return EnvironmentProblem(f"the table {self.table} cannot be reached: {error}")

    def _translate_response(self, name: str, response: Mapping[str, Any]) -> Exception:
        answer = response.get("Error", {})
        code, message = str(answer.get("Code", "")), str(answer.get("Message") or answer.get("message") or "")
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        match code:
            case "ConditionalCheckFailedException":
                return ConditionFailed(message)
            case "ResourceNotFoundException":
                return EnvironmentProblem(
                    f"there is no DynamoDB table {self.table} in this account and region ({message}). Check --profile and "
                    f"--region, or create the table with `runbook store init --store dynamodb:{self.table}`"
                )
            case "AccessDeniedException":
                return EnvironmentProblem(f"DynamoDB denies {name} on the table {self.table}: {message}")
            case "ValidationException":
                refused = f"DynamoDB refuses {name} on the table {self.table}: {message}"
                return EnvironmentProblem(self._find_problem(self) or refused)
            case _ if code in CREDENTIALS:
                return self._credentials_problem(f"{code}: {message}")
            case _ if code in TRANSIENT or status >= 500:
                return StoreUnavailable(f"DynamoDB cannot serve {name} on the table {self.table}: {code}: {message}")
        return EnvironmentProblem(f"DynamoDB refuses {name} on the table {self.table}: {code}: {message}")

    def _credentials_problem(self, message: str) -> EnvironmentProblem:
        return EnvironmentProblem(
            f"the credentials for the store {self.table} are missing or have expired ({message}). No progress is lost; log "
            f"in again (`aws sso login`, or new keys) and continue with `runbook resume`"
        )
