"""From a claim to an end: a verdict, another try, or a person who looks."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.db.models import F, Value
from django.db.models.functions import Now

from graders.faults import Fault, QuestError
from graders.intake import NotGradable, Problem
from graders.quest import Quest
from graders.results import Event, Outcome
from sandbox.interface import Limits, Sandbox, SandboxError
from simulator.accounts.models import User
from simulator.attempts import claiming, runner_state, steadfast
from simulator.attempts.claiming import Claim, claim, claim_next
from simulator.attempts.delivering import Judge, Work, deliver
from simulator.attempts.drafts import enrol
from simulator.attempts.handing_in import queue
from simulator.attempts.models import Attempt, Capacity, Grading, Outbox, Result, Verdict
from simulator.attempts.reading import latest_grading
from simulator.attempts.recording import record
from tests.fakes import FakeSandbox
from tests.simulator.conftest import HandIn
from tests.simulator.judges import falling, platform_error, result, saying, verdict, wrong_sum

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _a_runner_that_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_state, "opens_rooms", lambda: True)


def claimed(grading: Grading) -> Claim:
    won = claim(grading.pk)
    assert won is not None
    return won


def expire(grading: Grading) -> None:
    """Its worker has not been heard of for longer than a lease."""
    past = Now() - Value(timedelta(seconds=1))
    Grading.objects.filter(pk=grading.pk).update(lease_until=past)


def test_a_claim_that_is_carried_out_ends_with_one_verdict(queued: Grading) -> None:
    assert deliver(claimed(queued), judge=saying(), sandbox=FakeSandbox())
    queued.refresh_from_db()
    assert queued.state == Grading.State.DONE
    assert (queued.verdict.score, queued.verdict.passed) == (100.0, True)
    assert [row.event for row in queued.results.all()] == ["phase", *["result"] * 4]


def test_of_two_claims_one_wins(queued: Grading) -> None:
    assert claim(queued.pk) is not None
    assert claim(queued.pk) is None


def test_a_claim_raises_the_fence_and_counts_a_try(queued: Grading) -> None:
    first = claimed(queued)
    queued.refresh_from_db()
    assert (first.fence, queued.infra_attempts, queued.losses) == (1, 1, 0)
    assert queued.run_until is not None


def test_a_lease_that_ran_out_is_a_loss_and_no_try(queued: Grading) -> None:
    claimed(queued)
    expire(queued)
    second = claimed(queued)
    queued.refresh_from_db()
    assert (second.fence, queued.infra_attempts, queued.losses) == (2, 1, 1)


def test_a_room_that_falls_is_a_try_and_a_runner_that_falls_is_a_loss(
    queued: Grading, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[tuple[int, int]] = []
    for opens in (True, False):
        monkeypatch.setattr(runner_state, "opens_rooms", lambda opens=opens: opens)
        Grading.objects.update(not_before=None)
        deliver(claimed(queued), judge=falling(SandboxError("gone")), sandbox=FakeSandbox())
        queued.refresh_from_db()
        counts.append((queued.infra_attempts, queued.losses))
    assert counts == [(1, 0), (1, 1)]
    assert "gone" in queued.trouble


def test_a_write_is_said_again_when_the_database_was_away(
    queued: Grading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steadfast, "WAITS", (0.0, 0.0))
    answers = iter([OperationalError("cut off"), InterfaceError("closed")])

    def finish(*args: Any) -> bool:
        for error in answers:
            raise error
        return true_finish(*args)

    true_finish = claiming.finish
    monkeypatch.setattr(claiming, "finish", finish)
    assert deliver(claimed(queued), judge=saying(), sandbox=FakeSandbox())
    assert Verdict.objects.count() == 1


def test_what_no_database_can_hold_is_stored_as_what_it_can(queued: Grading) -> None:
    """A program may print NUL, and halves of a pair of surrogates: PostgreSQL holds neither."""
    ugly = result("is_right", Outcome.FAILED, reason="differs", params={"found": "a\0b\ud800c"})
    assert deliver(claimed(queued), judge=saying(ugly), sandbox=FakeSandbox())
    (row,) = Result.objects.filter(event=Result.Event.RESULT)
    assert row.body["params"]["found"].startswith("a\N{REPLACEMENT CHARACTER}b")
    assert "\0" not in str(Verdict.objects.get().body)


def test_what_is_recorded_twice_stands_once(queued: Grading) -> None:
    current = claimed(queued)
    for _ in range(2):  # as when a commit was made whose answer never came
        record(current, result("is_there"), position=0)
    assert Result.objects.count() == 1


def test_an_account_that_is_deleted_meanwhile_leaves_nothing(queued: Grading) -> None:
    current = claimed(queued)

    def judge(work: Work, sandbox: Sandbox) -> Iterator[Event]:
        yield result("is_there")
        queued.learner.delete()
        yield result("is_right")
        yield verdict()

    assert not deliver(current, judge=judge, sandbox=FakeSandbox())
    assert not Grading.objects.exists()
    assert not Verdict.objects.exists()


def test_a_lane_runs_only_so_many_and_the_others_have_room(
    hand_in: HandIn, toy: Quest, colleague: User
) -> None:
    batch = [queue(hand_in(), toy, Grading.Lane.BATCH)]
    batch.append(queue(hand_in(by=enrol(colleague, "toy")), toy, Grading.Lane.BATCH))
    first = claim(batch[0].pk)
    assert first is not None
    assert claim(batch[1].pk) is None
    interactive = Grading.objects.filter(lane=Grading.Lane.INTERACTIVE)
    assert all(claim(pk) for pk in interactive.values_list("pk", flat=True))
    bells = Outbox.objects.filter(grading=batch[1], kind=Outbox.Kind.GRADE)
    rung = bells.count()
    claiming.finish(first, verdict())
    assert bells.count() == rung + 1
    Capacity.objects.filter(lane=Grading.Lane.BATCH).update(most_running=5)
    assert claim(batch[1].pk) is not None


def test_what_a_stale_claim_found_is_discarded(queued: Grading) -> None:
    stale = claimed(queued)
    expire(queued)
    current = claimed(queued)
    assert not deliver(stale, judge=saying(wrong_sum()), sandbox=FakeSandbox())
    assert not Result.objects.filter(grading=queued).exists()
    assert deliver(current, judge=saying(), sandbox=FakeSandbox())
    assert Verdict.objects.get(grading=queued).score == 100.0


def test_a_stale_claim_cannot_finish(queued: Grading) -> None:
    stale = claimed(queued)
    expire(queued)
    claimed(queued)
    assert not claiming.finish(stale, verdict())
    assert not Verdict.objects.exists()


def test_only_what_the_learner_caused_is_charged(hand_in: HandIn) -> None:
    for results, charged in (
        ((wrong_sum(),), True),
        ((), True),
        ((result("is_there", Outcome.ERROR),), True),
        ((result("is_there", Outcome.BROKEN),), False),
    ):
        attempt = hand_in()
        deliver(claimed(latest_grading(attempt)), judge=saying(*results), sandbox=FakeSandbox())
        attempt.refresh_from_db()
        assert attempt.charged is charged


@pytest.mark.parametrize(
    "judge",
    [
        falling(SandboxError("the room fell down")),
        falling(RuntimeError("a slip of ours")),
        platform_error(),
    ],
    ids=["sandbox", "slip", "verdict"],
)
def test_our_failure_queues_the_grading_again_for_later(queued: Grading, judge: Judge) -> None:
    assert not deliver(claimed(queued), judge=judge, sandbox=FakeSandbox())
    queued.refresh_from_db()
    assert queued.state == Grading.State.QUEUED
    assert queued.not_before is not None
    assert claim(queued.pk) is None  # not yet
    assert not Verdict.objects.exists()


def test_after_three_failures_of_ours_a_person_will_look_and_nobody_is_charged(
    queued: Grading,
) -> None:
    for _ in range(claiming.MOST_TRIES):
        Grading.objects.update(not_before=None)
        deliver(claimed(queued), judge=falling(SandboxError("again")), sandbox=FakeSandbox())
    queued.refresh_from_db()
    assert queued.state == Grading.State.QUARANTINED
    assert not queued.attempt.charged
    assert claim(queued.pk) is None


def test_a_worker_that_is_told_to_stop_hands_its_grading_over_at_once(queued: Grading) -> None:
    with pytest.raises(SystemExit):
        deliver(claimed(queued), judge=falling(SystemExit()), sandbox=FakeSandbox())
    queued.refresh_from_db()
    assert (queued.state, queued.infra_attempts) == (Grading.State.QUEUED, 0)
    assert claim(queued.pk) is not None


def test_a_work_that_does_not_parse_is_refused_and_free(queued: Grading) -> None:
    problem = Problem(code="syntax_error", params={"path": "app/model.py", "line": 3})
    assert not deliver(claimed(queued), judge=falling(NotGradable(problem)), sandbox=FakeSandbox())
    queued.refresh_from_db()
    assert queued.state == Grading.State.REFUSED
    assert not Attempt.objects.get().charged


def test_a_quest_that_cannot_be_graded_is_not_tried_again(queued: Grading) -> None:
    fault = Fault(path=Path("checks.py"), line=1, column=1, code="C303", message="no checks")
    assert not deliver(claimed(queued), judge=falling(QuestError([fault])), sandbox=FakeSandbox())
    queued.refresh_from_db()
    assert (queued.state, queued.infra_attempts) == (Grading.State.QUARANTINED, 1)
    assert not Attempt.objects.get().charged


def test_a_lost_lease_closes_the_rooms_and_discards_the_work(queued: Grading) -> None:
    current = claimed(queued)
    told = Flag()

    def judge(work: Work, sandbox: Sandbox) -> Iterator[Event]:
        with sandbox.open(runtime="python-ml", limits=Limits()) as room:
            Grading.objects.filter(pk=queued.pk).update(fence=F("fence") + 1)
            told.wait(0.3)  # several beats: one of them finds the lease lost
            room.upload({})  # closed by now
            yield result("is_there")

    fake = FakeSandbox()
    assert not deliver(current, judge=judge, sandbox=fake, beat_seconds=0.02)
    assert fake.rooms[0].closed
    queued.refresh_from_db()
    assert queued.fence == current.fence + 1
    assert not Result.objects.exists()


def test_a_heart_keeps_the_lease(queued: Grading) -> None:
    current = claimed(queued)
    Grading.objects.update(lease_until=Now() + Value(timedelta(seconds=1)))

    def judge(work: Work, sandbox: Sandbox) -> Iterator[Event]:
        Flag().wait(0.2)
        yield verdict()

    assert deliver(current, judge=judge, sandbox=FakeSandbox(), beat_seconds=0.02)


def test_cancelling_leaves_no_verdict_and_no_charge(queued: Grading) -> None:
    current = claimed(queued)

    def judge(work: Work, sandbox: Sandbox) -> Iterator[Event]:
        yield result("is_there")
        assert claiming.cancel(queued.pk)
        yield result("is_right")
        yield verdict()

    assert not deliver(current, judge=judge, sandbox=FakeSandbox())
    queued.refresh_from_db()
    assert queued.state == Grading.State.CANCELLED
    assert not Verdict.objects.exists()
    assert not Attempt.objects.get().charged


def test_what_has_ended_is_not_cancelled(queued: Grading) -> None:
    deliver(claimed(queued), judge=saying(), sandbox=FakeSandbox())
    assert not claiming.cancel(queued.pk)


def test_a_learner_has_only_so_many_running(hand_in: HandIn) -> None:
    gradings = [latest_grading(hand_in()) for _ in range(claiming.MOST_RUNNING + 1)]
    won = [claim(grading.pk) for grading in gradings]
    assert [one is not None for one in won] == [*[True] * claiming.MOST_RUNNING, False]
    assert won[0] is not None
    claiming.finish(won[0], verdict())
    assert claim(gradings[-1].pk) is not None


def test_an_end_rings_for_what_the_learner_still_waits_for(hand_in: HandIn) -> None:
    first, second = (latest_grading(hand_in()) for _ in range(2))
    before = Outbox.objects.filter(grading=second, kind=Outbox.Kind.GRADE).count()
    claiming.finish(claimed(first), verdict())
    assert Outbox.objects.filter(grading=second, kind=Outbox.Kind.GRADE).count() == before + 1


def test_who_was_served_longest_ago_comes_first(hand_in: HandIn, colleague: User) -> None:
    own = [latest_grading(hand_in()) for _ in range(3)]
    other = latest_grading(hand_in(by=enrol(colleague, "toy")))
    first = claim_next(own[0].pk)
    second = claim_next(own[1].pk)  # the bell names the busy learner, the turn is the other's
    assert first is not None
    assert second is not None
    assert (first.grading_id, second.grading_id) == (own[0].pk, other.pk)
