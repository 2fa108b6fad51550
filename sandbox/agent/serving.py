"""The room's one service as its warden has it: started, asked, killed, stopped."""

import os
import signal
import time
from collections.abc import Mapping
from typing import Any

from sandbox.agent import relay
from sandbox.agent.crowd import WATCH_SECONDS, Crowd, Step
from sandbox.agent.process import Process

TERM_SECONDS = 2.0  # that a service has to end by itself
LAST_WORDS_SECONDS = 0.3  # what a service has sent before it died may still be on its way

Told = tuple[dict[str, Any], bytes]


class Serving:
    """At most one service runs at a time; after it has ended another may be started."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._running: Process | None = None
        self._port = 0

    @property
    def present(self) -> bool:
        """Whether a service was started and not stopped; it may have died meanwhile."""
        return self._running is not None

    def start(self, step: Step, head: Mapping[str, Any]) -> tuple[Process, float | None]:
        """Start it; give the process and the seconds until its port answered, if it did."""
        port = int(head["port"])
        running = self._crowd.start(step)
        until = running.started + float(head["within"])
        up: list[float] = []

        def come() -> bool:
            """See whether it is up, or too late."""
            if relay.listening(port):
                up.append(time.monotonic() - running.started)
            return bool(up) or time.monotonic() > until

        self._crowd.wait(running, come, seconds=WATCH_SECONDS / 2)
        if not up and not _dead(running):
            self._crowd.end_all("wall_seconds")
            self._crowd.wait(running, lambda: False)
        if up and not _dead(running):
            self._running, self._port = running, port
            return running, up[0]
        self._crowd.sweep()
        return running, None

    def ask(self, head: Mapping[str, Any], bodies: bytes) -> Told:
        """Send requests and give the answers; one word where there is none of any."""
        running = self._running
        if running is None or _dead(running):
            return {"down": "ended"}, b""
        door = relay.Door(port=self._port, started=running.started)
        try:
            asked = relay.fork(head, bodies, to=door, cage=self._crowd.helpers_cage())
        except BlockingIOError:  # the service has used up the room's processes
            return {"down": "no-process-left"}, b""
        self._crowd.adopt(asked.pid)
        died, until = (
            False,
            min(time.monotonic() + float(head["seconds"]), running.deadline or 0.0),
        )
        while not asked.complete and time.monotonic() < until:
            self._crowd.turn(WATCH_SECONDS, also=asked.pipe)
            asked.hear()
            if _dead(running) and not died:
                died, until = True, min(until, time.monotonic() + LAST_WORDS_SECONDS)
        self._crowd.end_helper(asked.pid)
        asked.close()
        told = asked.told()
        if told is None:
            return {"down": _why_nothing(running, asked)}, b""
        return told

    def stop(self, *, kill: bool) -> Process:
        """End it: ask it to first, unless it is to be killed; give the process that has ended."""
        running = self._running
        if running is None:
            raise RuntimeError("no service is running")
        self._running = None
        if not _dead(running) and not kill:
            os.kill(running.pid, signal.SIGTERM)
            until = time.monotonic() + TERM_SECONDS
            self._crowd.wait(running, lambda: time.monotonic() > until)
        if not _dead(running):
            os.kill(running.pid, signal.SIGKILL)
        self._crowd.wait(running, lambda: False)
        self._crowd.sweep()
        return running


def _why_nothing(running: Process, asked: relay.Asked) -> str:
    if _dead(running):
        return "ended"
    return "asker-killed" if asked.complete else "too-slow"


def _dead(running: Process) -> bool:
    return running.status is not None
