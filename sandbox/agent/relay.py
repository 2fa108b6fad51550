"""One HTTP request to a learner's service, from a short-lived process of ours in the room's network.

The answer is a stranger's: it is parsed here, in a process that holds nothing, and capped. The time
runs from the request's last byte sent to the answer's last byte received.
"""

import http.client
import json
import os
import socket
import struct
import time
from collections.abc import Mapping

from sandbox.agent import confine, kernel
from sandbox.agent.confine import Cage

HEAD = struct.Struct("<I")
LARGEST_ANSWER = 16 * 1024 * 1024
HOST = "127.0.0.1"


def fork(request: Mapping[str, object], body: bytes, *, port: int, cage: Cage) -> tuple[int, int]:
    """Start the request; return the process and the pipe on which the answer comes."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs)
        return pid, ours
    try:
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        confine.enter(cage, cpu_seconds=60, processes=1, file_bytes=0, killed_first=False)
        confine.close_all_but(theirs)
        head, answer = _ask(request, body, port=port)
        text = json.dumps(head).encode()
        with os.fdopen(theirs, "wb") as pipe:
            pipe.write(HEAD.pack(len(text)) + text + answer)
    finally:
        os._exit(0)


def listening(port: int) -> bool:
    """Tell whether something accepts connections on the port."""
    with socket.socket() as end:
        end.settimeout(0.2)
        return end.connect_ex((HOST, port)) == 0


def _ask(
    request: Mapping[str, object], body: bytes, *, port: int
) -> tuple[dict[str, object], bytes]:
    connection = http.client.HTTPConnection(HOST, port)
    try:
        connection.connect()
        headers = {"Connection": "close", **dict(request["headers"])}  # type: ignore[call-overload]
        connection.request(str(request["method"]), str(request["path"]), body or None, headers)
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
