"""How busy this machine is just now, as a factor on every budget of time.

A budget is written for a quiet machine with two processors. The same few requests go to a service
of ours, with a fixed amount of work, in a room of its own and on the same kind of schedule as the
learner's; what they take, over what they take on the quiet machine, is the factor. It is never
below 1: a fast machine makes no budget tighter. The learner's code does not run meanwhile, so it
cannot make the machine look busy. The factor that holds for a round of requests is the larger of
the ones before and after it.
"""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.rooms import Rooms
from sandbox.interface import Ask, Heard, Limits, SandboxError, ServiceDown

PORT = 8000
ASKS = 40
RATE = 40.0
# Seconds of `graders/inside/calibrating.py` on a quiet machine with two processors, in a room of
# bubblewrap: the best of 144 rounds, since noise only ever slows (of the middle one, 1.8 ms are
# its counting). `make bench SECTION=judge` measures them again (`judge.pace_*`). The 95th
# percentile was never seen without neighbours: an estimate that rather forgives too little.
QUIET_P50 = 0.0022
QUIET_P95 = 0.0100
QUIET_START = 0.018  # from the start of its process until its port answers
MOST = 10.0  # a machine busier than that tells nothing about a service any more
LIMITS = Limits(
    cpu_seconds=30,
    wall_seconds=60,
    memory_mb=768,
    processes=8,
    scratch_mb=4,
    scratch_files=64,
    output_kb=16,
)
_TOOL = Path(__file__).parents[1] / "inside" / "calibrating.py"


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How many times slower than the quiet machine this one is; at least 1."""

    p50: float = 1.0
    p95: float = 1.0
    start: float = 1.0

    def __or__(self, other: "Pace") -> "Pace":
        """The slower of both."""
        return Pace(
            p50=max(self.p50, other.p50),
            p95=max(self.p95, other.p95),
            start=max(self.start, other.start),
        )


@dataclass(frozen=True, kw_only=True)
class Seconds:
    """What the reference service takes here."""

    p50: float
    p95: float
    start: float


def pace(rooms: Rooms) -> Pace:
    """Measure this machine. Raises SandboxError."""
    found = measured(rooms)
    return Pace(
        p50=factor(found.p50, QUIET_P50),
        p95=factor(found.p95, QUIET_P95),
        start=factor(found.start, QUIET_START),
    )


def measured(rooms: Rooms) -> Seconds:
    """What the reference service takes in a room of its own. Raises SandboxError."""
    with rooms.apart(LIMITS) as room:
        room.upload({"_calibrating.py": _tool()})
        serving = room.serve("python", "_calibrating.py", str(PORT), port=PORT)
        try:
            with serving as service:
                up = service.up_seconds
                heard = service.load([_ask(n / RATE) for n in range(ASKS)])
        except ServiceDown as down:
            raise SandboxError(f"the calibration does not run: {down}") from None
    return Seconds(p50=quantile(heard, 0.50), p95=quantile(heard, 0.95), start=up)


def quantile(heard: Sequence[Heard], share: float) -> float:
    """The seconds within which this share of the requests was over (nearest rank)."""
    ordered = sorted(one.seconds for one in heard)
    rank = max(1, -(-int(share * 1000) * len(ordered) // 1000))
    return ordered[min(rank, len(ordered)) - 1]


def factor(found: float, quiet: float) -> float:
    """How many times slower, from 1 to `MOST`."""
    return min(MOST, max(1.0, found / quiet))


def _ask(due: float) -> Ask:
    body = json.dumps({"numbers": list(range(50))}).encode()
    headers = {"content-type": "application/json"}
    return Ask(method="POST", path="/", body=body, headers=headers, due=due)


@functools.cache
def _tool() -> bytes:
    return _TOOL.read_bytes()
