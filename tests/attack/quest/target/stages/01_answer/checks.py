"""A function of the learner's is called with plain numbers."""

import time

from graders import Workspace, check, fail

SUMS = ((2, 3), (40, -4), (7, 7))
SLOWEST_SECONDS = 1.0
TIMES = 2


@check(group="production", points=10, severity="blocker", kind="contract")
def is_there(work: Workspace) -> None:
    """The module is there"""
    work.text("app/solution.py")


@check(group="metrics", points=30, needs=[is_there])
def adds(work: Workspace) -> None:
    """It adds"""
    for a, b in SUMS:
        found = work.call("app.solution:add", a, b)
        if found != a + b or isinstance(found, bool):
            fail("differs", a=a, b=b)


@check(group="production", points=20, needs=["adds"], kind="resource")
def is_quick(work: Workspace) -> None:
    """It answers soon, by our clock"""
    fastest = min(_seconds(work) for _ in range(TIMES))
    if fastest > SLOWEST_SECONDS:
        fail("slow", seconds=fastest, limit=SLOWEST_SECONDS)


def _seconds(work: Workspace) -> float:
    began = time.monotonic()
    work.call("app.solution:add", 1, 1)
    return time.monotonic() - began
