"""Starts the two processes that everything of a room is forked from: wardens' and the template.

The second is the parent of the first, so that both own the user namespaces of rooms.
"""

import importlib
import os
import signal
import socket
import sys
from typing import NoReturn

from sandbox.agent import container, kernel, walls, wardens


def live(for_template: socket.socket, for_wardens: socket.socket) -> NoReturn:
    """Fork what wardens come from, then be the template."""
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        os.dup2(os.open("/dev/null", os.O_RDWR), 0)
        os.dup2(0, 1)
        if container.room is None:
            walls.own_the_rooms()
        bell, ring = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = os.fork()
        if pid == 0:
            for_template.close()
            bell.close()
            wardens.live(for_wardens, ring)
        for_wardens.close()
        ring.close()
        # Imported only here, so that what wardens are forked from stays small.
        template = importlib.import_module("sandbox.agent.template")
        template.run(for_template, bell, wardens=pid)
    except OSError as error:  # the last words of a shell say why it does not come up
        sys.stderr.write(f"{error}\n")
    finally:
        os._exit(0)
