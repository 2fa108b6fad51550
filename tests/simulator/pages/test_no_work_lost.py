"""What goes on while somebody works takes nothing of the work away."""

from collections.abc import Iterator

import pytest
from django.test import Client

from graders.results import Event
from sandbox.interface import Sandbox
from simulator.accounts.models import User
from simulator.attempts import drafts
from simulator.attempts.claiming import claim
from simulator.attempts.delivering import Work, deliver
from simulator.attempts.models import Attempt
from simulator.attempts.reading import latest_grading
from simulator.catalog.models import Enrolment
from tests.fakes import FakeSandbox
from tests.simulator.conftest import HandIn
from tests.simulator.judges import everything_passes, verdict

pytestmark = pytest.mark.django_db

BEFORE, AFTER = b"one = 1\n", b"two = 2\n"
HAND_IN = "/quests/toy/features/hand-in"


def test_a_draft_changes_while_its_attempt_is_graded(
    enrolment: Enrolment, hand_in: HandIn
) -> None:
    file = drafts.save_file(enrolment, "app/model.py", BEFORE, seen=1)
    judged: dict[str, bytes] = {}

    def judge(work: Work, sandbox: Sandbox) -> Iterator[Event]:
        drafts.save_file(enrolment, "app/model.py", AFTER, seen=file.revision)
        judged.update(work.files)
        yield from everything_passes()
        yield verdict()

    won = claim(latest_grading(hand_in()).pk)
    assert won is not None
    assert deliver(won, judge=judge, sandbox=FakeSandbox())
    assert judged["app/model.py"] == BEFORE
    assert drafts.files_of(enrolment)["app/model.py"] == AFTER


def test_a_draft_is_handed_in_while_another_is_graded(
    enrolment: Enrolment, browser: Client
) -> None:
    first = browser.post(HAND_IN, {"seen": "0"}).headers["Location"]
    assert claim(latest_grading(Attempt.objects.get()).pk) is not None
    drafts.save_file(enrolment, "app/model.py", AFTER, seen=1)
    second = browser.post(HAND_IN, {"seen": "1"}).headers["Location"]
    assert first != second
    texts = [attempt.manifest["app/model.py"] for attempt in Attempt.objects.order_by("number")]
    assert len(set(texts)) == 2


def test_a_hand_in_after_the_session_ended_comes_back_to_its_stage(
    enrolment: Enrolment, browser: Client, owner: User
) -> None:
    browser.logout()
    sent = browser.post(HAND_IN, {"seen": "0"}).headers["Location"]
    assert sent.startswith("/accounts/login/")
    assert not Attempt.objects.exists()
    assert drafts.files_of(enrolment), "the draft is where it was"


def test_a_save_after_the_session_ended_changes_nothing(
    enrolment: Enrolment, browser: Client
) -> None:
    browser.logout()
    answer = browser.put(
        "/quests/toy/project/files/app/model.py", AFTER, headers={"If-Match": '"1"'}
    )
    assert answer.headers["Location"].startswith("/accounts/login/")
    assert drafts.files_of(enrolment)["app/model.py"] != AFTER
