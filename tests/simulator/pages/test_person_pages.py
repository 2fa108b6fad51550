"""Skills, boards, profile and export: by evidence, by choice, and all of one's data."""

import io
import json
import zipfile
from dataclasses import replace

import pytest
from django.test import Client
from django.utils import timezone

from graders.results import Outcome
from graders.rollout import readout
from simulator.accounts.models import User
from simulator.attempts import charting, drafts
from simulator.catalog.models import Enrolment, HintUse
from simulator.progress import boards, rhythm, skills
from simulator.progress.models import PublicPage, Seat
from tests.graders.rollout.market import even, rollout
from tests.simulator.judges import result, saying, wrong_sum
from tests.simulator.pages.conftest import Grade

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charting, "ask_for", lambda grading: None)


def levels(user: User) -> dict[str, str]:
    found = skills.skills_of(user, now=timezone.now())
    return {skill.slug: skill.level for skill in found}


def test_a_skill_is_what_passed_checks_show(owner: User, graded: Grade) -> None:
    assert {*levels(owner).values()} == {"unseen"}
    graded(saying(wrong_sum()))
    assert {*levels(owner).values()} == {"unseen"}, "a failed stage shows nothing"
    graded()
    found = levels(owner)
    assert found["extraction"] == found["testing"] == "shown"
    assert found["serving"] == "unseen"


def test_what_was_shown_with_help_says_so(
    owner: User, enrolment: Enrolment, graded: Grade
) -> None:
    graded()
    HintUse.objects.create(enrolment=enrolment, stage="features", step=skills.AIDED_FROM)
    assert levels(owner)["testing"] == "aided"


def test_a_skill_fades_and_never_drops(owner: User, graded: Grade) -> None:
    graded()
    later = timezone.now() + skills.FADES * 2
    shown = {skill.slug: skill for skill in skills.skills_of(owner, now=later)}
    assert shown["testing"].faded
    assert shown["testing"].level == "shown"


def test_evidence_links_to_the_check(browser: Client, graded: Grade) -> None:
    attempt = graded()
    text = browser.get("/skills/").content.decode()
    assert f"/attempts/{attempt.public_id}/#is_tested" in text


def test_others_see_skills_only_while_their_owner_wants_it(
    browser: Client, graded: Grade, owner: User
) -> None:
    attempt = graded()
    browser.post("/profile/share", {"name": "Ada"})
    page = f"/people/{PublicPage.objects.get().key}/"
    text = Client().get(page).content.decode()
    assert "Ada" in text
    assert str(attempt.public_id) not in text
    assert owner.username not in text
    browser.post("/profile/share", {"action": "hide"})
    assert Client().get(page).status_code == 404


def test_nobody_is_on_a_board_unless_they_join(
    browser: Client, enrolment: Enrolment, graded: Grade
) -> None:
    shown = readout(rollout(even), decision="", enough=0.2)
    graded(
        saying(
            replace(result("is_right"), readout=shown),
            *map(result, ("is_there", "pays", "is_tested")),
        )
    )
    assert "owner" not in browser.get("/quests/toy/board").content.decode().split("<main")[1]
    browser.post("/quests/toy/board/seat", {"name": "Countess"})
    assert "Countess" in browser.get("/quests/toy/board").content.decode()
    browser.post("/quests/toy/board/seat", {"action": "leave"})
    assert not Seat.objects.exists()


def row(name: str, **facts: float) -> boards.Standing:
    return boards.Standing(name=name, enrolment_id=1, **facts)  # type: ignore[arg-type]


def test_the_front_holds_whoever_is_not_beaten_everywhere() -> None:
    rows = [
        row("rich", money=9, low=8, high=10, code_kb=20),
        row("small", money=5, low=4, high=6, code_kb=2),
        row("beaten", money=4, low=3, high=5, code_kb=30),
    ]
    assert [each.name for each in rows if boards._on_front(each, rows)] == ["rich", "small"]


def test_places_overlap_where_intervals_do() -> None:
    rows = [
        row("a", money=9, low=8, high=10),
        row("b", money=8.5, low=7.5, high=9.5),
        row("c", money=1, low=0, high=2),
    ]
    assert [boards._ranks(each, rows) for each in rows] == [(1, 2), (1, 2), (3, 3)]


def test_a_board_climbs_only_beyond_noise() -> None:
    shown = readout(rollout(even), decision="", enough=0.2)
    half = (shown.high - shown.low) / 2
    standing = boards._climb(row("a"), replace(result("pays"), readout=shown))
    luck = replace(shown, effect=shown.effect + half / 2)
    assert boards._climb(standing, replace(result("pays"), readout=luck)) == standing
    better = replace(shown, effect=shown.effect + 2 * half)
    assert boards._climb(standing, replace(result("pays"), readout=better)).money == better.effect


def test_a_metric_keeps_its_best_in_its_own_direction() -> None:
    def seen(value: float) -> object:
        params = {"value": value, "baseline": 0.5, "target": 0.1, "metric": "WAPE"}
        return result("is_right", Outcome.PARTIAL, params=params)

    standing = row("a")
    for value in (0.4, 0.2, 0.3):
        standing = boards._climb(standing, seen(value))  # type: ignore[arg-type]
    assert standing.metric == 0.2


def test_a_person_takes_all_their_data_along(
    browser: Client, enrolment: Enrolment, graded: Grade, colleague: User
) -> None:
    attempt = graded()
    browser.post(f"/attempts/{attempt.public_id}/note", {"text": "first try"})
    drafts.enrol(colleague, "toy")
    data = json.loads(browser.get("/profile/data.json").content)
    assert data["person"]["username"] == "owner"
    assert [each["note"] for each in data["attempts"]] == ["first try"]
    assert data["attempts"][0]["verdicts"][0]["verdict"]["passed"] is True
    assert len(data["enrolments"]) == 1
    with zipfile.ZipFile(io.BytesIO(browser.get("/profile/projects.zip").content)) as archive:
        assert "toy/app/model.py" in archive.namelist()


def test_a_missed_week_is_a_gap(owner: User, graded: Grade) -> None:
    graded()
    User.objects.filter(pk=owner.pk).update(weekly_sessions=1)
    owner.refresh_from_db()
    weeks = rhythm.weeks_of(owner, now=timezone.now())
    assert len(weeks) == rhythm.WEEKS
    assert [week.days for week in weeks] == [0] * 7 + [1]
    assert [week.reached for week in weeks] == [False] * 7 + [True]
