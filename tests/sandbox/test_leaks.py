"""Rooms that end in every way, many at once, leave nothing behind: counted, not estimated."""

import time

from sandbox.pool import MOST
from tests.bench import hosts, procs, soak
from tests.sandbox.conftest import CONTAINERS_ONLY, IN_DOCKER, NESTED_ONLY, Host

ROOMS, AT_ONCE = 64, 16
CONTAINERS, OF_THEM_AT_ONCE = 12, 4  # each takes about a second of processor time


@NESTED_ONLY
def test_what_a_runner_holds_is_the_same_after_many_rooms(host: Host) -> None:
    kind = "docker" if host.kind in IN_DOCKER else "bubblewrap"
    where = hosts.Host(kind=kind, sandbox=host.sandbox, runner=host.process.pid)
    soak.many(host.sandbox, AT_ONCE, at_once=AT_ONCE)
    where.settle()
    before, containers = where.holdings(), where.containers()
    with host.sandbox.open(runtime="python-ml", limits=soak.LIMITS):
        where.refill()
        assert where.holdings().processes > before.processes  # an open room is counted
    soak.many(host.sandbox, ROOMS, at_once=AT_ONCE)
    where.refill()
    assert soak.settled(where.holdings, before) == before
    assert where.containers() == containers


@CONTAINERS_ONLY
def test_no_container_outlives_its_room(host: Host) -> None:
    where = hosts.Host(kind="container", sandbox=host.sandbox, runner=host.process.pid)
    soak.many(host.sandbox, OF_THEM_AT_ONCE, at_once=OF_THEM_AT_ONCE)
    where.settle()
    before = procs.holdings(where.runner)
    with host.sandbox.open(runtime="python-ml", limits=soak.LIMITS):
        assert where.containers()  # an open room is counted
    soak.many(host.sandbox, CONTAINERS, at_once=OF_THEM_AT_ONCE)
    until = time.monotonic() + 60
    while len(where.containers()) > MOST and time.monotonic() < until:  # these are kept warm
        time.sleep(0.5)
    assert len(where.containers()) <= MOST
    left = soak.settled(lambda: procs.holdings(where.runner), before)
    assert (left.processes, left.mounts) == (before.processes, before.mounts)
    # A warm container is a connection to the engine each, and fewer may be warm than before.
    assert left.descriptors <= before.descriptors + 3 * MOST
