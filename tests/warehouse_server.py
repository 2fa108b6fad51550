"""A small ClickHouse server for tests: its HTTP interface, as far as clients use it, over chDB.

    python -m tests.warehouse_server FOLDER

prints ``port N`` when it listens. It knows queries with bound parameters, settings and a current
database, commands, inserts in any format (chunked, compressed or plain), the summary headers and
ClickHouse's way of refusing. It runs in a process of its own: chDB starts threads.
"""

import contextlib
import gzip
import importlib
import json
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import lz4.frame  # type: ignore[import-untyped]

from graders.intake import count_statements

TRANSPORT = {
    "buffer_size",
    "client_protocol_version",
    "compress",
    "decompress",
    "enable_http_compression",
    "http_headers_progress_interval_ms",
    "query_id",
    "role",
    "send_progress_in_http_headers",
    "session_check",
    "session_id",
    "session_timeout",
    "wait_end_of_query",
}
_INSERT = re.compile(rb"\s*(INSERT\s+INTO\s.+?)\s+FORMAT\s+(\w+)\s*\n?", re.IGNORECASE | re.DOTALL)
_FORMAT = re.compile(rb"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_CODE = re.compile(r"Code: (\d+)")


@contextlib.contextmanager
def served() -> Iterator[str]:
    """The URL of a server of one's own."""
    with tempfile.TemporaryDirectory(prefix="warehouse-server-") as folder:
        command = [sys.executable, "-m", "tests.warehouse_server", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                word, port = process.stdout.readline().split()
                assert word == "port"
                yield f"http://default@127.0.0.1:{port}"
            finally:
                process.terminate()


class Refused(Exception):
    """What a server answers with an exception code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {message}")


class Engine:
    """One chDB engine; every request has a session of its own."""

    def __init__(self, folder: str) -> None:
        # It starts threads, so only the server's process imports it.
        chdb: Any = importlib.import_module("chdb")

        self._connect: Any = chdb.connect
        self._folder = folder
        self._held = self._connect(folder)  # the engine lives as long as a session does
        self._lock = threading.Lock()

    def answer(self, asked: dict[str, str], statement: bytes, data: bytes) -> tuple[str, Any]:
        """Run a statement; the format of the answer, and chDB's result."""
        settings = {name: value for name, value in asked.items() if name not in TRANSPORT}
        database = settings.pop("database", "")
        bound = {name[6:]: settings.pop(name) for name in [*settings] if name.startswith("param_")}
        with self._lock, contextlib.closing(self._connect(self._folder)) as session:
            for name, value in settings.items():
                session.query(f"SET {name} = '{value}'")
            if database and database != "__default__":
                session.query(f"USE `{database}`")
            return self._run(session, statement, data, bound)

    def _run(
        self, session: Any, statement: bytes, data: bytes, bound: dict[str, str]
    ) -> tuple[str, Any]:
        insert = _INSERT.match(statement)
        if insert:
            rows = statement[insert.end() :] + data
            return "", self._insert(session, insert[1].decode(), insert[2].decode(), rows)
        if count_statements(statement.decode()) > 1:
            raise Refused(62, "Syntax error (Multi-statements are not allowed)")
        found = _FORMAT.search(statement)
        kind = found[1].decode() if found else "TabSeparated"
        return kind, session.query(statement.decode(), kind, params=bound)

    def _insert(self, session: Any, words: str, kind: str, rows: bytes) -> Any:
        with tempfile.NamedTemporaryFile(suffix=".rows") as file:
            file.write(rows)
            file.flush()
            return session.query(f"{words} FROM INFILE '{file.name}' FORMAT {kind}")


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    engine: Engine

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self._body())  # what cannot be read ends the connection

    def log_message(self, *words: object) -> None:
        """Keep quiet."""

    def _answer(self, body: bytes) -> None:
        url = urlsplit(self.path)
        if url.path == "/ping":
            self._send(200, b"Ok.\n", {})
            return
        asked = dict(parse_qsl(url.query, keep_blank_values=True))
        query = asked.pop("query", "").encode()
        statement, data = (query, body) if query else (body, b"")
        try:
            kind, result = self.engine.answer(asked, statement, data)
        except Exception as error:  # noqa: BLE001 - whatever it is, a client is told
            self._refuse(str(error))
            return
        self._send(200, result.bytes() or b"", _headers(kind, result))

    def _refuse(self, message: str) -> None:
        found = _CODE.search(message)
        code = found[1] if found else "1002"
        self._send(400, message.encode(), {"X-ClickHouse-Exception-Code": code})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            raw = b"".join(self._chunks())
        else:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match self.headers.get("Content-Encoding"):
            case "gzip":
                return gzip.decompress(raw)
            case "lz4":
                return bytes(lz4.frame.decompress(raw))
            case None:
                return raw
            case other:
                raise Refused(432, f"Unknown compression {other}")

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()


def _headers(kind: str, result: Any) -> dict[str, str]:
    summary = {
        "read_rows": str(result.storage_rows_read()),
        "read_bytes": str(result.storage_bytes_read()),
        "elapsed_ns": str(int(result.elapsed() * 1e9)),
    }
    headers = {"X-ClickHouse-Summary": json.dumps(summary), "X-ClickHouse-Timezone": "UTC"}
    return headers | ({"X-ClickHouse-Format": kind} if kind and result.bytes() else {})


def main() -> None:
    Handler.engine = Engine(str(Path(sys.argv[1]) / "engine"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print("port", server.server_port, flush=True)  # noqa: T201 - the parent waits for it
    server.serve_forever()


if __name__ == "__main__":
    main()
