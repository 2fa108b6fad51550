"""Item analysis on histories whose answers are known."""

import pytest

from graders.quest import Quest
from simulator.accounts.models import User
from simulator.analysis.histories import History, histories
from simulator.analysis.items import Item, items, leak
from simulator.attempts import drafts
from simulator.attempts.models import Attempt, Grading, Verdict

pytestmark = pytest.mark.django_db


def history(toy: Quest, *learners: list[str]) -> History:
    """A history in which each learner has these attempts: `check=p` or `check=reason`."""
    for number, attempts in enumerate(learners):
        enrolment = drafts.enrol(User.objects.create_user(f"l{number}"), "toy")
        for place, marks in enumerate(attempts, start=1):
            attempt = Attempt.objects.create(
                enrolment=enrolment, stage="features", number=place, manifest={},
                idempotency_key=str(place), charged=True,
            )  # fmt: skip
            grading = Grading.objects.create(
                attempt=attempt, learner=enrolment.learner, state="done", quest_version="1",
                quest_digest="d", runtime="r", scale="s",
            )  # fmt: skip
            Verdict.objects.create(
                grading=grading, blame="failed", score=0, readiness="pilot", passed=False,
                merit=False, body={"results": []}, queued_seconds=0, marks=line(marks),
            )  # fmt: skip
    ids = Attempt.objects.values_list("enrolment", flat=True)
    return histories(set(ids))["features"]


def line(marks: str) -> str:
    words = []
    for word in marks.split():
        check, _, end = word.partition("=")
        match end:
            case "p":
                words.append(f"{check}:passed::10/10")
            case "skipped":
                words.append(f"{check}:skipped::0/10")
            case _:
                words.append(f"{check}:failed:{end}:0/10")
    return " ".join(words)


def by_name(found: list[Item]) -> dict[str, Item]:
    return {item.check: item for item in found}


def test_first_and_last_pass_rates_and_the_attempts_it_took(toy: Quest) -> None:
    found = history(
        toy,
        ["a=p"],
        ["a=r", "a=p"],
        ["a=skipped", "a=r", "a=r", "a=p"],
        ["a=r"],
        ["a=skipped"],
    )
    item = by_name(items(found))["a"]
    assert (item.n, item.first, item.last) == (4, 0.25, 0.75)
    assert item.median_attempts == 2
    assert not item.sure


def test_the_fix_rate_counts_who_tried_again_and_passed_within_two(toy: Quest) -> None:
    found = history(
        toy,
        ["a=r", "a=p"],
        ["a=r", "a=r", "a=p"],
        ["a=r", "a=r", "a=r", "a=p"],  # the third is too late
        ["a=r"],  # never tried again: not counted
        ["a=other", "a=r", "a=p"],
    )
    messages = {one.reason: one for one in by_name(items(found))["a"].messages}
    assert (messages["r"].seen, messages["r"].tried_again, messages["r"].fixed) == (5, 4, 3)
    assert messages["r"].fix_rate == 0.75
    assert (messages["other"].tried_again, messages["other"].fixed) == (1, 1)
    assert len(messages["r"].open_now) == 1


def test_a_bad_message_is_to_be_rewritten_once_enough_people_read_it(toy: Quest) -> None:
    bad, good = ["a=r b=s", "a=r b=p", "a=r b=p"], ["a=r b=s", "a=p b=p"]
    few = by_name(items(history(toy, bad)))
    assert not few["a"].rewrite
    found = by_name(items(_many(toy, bad, good)))
    assert found["a"].rewrite
    assert not found["b"].rewrite


def _many(toy: Quest, bad: list[str], good: list[str]) -> History:
    User.objects.all().delete()
    return history(toy, *[bad] * 18, *[good] * 6)


def test_a_check_that_good_work_fails_stands_out(toy: Quest) -> None:
    strong, weak = "x=p y=p z=p bug=r good=p", "x=r y=r z=r bug=p good=r"
    found = by_name(items(history(toy, *[[strong]] * 15, *[[weak]] * 15)))
    assert found["bug"].against
    assert found["bug"].discrimination is not None
    assert found["bug"].discrimination.high < 0
    assert not found["good"].suspicious
    assert found["good"].discrimination is not None
    assert found["good"].discrimination.n == 30


def test_discrimination_leaves_the_check_itself_out_and_needs_something_to_tell_apart(
    toy: Quest,
) -> None:
    found = by_name(items(history(toy, *[["a=p b=p"]] * 5, *[["a=r b=p"]] * 5)))
    assert found["a"].discrimination is None  # the rest, b alone, does not vary
    assert found["b"].discrimination is None  # everybody passes


def test_the_lesson_effect_is_counted_for_both_sides(toy: Quest) -> None:
    found = history(toy, ["a=r", "a=p"], ["a=r", "a=r", "a=r"], ["a=r", "a=p"])
    readers = {("a", "r"): {int(found.learners[0]), int(found.learners[1])}}
    (message,) = by_name(items(found, readers=readers))["a"].messages
    assert (message.with_lesson, message.without_lesson) == ((1, 2), (1, 1))


def test_hidden_results_that_run_ahead_raise_the_alarm(toy: Quest) -> None:
    leaking = ["h=r p=r", "h=r p=r", "h=r p=r", "h=r p=r", "h=p p=r"]
    honest = ["h=r p=r", "h=r p=r", "h=r p=r", "h=r p=r", "h=p p=p"]
    found = leak(history(toy, *[leaking] * 25), hidden=["h"], public=["p"])
    assert found is not None
    assert found.alarm
    User.objects.all().delete()
    calm = leak(history(toy, *[honest] * 25), hidden=["h"], public=["p"])
    assert calm is not None
    assert not calm.alarm
    assert leak(_one(toy), hidden=["h"], public=[]) is None


def _one(toy: Quest) -> History:
    User.objects.all().delete()
    return history(toy, ["h=p p=p"])
