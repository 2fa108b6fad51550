"""Plans under capacity, and how their estimates turned out."""

import math

import pytest

from graders import plan
from graders.decision import registered
from graders.quest import Language
from tests.graders.documents.conftest import Work, reason, verdict
from tests.graders.documents.texts import DECISION

ESTIMATED = plan.estimated(points=1)
FITS = plan.fits(points=1, capacity_days=8)
ORDERED = plan.ordered(points=1)
HEAD, _, REST = DECISION.partition("estimates:\n")
TAIL = REST[REST.index("experiment:") :]


def tasks(*rows: str, more: str = "") -> str:
    lines = "".join(f"  - {{{row}}}\n" for row in rows)
    return f"{HEAD}estimates:\n{lines}{more}{TAIL}"


def task(name: str, moscow: str, low: float, high: float, more: str = "") -> str:
    return f"task: {name}, moscow: {moscow}, days_low: {low}, days_high: {high}{more}"


def test_a_good_plan_passes(project: Work) -> None:
    work = project(decision=DECISION)
    for check in (ESTIMATED, FITS, ORDERED):
        assert reason(check, work) == "passed", check.name


GOOD = (
    task("a", "must", 1, 3),
    task("b", "must", 1, 2),
    task("c", "should", 1, 2),
    task("d", "could", 1, 1),
    task("e", "wont", 5, 9),
)
CERTAIN = tuple(task(name, "must", 2, 2) for name in "abcde")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (GOOD, "passed"),
        (GOOD[:3], "few_tasks"),
        ((*GOOD, task("A", "could", 1, 1)), "task_twice"),
        ((*GOOD, task("f", "must", 0, 0)), "not_estimated"),
        ((*GOOD, task("f", "wont", 0, 0)), "passed"),
        (CERTAIN, "no_range"),
        ((*GOOD[:3], task("x", "must", 1, 2), GOOD[4]), "class_missing"),
    ],
)
def test_every_task_is_estimated_and_ranked(
    project: Work, rows: tuple[str, ...], told: str
) -> None:
    assert reason(ESTIMATED, project(decision=tasks(*rows))) == told


def test_a_stage_without_an_estimate_is_named(project: Work) -> None:
    check = plan.estimated(points=1, stages=["features", "model"])
    about = (*GOOD, task("f", "must", 1, 2, ", stage: features"))
    told, facts, share = verdict(check, project(decision=tasks(*about)))
    assert (told, facts["stage"], share) == ("stage_missing", "model", 0.5)


@pytest.mark.parametrize(
    ("rows", "more", "told"),
    [
        (GOOD, "", "passed"),
        (GOOD, "plan: {capacity_days: 8, total_days: 6, buffer_days: 2}\n", "passed"),
        (GOOD, "plan: {capacity_days: 8, total_days: 7}\n", "total_differs"),
        (GOOD, "plan: {capacity_days: 20}\n", "capacity_differs"),
        (GOOD, "plan: {capacity_days: 8, buffer_days: 4}\n", "over_capacity"),
        ((*GOOD, task("f", "could", 3, 4)), "", "over_capacity"),
        ((*GOOD, task("f", "must", 2, 3)), "", "over_capacity"),
        ((GOOD[0], task("f", "must", 4, 4)), "", "musts_too_large"),
        ((*GOOD[:2], task("f", "should", 4, 4)), "", "no_buffer"),
        ((task("f", "must", 1, 9, ", days_likely: 2"),), "", "passed"),  # PERT: three days
        ((task("f", "must", 1, 12),), "", "musts_too_large"),
    ],
)
def test_a_plan_fits_its_capacity_with_a_buffer(
    project: Work, rows: tuple[str, ...], more: str, told: str
) -> None:
    assert reason(FITS, project(decision=tasks(*rows, more=more))) == told


def test_pert_and_two_points_have_their_means(project: Work) -> None:
    work = project(decision=tasks(task("f", "must", 1, 9, ", days_likely: 2"), GOOD[0]))
    first, second = plan._tasks(work)[1]
    assert plan.expected_days(first) == pytest.approx(3.0)
    assert plan.expected_days(second) == 2.0


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((task("a", "must", 1, 2), task("b", "must", 1, 2, ", after: [A]")), "passed"),
        ((task("a", "must", 1, 2, ", after: [z]"),), "waits_for_unknown"),
        ((task("a", "must", 1, 2, ", after: [a]"),), "waits_in_circle"),
        (
            (
                task("a", "must", 1, 2, ", after: [b]"),
                task("b", "must", 1, 2, ", after: [c]"),
                task("c", "must", 1, 2, ", after: [a]"),
            ),
            "waits_in_circle",
        ),
        (
            (task("a", "must", 1, 2, ", after: [b]"), task("b", "could", 1, 2)),
            "waits_for_lesser",
        ),
        ((task("a", "could", 1, 2, ", after: [b]"), task("b", "must", 1, 2)), "passed"),
    ],
)
def test_dependencies_exist_make_no_circle_and_are_no_less_important(
    project: Work, rows: tuple[str, ...], told: str
) -> None:
    assert reason(ORDERED, project(decision=tasks(*rows))) == told


def test_no_estimates_at_all_are_told_as_that(project: Work) -> None:
    for check in (ESTIMATED, FITS, ORDERED):
        assert reason(check, project(decision="quest: churn\n")) == "section_missing"


def said(found: plan.Comparison, language: Language) -> str:
    return " ".join(plan.in_words(found, language)).replace("\u00a0", " ")


def test_estimates_are_held_against_actual_minutes() -> None:
    planned = {"why": 60.0, "features": 60.0, "model": 60.0, "unfinished": 30.0, "nothing": 0.0}
    actual = {"why": 60.0, "features": 70.0, "model": 180.0, "nothing": 5.0, "extra": 9.0}
    found = plan.compare(planned, actual)
    assert found is not None
    assert [item.name for item in found.items] == ["why", "features", "model"]
    assert found.bias == pytest.approx(310 / 180)
    assert found.typical_error == pytest.approx(1 / 6)
    assert (found.near, found.widest.name, found.widest.ratio) == (2, "model", 3.0)
    en, ru = said(found, "en"), said(found, "ru")
    assert "1.7 times as long" in en
    assert "2 of 3" in en
    assert "`model` took 3 times its estimate" in en
    assert "1,7 раза больше" in ru
    assert "2 оценки из 3" in ru


def test_days_of_the_story_are_compared_by_their_proportions() -> None:
    found = plan.compare({"a": 1.0, "b": 3.0}, {"a": 30.0, "b": 30.0}, unit="days")
    assert found is not None
    assert found.relative
    assert found.bias == pytest.approx(1.0)
    assert [item.ratio for item in found.items] == [pytest.approx(2.0), pytest.approx(2 / 3)]
    assert len(plan.in_words(found, "en")) == 2
    assert "`a` took 2 times" in said(found, "en")


def test_a_plan_that_came_out_says_so_and_no_more() -> None:
    found = plan.compare({"a": 10.0, "b": 20.0}, {"a": 11.0, "b": 20.0})
    assert found is not None
    assert len(plan.in_words(found, "en")) == 2
    assert "about as long as you said" in said(found, "en")
    fast = plan.compare({"a": 40.0}, {"a": 10.0})
    assert fast is not None
    assert "4 times as fast" in said(fast, "en")


def test_nothing_to_compare_is_none_and_not_an_error() -> None:
    assert plan.compare({}, {"a": 1.0}) is None
    assert plan.compare({"a": math.inf}, {"a": 1.0}) is None
    assert plan.compare({"a": math.nan}, {"a": 1.0}) is None
    with pytest.raises(ValueError, match="minutes or days"):
        plan.compare({"a": 1.0}, {"a": 1.0}, unit="weeks")


def test_days_by_stage_come_from_the_registration(project: Work) -> None:
    rows = (
        task("a", "must", 1, 3, ", stage: model"),
        task("b", "could", 1, 1, ", stage: model"),
        task("c", "wont", 9, 9, ", stage: model"),
        task("d", "must", 1, 1),
    )
    said = registered(project(decision=tasks(*rows))).said
    assert plan.planned_by_stage(said) == {"model": 3.0}
