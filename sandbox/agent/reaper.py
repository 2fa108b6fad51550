"""The first process of a room's PID namespace: buries the dead, and kills on the warden's word.

Nobody in the room can signal it or look into it, and when it dies the kernel kills all others. It
kills from inside, where one call reaches every process, and needs no new process for it: a fork
bomb leaves none to be had.
"""

import json
import os
import select
import signal
import time
from collections.abc import Callable, Collection, Mapping
from typing import NoReturn

from sandbox.agent import confine, kernel, walls, watch

MOUNTED, CONFINED, DONE = b"m", b"c", b"d"
PASSES, PAUSE = 500, 0.002  # over processes that keep forking, before all are killed
LONGEST_WORD = 4096


class Reaper:
    """The warden's handle on the first process."""

    def __init__(self) -> None:
        """Fork it; once this returns, the room's `/proc` is mounted."""
        self._heard, tell = os.pipe()
        listen, self._tell = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._heard)
            os.close(self._tell)
            _live(tell, listen)
        os.close(tell)
        os.close(listen)
        self._expect(MOUNTED, "the room's /proc could not be mounted")

    def confine(self) -> None:
        """Have it give up its rights, now that the room's tree is its root; wait for that."""
        os.write(self._tell, CONFINED)
        self._expect(CONFINED, "the room's first process could not be confined")

    def kill(self, *, spare: Collection[str] | None) -> None:
        """Kill every other process of the room, or all but some and what they forked."""
        os.write(self._tell, json.dumps(None if spare is None else sorted(spare)).encode())
        self._expect(DONE, "the room's first process is gone")

    def end(self) -> None:
        """End it, and with it everything in the room."""
        os.kill(self.pid, signal.SIGKILL)
        try:
            while os.wait():  # it waits in its turn for those of the room that are our children
                continue
        except ChildProcessError:
            return

    def _expect(self, word: bytes, why_not: str) -> None:
        if os.read(self._heard, 1) != word:
            raise RuntimeError(why_not)


def _live(tell: int, listen: int) -> NoReturn:
    try:
        os.setsid()
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # nobody in the room may look into it
        walls.mount_proc()
        stand(tell, listen, watch.Meter)
    finally:
        os._exit(1)


def stand(tell: int, listen: int, make_meter: Callable[[], watch.Meter]) -> NoReturn:
    """Be the first process once `/proc` is there: wait to be confined, then serve."""
    try:
        os.write(tell, MOUNTED)
        if not os.read(listen, 1):
            os._exit(0)  # nobody opens a room any more
        nothing = os.open("/dev/null", os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        meter = make_meter()
        waker = _wake_for_the_dead()
        # No Landlock: it would keep this process from signalling others, which is its work.
        cage = confine.Cage(filter=confine.prepare(loopback=False).filter, landlock=None)
        confine.enter(cage, cpu_seconds=1_000_000, processes=1, file_bytes=0, killed_first=False)
        confine.close_all_but(tell, listen, waker, waker + 1, meter.proc)
        os.write(tell, CONFINED)
        _serve(tell, listen, waker, meter)
    finally:
        os._exit(1)


def _wake_for_the_dead() -> int:
    """Make a pipe that is readable when a child has died; its ends are neighbours."""
    listen, tell = os.pipe()
    os.set_blocking(listen, False)
    os.set_blocking(tell, False)
    os.dup2(listen, 200)
    os.dup2(tell, 201)
    signal.signal(signal.SIGCHLD, _notice)
    signal.set_wakeup_fd(201, warn_on_full_buffer=False)
    return 200


def _notice(*_: object) -> None:
    """Let the signal wake the poll."""


def _serve(tell: int, listen: int, waker: int, meter: watch.Meter) -> NoReturn:
    poll = select.poll()
    poll.register(listen, select.POLLIN)
    poll.register(waker, select.POLLIN)
    while True:
        ready = [descriptor for descriptor, _ in poll.poll()]
        if waker in ready:
            os.read(waker, LONGEST_WORD)
        _bury()
        if listen in ready:
            word = os.read(listen, LONGEST_WORD)
            if not word:
                os._exit(0)  # the warden is gone
            _kill(json.loads(word), meter)
            os.write(tell, DONE)


def _bury() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return


def _kill(spare: list[str] | None, meter: watch.Meter) -> None:
    if spare is not None:
        roots = {*spare, watch.INIT}
        for _ in range(PASSES):
            parents = meter.parents()
            doomed = [pid for pid in parents if not _descends(pid, parents, roots)]
            if not doomed:
                return
            for pid in doomed:
                _send(int(pid))
            _bury()
            time.sleep(PAUSE)
    _send(-1)
    _bury()


def _send(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it was faster, or there is none


def _descends(pid: str, parents: Mapping[str, str], roots: set[str]) -> bool:
    """Follow the parents up; whatever ends at the first process was left behind."""
    while pid not in roots:
        above = parents.get(pid, watch.INIT)
        if above in {watch.INIT, "0", pid}:
            return False
        pid = above
    return True
