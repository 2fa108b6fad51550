"""One HTTP request to a learner's service, from a short-lived process of ours in the room.

The answer is a stranger's: it is parsed here, in a process that holds nothing, and capped. The
time runs from the request's last byte sent to the answer's last byte received.
"""

import http.client
import json
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.agent import confine, kernel
from sandbox.agent.caps import LARGEST_ANSWER, MEGABYTE, MOST_HEAD
from sandbox.agent.confine import Cage
from sandbox.agent.frames import HEAD_LENGTH, Violation, split

HOST = "127.0.0.1"


@dataclass(kw_only=True)
class Asked:
    """A request on its way, as the warden has it."""

    pid: int
    pipe: int
    answer: bytearray = field(default_factory=bytearray)
    complete: bool = False

    def hear(self) -> None:
        """Take what has come of the answer."""
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
        """Give the answer's head and body; None where there is none, or not the whole."""
        try:
            head, body = split(bytes(self.answer))
        except Violation:
            return None
        return (head, body) if head.get("size") == len(body) else None

    def close(self) -> None:
        """Let go of the pipe; an answer that is not complete is none."""
        os.close(self.pipe)
        if not self.complete:
            self.answer.clear()


def fork(request: Mapping[str, Any], body: bytes, *, port: int, cage: Cage) -> Asked:
    """Start a request in a process of its own."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs)
        os.set_blocking(ours, False)
        return Asked(pid=pid, pipe=ours)
    try:
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        confine.enter(cage, cpu_seconds=60, processes=1, file_bytes=0, killed_first=False)
        confine.close_all_but(theirs)
        head, answer = _ask(request, body, port=port)
        text = json.dumps({**head, "size": len(answer)}).encode()
        if len(text) > MOST_HEAD:
            answer, text = (
                b"",
                json.dumps({"down": "its headers are too long", "size": 0}).encode(),
            )
        with os.fdopen(theirs, "wb") as pipe:
            pipe.write(HEAD_LENGTH.pack(len(text)) + text + answer)
    finally:
        os._exit(0)


def listening(port: int) -> bool:
    """Tell whether something accepts connections on the port."""
    with socket.socket() as end:
        end.settimeout(0.2)
        return end.connect_ex((HOST, port)) == 0


def _ask(request: Mapping[str, Any], body: bytes, *, port: int) -> tuple[dict[str, object], bytes]:
    connection = http.client.HTTPConnection(HOST, port)
    try:
        connection.connect()
        headers = {"Connection": "close", **request["headers"]}
        connection.request(request["method"], request["path"], body or None, headers)
        sent = time.perf_counter()
        answer = connection.getresponse()
        content = answer.read(LARGEST_ANSWER + 1)
        seconds = time.perf_counter() - sent
    except (OSError, http.client.HTTPException, ValueError) as error:
        return {"down": f"{type(error).__name__}"}, b""
    if len(content) > LARGEST_ANSWER:
        return {"down": f"the answer is larger than {LARGEST_ANSWER} bytes"}, b""
    head = {"status": answer.status, "headers": dict(answer.getheaders()), "seconds": seconds}
    return head, content
