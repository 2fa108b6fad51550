"""Rooms that end in every way, many at once, leave nothing behind: counted, not estimated."""

from tests.bench import procs, soak
from tests.sandbox.conftest import Host

ROOMS = 64
AT_ONCE = 16


def test_what_a_runner_holds_is_the_same_after_many_rooms(host: Host) -> None:
    shells = [int(shell["pid"]) for shell in host.sandbox.health()["shells"].values()]
    below = set(procs.tree(host.process.pid))
    roots = (host.process.pid, *(pid for pid in shells if pid not in below))
    soak.many(host.sandbox, AT_ONCE, at_once=AT_ONCE)
    before = soak.settle(lambda: procs.holdings(*roots))
    with host.sandbox.open(runtime="python-ml", limits=soak.LIMITS):
        if host.kind != "container":  # whose rooms are the engine's children, none of these
            assert procs.holdings(*roots).processes > before.processes  # an open room is counted
    soak.many(host.sandbox, ROOMS, at_once=AT_ONCE)
    assert soak.settled(lambda: procs.holdings(*roots), before) == before
