"""ClickHouse's engine behind the part of its HTTP interface that inserts and queries use. Arguments: port, folder of the data."""

import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.parse import parse_qsl, urlsplit

from chdb import session

port, folder = int(sys.argv[1]), sys.argv[2]
engine = session.Session(folder)
lock = Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        parameters = dict(parse_qsl(urlsplit(self.path).query))
        query = parameters.pop("query", "")
        user = (self.headers.get("x-clickhouse-user"), self.headers.get("x-clickhouse-key"))
        if user != ("writer", "secret"):
            error = "Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)"
            return self.respond(403, error, "516")
        if parameters:
            settings = ", ".join(f"{name} = '{value}'" for name, value in parameters.items())
            query = query.replace(" FORMAT ", f" SETTINGS {settings} FORMAT ")
        try:
            with lock:
                text = str(engine.query(f"{query} {body}", "JSONEachRow"))
            self.respond(200, text)
        except Exception as error:
            code = re.match(r"Code: (\d+)", str(error))
            self.respond(500, str(error), code and code[1])

    def respond(self, status, text, code=None):
        content = text.encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        if code:
            self.send_header("x-clickhouse-exception-code", code)
        try:
            self.end_headers()
            self.wfile.write(content)
        except ConnectionError:
            pass  # The client did not wait for the response.

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
