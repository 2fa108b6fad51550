"""What is left lying is put right: unsent messages, lost bells, leases that ran out."""

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F, Value
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from simulator.attempts import claiming, health, holders, ringing, tidying, watching
from simulator.attempts.claiming import claim
from simulator.attempts.models import Grading, Outbox, Result
from simulator.attempts.reading import latest_grading
from simulator.attempts.reconciling import Reconciled, reconcile, seconds_to_next
from simulator.attempts.recording import record
from simulator.celery import app
from tests.simulator.conftest import HandIn, RedisServer
from tests.simulator.judges import result

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The gradings that the bell was rung for, instead of a broker."""
    rung: list[int] = []

    def send(name: str, *, args: list[int], queue: str, **_: Any) -> None:
        assert (name, queue) == (ringing.GRADE, "interactive")
        rung.extend(args)

    monkeypatch.setattr(app, "send_task", send)
    monkeypatch.setattr(ringing, "bells_in_queue", lambda _: 0)
    return rung


def unsent() -> int:
    return Outbox.objects.filter(published_at=None).count()


def test_a_hand_in_rings_once_it_is_committed(bells: list[int], hand_in: HandIn) -> None:
    attempt = hand_in()
    assert bells == [latest_grading(attempt).pk]
    assert unsent() == 0


def test_the_real_broker_carries_the_id_and_nothing_else(
    hand_in: HandIn, redis_server: RedisServer
) -> None:
    grading = latest_grading(hand_in())
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue("interactive")
        bodies = [queue.get(block=False).payload[0] for _ in range(queue.qsize())]
    assert [grading.pk] in bodies


def test_a_hand_in_is_kept_while_the_broker_is_down_and_sent_later(
    hand_in: HandIn, redis_server: RedisServer
) -> None:
    redis_server.stop()
    hand_in()
    assert unsent() == 1
    assert reconcile().sent == 0
    redis_server.start()
    assert reconcile().sent == 1
    assert unsent() == 0


def test_one_that_nobody_takes_stops_the_round(
    hand_in: HandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    def refuse(*_: Any, **__: Any) -> None:
        nonlocal tries
        tries += 1
        raise OperationalError("no broker")

    monkeypatch.setattr(app, "send_task", refuse)
    for _ in range(3):
        hand_in()
    tries = 0
    assert reconcile() == Reconciled()
    assert (tries, unsent()) == (1, 3)


def test_a_lease_that_ran_out_is_queued_again_and_rung_for(
    bells: list[int], queued: Grading
) -> None:
    claim(queued.pk)
    assert reconcile() == Reconciled()
    Grading.objects.update(lease_until=Now() - Value(timedelta(seconds=1)))
    bells.clear()
    assert reconcile().requeued == 1
    assert bells == [queued.pk]
    queued.refresh_from_db()
    assert queued.state == Grading.State.QUEUED
    assert claim(queued.pk) is not None


def test_a_worker_that_dies_again_and_again_leaves_a_grading_for_a_person(
    bells: list[int], queued: Grading
) -> None:
    for _ in range(claiming.MOST_LOSSES):
        assert claim(queued.pk) is not None
        Grading.objects.update(lease_until=Now() - Value(timedelta(seconds=1)))
        assert reconcile().requeued == 1
    queued.refresh_from_db()
    assert queued.state == Grading.State.QUARANTINED
    assert not queued.attempt.charged
    assert reconcile() == Reconciled()


def test_one_that_beats_and_comes_to_no_end_is_taken_away(
    bells: list[int], queued: Grading
) -> None:
    endless = claim(queued.pk)
    assert endless is not None
    Grading.objects.update(run_until=Now() - Value(timedelta(seconds=1)))
    bells.clear()
    assert reconcile().requeued == 1
    assert bells == [queued.pk]
    assert not claiming.beat(endless)  # which closes its rooms
    queued.refresh_from_db()
    assert (queued.infra_attempts, queued.losses) == (1, 0)


def test_a_claim_whose_process_is_gone_is_queued_again_at_once(
    bells: list[int], queued: Grading
) -> None:
    claim(queued.pk)
    assert watching.miss_the_dead() == 0  # this process lives
    child = subprocess.Popen([sys.executable, "-c", ""])
    name = f"{holders.here()}{child.pid}.1"
    assert holders.is_gone(name)  # another process of that number
    child.wait()
    Grading.objects.update(claimed_by=name)
    bells.clear()
    assert watching.miss_the_dead() == 1
    queued.refresh_from_db()
    assert (queued.state, queued.losses, queued.infra_attempts) == (Grading.State.QUEUED, 1, 0)
    assert bells == [queued.pk]


def test_of_another_hosts_processes_nothing_is_known(bells: list[int], queued: Grading) -> None:
    claim(queued.pk)
    Grading.objects.update(claimed_by="elsewhere/12345678/1.1")
    assert watching.miss_the_dead() == 0


def test_a_bell_that_is_still_in_the_queue_is_not_rung_again(
    bells: list[int], queued: Grading, monkeypatch: pytest.MonkeyPatch
) -> None:
    bells.clear()
    Outbox.objects.update(created_at=F("created_at") - timedelta(seconds=61))
    monkeypatch.setattr(ringing, "bells_in_queue", lambda _: 1)
    assert reconcile() == Reconciled()
    assert bells == []


def test_an_old_bell_is_rung_again_and_a_fresh_one_is_not(
    bells: list[int], queued: Grading
) -> None:
    bells.clear()
    assert reconcile() == Reconciled()
    Outbox.objects.update(created_at=F("created_at") - timedelta(seconds=61))
    assert reconcile().rung_again == 1
    assert reconcile() == Reconciled()
    assert bells == [queued.pk]


def test_a_grading_whose_time_has_come_is_rung_for(bells: list[int], queued: Grading) -> None:
    won = claim(queued.pk)
    assert won is not None
    claiming.give_back(won)
    bells.clear()
    assert reconcile() == Reconciled()
    assert 0 < (seconds_to_next() or 0) <= claiming.BACKOFF[0].total_seconds()
    Grading.objects.update(not_before=Now() - Value(timedelta(seconds=1)))
    assert seconds_to_next() == 0
    assert reconcile().rung_again == 1
    assert bells == [queued.pk]


def test_tidying_forgets_what_nobody_needs_and_nothing_else(
    bells: list[int], queued: Grading
) -> None:
    current = claim(queued.pk)
    assert current is not None
    record(current, result("is_there"), position=0)
    Outbox.objects.update(published_at=F("created_at"))
    assert tidying.tidy().messages == 0
    old = timedelta(days=2)
    Outbox.objects.update(created_at=F("created_at") - old)
    Result.objects.update(created_at=F("created_at") - old)
    assert tidying.tidy().superseded == 0
    Grading.objects.update(fence=F("fence") + 1)
    assert tidying.tidy().superseded == 1
    assert not Outbox.objects.exists()


def test_two_rounds_do_no_more_than_one(bells: list[int], queued: Grading) -> None:
    claim(queued.pk)
    Grading.objects.update(lease_until=Now() - Value(timedelta(seconds=1)))
    reconcile()
    bells.clear()
    assert reconcile() == Reconciled()
    assert bells == []


def test_the_command_makes_one_round(hand_in: HandIn, redis_server: RedisServer) -> None:
    redis_server.stop()
    hand_in()
    redis_server.start()
    call_command("reconcile", "--once")
    assert unsent() == 0
    assert health.reconciler() == "ok"
