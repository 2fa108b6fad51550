"""The process that wardens are forked from: of our own modules only, so that a fork costs little.

It gets an order and a socket for each room, forks, and forgets both. No learner's byte comes here.
"""

import gc
import json
import os
import select
import signal
import socket
import sys
from typing import NoReturn

from sandbox.agent import kernel, preloads, warden
from sandbox.agent.caps import MAX_FRAME
from sandbox.agent.frames import BROADCAST, HEAD, Kind

ORDER_SIZE = HEAD.size + MAX_FRAME


def live(orders: socket.socket, bell: socket.socket) -> NoReturn:
    """Be it, to its end; `bell` is where its wardens ask the template for processes."""
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        gc.collect()
        gc.freeze()
        _work(orders, bell)
    finally:
        os._exit(1)


def _work(orders: socket.socket, bell: socket.socket) -> None:
    wardens: dict[int, int] = {}
    waker = wake_for_the_dead()
    while True:
        ready, _, _ = select.select([orders, waker], [], [])
        if waker in ready:
            waker.recv(ORDER_SIZE)
            _bury(wardens)
        if orders in ready and not _obey(orders, bell, wardens):
            return


def wake_for_the_dead() -> socket.socket:
    """Make a socket that is readable when a warden has died."""
    listen, tell = socket.socketpair()
    tell.settimeout(0)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(tell.detach(), warn_on_full_buffer=False)
    return listen


def _obey(orders: socket.socket, bell: socket.socket, wardens: dict[int, int]) -> bool:
    packet, descriptors, _, _ = socket.recv_fds(orders, ORDER_SIZE, 1)
    if not packet:
        return False
    kind, stream, _ = HEAD.unpack_from(packet)
    if kind == Kind.PING:
        facts = {"who": "wardens", "memory_kb": preloads.memory_kb(), "rooms": len(wardens)}
        _tell(orders, Kind.PONG, BROADCAST, facts)
    elif kind == Kind.CLOSE and stream in wardens:
        os.kill(wardens[stream], signal.SIGKILL)
    elif kind == Kind.OPEN:
        line = socket.socket(fileno=descriptors[0])
        pid = _fork(orders, bell, line, packet[HEAD.size :])
        line.close()
        if pid:
            wardens[stream] = pid
            _tell(orders, Kind.CONTROL, stream, {"pid": pid})
    return True


def _fork(orders: socket.socket, bell: socket.socket, line: socket.socket, order: bytes) -> int:
    """Fork a warden; 0 where it cannot be: the runner hears that its line is closed."""
    try:
        pid = os.fork()
    except OSError as error:
        sys.stderr.write(f"no room can be forked: {error}\n")
        return 0
    if pid == 0:
        orders.close()
        warden.keep(line, json.loads(order), bell)
    return pid


def _bury(wardens: dict[int, int]) -> None:
    for stream, pid in list(wardens.items()):
        if os.waitpid(pid, os.WNOHANG)[0]:
            del wardens[stream]


def _tell(orders: socket.socket, kind: Kind, stream: int, facts: dict[str, object]) -> None:
    orders.send(HEAD.pack(kind, stream, 0) + json.dumps(facts).encode())
