"""From the bell to the verdict with the real judge, and the health page's parts."""

import threading
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from graders.datasets import Datasets
from simulator.attempts import health, runner_state, tasks, watching
from simulator.attempts.handing_in import queue
from simulator.attempts.models import Grading, Verdict
from simulator.attempts.reading import latest_grading
from tests.fakes import FakeSandbox
from tests.simulator.conftest import HandIn, RedisServer
from tests.simulator.toy_quest import STARTER

pytestmark = pytest.mark.django_db(transaction=True)

REFERENCE = {**STARTER, "app/model.py": b"def add(a, b):\n    return a + b\n"}


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeSandbox:
    """The judge works in fake rooms, and needs no data."""
    fake = FakeSandbox()
    monkeypatch.setattr(tasks, "RunnerSandbox", lambda _: fake)
    data = Datasets(public="toy", hidden={}, public_folder=tmp_path, truth=tmp_path)
    monkeypatch.setattr(tasks, "prepare", lambda *_, **__: data)
    monkeypatch.setattr(runner_state, "opens_rooms", lambda: True)
    return fake


def test_a_bell_leads_to_the_judges_verdict(hand_in: HandIn, judged: FakeSandbox) -> None:
    starter = hand_in()
    tasks.grade(latest_grading(starter).pk)
    tasks.grade(latest_grading(hand_in(files=REFERENCE)).pk)
    scores = dict(Verdict.objects.values_list("grading__attempt__number", "score"))
    assert scores == {1: 14.3, 2: 85.7}


def test_a_bell_that_rings_twice_is_one_verdict(hand_in: HandIn, judged: FakeSandbox) -> None:
    grading = latest_grading(hand_in())
    tasks.grade(grading.pk)
    tasks.grade(grading.pk)
    assert Verdict.objects.count() == 1


def test_without_rooms_nothing_is_claimed(
    hand_in: HandIn, judged: FakeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_state, "opens_rooms", lambda: False)
    monkeypatch.setattr(tasks, "ROOMS_ARE_AWAITED", 0.0)
    grading = latest_grading(hand_in())
    tasks.grade(grading.pk)
    grading.refresh_from_db()
    assert (grading.state, grading.infra_attempts) == (Grading.State.QUEUED, 0)


def test_a_bell_for_nothing_is_nothing(judged: FakeSandbox) -> None:
    tasks.grade(12345)
    assert not judged.rooms


def test_what_was_parsed_at_hand_in_is_not_parsed_by_the_judge(
    hand_in: HandIn, judged: FakeSandbox, rooms: FakeSandbox
) -> None:
    tasks.grade(latest_grading(hand_in()).pk)
    assert len(judged.rooms) == 1  # the public phase's
    rooms.broken_at = 0
    unparsed = hand_in(files={**STARTER, "app/new.py": b"x = 1\n"})
    tasks.grade(latest_grading(unparsed).pk)
    assert len(judged.rooms) == 1 + 2


def test_what_no_room_could_parse_at_hand_in_is_refused_by_the_judge(
    hand_in: HandIn, judged: FakeSandbox, rooms: FakeSandbox
) -> None:
    rooms.broken_at = 0
    attempt = hand_in(files={**STARTER, "app/model.py": b"def f(:\n"})
    tasks.grade(latest_grading(attempt).pk)
    assert latest_grading(attempt).state == Grading.State.REFUSED
    attempt.refresh_from_db()
    assert not attempt.charged


def test_lanes_do_not_mix(hand_in: HandIn, judged: FakeSandbox, toy: Any) -> None:
    attempt = hand_in()
    slow = queue(attempt, toy, Grading.Lane.BATCH)
    tasks.grade(slow.pk)
    states = dict(Grading.objects.values_list("lane", "state"))
    assert states == {"batch": "done", "interactive": "queued"}


def test_a_worker_reads_the_quests_before_it_forks(toy: Any, settings: Settings) -> None:
    tasks.read_the_quests()
    assert (settings.SIM_HOME / "quests" / toy.digest / "toy" / "quest.yaml").is_file()


def test_a_worker_that_lives_is_heard_of() -> None:
    stopped = threading.Event()
    stopped.set()
    watching._watch(stopped)
    assert health.check()["worker"] == "ok"


def test_each_part_says_what_is_the_matter(redis_server: RedisServer) -> None:
    redis_server.stop()
    assert health.check() == {
        "database": "ok",
        "redis": "does not answer: ConnectionError",
        "worker": "unknown, because Redis does not answer",
        "runner": health.check()["runner"],
    }
    assert "ok" not in health.check()["runner"].split()
