"""A hand-in is one immutable attempt, queued once, however often the button is pressed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from graders.quest import Quest
from sandbox.interface import Returned, Stopped
from simulator.accounts.models import User
from simulator.attempts import drafts, handing_in
from simulator.attempts.claiming import Claim, claim
from simulator.attempts.delivering import files_of, load
from simulator.attempts.models import Attempt, Grading, Outbox, Snapshot
from simulator.attempts.reading import latest_grading
from simulator.attempts.refusals import Refusal
from simulator.catalog import quests
from simulator.catalog.models import Enrolment
from tests.fakes import FakeSandbox
from tests.simulator.conftest import HandIn
from tests.simulator.toy_quest import STARTER

pytestmark = pytest.mark.django_db


def test_an_attempt_keeps_the_files_as_they_were(hand_in: HandIn, enrolment: Enrolment) -> None:
    attempt = hand_in()
    drafts.save_file(enrolment, "app/model.py", b"later = True\n", seen=1)
    assert files_of(attempt) == STARTER


def test_attempts_are_numbered_and_pinned(hand_in: HandIn, toy: Quest) -> None:
    attempts = [hand_in() for _ in range(3)]
    assert [attempt.number for attempt in attempts] == [1, 2, 3]
    grading = latest_grading(attempts[0])
    assert (grading.quest_version, grading.quest_digest) == (toy.version, toy.digest)
    assert (grading.runtime, grading.scale, grading.lane) == ("python-ml", "tiny", "interactive")


def test_a_grading_judges_by_the_quest_it_was_queued_with(hand_in: HandIn, toy: Quest) -> None:
    grading = latest_grading(hand_in())
    (toy.folder / "story.en.md").write_text("Another story.\n")
    work = load(Claim(grading_id=grading.pk, fence=1))
    assert work.quest.digest == toy.digest
    assert (work.quest.folder / "story.en.md").read_text() == "Once *upon* a time.\n"
    assert work.quest.folder != toy.folder


def test_a_quest_that_is_not_kept_is_not_replaced_by_another(hand_in: HandIn, toy: Quest) -> None:
    with pytest.raises(quests.NoSuchQuest):
        quests.kept("toy", digest="0" * 64)


def test_contents_are_stored_once(hand_in: HandIn) -> None:
    hand_in()
    hand_in()
    assert Snapshot.objects.count() == len(set(STARTER.values()))


def test_the_same_key_is_the_same_attempt(hand_in: HandIn) -> None:
    assert hand_in(key="once") == hand_in(key="once")
    assert Grading.objects.count() == Outbox.objects.count() == 1


def test_a_key_of_another_learner_is_another_key(hand_in: HandIn, colleague: User) -> None:
    theirs = drafts.enrol(colleague, "toy")
    assert hand_in(key="once") != hand_in(key="once", by=theirs)


@pytest.mark.django_db(transaction=True)
def test_ten_clicks_at_once_are_one_attempt(enrolment: Enrolment, rooms: FakeSandbox) -> None:
    rooms.answers["_syntax:first_problem"] = lambda _: None  # fake rooms share one folder

    def click(_: int) -> int:
        try:
            return handing_in.hand_in(
                enrolment, "features", key="click", source=Attempt.Source.WEB
            ).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(click, range(10)))) == 1
    assert Attempt.objects.count() == Grading.objects.count() == Outbox.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_ten_claims_at_once_are_one_claim(queued: Grading) -> None:
    def try_to_claim(_: int) -> Claim | None:
        try:
            return claim(queued.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        won = [one for one in pool.map(try_to_claim, range(10)) if one is not None]
    queued.refresh_from_db()
    assert (len(won), queued.fence, queued.infra_attempts) == (1, 1, 1)


def test_two_tabs_with_the_same_work_are_one_attempt(
    enrolment: Enrolment, hand_in: HandIn
) -> None:
    def press(seen: int) -> Attempt:
        return hand_in(key=handing_in.page_key(enrolment, "features", seen=seen))

    first = press(0)
    assert press(0) == first  # the other tab, or the second click
    assert press(1) != first  # once more, after the report was seen
    drafts.save_file(enrolment, "app/model.py", b"x = 1\n", seen=1)
    assert press(0) not in {first}  # a stale tab with other work


def test_files_that_come_along_become_the_project(hand_in: HandIn, enrolment: Enrolment) -> None:
    files = {"sql/features.sql": b"SELECT 2\n"}
    attempt = hand_in(files=files)
    assert files_of(attempt) == files == drafts.files_of(enrolment)


def test_a_file_that_does_not_parse_is_refused_and_leaves_the_draft(
    hand_in: HandIn, enrolment: Enrolment
) -> None:
    with pytest.raises(Refusal) as caught:
        hand_in(files={"app/model.py": b"def f(:\n"})
    assert caught.value.code == "syntax_error"
    assert "app/model.py" in caught.value.message("ru")
    assert drafts.files_of(enrolment) == STARTER
    assert not Attempt.objects.exists()
    assert not Snapshot.objects.exists()


def test_what_a_room_has_parsed_is_not_parsed_again(hand_in: HandIn, rooms: FakeSandbox) -> None:
    hand_in()
    assert len(rooms.rooms) == 1
    hand_in()
    assert len(rooms.rooms) == 1
    hand_in(files={**STARTER, "app/new.py": b"x = 1\n"})
    assert len(rooms.rooms) == 2


def test_a_parser_that_dies_refuses_the_work(hand_in: HandIn, rooms: FakeSandbox) -> None:
    rooms.answers["_syntax:first_problem"] = lambda _: Returned(stopped=Stopped.CPU)
    with pytest.raises(Refusal) as caught:
        hand_in()
    assert caught.value.code == "syntax_error"


def test_without_a_room_a_hand_in_waits_in_the_queue(hand_in: HandIn, rooms: FakeSandbox) -> None:
    rooms.broken_at = 0
    attempt = hand_in()
    assert latest_grading(attempt).state == Grading.State.QUEUED
    assert not Snapshot.objects.filter(parsed=True).exists()


def test_a_stage_after_another_is_locked_for_learners_only(
    hand_in: HandIn, enrolment: Enrolment
) -> None:
    with pytest.raises(Refusal) as caught:
        hand_in("model")
    assert (caught.value.code, caught.value.params) == ("stage_locked", {"requires": "features"})
    User.objects.filter(pk=enrolment.learner_id).update(role=User.Role.AUTHOR)
    assert hand_in("model", by=Enrolment.objects.get()).stage == "model"
