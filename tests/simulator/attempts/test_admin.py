"""The operator's pages open, and change no history."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from graders.quest import Quest
from simulator.accounts.models import User
from simulator.attempts import claiming
from simulator.attempts.claiming import claim
from simulator.attempts.models import Attempt, Grading, Verdict
from simulator.cohorts.models import Cohort
from tests.simulator.conftest import HandIn
from tests.simulator.judges import verdict

pytestmark = pytest.mark.django_db

OURS = [
    model
    for model in admin.site._registry
    if model._meta.app_label in {"accounts", "catalog", "attempts", "cohorts"}
]


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    return client


@pytest.fixture
def graded(queued: Grading, cohort: Cohort, toy: Quest) -> Grading:
    won = claim(queued.pk)
    assert won is not None
    claiming.finish(won, verdict())
    return queued


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_list_and_every_row_opens(
    model: type[Attempt], operator: Client, graded: Grading
) -> None:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert operator.get(reverse(f"{name}_changelist")).status_code == 200
    for row in model._default_manager.all()[:1]:
        assert operator.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("model", [Attempt, Grading, Verdict])
def test_history_is_not_changed_by_hand(
    model: type[Attempt], operator: Client, graded: Grading
) -> None:
    name = f"admin:attempts_{model._meta.model_name}"
    row = model._default_manager.get()
    for page in ("change", "delete"):
        address = reverse(f"{name}_{page}", args=[row.pk])
        assert operator.post(address, {"post": "yes", "score": 100}).status_code == 403
    assert operator.get(reverse(f"{name}_add")).status_code == 403
    assert model._default_manager.get() == row


def test_a_learner_does_not_see_the_operators_pages(graded: Grading, owner: User) -> None:
    client = Client()
    client.force_login(owner)
    assert client.get(reverse("admin:index")).status_code == 302


def test_a_person_who_looked_queues_a_quarantined_grading_once_more(
    operator: Client, hand_in: HandIn
) -> None:
    grading = hand_in().gradings.get()
    Grading.objects.update(state=Grading.State.QUARANTINED, infra_attempts=3)
    chosen = {"action": "try_again", "_selected_action": [grading.pk]}
    operator.post(reverse("admin:attempts_grading_changelist"), chosen)
    assert claim(grading.pk) is not None
    assert not claiming.release(grading.pk)
