"""The first process of a room's PID namespace: buries what learners' processes leave behind."""

import os
import signal
from typing import NoReturn

from sandbox.agent import confine, kernel, walls

MOUNTED = b"m"


class Reaper:
    """Our handle on the first process. When it dies, the kernel kills all others of the room."""

    def __init__(self) -> None:
        """Fork it; once this returns, the room's `/proc` is mounted."""
        heard, tell = os.pipe()
        listen, self._move = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _live(tell, listen)
        os.close(tell)
        os.close(listen)
        self._heard = heard
        if os.read(heard, 1) != MOUNTED:
            raise RuntimeError("the room's /proc could not be mounted")

    def confine(self) -> None:
        """Have it give up its rights, now that the room's tree is its root; wait for that."""
        os.write(self._move, MOUNTED)
        if os.read(self._heard, 1):
            raise RuntimeError("the room's first process is confused")
        os.close(self._heard)
        os.close(self._move)


def _live(tell: int, listen: int) -> NoReturn:
    try:
        os.setsid()
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # nobody in the room may look into it
        walls.mount_proc()
        os.write(tell, MOUNTED)
        os.read(listen, 1)
        nothing = os.open("/dev/null", os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        cage = confine.prepare(loopback=False)
        confine.enter(cage, cpu_seconds=1_000_000, processes=1, file_bytes=0, killed_first=False)
        confine.close_all_but()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        while True:
            _bury()
    finally:
        os._exit(1)


def _bury() -> None:
    try:
        os.waitpid(-1, 0)
    except ChildProcessError:
        signal.sigwait([signal.SIGCHLD])
