"""Rooms that end in every way, many at once, leave nothing behind: counted, not estimated."""

from tests.bench import hosts, soak
from tests.sandbox.conftest import IN_DOCKER, Host

MANY = (64, 16)  # rooms, and how many of them at once
SLOW = (8, 4)  # a container room takes about a second of processor time


def test_what_a_runner_holds_is_the_same_after_many_rooms(host: Host) -> None:
    kind = host.kind if host.kind in IN_DOCKER else "bubblewrap"
    where = hosts.Host(kind=kind, sandbox=host.sandbox, runner=host.process.pid)
    rooms, at_once = SLOW if kind == "container" else MANY
    soak.many(host.sandbox, at_once, at_once=at_once)
    where.settle()
    before, containers = where.holdings(), len(where.containers())
    with host.sandbox.open(runtime="python-ml", limits=soak.LIMITS):
        assert where.holdings().processes > before.processes  # an open room is counted
    soak.many(host.sandbox, rooms, at_once=at_once)
    where.settle()
    assert soak.settled(where.holdings, before) == before
    assert len(where.containers()) == containers
