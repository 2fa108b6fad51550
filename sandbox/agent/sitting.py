"""The life of a seated process, from its fork to a learner's work and its end."""

import json
import os
import signal
import socket
from collections.abc import Mapping
from typing import Any, NoReturn

from sandbox.agent import confine, kernel, learner, pages, worker
from sandbox.agent.seat import LENGTH, MOST_GIVEN, SEATED

COPIED: pages.Spans = []  # once a template: what is copied ahead of a session
OUR_FAILURE = 70  # the exit code when the walls could not be put up


def sit(line: int, spaces: Mapping[str, int], unhurried: bool) -> NoReturn:  # noqa: FBT001 - as the template is asked
    """Be the process, to its end. What comes after the second `close_all_but` is the learner's."""
    code = OUR_FAILURE
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for space in spaces.values():
            kernel.setns(space)
        confine.close_all_but(line)
        os.setsid()
        if unhurried:
            pages.copy(COPIED)
        os.write(line, SEATED)
        what, given = _hear(socket.socket(fileno=line))
        channel = None if what["command"] else given.pop()
        source = given.pop() if what["fed"] else os.open("/dev/null", os.O_RDONLY)
        learner.become(what["environment"], standard=(source, *given))
        confine.enter(confine.prepare(**what["cage"]), **what["limits"])
        confine.close_all_but(*([] if channel is None else [channel]))
        code = learner.run(what["command"]) if channel is None else worker.live(channel)
    finally:
        os._exit(code)


def _hear(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    head, given, _, _ = socket.recv_fds(line, LENGTH.size, MOST_GIVEN)
    if not head:
        os._exit(0)  # nobody needs it any more
    (size,) = LENGTH.unpack(head)
    text = bytearray()
    while len(text) < size:
        text += line.recv(size - len(text))
    return json.loads(text), given
