"""The process that learners' processes are forked from: all imported, nothing done, one thread.

It gets a socket for each, forks, and tells who asked how the process ended. No learner's byte
comes here.
"""

import importlib
import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import NoReturn, TypeAlias

from sandbox.agent import kernel, learner, pages, preloads, rehearsal, seat, sessions
from sandbox.agent.caps import MAX_FRAME
from sandbox.agent.frames import BROADCAST, HEAD, Kind
from sandbox.agent.wardens import wake_for_the_dead

LONGEST_WISH = 4096
MOST_GIVEN = 16  # descriptors with one wish

Sit: TypeAlias = Callable[[int, Mapping[str, int], bool], NoReturn]


def run(orders: socket.socket, bell: socket.socket, *, wardens: int) -> None:
    """Import what rooms need, then fork as wardens ask; `wardens` is what those come from."""
    started = time.monotonic()
    sys.dont_write_bytecode = True
    try:
        imports = preloads.load(preloads.listed())
        sitting = importlib.import_module("sandbox.agent.sitting")  # after what it imports itself
        preloads.settle()
    except preloads.Unfit as reason:
        sys.stderr.write(f"{reason}\n")
        return
    learner.list_ours()
    sitting.COPIED[:] = pages.written_by(lambda: rehearsal.session(*sessions.WITHOUT_UNUSED))
    facts = {
        "seconds": round(time.monotonic() - started, 3),
        "pid": os.getpid(),
        "wardens": wardens,
        "memory_kb": preloads.memory_kb(),
        "threads": preloads.threads(),
        "imports": [asdict(each) for each in imports],
    }
    _tell(orders, Kind.READY, facts)
    _work(orders, bell, sitting.sit)


def _work(orders: socket.socket, bell: socket.socket, sit: Sit) -> None:
    seated: dict[int, socket.socket] = {}
    waker = wake_for_the_dead()
    while True:
        ready, _, _ = select.select([orders, bell, waker], [], [])
        if waker in ready:
            waker.recv(LONGEST_WISH)
            _bury(seated)
        if bell in ready:
            _seat(bell, seated, sit)
        if orders in ready:
            if not orders.recv(MAX_FRAME):
                return
            facts = {"who": "template", "memory_kb": preloads.memory_kb(), "seated": len(seated)}
            _tell(orders, Kind.PONG, facts)


def _seat(bell: socket.socket, seated: dict[int, socket.socket], sit: Sit) -> None:
    """Fork a process for a warden, into the namespace of processes that it names."""
    wish, given, _, _ = socket.recv_fds(bell, LONGEST_WISH, MOST_GIVEN)
    line, tell, *opened = given
    wished = json.loads(wish)
    spaces = dict(zip(wished["spaces"], opened, strict=True))
    news = socket.socket(fileno=tell)
    try:
        if seat.PIDS in spaces:
            kernel.setns(spaces.pop(seat.PIDS))
        pid = os.fork()
    except OSError as error:  # the room is being ended, or there is no memory: its warden hears
        sys.stderr.write(f"no process can be forked: {error}\n")
        news.close()
    else:
        if pid == 0:
            sit(line, spaces, wished["unhurried"])
        seated[pid] = news
        _send(news, {"pid": pid})
    for descriptor in (line, *opened):
        os.close(descriptor)


def _bury(seated: dict[int, socket.socket]) -> None:
    for pid, news in list(seated.items()):
        buried, status, used = os.wait4(pid, os.WNOHANG)
        if buried:
            _send(news, {"status": status, "cpu_seconds": used.ru_utime + used.ru_stime})
            seated.pop(pid).close()


def _send(news: socket.socket, facts: dict[str, float]) -> None:
    try:
        news.send(json.dumps(facts).encode())
    except OSError:
        return  # its warden is gone


def _tell(orders: socket.socket, kind: Kind, facts: dict[str, object]) -> None:
    orders.send(HEAD.pack(kind, BROADCAST, 0) + json.dumps(facts).encode())
