"""What is collected of a room whose files are swapped for links meanwhile, a thousand times."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from typing import Final

from sandbox.client import RunnerSandbox
from sandbox.interface import Limits, Room, Unreadable
from tests.attack.stand import Stand

TIMES: Final = 1_000
ROOMS: Final = 4  # one after another on each of two lines, each emptied by many collections
AT_ONCE: Final = 2
KEPT: Final = b"id,score\n1,0.5\n"
PREDICTIONS: Final = "predictions.csv"
LIMITS: Final = Limits(cpu_seconds=60, wall_seconds=60, memory_mb=256, processes=16, scratch_mb=8)
# The child has begun when the command ends, and goes on: whoever collects meets it at work.
SWAPS: Final = """
import os, sys
for name in os.listdir('/artifacts'):  # the last one was killed in the middle of it
    os.unlink(f'/artifacts/{{name}}')
path, aside, kept = '/artifacts/predictions.csv', '/artifacts/aside', {kept!r}
begun, begin = os.pipe()
if os.fork() == 0:
    while True:
        with open(aside, 'wb') as file:
            file.write(kept)
        os.replace(aside, path)
        os.write(begin, b'.')
        os.symlink('@FILE@', aside)
        os.replace(aside, path)
os.close(begin)
sys.exit(0 if os.read(begun, 1) and os.read(begun, 1) else 'the child ended')
"""


def swapped(stand: Stand) -> Iterator[str]:
    """Complain of every collection that is neither refused nor the plain file, whole."""
    given_up = threading.Event()
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        try:
            playing = [pool.submit(_counted, stand, given_up) for _ in range(ROOMS)]
            found = sum((each.result() for each in playing), Counter[str]())
        finally:
            given_up.set()
    for what in found.keys() - {"refused", "read"}:
        yield f"{found[what]} of {TIMES} collections brought {what}"
    if not found["refused"] or not found["read"]:
        yield f"the swapping was never met at work: {dict(found)}"


def _counted(stand: Stand, given_up: threading.Event) -> "Counter[str]":
    """What a room's share of the collections brought."""
    sandbox = RunnerSandbox(stand.site.home / "runner.sock")
    script = stand.filled_in(SWAPS.format(kept=KEPT))
    with sandbox.open(runtime="python-ml", limits=LIMITS) as room:
        room.upload({"swaps.py": script})
        times = takewhile(lambda _: not given_up.is_set(), range(TIMES // ROOMS))
        return Counter(_collected(room) for _ in times)


def _collected(room: Room) -> str:
    """What one collection brought: the plain file, a refusal, or something else."""
    finished = room.run("python", "swaps.py")
    if finished.exit_code != 0:
        return f"no file, the command ended as {finished.exit_code} {finished.stderr[-200:]!r}"
    try:
        files = room.files("/artifacts", max_files=8, max_bytes=10_000)
    except Unreadable:
        return "refused"
    plain = files.get(PREDICTIONS) == KEPT and set(files.values()) <= {KEPT, b""}
    return "read" if plain else f"{files!r}"
