"""A rollout is graded so often a day, and what failed on our side does not count."""

from datetime import timedelta

import pytest
from django.db.models import F

from graders.quest import Quest, StageKind
from simulator.accounts.models import User
from simulator.attempts import budgets
from simulator.attempts.models import Attempt, Grading
from simulator.attempts.refusals import Refusal
from simulator.catalog.models import Enrolment
from tests.simulator.conftest import HandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def rollouts(toy: Quest) -> Quest:
    """The toy, as if its first stage were a rollout."""
    first, *others = toy.stages
    stages = (first.model_copy(update={"kind": StageKind.ROLLOUT}), *others)
    return toy.model_copy(update={"stages": stages})


@pytest.fixture
def used(hand_in: HandIn, enrolment: Enrolment) -> Enrolment:
    """As many charged attempts as a day has."""
    for _ in range(budgets.ROLLOUTS_A_DAY):
        hand_in()
    Attempt.objects.update(charged=True)
    Grading.objects.update(state=Grading.State.DONE)
    return enrolment


def test_the_one_after_the_last_is_refused_and_says_when(used: Enrolment, rollouts: Quest) -> None:
    with pytest.raises(Refusal) as refused:
        budgets.check(used, rollouts, rollouts.stages[0])
    assert "6 times in 24 hours" in refused.value.message("en")
    assert "24 h" in refused.value.message("en")
    assert "6 раз" in refused.value.message("ru")


def test_yesterdays_do_not_count(used: Enrolment, rollouts: Quest) -> None:
    Attempt.objects.filter(number=1).update(created_at=F("created_at") - timedelta(hours=25))
    budgets.check(used, rollouts, rollouts.stages[0])


def test_what_we_failed_at_does_not_count_and_what_began_does(
    used: Enrolment, rollouts: Quest
) -> None:
    Attempt.objects.update(charged=False)
    for state, claimed, free in (
        (Grading.State.QUARANTINED, True, True),
        (Grading.State.CANCELLED, False, True),
        (Grading.State.CANCELLED, True, False),  # it may have told something already
        (Grading.State.RUNNING, True, False),
    ):
        Grading.objects.update(state=state, claimed_at=F("created_at") if claimed else None)
        if free:
            budgets.check(used, rollouts, rollouts.stages[0])
        else:
            with pytest.raises(Refusal):
                budgets.check(used, rollouts, rollouts.stages[0])


def test_other_stages_and_authors_have_no_budget(used: Enrolment, rollouts: Quest) -> None:
    budgets.check(used, rollouts, rollouts.stages[1])
    User.objects.filter(pk=used.learner_id).update(role=User.Role.AUTHOR)
    budgets.check(Enrolment.objects.get(pk=used.pk), rollouts, rollouts.stages[0])
