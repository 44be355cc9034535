"""Web pages in the place of AWS's replies: a proxy, a firewall or a login portal between this machine and AWS sends them.

botocore takes such a page for a reply: for an empty one, one to another call, or a refusal without a message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

_PAGE: Final = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_LONGEST_START: Final = 4096


def web_page_rejector(endpoint: str) -> Callable[..., None]:
    """A handler of botocore's event `before-parse`, for a client of that endpoint."""

    def reject(
        operation_model: Any, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
    ) -> None:
        status, body = response_dict["status_code"], response_dict["body"]
        if not isinstance(body, bytes) or _PAGE.match(body[:_LONGEST_START]) is None:
            return
        if status < 300 and "payload" in getattr(operation_model.output_shape, "serialization", {}):
            return  # the operation returns documents, of which one may be a page
        message = _message(endpoint, status)
        if status >= 500:  # the request may have got through: an answer without a code of AWS, for `call_errors`
            response_dict["body"] = b""
            customized_response_dict["Error"] = {"Code": str(status), "Message": message}
            return
        raise _error(message, status)

    return reject


def _message(endpoint: str, status: int) -> str:
    return (
        f"a web page came from {endpoint} (HTTP {status}) in place of a reply of AWS: a proxy, a firewall or a login portal "
        "answered; log in there, or correct HTTPS_PROXY, NO_PROXY or the endpoint"
    )


def _error(message: str, status: int) -> Exception:
    """botocore's exception: no connection for a refusal, and a reply that cannot be read for what claims to be one."""
    from botocore.exceptions import EndpointConnectionError
    from botocore.parsers import ResponseParserError

    if status < 300:
        return ResponseParserError(message)  # type: ignore[no-any-return]
    refused = type("EndpointConnectionError", (EndpointConnectionError,), {"fmt": "{error}"})  # with our message
    error: Exception = refused(error=message)
    return error
