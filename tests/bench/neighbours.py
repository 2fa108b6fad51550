"""What a hostile neighbour costs an honest room: it burns all that a room can burn, at once."""

import statistics
import threading
import time
from collections.abc import Callable
from typing import Final

from sandbox.client import RunnerSandbox
from sandbox.interface import Limits, SandboxError

TIMES: Final = 15
ROUNDS: Final = 3
SETTLING_SECONDS: Final = 1.0
HOSTILE: Final = Limits(
    cpu_seconds=600, wall_seconds=120, memory_mb=512, processes=32, scratch_mb=128
)
BURNER: Final = """\
import os
import time

for n in range({each}):
    if os.fork() == 0:
        while True:  # each burns a processor, its share of the memory, and the disk
            held = bytearray({share})
            for place in range(0, len(held), 4096):
                held[place] = n
            with open(f"/tmp/{{n}}", "wb") as file:
                file.write(memoryview(held)[:{file}])
            if os.fork() == 0:
                os._exit(0)
            os.waitpid(-1, 0)
time.sleep(110)
"""


def slowdown(sandbox: RunnerSandbox, job: Callable[[], None], *, times: int = TIMES) -> float:
    """How many times longer an honest job takes beside a neighbour at its limits: a ratio.

    Medians of jobs alone and beside, in turn. Raises RuntimeError when the neighbour was stopped:
    then it did not burn.
    """
    alone, beside = [], []
    job()
    for _ in range(ROUNDS):
        alone += [_seconds(job) for _ in range(times)]
        with _Neighbour(sandbox):
            time.sleep(SETTLING_SECONDS)
            beside += [_seconds(job) for _ in range(times)]
    return statistics.median(beside) / statistics.median(alone)


class _Neighbour:
    """A room that burns while the context is open."""

    def __init__(self, sandbox: RunnerSandbox) -> None:
        self._room = sandbox.open(runtime="python-ml", limits=HOSTILE)
        self._ended: object = None
        self._thread = threading.Thread(target=self._burn, daemon=True)

    def __enter__(self) -> None:
        self._opened = self._room.__enter__()
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        burnt_to_the_end = self._thread.is_alive()
        self._opened.close()
        self._thread.join(30)
        self._room.__exit__(None, None, None)
        if not burnt_to_the_end:
            raise RuntimeError(f"the neighbour did not burn to the end: {self._ended}")

    def _burn(self) -> None:
        each = HOSTILE.processes // 2 - 1  # with a child of each: at the limit, and not above
        text = BURNER.format(
            each=each,
            share=HOSTILE.memory_mb * 1024 * 1024 // 5 // each,
            file=HOSTILE.scratch_mb * 1024 * 1024 * 8 // 10 // each,
        )
        try:
            self._ended = self._opened.run("python", "-c", text)
        except SandboxError:
            self._ended = "closed"


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
