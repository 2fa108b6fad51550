"""What the figures of `make bench` must hold: an upper or a lower bound each."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import ge, le
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A figure that is at most, or at least, so much."""

    holds: Callable[[float, float], bool]
    value: float

    def __str__(self) -> str:
        return f"{'≤' if self.holds is le else '≥'} {self.value:g}"

    def allows(self, figure: float) -> bool:
        """Say whether a figure is inside."""
        return self.holds(figure, self.value)


NESTED: Final = ("room", "room.docker")  # container rooms are measured, and promise nothing
SOAKED: Final = ("soak", "soak.docker")
MOST: Final = {
    "ready_ms": 20.0,
    "call_ms": 15.0,
    "call_warm_ms": 15.0,
    "job_vs_bare": 0.06,
    "job_vs_docker_run": 0.05,
    "job_cpu_vs_bare": 0.06,
    "job_cpu_vs_docker_run": 0.05,
    "blind10_vs_one": 1.0,
    "extra_mb": 20.0,
    "neighbour_slowdown": 2.2,
}
LEAST: Final = {"rooms_per_s": 30.0}
LEFT: Final = {
    **{f"leaked_{kind}": 0.0 for kind in ("processes", "descriptors", "groups", "mounts")},
    "leaked_containers": 0.0,
    **{f"{whose}_growth_percent": 5.0 for whose in ("runner", "switch", "template", "memory")},
}
BOUNDS: Final = {
    **{
        f"{kind}.{name}": Bound(holds=le, value=most)
        for kind in NESTED
        for name, most in MOST.items()
    },
    **{
        f"{kind}.{name}": Bound(holds=ge, value=least)
        for kind in NESTED
        for name, least in LEAST.items()
    },
    **{
        f"{kind}.{name}": Bound(holds=le, value=most)
        for kind in SOAKED
        for name, most in LEFT.items()
    },
}
