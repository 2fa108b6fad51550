"""Every state has a deadline, and what is past it says why."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from graders.quest import Quest
from simulator.attempts import claiming, lateness, runner_state
from simulator.attempts.claiming import claim
from simulator.attempts.handing_in import queue
from simulator.attempts.metrics import share_fixed
from simulator.attempts.models import Grading, Outbox
from simulator.attempts.reading import latest_grading
from tests.simulator.conftest import HandIn

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rooms_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_state, "opens_rooms", lambda: True)


def age(grading: Grading, **facts: object) -> None:
    """It is three hours old."""
    Grading.objects.filter(pk=grading.pk).update(
        created_at=F("created_at") - timedelta(hours=3), **facts
    )


def why() -> list[str]:
    return [str(one.why) for one in lateness.late()]


def test_what_is_in_time_is_not_late(queued: Grading) -> None:
    assert [*lateness.late()] == []
    claim(queued.pk)
    assert [*lateness.late()] == []


def test_one_that_waits_says_what_it_waits_for(
    queued: Grading, hand_in: HandIn, toy: Quest, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(queued)
    assert "Every worker is busy" in why()[0]
    Outbox.objects.all().delete()
    assert "bell was lost" in why()[0]
    for _ in range(claiming.MOST_RUNNING):
        claim(latest_grading(hand_in()).pk)
    assert "Its learner has 2 gradings running" in why()[0]
    monkeypatch.setattr(runner_state, "opens_rooms", lambda: False)
    assert "No room is opened" in why()[0]
    later = timezone.now() + timedelta(minutes=1)
    age(queued, not_before=later, trouble="a room fell down")
    assert "a room fell down" in why()[0]


def test_a_full_lane_is_a_reason(hand_in: HandIn, toy: Quest) -> None:
    attempt = hand_in()
    claim(queue(attempt, toy, Grading.Lane.BATCH).pk)
    age(queue(attempt, toy, Grading.Lane.BATCH))
    assert "Its lane runs 1 at a time" in why()[0]


def test_one_whose_worker_is_not_heard_of_is_late(queued: Grading) -> None:
    claim(queued.pk)
    past = timezone.now() - timedelta(seconds=5)
    for column in ("lease_until", "run_until"):
        Grading.objects.update(**{column: past})
        (one,) = lateness.late()
        assert "not heard of" in str(one.why)
        assert 4 < one.by.total_seconds() < 60
        Grading.objects.update(**{column: timezone.now() + timedelta(minutes=1)})


def test_one_that_waits_for_a_person_is_late_after_a_day(queued: Grading) -> None:
    yesterday = timezone.now() - timedelta(hours=25)
    Grading.objects.update(
        state=Grading.State.QUARANTINED, finished_at=timezone.now(), trouble="its worker died"
    )
    assert why() == []
    Grading.objects.update(finished_at=yesterday)
    assert "its worker died" in why()[0]


def test_what_has_ended_is_never_late(queued: Grading) -> None:
    for state in (Grading.State.DONE, Grading.State.CANCELLED, Grading.State.REFUSED):
        age(queued, state=state)
        assert why() == []


def test_a_finding_that_the_next_attempt_no_longer_has_is_mended() -> None:
    rows = [
        (1, "model", "is_right", "differs"),
        (1, "model", "is_right", "differs"),  # not mended
        (1, "model", "", ""),  # mended
        (2, "model", "pays", "no"),  # nothing follows it
        (3, "model", "pays", "no"),
        (3, "sql", "", ""),  # another stage says nothing of it
    ]
    assert share_fixed(rows) == 0.5
    assert share_fixed([]) is None
