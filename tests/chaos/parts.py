"""The parts of a whole site, each a process that is started again when it ends, as by an init."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from simulator.environment import ROOT
from tests.bench import procs

RESTART_SECONDS: Final = 0.5
STOP_SECONDS: Final = 15.0


@dataclass
class Part:
    """One program; `unless` says when it is not to be started again for now."""

    name: str
    words: Sequence[str]
    env: Mapping[str, str]
    log: Path
    user: str | None = None
    before: Callable[[], None] | None = None  # what its start needs, each time
    process: "subprocess.Popen[bytes] | None" = None
    held: bool = False
    pids: list[int] = field(default_factory=list)  # of every start
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self) -> None:
        with self._lock:
            if self.before is not None:
                self.before()
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    self.words,
                    cwd=ROOT,
                    env={**self.env},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    user=self.user,
                )
            self.pids.append(self.process.pid)

    def tend(self) -> None:
        """Start it again if it ended."""
        with self._lock:
            if self.process is not None and self.process.poll() is not None and not self.held:
                self.start()

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send the program itself a signal, not its children."""
        with self._lock:
            if self.process is not None and self.process.poll() is None:
                self.process.send_signal(number)

    def family(self) -> list[int]:
        """Every process of it that lives, itself first."""
        if self.process is None or self.process.poll() is not None:
            return []
        return procs.tree(self.process.pid)

    def children(self) -> list[int]:
        return self.family()[1:]

    def stop(self) -> None:
        """End it for good, with its children."""
        with self._lock:
            self.held = True
            if self.process is None:
                return
            self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Init:
    """Starts parts in order, starts again what ends, stops all in the other order."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = [*parts]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._tend, daemon=True, name="init")

    def begin(self) -> None:
        self._thread.start()

    def named(self, name: str) -> list[Part]:
        """The parts whose name begins so."""
        return [part for part in self.parts if part.name.startswith(name)]

    def end(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        for part in reversed(self.parts):
            part.stop()

    def _tend(self) -> None:
        while not self._stopped.wait(RESTART_SECONDS):
            for part in self.parts:
                if not self._stopped.is_set():
                    try:
                        part.tend()
                    except OSError as error:  # a full disk: the next round tries again
                        print(f"{part.name} is not started: {error}", file=sys.stderr)


def wait_for(what: str, condition: Callable[[], bool], *, seconds: float) -> None:
    """Wait for a condition. Raises TimeoutError, naming it."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} took more than {seconds:.0f} s")
        time.sleep(0.1)
