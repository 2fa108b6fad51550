"""A report says what to do first, what changed since the attempt before, and what it took."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from graders.quest import Quest
from graders.results import CheckResult, Clocks, Outcome, Readiness
from graders.rollout import readout
from simulator.attempts import claiming
from simulator.attempts.claiming import claim
from simulator.attempts.focusing import focus_of
from simulator.attempts.handing_in import queue
from simulator.attempts.models import Attempt, Grading
from simulator.attempts.reading import latest_grading
from simulator.attempts.reporting import Finding, ReportPage, report
from tests.graders.rollout.market import even, rollout
from tests.simulator.conftest import HandIn
from tests.simulator.judges import everything_passes, result, verdict, wrong_sum

pytestmark = pytest.mark.django_db

Graded = Callable[..., ReportPage]


def finish(attempt: Attempt, *results: CheckResult) -> None:
    won = claim(latest_grading(attempt).pk)
    assert won is not None
    assert claiming.finish(won, verdict(*results))


@pytest.fixture
def graded(hand_in: HandIn) -> Graded:
    """Hand in, find these results, read the report."""

    def run(*results: CheckResult) -> ReportPage:
        attempt = hand_in()
        finish(attempt, *results)
        page = report(attempt, "en")
        assert page is not None
        return page

    return run


def names(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.result.check for finding in findings]


def replaced(*results: CheckResult) -> tuple[CheckResult, ...]:
    """Everything passes but these."""
    given = {one.check: one for one in results}
    return tuple(given.get(one.check, one) for one in everything_passes())


def test_there_is_no_report_before_the_verdict(hand_in: HandIn) -> None:
    assert report(hand_in(), "en") is None


def test_a_first_report_compares_with_nothing(graded: Graded) -> None:
    page = graded(*replaced(wrong_sum()))
    assert (page.previous, page.delta, page.was) == (None, None, None)
    assert names(page.still_open) == ["is_right"]
    assert names(page.passing) == ["is_there", "pays", "is_tested"]
    assert page.broke == page.fixed == ()


def test_every_check_is_in_one_class_of_change(graded: Graded) -> None:
    graded(*replaced(wrong_sum(), result("is_tested", Outcome.ERROR)))
    page = graded(
        *replaced(wrong_sum(3), result("pays", Outcome.FAILED), result("is_there", Outcome.BROKEN))
    )
    assert names(page.broke) == ["pays"]
    assert names(page.still_open) == ["is_right"]
    assert names(page.fixed) == ["is_tested"]
    assert names(page.broken) == ["is_there"]
    assert names(page.open) == ["pays", "is_right"]
    assert sum(map(len, vars(page.changes).values())) == len(page.findings)


def test_a_check_that_did_not_run_keeps_its_history(graded: Graded) -> None:
    graded(*replaced(wrong_sum()))
    skipped = graded(*replaced(result("is_right", Outcome.SKIPPED, waits_for="is_there")))
    assert names(skipped.not_run) == ["is_right"]
    assert "The file is there" in skipped.not_run[0].message.sentence
    assert names(graded(*everything_passes()).fixed) == ["is_right"]


def test_the_same_failure_counts_its_attempts(graded: Graded) -> None:
    for expected in (1, 2, 3):
        page = graded(*replaced(wrong_sum()))
        assert page.still_open[0].in_a_row == expected
    graded(*everything_passes())
    assert graded(*replaced(wrong_sum())).broke[0].in_a_row == 1


def test_a_change_of_score_and_readiness_is_told(graded: Graded) -> None:
    graded(*replaced(result("is_there", Outcome.FAILED)))
    page = graded(*everything_passes())
    assert (page.was, page.readiness) == (Readiness.NOT_READY, Readiness.PRODUCTION)
    assert page.delta == pytest.approx(100 - 85.7)
    assert page.previous is not None
    assert page.previous.number == 1


def test_other_rules_are_said_to_be_other_rules(graded: Graded, hand_in: HandIn) -> None:
    graded(*everything_passes())
    assert not graded(*everything_passes()).rule_changed
    Grading.objects.filter(attempt__number=2).update(quest_digest="0" * 64)
    assert graded(*everything_passes()).rule_changed


def test_a_failing_blocker_is_the_focus_before_any_points(graded: Graded) -> None:
    page = graded(*replaced(wrong_sum(), result("is_there", Outcome.FAILED)))
    assert page.focus is not None
    assert page.focus.result.check == "is_there"
    assert "first" not in page.sentence or page.readiness is Readiness.NOT_READY


def test_the_first_blocker_in_the_order_of_the_checks_comes_first() -> None:
    early = result("is_there", Outcome.FAILED)
    late = replace(early, check="later", max_points=90.0)
    assert focus_of([wrong_sum(), early, late]) == early


def test_else_the_most_points_still_open_are_the_focus() -> None:
    partial = result("is_right", Outcome.PARTIAL, points=25.0)  # 5 of 30 missing
    minor = result("pays", Outcome.FAILED)  # 20 missing
    assert focus_of(replaced(partial, minor)) == minor


def test_with_nothing_open_there_is_no_focus() -> None:
    broken = result("is_right", Outcome.BROKEN)
    skipped = result("pays", Outcome.SKIPPED)
    assert focus_of(replaced(broken, skipped)) is None


def test_good_words_are_at_most_two(graded: Graded) -> None:
    def praised(one: CheckResult) -> CheckResult:
        return replace(one, reason="well_done", params={"found": 5})

    page = graded(praised(result("is_right")), result("pays"))
    assert [one.message.what for one in page.praise] == ["5\N{NO-BREAK SPACE}cases hold."]
    assert len(graded(*map(praised, everything_passes())).praise) == 2


def test_the_scale_has_a_stretch_a_group_without_what_is_ours(graded: Graded) -> None:
    page = graded(*replaced(wrong_sum(), result("is_tested", Outcome.BROKEN)))
    assert [(g.group, g.points, g.max_points) for g in page.groups] == [
        ("production", 10, 10),
        ("metrics", 0, 30),
        ("business", 20, 20),
    ]


def test_a_broken_check_is_said_to_be_ours(graded: Graded) -> None:
    assert (
        "costs you neither points"
        in graded(*replaced(result("is_right", Outcome.BROKEN))).sentence
    )


def test_a_stage_that_stays_open_says_what_it_asks_for(graded: Graded) -> None:
    page = graded(*replaced(wrong_sum(), result("pays", Outcome.FAILED)))
    assert (page.readiness, page.passed) == (Readiness.PILOT, False)
    assert "60 points" in page.sentence


def test_a_rollout_is_shown_as_it_was_stored_and_the_last_state_counts(graded: Graded) -> None:
    early = readout(rollout(even), decision="", enough=0.2)
    late = replace(early, decision="ship")
    shown = replaced(
        replace(result("is_right", Outcome.PASSED), readout=early),
        replace(result("is_tested", Outcome.PASSED), readout=late),
    )
    page = graded(*shown)
    assert page.rollout == late
    with translation.override("ru"):
        html = render_to_string("attempts/rollout.html", {"rollout": page.rollout})
    assert "старое правило" in html
    assert "соблюдено" in html
    assert "ship" in html


def test_a_report_without_a_rollout_shows_none(graded: Graded) -> None:
    assert graded(*everything_passes()).rollout is None


def test_four_clocks_and_the_versions_are_shown(hand_in: HandIn, toy: Quest) -> None:
    attempt = hand_in()
    won = claim(latest_grading(attempt).pk)
    assert won is not None
    judged = verdict()
    clocks = Clocks(starting=0.5, running=2.0, judging=0.25)
    object.__setattr__(judged, "clocks", clocks)
    claiming.finish(won, judged)
    page = report(attempt, "ru")
    assert page is not None
    assert page.clocks.queued >= 0
    assert page.clocks.total == pytest.approx(2.75 + page.clocks.queued)
    assert (page.versions.quest, page.versions.digest) == ("1.2.0", toy.digest)
    assert page.findings[1].message.sentence == "Два плюс три — пять.".replace(" —", "\xa0—")


def test_the_report_is_of_the_grading_that_was_queued_last(hand_in: HandIn, toy: Quest) -> None:
    attempt = hand_in()
    finish(attempt, *replaced(wrong_sum()))
    queue(attempt, toy, Grading.Lane.BATCH)
    assert report(attempt, "en") is None
    finish(attempt, *everything_passes())
    page = report(attempt, "en")
    assert page is not None
    assert page.score == 100.0
