"""Tests of the client against a server of this process: `python -m unittest discover clients/python/tests`."""

from __future__ import annotations

import json
import os
import sys
import threading
import unittest
from contextlib import suppress
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from collections.abc import Callable
from typing import Any

import tidemark
from tidemark import Tidemark

Answer = tuple[int, Any, dict[str, str]]

PLAIN = {"content-type": "text/plain; charset=UTF-8"}


class Request:
    """A request that the server has received."""

    def __init__(self, method: str, path: str, authorization: str | None, body: Any, connection: int) -> None:
        self.method, self.path, self.authorization = method, path, authorization
        self.body, self.connection = body, connection


class Collector:
    """A server that answers by a function, and keeps the requests."""

    def __init__(self, answer: Callable[[Request], Answer], close_after: bool = False) -> None:
        requests: list[Request] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                authorization = self.headers.get("authorization")
                request = Request(self.command, self.path, authorization, body, self.client_address[1])
                requests.append(request)
                status, content, headers = answer(request)
                text = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"content-length": str(len(text)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(BrokenPipeError):
                    self.wfile.write(text)
                # Without a header that says so, as a server that has waited for long does.
                self.close_connection = close_after

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.requests = requests
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def error(status: int, code: str, headers: dict[str, str] | None = None) -> Answer:
    return status, {"error": {"code": code, "message": f"The reason is {code}."}}, headers or {}


class ClientTest(unittest.TestCase):
    def collector(self, answer: Callable[[Request], Answer], close_after: bool = False) -> Collector:
        server = Collector(answer, close_after)
        self.addCleanup(server.close)
        return server

    def test_encodes_entities_ids_and_times(self) -> None:
        server = self.collector(lambda _: (200, {"features": {}}, {}))
        client = Tidemark(f"{server.url}/collector/", "key-1")
        moment = datetime(2026, 11, 29, 9, 30, tzinfo=timezone.utc)
        client.get_features("page", "/a b?c=é", feature_set="shop_page:2", as_of=moment)
        client.get_features("user", "u-1", features=["clicks", "views"])
        first, second = server.requests
        self.assertEqual(
            first.path,
            "/collector/v1/features/page/%2Fa%20b%3Fc%3D%C3%A9?set=shop_page%3A2&as_of=1795944600000",
        )
        self.assertEqual(second.path, "/collector/v1/features/user/u-1?features=clicks%2Cviews")
        self.assertEqual(first.authorization, "Bearer key-1")

    def test_reads_many_entities_in_one_request(self) -> None:
        missing = {"entity": "page", "id": "/", "code": "deadline_exceeded", "message": "The deadline has passed."}
        response = {"vectors": [{"entity": "user", "id": "a", "features": {}}], "missing": [missing]}
        server = self.collector(lambda _: (200, response, {}))
        client = Tidemark(server.url, "key")
        features = client.get_features_of([("user", "a"), ("page", "/")], feature_sets={"user": "x"}, deadline_ms=100)
        self.assertEqual(features, response)
        read = [{"entity": "user", "id": "a", "set": "x"}, {"entity": "page", "id": "/"}]
        self.assertEqual(server.requests[0].body, {"read": read, "deadline_ms": 100})

    def test_predicts_for_an_entity(self) -> None:
        response = {"model": "purchase", "version": 2, "entity": "page", "id": "/a b", "value": 0.25, "fallback": None}
        server = self.collector(lambda _: (200, response, {}))
        prediction = Tidemark(server.url, "key").predict("purchase", "page", "/a b")
        self.assertEqual((prediction["value"], prediction["version"]), (0.25, 2))
        (request,) = server.requests
        self.assertEqual((request.method, request.path), ("POST", "/v1/predict/purchase/page/%2Fa%20b"))
        self.assertIsNone(request.body)

    def test_predicts_for_many_entities_in_one_request(self) -> None:
        missing = {"entity": "user", "id": "b", "code": "not_found", "message": "The site has no such user."}
        response = {"predictions": [{"entity": "user", "id": "a", "value": 0.5, "fallback": "timeout"}], "missing": [missing]}
        server = self.collector(lambda _: (200, response, {}))
        client = Tidemark(server.url, "key")
        predictions = client.predict_for("churn", [("user", "a"), ("user", "b")], deadline_ms=100)
        self.assertEqual(predictions, response)
        client.predict_for("churn", iter([("user", "a")]))
        first, second = server.requests
        self.assertEqual((first.method, first.path), ("POST", "/v1/predict/churn"))
        read = [{"entity": "user", "id": "a"}, {"entity": "user", "id": "b"}]
        self.assertEqual(first.body, {"read": read, "deadline_ms": 100})
        self.assertEqual(second.body, {"read": [{"entity": "user", "id": "a"}]})

    def test_reads_a_context_as_text_and_as_json(self) -> None:
        lines = 'Context.\n- viewed "/ä".\n'
        context = {"entity": "user", "id": "u/1", "steps": [], "features": {}}

        def answer(request: Request) -> Answer:
            return (200, context, {}) if "json" in request.path else (200, lines.encode(), PLAIN)

        server = self.collector(answer)
        client = Tidemark(server.url, "key")
        self.assertEqual(client.context("session", "shop.a"), lines)
        self.assertEqual(client.context("session", "shop.a", max_tokens=300, feature_set="intent:1"), lines)
        self.assertEqual(client.context("user", "u/1", format="json"), context)
        self.assertEqual(
            [request.path for request in server.requests],
            [
                "/v1/context/session/shop.a?format=text",
                "/v1/context/session/shop.a?format=text&max_tokens=300&set=intent%3A1",
                "/v1/context/user/u%2F1?format=json",
            ],
        )
        with self.assertRaisesRegex(ValueError, "format"):
            client.context("user", "u", format="xml")  # type: ignore[call-overload]

    def test_has_an_error_for_a_context_that_is_not_the_collectors(self) -> None:
        answers = {"bytes": (200, b"\xff\xfe", PLAIN), "page": (200, b"<html>Log in", {"content-type": "text/html"})}
        server = self.collector(lambda request: answers["page" if "page" in request.path else "bytes"])
        client = Tidemark(server.url, "key")
        for id in answers:
            with self.assertRaisesRegex(tidemark.TidemarkError, "not the collector's"):
                client.context("session", id)
        refused = Tidemark(self.collector(lambda _: error(403, "no_consent")).url, "key")
        with self.assertRaisesRegex(tidemark.ForbiddenError, "no_consent"):
            refused.context("session", "shop.a")

    def test_turns_columns_into_rows(self) -> None:
        response = {
            "metadata": {"feature_names": ["user_id", "clicks"]},
            "results": [
                {"values": ["a", "zz"], "statuses": ["PRESENT", "PRESENT"], "event_timestamps": []},
                {"values": [3, None], "statuses": ["PRESENT", "NOT_FOUND"], "event_timestamps": []},
            ],
        }
        server = self.collector(lambda _: (200, response, {}))
        features = Tidemark(server.url, "key").get_online_features({"user_id": ["a", "zz"]}, feature_service="intent")
        self.assertEqual(features.to_dict(), {"user_id": ["a", "zz"], "clicks": [3, None]})
        self.assertEqual(features.rows(), [{"user_id": "a", "clicks": 3}, {"user_id": "zz", "clicks": None}])
        self.assertEqual(features.statuses()["clicks"], ["PRESENT", "NOT_FOUND"])
        self.assertEqual(
            server.requests[0].body,
            {"feature_service": "intent", "entities": {"user_id": ["a", "zz"]}, "full_feature_names": False},
        )

    def test_names_features_with_their_views(self) -> None:
        response: dict[str, Any] = {"metadata": {"feature_names": []}, "results": []}
        server = self.collector(lambda _: (200, response, {}))
        Tidemark(server.url, "key").get_online_features(
            {"user_id": ["a"]}, features=["user_features:clicks"], full_feature_names=True
        )
        body = {"features": ["user_features:clicks"], "entities": {"user_id": ["a"]}, "full_feature_names": True}
        self.assertEqual(server.requests[0].body, body)

    def test_lists_page_after_page(self) -> None:
        def answer(request: Request) -> Answer:
            if "cursor=" in request.path:
                return 200, {"entities": [{"id": "c", "event_time": 3}]}, {}
            return 200, {"entities": [{"id": "a", "event_time": 1}, {"id": "b", "event_time": 2}], "cursor": "2/b"}, {}

        server = self.collector(answer)
        listed = Tidemark(server.url, "key").list_entities("user", 1_795_944_600_000)
        self.assertEqual([entity["id"] for entity in listed], ["a", "b", "c"])
        paths = [request.path for request in server.requests]
        self.assertEqual(paths, ["/v1/entities/user?active_since=1795944600000", "/v1/entities/user?active_since=1795944600000&cursor=2%2Fb"])

    def test_has_an_error_for_each_reason(self) -> None:
        answers: dict[str, Answer] = {
            "unknown": error(404, "not_found"),
            "old": error(410, "expired"),
            "other": error(403, "foreign_session"),
            "key": error(401, "unauthorized"),
            "busy": error(503, "unavailable", {"retry-after": "2"}),
            "many": error(429, "too_many_requests"),
            "bad": error(400, "invalid_query"),
            "proxy": (502, b"<html>Bad gateway", {}),
            "moved": (302, b"", {"location": "https://elsewhere.example"}),
            "missing": (404, b"<html>Not found", {}),
            "page": (200, b"<html>Log in", {}),
        }
        server = self.collector(lambda request: answers[request.path.rsplit("/", 1)[1]])
        client = Tidemark(server.url, "key")
        expected = {
            "unknown": (tidemark.NotFoundError, 404, "not_found"),
            "old": (tidemark.ExpiredError, 410, "expired"),
            "other": (tidemark.ForbiddenError, 403, "foreign_session"),
            "key": (tidemark.UnauthorizedError, 401, "unauthorized"),
            "busy": (tidemark.UnavailableError, 503, "unavailable"),
            "many": (tidemark.UnavailableError, 429, "too_many_requests"),
            "bad": (tidemark.TidemarkError, 400, "invalid_query"),
            "proxy": (tidemark.UnavailableError, 502, None),
            "moved": (tidemark.TidemarkError, 302, None),
            "missing": (tidemark.TidemarkError, 404, None),
            "page": (tidemark.TidemarkError, 200, None),
        }
        for id, (kind, status, code) in expected.items():
            with self.assertRaises(tidemark.TidemarkError) as raised:
                client.get_features("user", id)
            given = raised.exception
            self.assertEqual((type(given), given.status, given.code), (kind, status, code))
            if isinstance(given, tidemark.UnavailableError):
                self.assertEqual(given.retry_after, 2 if id == "busy" else None)

    def test_keeps_a_connection_and_opens_another_when_it_was_closed(self) -> None:
        server = self.collector(lambda _: (200, {}, {}))
        client = Tidemark(server.url, "key")
        for _ in range(3):
            client.get_features("user", "a")
        self.assertEqual(len({request.connection for request in server.requests}), 1)

        closing = self.collector(lambda _: (200, {}, {}), close_after=True)
        client = Tidemark(closing.url, "key")
        for _ in range(3):
            client.get_features("user", "a")
        self.assertEqual(len({request.connection for request in closing.requests}), 3)

    def test_gives_each_thread_its_own_connection(self) -> None:
        server = self.collector(lambda request: (200, {"id": request.path.rsplit("/", 1)[1]}, {}))
        client = Tidemark(server.url, "key")
        wrong: list[str] = []

        def read(name: str) -> None:
            wrong.extend(name for _ in range(50) if client.get_features("user", name)["id"] != name)

        threads = [threading.Thread(target=read, args=(f"u-{number}",)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertEqual(len({request.connection for request in server.requests}), 8)

    @unittest.skipUnless(hasattr(os, "fork"), "needs fork")
    def test_gives_a_forked_process_its_own_connection(self) -> None:
        server = self.collector(lambda request: (200, {"id": request.path.rsplit("/", 1)[1]}, {}))
        client = Tidemark(server.url, "key")
        client.get_features("user", "parent")
        child = os.fork()
        if child == 0:
            with suppress(BaseException):
                os._exit(0 if client.get_features("user", "child")["id"] == "child" else 1)
            os._exit(2)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        self.assertEqual(client.get_features("user", "parent")["id"], "parent")
        first, of_child, last = [request.connection for request in server.requests]
        self.assertNotEqual(first, of_child)
        self.assertEqual(first, last)

    def test_ends_a_request_after_the_timeout(self) -> None:
        released, waiting = threading.Event(), threading.Event()

        def answer(request: Request) -> Answer:
            if request.path.endswith("slow"):
                waiting.set()
                released.wait(60)
            return 200, {}, {}

        server = self.collector(answer)
        client = Tidemark(server.url, "key", timeout=2)
        client.get_features("user", "a")
        with self.assertRaises(tidemark.ConnectionFailedError):
            client.get_features("user", "slow")
        self.assertTrue(waiting.wait(60))
        self.assertEqual(len(server.requests), 2)
        released.set()

    def test_reports_a_collector_that_cannot_be_reached(self) -> None:
        server = Collector(lambda _: (200, {}, {}))
        server.close()
        with self.assertRaises(tidemark.ConnectionFailedError) as raised:
            Tidemark(server.url, "key").get_features("user", "a")
        self.assertIn(server.url, str(raised.exception))

    def test_checks_arguments(self) -> None:
        client = Tidemark("http://127.0.0.1:1", "key")
        with self.assertRaises(ValueError):
            Tidemark("collector.example", "key")
        with self.assertRaises(ValueError):
            client.get_features("user", "a", feature_set="x", features=["y"])
        with self.assertRaises(ValueError):
            client.get_features("user", "a", as_of=datetime(2026, 11, 29))
        with self.assertRaises(ValueError):
            client.list_entities("user", datetime(2026, 11, 29))
        with self.assertRaises(ValueError):
            client.get_online_features({"user_id": ["a"]})

    def test_names_arguments_of_a_wrong_type(self) -> None:
        client: Any = Tidemark("http://127.0.0.1:1", "key")
        mistakes: dict[str, Callable[[], object]] = {
            "as_of: expected a datetime": lambda: client.get_features("session", "a", as_of="2026-11-29T09:30Z"),
            "active_since: expected a datetime": lambda: client.list_entities("user", "2026-11-29"),
            "id: expected a text; given 17": lambda: client.get_features("user", 17),
            "features: expected a list; given 'clicks'": lambda: client.get_features("user", "a", features="clicks"),
            "user_id: expected a list; given 'u-1'": lambda: client.get_online_features(
                {"user_id": "u-1"}, feature_service="intent"
            ),
        }
        for message, mistake in mistakes.items():
            with self.subTest(message), self.assertRaises(TypeError) as raised:
                mistake()
            self.assertIn(message, str(raised.exception))

    def test_shows_no_key_that_it_rejects(self) -> None:
        for key in ("secret-1\n", "", " secret-1", "secrét-1"):
            with self.subTest(key), self.assertRaises(ValueError) as raised:
                Tidemark("http://127.0.0.1:1", key)
            self.assertIn("read_key: expected a key", str(raised.exception))
            self.assertNotIn("secr", str(raised.exception))

    def test_runs_the_command_with_its_arguments_and_key(self) -> None:
        program = """
import json, os, sys
print("progress")
print(json.dumps({"rows": 2, "set": {"name": "intent"}, "args": sys.argv[1:], "key": os.environ["TIDEMARK_ADMIN_KEY"]}))
print(json.dumps({"feature": "clicks"}))
"""
        made = tidemark.training_set(
            "intent", "x.parquet", labels="labels.csv", admin_key="secret", command=(sys.executable, "-c", program)
        )
        files = [os.path.abspath("x.parquet"), os.path.abspath("labels.csv")]
        flags = ["--set", "intent", "--out", files[0], "--labels", files[1]]
        self.assertEqual(made.summary["args"], ["training-set", "--json", *flags])
        self.assertEqual((made.summary["key"], made.rows, made.features), ("secret", 2, [{"feature": "clicks"}]))
        self.assertEqual(os.fspath(made), files[0])

    def test_reports_the_output_of_a_failed_command(self) -> None:
        with self.assertRaises(tidemark.TrainingSetError) as raised:
            tidemark.training_set("intent", "x.parquet", command=("sh", "-c", "echo no log >&2; exit 1"))
        self.assertEqual(str(raised.exception), "no log")
        with self.assertRaises(tidemark.TrainingSetError):
            tidemark.training_set("intent", "x.parquet", command=("no-such-program",))


if __name__ == "__main__":
    unittest.main()
