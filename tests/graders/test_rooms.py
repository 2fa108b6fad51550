"""Rooms of one grading: a phase ends its own, and one opened ahead is used or ended."""

import threading
from dataclasses import dataclass, field

import pytest

from graders.datasets import Datasets
from graders.results import Phase
from graders.rooms import Rooms
from sandbox.interface import Limits, Room, SandboxError
from tests.fakes import FakeSandbox


def rooms_of(sandbox: FakeSandbox, datasets: Datasets) -> Rooms:
    return Rooms(sandbox=sandbox, runtime="python-ml", limits=Limits(), datasets=datasets)


@dataclass
class Warm:
    """Remembers what was warmed, and lets a test wait for it."""

    rooms: list[Room] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def __call__(self, room: Room) -> None:
        self.rooms.append(room)
        self.done.set()


def ahead(rooms: Rooms, warm: Warm, *, phase: Phase = Phase.HIDDEN) -> None:
    rooms.ahead({"a.sql": b"SELECT 1"}, phase=phase, content="sql", data="later", warm=warm)
    assert warm.done.wait(10)


def test_a_room_that_was_opened_ahead_is_the_one_that_its_phase_gets(datasets: Datasets) -> None:
    sandbox, warm = FakeSandbox(), Warm()
    rooms = rooms_of(sandbox, datasets)
    rooms.enter(Phase.PUBLIC)
    ahead(rooms, warm)
    rooms.enter(Phase.HIDDEN)
    room = rooms.shared({"a.sql": b"SELECT 1"}, content="sql", data="later")
    assert [room] == warm.rooms
    assert sandbox.opened == ["small-later"]
    rooms.close()
    assert sandbox.rooms[0].closed


def test_a_phase_does_not_get_the_room_of_another(datasets: Datasets) -> None:
    sandbox, warm = FakeSandbox(), Warm()
    rooms = rooms_of(sandbox, datasets)
    rooms.enter(Phase.PUBLIC)
    ahead(rooms, warm)
    assert rooms.shared({}, content="sql", data="later") not in warm.rooms
    rooms.close()
    assert all(room.closed for room in sandbox.rooms)


def test_a_room_that_nobody_asked_for_is_ended(datasets: Datasets) -> None:
    sandbox, warm = FakeSandbox(), Warm()
    rooms = rooms_of(sandbox, datasets)
    ahead(rooms, warm)
    rooms.close()
    assert [room.closed for room in sandbox.rooms] == [True]


def test_a_sandbox_that_falls_ahead_of_time_is_asked_again_when_it_counts(
    datasets: Datasets,
) -> None:
    sandbox = FakeSandbox(broken_at=0)
    rooms = rooms_of(sandbox, datasets)
    rooms.enter(Phase.PUBLIC)
    rooms.ahead({}, phase=Phase.HIDDEN, content="sql", data="later", warm=Warm())
    rooms.enter(Phase.HIDDEN)
    with pytest.raises(SandboxError):
        rooms.shared({}, content="sql", data="later")
    rooms.close()


def test_a_phase_ends_the_rooms_of_the_one_before(datasets: Datasets) -> None:
    sandbox = FakeSandbox()
    rooms = rooms_of(sandbox, datasets)
    rooms.enter(Phase.PUBLIC)
    first = rooms.shared({}, content="project", data=None)
    assert rooms.shared({}, content="project", data=None) is first
    rooms.enter(Phase.HIDDEN)
    assert sandbox.rooms[0].closed
    assert rooms.shared({}, content="project", data=None) is not first
    rooms.close()
