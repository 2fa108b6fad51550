"""Requests to a learner's service, sent by a short-lived process of ours in the room.

It keeps a schedule (open-loop: a request is sent when it is due, however slow the answers before
it are) and times each answer from when its request was *due* to its last byte: a service that
stalls is charged for everyone who waits, where a closed loop would omit them. The answers are a
stranger's: they are read here, in a process that holds nothing, and capped. The learner cannot
trace or open this process to change what it says; to slow it down is to be slower.
"""

import errno
import json
import os
import select
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.agent import confine, kernel
from sandbox.agent.caps import KILOBYTE, LARGEST_ANSWER, MEGABYTE, MOST_HEAD
from sandbox.agent.confine import Cage
from sandbox.agent.frames import HEAD_LENGTH, Violation, split
from sandbox.agent.http1 import Broken, Reply

HOST = "127.0.0.1"
PIECE = 64 * KILOBYTE
MOST_OPEN = 64  # connections at once; a request that waits for one is late, and that counts
CPU_SECONDS = 120
FAILURES = {errno.ECONNREFUSED: "refused", errno.ECONNRESET: "reset", errno.EPIPE: "reset"}


@dataclass(kw_only=True)
class Asked:
    """Requests on their way, as the warden has them."""

    pid: int
    pipe: int
    answer: bytearray = field(default_factory=bytearray)
    complete: bool = False

    def hear(self) -> None:
        """Take what has come of the answers."""
        try:
            data = os.read(self.pipe, MEGABYTE)
        except BlockingIOError:
            return
        self.answer += data
        if len(self.answer) > HEAD_LENGTH.size + MOST_HEAD + LARGEST_ANSWER:
            self.answer.clear()
            data = b""
        self.complete = not data

    def told(self) -> tuple[dict[str, Any], bytes] | None:
        """Give the answers' head and bodies; None where there is none, or not the whole."""
        try:
            head, body = split(bytes(self.answer))
        except Violation:
            return None
        return (head, body) if head.get("size") == len(body) else None

    def close(self) -> None:
        """Let go of the pipe; answers that are not complete are none."""
        os.close(self.pipe)
        if not self.complete:
            self.answer.clear()


def fork(head: Mapping[str, Any], bodies: bytes, *, to: "Door", cage: Cage) -> Asked:
    """Start requests in a process of their own."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs)
        os.set_blocking(ours, False)
        return Asked(pid=pid, pipe=ours)
    try:
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # nobody in the room may open what it writes to
        # Where a room has two users it stays really ours: the learner's may not even signal it.
        mine = replace(cage, user=None)
        confine.enter(mine, cpu_seconds=CPU_SECONDS, processes=1, file_bytes=0, killed_first=False)
        confine.close_all_but(theirs)
        with os.fdopen(theirs, "wb") as pipe:
            pipe.write(_pack(_ask(_read(head, bodies, port=to.port), to=to, head=head)))
    finally:
        os._exit(0)


def listening(port: int) -> bool:
    """Tell whether something accepts connections on the port."""
    with socket.socket() as end:
        end.settimeout(0.2)
        return end.connect_ex((HOST, port)) == 0


@dataclass(frozen=True, kw_only=True)
class Door:
    """Where the service listens, and when its process was started: answers are told since then."""

    port: int
    started: float


@dataclass(kw_only=True)
class Request:
    """One request, and what becomes of it. Times are monotonic."""

    method: str
    content: bytes  # everything that is sent
    due: float  # seconds after the first
    began: float = 0.0
    ended: float = 0.0
    sent: int = 0
    failure: str | None = None
    reply: Reply = field(default_factory=lambda: Reply(method="GET", most_body=0))

    @property
    def done(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.failure is not None or self.reply.complete


def _read(head: Mapping[str, Any], bodies: bytes, *, port: int) -> list[Request]:
    requests, start = [], 0
    for asked in head["requests"]:
        body = bodies[start : start + asked["size"]]
        start += asked["size"]
        requests.append(
            Request(
                method=asked["method"],
                content=_head(asked, body, port=port) + body,
                due=float(asked["due"]),
                reply=Reply(method=asked["method"], most_body=int(head["most_body"])),
            )
        )
    return requests


def _head(asked: Mapping[str, Any], body: bytes, *, port: int) -> bytes:
    """Write a request's head; what is asked for stands above what we say by ourselves."""
    headers = {
        "Host": f"{HOST}:{port}",
        "Connection": "close",
        "Accept": "*/*",
        **asked["headers"],
    }
    if body or asked["method"] in {"POST", "PUT", "PATCH"}:
        headers.setdefault("Content-Length", str(len(body)))
    lines = [f"{asked['method']} {asked['path']} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _ask(requests: Sequence[Request], *, to: Door, head: Mapping[str, Any]) -> "Told":
    talk = Talk(port=to.port, patience=float(head["patience"]), most_open=int(head["most_open"]))
    begun = time.monotonic()
    for request in requests:
        request.due += begun
    talk.hold(sorted(requests, key=lambda request: request.due))
    return Told(requests=requests, started=to.started)


class Talk:
    """All conversations at once, in one thread: `select` waits more exactly than `poll`."""

    def __init__(self, *, port: int, patience: float, most_open: int) -> None:
        self._port = port
        self._patience = patience
        self._most_open = min(most_open, MOST_OPEN)
        self._open: dict[socket.socket, Request] = {}
        self._held = 0  # bytes of all bodies

    def hold(self, waiting: Sequence[Request]) -> None:
        """Send each request when it is due, and hear all answers."""
        coming = list(reversed(waiting))
        while coming or self._open:
            now = time.monotonic()
            while coming and coming[-1].due <= now and len(self._open) < self._most_open:
                self._begin(coming.pop())
            self._turn(self._until(coming) - time.monotonic())
            self._lose_patience()

    def _until(self, coming: Sequence[Request]) -> float:
        times = [request.due + self._patience for request in self._open.values()]
        if coming and len(self._open) < self._most_open:
            times.append(coming[-1].due)
        return min(times)

    def _turn(self, seconds: float) -> None:
        sending = [end for end, request in self._open.items() if request.sent >= 0]
        ready, writable, _ = select.select(list(self._open), sending, [], max(0.0, seconds))
        for end in {*ready, *writable}:
            request = self._open[end]
            try:
                if end in writable:
                    self._send(end, request)
                if end in ready:
                    self._hear(end, request)
            except OSError as error:
                self._fail(request, FAILURES.get(error.errno or 0, "failed"))
            except Broken as rule:
                self._fail(request, str(rule))
            if request.done:
                self._close(end)

    def _begin(self, request: Request) -> None:
        end = socket.socket()
        end.settimeout(0)
        request.began = time.monotonic()
        self._open[end] = request
        found = end.connect_ex((HOST, self._port))
        if found not in {0, errno.EINPROGRESS}:
            self._fail(request, FAILURES.get(found, "failed"))
            self._close(end)

    def _send(self, end: socket.socket, request: Request) -> None:
        if request.sent == 0:
            found = end.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if found:
                raise OSError(found, "connect")
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            request.sent += end.send(request.content[request.sent :])
        except BlockingIOError:
            return
        except (BrokenPipeError, ConnectionResetError):
            request.sent = -1  # it wants no more of the request; it may have answered
            return
        if request.sent == len(request.content):
            request.sent = -1

    def _hear(self, end: socket.socket, request: Request) -> None:
        try:
            data = end.recv(PIECE)
        except BlockingIOError:
            return
        request.ended = time.monotonic()
        if not data:
            request.reply.end()
            return
        self._held += len(data)
        if self._held > LARGEST_ANSWER:
            raise Broken("body-too-long")
        request.reply.feed(data)

    def _lose_patience(self) -> None:
        now = time.monotonic()
        for end, request in list(self._open.items()):
            if now > request.due + self._patience:
                self._fail(request, "too-slow")
                self._close(end)

    def _fail(self, request: Request, why: str) -> None:
        request.failure = why
        request.ended = time.monotonic()

    def _close(self, end: socket.socket) -> None:
        del self._open[end]
        end.close()


@dataclass(frozen=True, kw_only=True)
class Told:
    """What became of all requests."""

    requests: Sequence[Request]
    started: float

    def head(self, request: Request) -> dict[str, object]:
        """Tell of one request."""
        told: dict[str, object] = {
            "seconds": request.ended - request.due,
            "late": request.began - request.due,
            "at": request.due - self.started,
        }
        if request.failure is not None:
            return {**told, "down": request.failure, "size": 0}
        reply = request.reply
        told |= {"status": reply.status, "headers": reply.headers, "size": len(reply.body)}
        return told


def _pack(told: Told) -> bytes:
    heads = [told.head(request) for request in told.requests]
    bodies = b"".join(
        bytes(request.reply.body) for request in told.requests if request.failure is None
    )
    text = json.dumps({"answers": heads, "size": len(bodies)}).encode()
    if len(text) > MOST_HEAD:
        bodies, text = b"", json.dumps({"down": "head-too-long", "size": 0}).encode()
    return HEAD_LENGTH.pack(len(text)) + text + bodies
