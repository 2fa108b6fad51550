"""The process that rooms are forked from: everything imported, nothing done, one thread.

It gets an order and a socket for each room, forks, and forgets both. No learner's byte comes here.
"""

import json
import os
import select
import signal
import socket
import sys
import time
from dataclasses import asdict

from sandbox.agent import learner, preloads, warden
from sandbox.agent.caps import MAX_FRAME
from sandbox.agent.frames import BROADCAST, HEAD, Kind

ORDER_SIZE = HEAD.size + MAX_FRAME


def run(orders: socket.socket) -> None:
    """Import what rooms need, then fork a room an order."""
    started = time.monotonic()
    sys.dont_write_bytecode = True
    try:
        imports = preloads.load(preloads.listed())
    except preloads.Unfit as reason:
        sys.stderr.write(f"{reason}\n")
        return
    learner.list_ours()
    facts = {
        "seconds": round(time.monotonic() - started, 3),
        "pid": os.getpid(),
        "memory_kb": preloads.memory_kb(),
        "threads": preloads.threads(),
        "imports": [asdict(each) for each in imports],
    }
    _tell(orders, Kind.READY, BROADCAST, facts)
    _work(orders)


def _work(orders: socket.socket) -> None:
    wardens: dict[int, int] = {}
    waker = _wake_for_the_dead()
    while True:
        ready, _, _ = select.select([orders, waker], [], [])
        if waker in ready:
            waker.recv(ORDER_SIZE)
            _bury(wardens)
        if orders in ready and not _obey(orders, wardens):
            return


def _wake_for_the_dead() -> socket.socket:
    """Make a socket that is readable when a warden has died."""
    listen, tell = socket.socketpair()
    tell.settimeout(0)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(tell.detach(), warn_on_full_buffer=False)
    return listen


def _obey(orders: socket.socket, wardens: dict[int, int]) -> bool:
    packet, descriptors, _, _ = socket.recv_fds(orders, ORDER_SIZE, 1)
    if not packet:
        return False
    kind, stream, _ = HEAD.unpack_from(packet)
    if kind == Kind.PING:
        facts = {"who": "template", "memory_kb": preloads.memory_kb(), "rooms": len(wardens)}
        _tell(orders, Kind.PONG, BROADCAST, facts)
    elif kind == Kind.CLOSE and stream in wardens:
        os.kill(wardens[stream], signal.SIGKILL)
    elif kind == Kind.OPEN:
        _open(orders, stream, socket.socket(fileno=descriptors[0]), packet[HEAD.size :], wardens)
    return True


def _open(
    orders: socket.socket, stream: int, line: socket.socket, order: bytes, wardens: dict[int, int]
) -> None:
    try:
        pid = os.fork()
    except OSError as error:  # the line closes with us: the runner hears that there is no room
        sys.stderr.write(f"no room can be forked: {error}\n")
        line.close()
        return
    if pid == 0:
        orders.close()
        warden.keep(line, json.loads(order))
    line.close()
    wardens[stream] = pid
    _tell(orders, Kind.CONTROL, stream, {"pid": pid})


def _bury(wardens: dict[int, int]) -> None:
    for stream, pid in list(wardens.items()):
        if os.waitpid(pid, os.WNOHANG)[0]:
            del wardens[stream]


def _tell(orders: socket.socket, kind: Kind, stream: int, facts: dict[str, object]) -> None:
    orders.send(HEAD.pack(kind, stream, 0) + json.dumps(facts).encode())
