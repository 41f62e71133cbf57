"""Requests to a collector, over one connection for each thread."""

from __future__ import annotations

import http.client
import json
import os
import threading
from typing import Any
from urllib.parse import urlsplit

from .errors import ConnectionFailedError, error_for


class _Kept:
    """A connection that is closed with the thread or the client that keeps it."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection = connection
        self._process = os.getpid()

    @property
    def is_own(self) -> bool:
        """Whether this process has opened it. Two processes after a fork would read each other's responses."""
        return self._process == os.getpid()

    def __del__(self) -> None:
        self.connection.close()


class Transport:
    """Sends requests with a key. It is safe for threads."""

    def __init__(self, url: str, key: str, timeout: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url: expected the address of a collector, such as https://collector.example; given {url!r}")
        self._url = url
        self._is_secure = parts.scheme == "https"
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path.rstrip("/")
        # Cloudflare can block requests without a user agent.
        self._headers = {
            "authorization": f"Bearer {key}",
            "content-type": "application/json",
            "user-agent": "tidemark-python",
        }
        self._timeout = timeout
        self._threads = threading.local()

    def _connect(self) -> http.client.HTTPConnection:
        if self._is_secure:
            return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout)
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)

    def request(self, method: str, path: str, body: object | None = None) -> Any:
        """Sends a request, and returns the JSON of the response.

        Raises TidemarkError for a response that is an error or not the collector's, and ConnectionFailedError without a
        response.
        """
        received, _ = self._send(method, path, body)
        try:
            return json.loads(received)
        except ValueError as error:
            raise error_for(200, received, None) from error

    def text(self, method: str, path: str) -> str:
        """Sends a request, and returns the plain text of the response. Raises the errors of `request`."""
        received, content_type = self._send(method, path, None)
        # A page of a proxy is HTML.
        if not content_type.startswith("text/plain"):
            raise error_for(200, received, None)
        try:
            return received.decode()
        except ValueError as error:
            raise error_for(200, received, None) from error

    def _send(self, method: str, path: str, body: object | None) -> tuple[bytes, str]:
        """Sends a request, and returns the body of the response with its type."""
        content = None if body is None else json.dumps(body).encode()
        kept: _Kept | None = getattr(self._threads, "kept", None)
        # The other side may close a connection while it is idle. Reads and predictions change nothing, and can be sent again.
        attempts: list[http.client.HTTPConnection | None] = [kept.connection, None] if kept and kept.is_own else [None]
        for attempt in attempts:
            connection = attempt or self._connect()
            try:
                connection.request(method, self._path + path, content, self._headers)
                response = connection.getresponse()
                received = response.read()
            except (http.client.HTTPException, OSError) as error:
                connection.close()
                self._threads.kept = None
                if attempt is None or isinstance(error, TimeoutError):
                    raise ConnectionFailedError(f"{self._url} could not be read: {str(error) or type(error).__name__}") from error
                continue
            if attempt is None:
                self._threads.kept = _Kept(connection)
            if response.status != 200:
                raise error_for(response.status, received, response.getheader("retry-after"))
            return received, response.getheader("content-type") or ""
        raise AssertionError("unreachable")
