"""Errors of requests and of training sets. All are of the class TidemarkError."""

from __future__ import annotations

import json
from typing import Optional


class TidemarkError(Exception):
    """A request that the collector rejected.

    `status` is the HTTP status, and `code` the stable code of the reason, such as `not_found`.
    """

    def __init__(self, message: str, status: Optional[int] = None, code: Optional[str] = None) -> None:
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
    """The collector cannot answer now. The request may succeed after `retry_after` seconds."""

    def __init__(
        self,
        message: str,
        status: Optional[int] = None,
        code: Optional[str] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(message, status, code)
        self.retry_after = retry_after


class ConnectionFailedError(TidemarkError):
    """The collector could not be reached, or did not answer within the timeout."""


class TrainingSetError(TidemarkError):
    """`tidemark training-set` has failed. The message is its output."""


def _seconds(text: Optional[str]) -> Optional[float]:
    return float(text) if text is not None and text.isdigit() else None


_CLASSES = {401: UnauthorizedError, 403: ForbiddenError, 404: NotFoundError, 410: ExpiredError}


def error_for(status: int, body: bytes, retry_after: Optional[str]) -> TidemarkError:
    """Returns the error of a response. A response that is not the collector's has no code."""
    try:
        error = json.loads(body)["error"]
        code, message = str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        start = body[:200].decode("utf-8", "replace")
        return TidemarkError(f"The response with status {status} is not the collector's: {start}", status)
    if status in (429, 503):
        return UnavailableError(message, status, code, _seconds(retry_after))
    return _CLASSES.get(status, TidemarkError)(message, status, code)
