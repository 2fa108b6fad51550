"""A learner's service in a room: asked by a schedule, timed outside, and hostile in every way."""

import json
import time
from dataclasses import replace

import pytest

from sandbox import requests
from sandbox.client import RunnerRoom, RunnerSandbox
from sandbox.interface import Answer, Ask, ServiceDown, Stopped, Unanswered
from tests.sandbox.conftest import LIMITS

PORT = 8000
# One thread a connection; what follows the first line of a request is read and not looked at.
RAW = b"""
import socket, sys, threading, time
def talk(end):
    line = end.recv(65536).split(b" ")[1].decode()
    ROLES[line.strip("/")](end)
    end.close()
def forever(end, piece, pause=0.0):
    try:
        while True:
            end.sendall(piece)
            time.sleep(pause)
    except OSError:
        pass
OK = b"HTTP/1.1 200 OK\\r\\n"
ROLES = {
    "well": lambda end: end.sendall(OK + b"Content-Length: 4\\r\\n\\r\\nwell"),
    "endless-headers": lambda end: (end.sendall(OK), forever(end, b"X-More: 1\\r\\n")),
    "chunk-bomb": lambda end: (
        end.sendall(OK + b"Transfer-Encoding: chunked\\r\\n\\r\\n"), forever(end, b"1\\r\\nx\\r\\n" * 1000)),
    "huge-chunk": lambda end: end.sendall(OK + b"Transfer-Encoding: chunked\\r\\n\\r\\n7fffffff\\r\\n"),
    "endless-body": lambda end: (end.sendall(OK + b"\\r\\n"), forever(end, b"x" * 65536)),
    "drip": lambda end: (end.sendall(OK), forever(end, b"X", 0.05)),
    "too-short": lambda end: end.sendall(OK + b"Content-Length: 400\\r\\n\\r\\nwell"),
    "too-long": lambda end: end.sendall(OK + b"Content-Length: 2\\r\\n\\r\\nwell"),
    "moved": lambda end: end.sendall(
        b"HTTP/1.1 302 Found\\r\\nLocation: http://127.0.0.1:1/\\r\\nContent-Length: 0\\r\\n\\r\\n"),
    "interim": lambda end: forever(end, b"HTTP/1.1 100 Continue\\r\\n\\r\\n"),
    "early-close": lambda end: end.sendall(OK),
    "old": lambda end: end.sendall(b"<h1>hello</h1>"),
    "silent": lambda end: time.sleep(60),
    "resets": lambda end: end.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, b"\\1\\0\\0\\0\\0\\0\\0\\0"),
}
listener = socket.create_server(("127.0.0.1", 8000), backlog=64)
while True:
    end, _ = listener.accept()
    threading.Thread(target=talk, args=(end,), daemon=True).start()
"""
EXPECTED = {
    "endless-headers": "head-too-long",
    "chunk-bomb": "too-many-chunks",
    "huge-chunk": "body-too-long",
    "drip": "too-slow",
    "too-short": "closed-early",
    "too-long": "more-than-promised",
    "interim": "too-many-interim",
    "early-close": "closed-early",
    "old": "not-http",
    "silent": "too-slow",
    "resets": "reset",
}
# Answers one after the other; says who it is, and stalls when it is told to.
SLOW = b"""
import http.server, os, sys, time
time.sleep(0.3)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/stall":
            time.sleep(0.6)
        if self.path == "/die":
            os._exit(7)
        if self.path == "/grow":
            self.server.kept = [bytearray(b"x" * 1024) * 1024 * 64 for _ in range(32)]
        body = f"{os.getpid()} {os.environ.get('NAME')}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
print("up", flush=True)
http.server.HTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
"""
# Looks for whoever asks, and tries to write in its place.
FORGER = b"""
import http.server, json, os
def others():
    mine = str(os.getpid())
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and pid not in ("1", mine)]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        opened = []
        for pid in others():
            for place in [*(f"fd/{n}" for n in range(40)), "mem", "environ", "maps"]:
                try:
                    open(f"/proc/{pid}/{place}", "wb" if place[0] == "f" else "rb").read(1)
                    opened.append(place)
                except OSError:
                    pass
                except ValueError:
                    opened.append(place)
        body = json.dumps({"seen": len(others()), "opened": opened}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
"""
# Kills whoever it sees before it answers.
KILLER = b"""
import contextlib, http.server, os, signal
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        for pid in os.listdir("/proc"):
            if pid.isdigit() and int(pid) not in (1, os.getpid()):
                with contextlib.suppress(OSError):
                    os.kill(int(pid), signal.SIGKILL)
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
"""


def get(path: str, due: float = 0.0) -> Ask:
    return Ask(method="GET", path=path, due=due)


def test_a_hostile_server_neither_stalls_the_judge_nor_fills_it(room: RunnerRoom) -> None:
    room.upload({"s.py": RAW})
    with room.serve("python", "s.py", port=PORT) as service:
        begun = time.monotonic()
        heard = service.load([get(f"/{role}") for role in EXPECTED], patience=3)
        assert time.monotonic() - begun < 20
        found = dict(zip(EXPECTED, heard, strict=True))
        assert {
            role: one.why for role, one in found.items() if isinstance(one, Unanswered)
        } == EXPECTED
        with pytest.raises(ServiceDown, match="body-too-long"):
            service.request("GET", "/endless-body")
        assert service.request("GET", "/moved").status == 302
        assert service.request("GET", "/well").body == b"well"


def test_a_stall_is_charged_for_everyone_who_waits(room: RunnerRoom) -> None:
    room.upload({"s.py": SLOW})
    with room.serve("python", "s.py", port=PORT) as service:
        heard = service.load([get("/stall"), get("/", 0.1), get("/", 0.2)])
        assert all(isinstance(one, Answer) for one in heard)
        assert heard[0].seconds >= 0.6
        assert heard[1].seconds >= 0.5
        assert heard[2].seconds >= 0.4
        late = service.load([get("/stall"), get("/", 0.1)], patience=0.2)
        assert [one.why for one in late if isinstance(one, Unanswered)] == ["too-slow"] * 2


def test_times_are_told_from_the_start_of_the_process(room: RunnerRoom) -> None:
    room.upload({"s.py": SLOW})
    with room.serve("python", "s.py", port=PORT) as service:
        assert service.up_seconds >= 0.3
        first = service.request("GET", "/")
        assert first.at >= service.up_seconds
        assert service.request("GET", "/").at >= first.at + first.seconds


def test_a_killed_service_is_gone_and_can_be_started_again(room: RunnerRoom) -> None:
    room.upload({"s.py": SLOW})
    with room.serve("python", "s.py", port=PORT, env={"NAME": "one"}) as service:
        first = service.request("GET", "/").body
        ended = service.kill()
        assert (ended.exit_code, ended.signal, ended.stdout) == (None, 9, b"up\n")
        with pytest.raises(ServiceDown):
            service.request("GET", "/")
    with room.serve("python", "s.py", port=PORT, env={"NAME": "two"}) as service:
        second = service.request("GET", "/").body
        assert first.endswith(b"one")
        assert second.endswith(b"two")
        with pytest.raises(ServiceDown):
            service.load([get("/die"), get("/", 5.0)])
        assert service.close().exit_code == 7


def test_a_service_that_takes_too_much_memory_is_ended_with_the_reason(
    sandbox: RunnerSandbox,
) -> None:
    limits = replace(LIMITS, memory_mb=200)
    with sandbox.open(runtime="python-ml", limits=limits) as room:
        room.upload({"s.py": SLOW})
        with room.serve("python", "s.py", port=PORT) as service:
            with pytest.raises(ServiceDown):
                service.request("GET", "/grow")
            assert service.close().stopped is Stopped.MEMORY


def test_two_rooms_serve_on_one_port_and_neither_hears_the_other(sandbox: RunnerSandbox) -> None:
    with (
        sandbox.open(runtime="python-ml", limits=LIMITS) as one,
        sandbox.open(runtime="python-ml", limits=LIMITS) as other,
    ):
        for room in (one, other):
            room.upload({"s.py": SLOW})
        with one.serve("python", "s.py", port=PORT, env={"NAME": "one"}) as service:
            with pytest.raises(ServiceDown):
                other.serve("python", "-c", "import time; time.sleep(0.5)", port=PORT).__enter__()
            with other.serve("python", "s.py", port=PORT, env={"NAME": "other"}) as second:
                assert second.request("GET", "/").body.endswith(b"other")
            assert service.request("GET", "/").body.endswith(b"one")


def test_a_service_sees_its_own_loopback_and_cannot_write_in_the_askers_place(
    room: RunnerRoom,
) -> None:
    room.upload({"s.py": FORGER})
    with room.serve("python", "s.py", port=PORT) as service:
        found = json.loads(service.request("GET", "/").body)
    assert found["seen"] >= 1  # it has seen who asks it
    assert found["opened"] == []


def test_a_service_that_kills_who_asks_it_harms_nobody_else(room: RunnerRoom) -> None:
    room.upload({"s.py": KILLER})
    with room.serve("python", "s.py", port=PORT) as service:
        try:
            answered = service.request("GET", "/").status == 200  # it was refused
        except ServiceDown as down:
            answered = "asker-killed" in str(down)
        assert answered
        assert service.close().stopped is None
    assert room.run("python", "-c", "print('still open')").stdout == b"still open\n"


@pytest.mark.parametrize(
    "ask",
    [
        Ask(method="GET /\r\nX", path="/"),
        Ask(method="GET", path="/ HTTP/1.1\r\nX: 1"),
        Ask(method="GET", path="http://elsewhere/"),
        Ask(method="GET", path="/", headers={"X": "1\r\nY: 2"}),
        Ask(method="GET", path="/", due=float("nan")),
        Ask(method="GET", path="/", due=1e9),
    ],
)
def test_a_request_says_one_thing(ask: Ask) -> None:
    with pytest.raises(ValueError, match=r"HTTP|path|due"):
        requests.written(ask)
