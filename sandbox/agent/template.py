"""The process that rooms are forked from: everything imported, nothing done, one thread.

It gets an order and a socket for each room, forks, and forgets both. No learner's byte comes here.
"""

import gc
import importlib
import importlib.util
import json
import os
import select
import signal
import socket
import sys
import time

from sandbox.agent import warden
from sandbox.agent.frames import BROADCAST, HEAD, MAX_FRAME, Kind
from sandbox.agent.preloads import PRELOADS

ORDER_SIZE = HEAD.size + MAX_FRAME


def run(orders: socket.socket) -> None:
    """Import what rooms need, then fork a room an order."""
    started = time.monotonic()
    sys.dont_write_bytecode = True
    loaded = _preload()
    gc.collect()
    gc.freeze()
    facts = {"seconds": round(time.monotonic() - started, 3), "loaded": loaded}
    _tell(orders, Kind.READY, BROADCAST, facts)
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


def _preload() -> list[str]:
    """Import what the runtime has of the list; a name that is installed and fails is an error."""
    loaded = []
    for name in PRELOADS:
        if importlib.util.find_spec(name.partition(".")[0]) is not None:
            importlib.import_module(name)
            loaded.append(name)
    return loaded


def _obey(orders: socket.socket, wardens: dict[int, int]) -> bool:
    packet, descriptors, _, _ = socket.recv_fds(orders, ORDER_SIZE, 1)
    if not packet:
        return False
    kind, stream, _ = HEAD.unpack_from(packet)
    if kind == Kind.CLOSE:
        if stream in wardens:
            os.kill(wardens[stream], signal.SIGKILL)
        return True
    line = socket.socket(fileno=descriptors[0])
    pid = os.fork()
    if pid == 0:
        orders.close()
        warden.keep(line, json.loads(packet[HEAD.size :]))
    line.close()
    wardens[stream] = pid
    _tell(orders, Kind.CONTROL, stream, {"pid": pid})
    return True


def _bury(wardens: dict[int, int]) -> None:
    for stream, pid in list(wardens.items()):
        if os.waitpid(pid, os.WNOHANG)[0]:
            del wardens[stream]


def _tell(orders: socket.socket, kind: Kind, stream: int, facts: dict[str, object]) -> None:
    orders.send(HEAD.pack(kind, stream, 0) + json.dumps(facts).encode())
