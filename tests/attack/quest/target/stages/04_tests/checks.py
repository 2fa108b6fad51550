"""The learner's own tests, scored blind: each variant in a room of its own, in any order.

Right variants must pass and faulty ones fail. Nothing in a room tells which variant it holds, so
a report that is forged for one is forged for all.
"""

import random

from graders import Phase, Workspace, check, fail
from sandbox.interface import Finished

RIGHT = (
    "def add(a, b):\n    return a + b\n",
    "def add(a, b):\n    return b - (-a)\n",
)
FAULTY = (
    "def add(a, b):\n    return a - b\n",
    "def add(a, b):\n    return abs(a) + abs(b)\n",
)


@check(group="tests", points=100, severity="major", kind="mutation", phase=Phase.OWN_TESTS)
def tests_tell(work: Workspace) -> float:
    """The tests pass what is right and stop what is not"""
    variants = [(text, True) for text in RIGHT] + [(text, False) for text in FAULTY]
    random.shuffle(variants)
    told = [_passes(work, text) is right for text, right in variants]
    if not all(told):
        fail("does_not_tell", told=sum(told), variants=len(told))
    return 1.0


def _passes(work: Workspace, variant: str) -> bool:
    with work.room() as room:
        room.upload({"app/solution.py": variant.encode()})
        words = ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
        finished: Finished = work.rooms.step(lambda: room.run(*words))
    return finished.ok
