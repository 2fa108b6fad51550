"""Regrade: nothing counts before it is applied, everything can be taken back."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from graders.quest import Quest
from graders.results import Outcome
from sandbox.interface import SandboxError
from simulator.accounts.models import User
from simulator.attempts import drafts
from simulator.attempts.delivering import Judge
from simulator.attempts.models import Attempt, Verdict
from simulator.attempts.reading import latest_grading
from simulator.attempts.standing import standings
from simulator.catalog import quests
from simulator.cohorts.models import Cohort
from simulator.grades.models import Override
from simulator.grades.overriding import Scope, Wish, override
from simulator.regrading import applying, planning, stepping
from simulator.regrading.comparing import difference
from simulator.regrading.models import Regrade, Trial
from simulator.regrading.rescoring import judges_the_same
from tests.fakes import FakeSandbox
from tests.simulator.conftest import HandIn
from tests.simulator.judges import falling, result, saying, wrong_sum
from tests.simulator.pages.conftest import Grade
from tests.simulator.toy_quest import reread

pytestmark = pytest.mark.django_db

FAILS = (result("is_there"), wrong_sum(), result("pays"), result("is_tested"))
Scope_, Policy = Regrade.Scope, Regrade.Policy


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps are taken by the test, not sent."""
    monkeypatch.setattr(stepping, "send", lambda regrade_id, **_: None)


@pytest.fixture
def two(cohort: Cohort, graded: Grade, colleague: User) -> tuple[Attempt, Attempt]:
    """The owner's attempt failed a check, the colleague's passed."""
    return graded(saying(*FAILS)), graded(by=drafts.enrol(colleague, "toy"))


def repair(toy: Quest) -> Quest:
    """Another version that judges otherwise."""
    checks = toy.folder / "stages" / "01_features" / "checks.py"
    checks.write_text(checks.read_text().replace("answer != 5", "answer not in (2, 5)"))
    return reread()


def new_points(toy: Quest) -> Quest:
    """Another version that scores otherwise and judges the same."""
    checks = toy.folder / "stages" / "01_features" / "checks.py"
    checks.write_text(checks.read_text().replace("points=30", "points=3"))
    return reread()


def tried(cohort: Cohort, quest: Quest, author: User, judge: Judge | None = None) -> Regrade:
    made = planning.plan(cohort, quest, "features", Scope_.ALL)
    regrade = planning.begin(cohort, made, author=author)
    for _ in range(12):
        stepping.step(regrade.pk, judge=judge or saying(), sandbox=FakeSandbox())
    return Regrade.objects.get(pk=regrade.pk)


def best(attempt: Attempt) -> tuple[float, bool]:
    place = standings([attempt.enrolment_id])[attempt.enrolment_id].places["features"]
    return place.best, place.passed


def test_what_only_scores_is_rescored_and_what_judges_is_run_again(
    cohort: Cohort, toy: Quest, two: tuple[Attempt, Attempt]
) -> None:
    scored = planning.plan(cohort, new_points(toy), "features", Scope_.ALL)
    assert (scored.rescored, scored.rerun) == (2, 0)
    judged = planning.plan(cohort, repair(toy), "features", Scope_.ALL)
    assert (judged.rescored, judged.rerun) == (0, 2)


@pytest.mark.parametrize(
    ("path", "before", "after", "same"),
    [
        ("quest.yaml", "pass: 60", "pass: 50", True),
        ("quest.yaml", "version: 1.2.0", "version: 1.2.1", True),
        ("stages/01_features/messages.yaml", "Two and three", "Three and two", True),
        ("stages/01_features/checks.py", 'severity="minor"', 'severity="major"', True),
        ("stages/02_model/checks.py", "answer != 5", "answer != 6", True),
        ("stages/01_features/checks.py", "answer != 5", "answer != 6", False),
        ("quest.yaml", "tiny: {rows: 10}", "tiny: {rows: 11}", False),
        ("quest.yaml", "runtime: python-ml", "runtime: python-service", False),
        ("exact.json", "12345", "12346", False),
    ],
)
def test_which_changes_let_old_results_stand(
    toy: Quest, hand_in: HandIn, path: str, before: str, after: str, *, same: bool
) -> None:
    quests.keep(toy)
    old = quests.kept("toy", digest=toy.digest)
    file = toy.folder / path
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))
    assert judges_the_same(old, reread(), "features") is same


def test_rescoring_follows_from_the_kept_results_without_a_room(
    cohort: Cohort, toy: Quest, two: tuple[Attempt, Attempt], instructor: User
) -> None:
    regrade = tried(cohort, new_points(toy), instructor, falling(AssertionError("no room")))
    assert regrade.state == Regrade.State.READY
    found = difference(regrade)
    assert ([one.learner.username for one in found.up], found.unchanged) == (["owner"], 1)
    assert found.up[0].now.score == 93.0  # 40 of 43
    assert [one.username for one in found.stages_gained] == ["owner"]


def test_a_dry_run_changes_nothing_that_anybody_sees(
    cohort: Cohort, toy: Quest, two: tuple[Attempt, Attempt], instructor: User
) -> None:
    before = [latest_grading(attempt).pk for attempt in two]
    regrade = tried(cohort, repair(toy), instructor)
    assert regrade.state == Regrade.State.READY
    assert [latest_grading(attempt).pk for attempt in two] == before
    assert best(two[0]) == (57.1, False)
    assert difference(regrade).flips == [("is_right", "failed", "passed", 1)]


def test_applying_counts_and_rolling_back_is_as_before(
    cohort: Cohort, toy: Quest, two: tuple[Attempt, Attempt], instructor: User
) -> None:
    regrade = tried(cohort, repair(toy), instructor)
    assert applying.apply(regrade, policy=Policy.ALL, reason=" ", author=instructor) is None
    assert applying.apply(regrade, policy=Policy.ALL, reason="x", author=instructor) == 2
    assert applying.apply(regrade, policy=Policy.ALL, reason="x", author=instructor) is None
    assert best(two[0]) == (100.0, True)
    assert latest_grading(two[0]).lane == "batch"
    regrade.refresh_from_db()
    assert applying.roll_back(regrade)
    assert best(two[0]) == (57.1, False)
    assert Verdict.objects.count() == 4  # nothing is deleted
    assert Verdict.objects.filter(counts=True).count() == 2
    regrade.refresh_from_db()
    assert not applying.roll_back(regrade)


def test_a_rollback_has_thirty_days(
    cohort: Cohort, toy: Quest, two: tuple[Attempt, Attempt], instructor: User
) -> None:
    regrade = tried(cohort, repair(toy), instructor)
    applying.apply(regrade, policy=Policy.ALL, reason="x", author=instructor)
    Regrade.objects.update(applied_at=timezone.now() - timedelta(days=31))
    regrade.refresh_from_db()
    assert not applying.roll_back(regrade)
    assert best(two[0]) == (100.0, True)


@pytest.fixture
def worse(
    cohort: Cohort, toy: Quest, two: tuple[Attempt, Attempt], instructor: User
) -> Callable[[], Regrade]:
    """A regrade in which the colleague, who passed, fails now, and the owner stays."""
    return lambda: tried(cohort, repair(toy), instructor, saying(*FAILS))


def test_only_what_improves_leaves_everybody_else_alone(
    worse: Callable[[], Regrade], two: tuple[Attempt, Attempt], instructor: User
) -> None:
    regrade = worse()
    applying.apply(regrade, policy=Policy.IMPROVE, reason="x", author=instructor)
    assert (best(two[0]), best(two[1])) == ((57.1, False), (100.0, True))


def test_losses_are_held_back_until_their_date(
    worse: Callable[[], Regrade], two: tuple[Attempt, Attempt], instructor: User
) -> None:
    regrade = worse()
    until = timezone.now() + timedelta(days=7)
    facts = {"policy": Policy.HARMLESS, "reason": "x", "author": instructor}
    assert applying.apply(regrade, **facts) is None  # type: ignore[arg-type]
    applying.apply(regrade, **facts, harmless_until=until)  # type: ignore[arg-type]
    assert best(two[1]) == (100.0, True)
    assert applying.apply_due(until - timedelta(minutes=1)) == 0
    assert applying.apply_due(until + timedelta(minutes=1)) == 1
    assert applying.apply_due(until + timedelta(minutes=2)) == 0
    assert best(two[1]) == (57.1, False)
    regrade.refresh_from_db()
    assert applying.roll_back(regrade)
    assert best(two[1]) == (100.0, True)


def test_an_override_until_a_regrade_ends_with_it_and_comes_back_with_the_rollback(
    cohort: Cohort, toy: Quest, two: tuple[Attempt, Attempt], instructor: User
) -> None:
    wish = Wish(scope=Scope.STAGE, value=70, reason="flaky", until_regrade=True)
    override(two[0], wish, author=instructor)
    lasting = Wish(scope=Scope.STAGE, value=90, reason="viva")
    override(two[1], lasting, author=instructor)
    regrade = tried(cohort, repair(toy), instructor)
    applying.apply(regrade, policy=Policy.ALL, reason="x", author=instructor)
    assert (best(two[0]), best(two[1])) == ((100.0, True), (90.0, True))
    regrade.refresh_from_db()
    applying.roll_back(regrade)
    assert best(two[0]) == (70.0, True)
    assert Override.objects.filter(undone_at=None).count() == 2


def test_a_room_that_falls_is_tried_again_and_then_said(
    cohort: Cohort, toy: Quest, two: tuple[Attempt, Attempt], instructor: User
) -> None:
    regrade = tried(cohort, repair(toy), instructor, falling(SandboxError("no room")))
    assert regrade.state == Regrade.State.READY
    states = {(one.state, one.tries) for one in Trial.objects.all()}
    assert states == {("failed", 3)}
    applying.apply(regrade, policy=Policy.ALL, reason="x", author=instructor)
    assert best(two[1]) == (100.0, True)


def test_learners_who_wait_go_first(
    cohort: Cohort, toy: Quest, two: tuple[Attempt, Attempt], instructor: User, hand_in: HandIn
) -> None:
    made = planning.plan(cohort, repair(toy), "features", Scope_.ALL)
    regrade = planning.begin(cohort, made, author=instructor)
    hand_in()
    stepping.step(regrade.pk, judge=saying(), sandbox=FakeSandbox())
    assert not Trial.objects.exclude(state="waiting").exists()


def test_of_each_learner_the_newest_or_the_best(cohort: Cohort, toy: Quest, graded: Grade) -> None:
    graded()
    graded(saying(*FAILS))
    for scope, number in ((Scope_.LATEST, 2), (Scope_.BEST, 1)):
        made = planning.plan(cohort, toy, "features", scope)
        assert [one.grading.attempt.number for one in made.verdicts] == [number]


def test_a_work_that_another_regrade_has_replaced_is_not_counted_twice(
    cohort: Cohort, toy: Quest, two: tuple[Attempt, Attempt], instructor: User
) -> None:
    quest = repair(toy)
    first, second = tried(cohort, quest, instructor), tried(cohort, quest, instructor)
    applying.apply(first, policy=Policy.ALL, reason="x", author=instructor)
    applying.apply(second, policy=Policy.ALL, reason="x", author=instructor)
    assert Verdict.objects.filter(counts=True).count() == 2


def test_a_check_that_breaks_in_the_new_version_takes_no_points(
    cohort: Cohort, toy: Quest, two: tuple[Attempt, Attempt], instructor: User
) -> None:
    broken = (result("is_there"), result("is_right", Outcome.BROKEN), result("pays"))
    regrade = tried(cohort, repair(toy), instructor, saying(*broken))
    assert all(one.now.score == 100.0 for one in difference(regrade).up)
