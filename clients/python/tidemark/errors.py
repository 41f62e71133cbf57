"""Errors of requests and of training sets. All are of the class TidemarkError."""

from __future__ import annotations

import json


class TidemarkError(Exception):
    """A request or a training set that failed.

    `status` is the HTTP status of the response, and `code` the stable code of the reason, such as `not_found`. Each is
    None where there is none.
    """

    def __init__(self, message: str, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class NotFoundError(TidemarkError):
    """The site has no such entity."""


class ExpiredError(TidemarkError):
    """The entity has expired."""


class ForbiddenError(TidemarkError):
    """The key may not read the entity."""


class UnauthorizedError(TidemarkError):
    """The key is missing or wrong."""


class UnavailableError(TidemarkError):
    """The collector, or a proxy before it, cannot answer now. The request may succeed after `retry_after` seconds."""

    def __init__(
        self,
        message: str,
        status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, status, code)
        self.retry_after = retry_after


class ConnectionFailedError(TidemarkError):
    """The collector could not be reached, or did not answer within the timeout."""


class TrainingSetError(TidemarkError):
    """`tidemark training-set` has failed. The message is its output."""


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isdecimal() else None


# 502 and 504 are those of a proxy.
_UNAVAILABLE = (429, 502, 503, 504)

_CLASSES = {401: UnauthorizedError, 403: ForbiddenError, 404: NotFoundError, 410: ExpiredError}


def error_for(status: int, body: bytes, retry_after: str | None) -> TidemarkError:
    """Returns the error of a response. A response that is not the collector's has no code."""
    code: str | None
    try:
        error = json.loads(body)["error"]
        code, message = str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        start = body[:200].decode("utf-8", "replace")
        code, message = None, f"The response with status {status} is not the collector's: {start}"
    if status in _UNAVAILABLE:
        return UnavailableError(message, status, code, _seconds(retry_after))
    return (TidemarkError if code is None else _CLASSES.get(status, TidemarkError))(message, status, code)
