"""Rooms that end in every way, many at once, leave nothing behind: counted, not estimated."""

from tests.bench import hosts, soak
from tests.sandbox.conftest import IN_DOCKER, Host

AT_ONCE = 16
ROOMS = {"container": 16}  # each of them takes about a second


def test_what_a_runner_holds_is_the_same_after_many_rooms(host: Host) -> None:
    kind = host.kind if host.kind in IN_DOCKER else "bubblewrap"
    where = hosts.Host(kind=kind, sandbox=host.sandbox, runner=host.process.pid)
    soak.many(host.sandbox, AT_ONCE, at_once=AT_ONCE)
    where.settle()
    before, containers = where.holdings(), len(where.containers())
    with host.sandbox.open(runtime="python-ml", limits=soak.LIMITS):
        assert where.holdings().processes > before.processes  # an open room is counted
    soak.many(host.sandbox, ROOMS.get(host.kind, 64), at_once=AT_ONCE)
    where.settle()
    assert soak.settled(where.holdings, before) == before
    assert len(where.containers()) == containers
