"""decision.yaml: read safely, held to its form with key and line, and to its own numbers."""

import pytest

from graders import decision
from graders.decision import Evidence, Segment
from graders.failures import Fail
from tests.graders.documents.conftest import Work, reason, verdict
from tests.graders.documents.texts import DECISION

ALL = decision.valid(
    points=1, sections=("why", "what", "how", "estimates", "experiment", "decision")
)
SIZE = decision.sample_size(points=1, sd=2400.0, sd_cuped=1700.0)
WEEKS = decision.whole_weeks(points=1, units_per_week=20_000)
PROMISE = decision.projection(points=1, truth=12_600_000)
NO_GO = decision.no_go(
    points=1,
    segments=[
        Segment(column="lessons_84d", op="<=", low=0, high=4),
        Segment(column="progress_pct", op=">=", low=0.8, high=0.95),
    ],
)


def changed(before: str, after: str) -> str:
    assert before in DECISION
    return DECISION.replace(before, after)


def test_a_good_registration_passes_every_check(project: Work) -> None:
    work = project(decision=DECISION)
    for check in (ALL, SIZE, WEEKS, PROMISE, NO_GO):
        assert reason(check, work) == "passed", check.name


@pytest.mark.parametrize(
    ("text", "told", "facts"),
    [
        (
            changed("  model:", "  modle:"),
            "key_unknown_near",
            {"key": "how.modle", "near": "model"},
        ),
        (changed("quest: churn", "quest: churn\nzzz: 1"), "key_unknown", {"key": "zzz"}),
        (changed("  label: churned\n", ""), "key_missing", {"key": "how.label"}),
        (
            changed("out_of_time", "random"),
            "value_not_one_of",
            {"choices": "out_of_time, grouped"},
        ),
        (
            changed("sd: 2400", "sd: '2400'"),
            "value_unfit",
            {"key": "experiment.sd", "rule": "number"},
        ),
        (changed("alpha: 0.05", "alpha: 5"), "value_unfit", {"rule": "less"}),
        (changed("days: 14", "days: 14.5"), "value_unfit", {"rule": "whole_number"}),
        (changed("days: 14", "days: true"), "value_unfit", {"rule": "whole_number"}),
        (changed("mde_abs: 100", "mde_abs: 0"), "value_unfit", {"rule": "greater"}),
        (changed("days_high: 4", "days_high: 1"), "order_unfit", {"key": "estimates.1"}),
        (changed("low: 6_000_000", "low: 16_000_000"), "order_unfit", {}),
        (changed("consumers: [CRM]", "consumers: CRM"), "value_unfit", {"rule": "list"}),
        (changed("consumers: [CRM]", "consumers: []"), "value_unfit", {"rule": "not_empty"}),
        (changed("label: churned", "label:"), "value_unfit", {"rule": "text"}),
        (changed("could, days", "maybe, days"), "value_not_one_of", {"key": "estimates.4.moscow"}),
        (changed("quest: churn", "quest: pricing"), "another_quest", {"slug": "churn"}),
        (changed("events, campaigns]", "evnts]"), "table_unknown", {"table": "evnts"}),
        ("quest: churn\n", "section_missing", {"key": "why"}),
        ("- 1\n", "not_a_mapping", {}),
        ("", "not_a_mapping", {}),
        ("quest: churn\nquest: churn\n", "yaml_rejected", {"rule": "key-twice", "line": 2}),
        ("a: &a [x]\nb: *a\n", "yaml_rejected", {"rule": "anchor-or-alias"}),
        ("quest: !!python/object/apply:os.system [ls]\n", "yaml_rejected", {"rule": "tag"}),
        ("quest: churn\n\twhy: 1\n", "yaml_rejected", {"rule": "not-yaml"}),
        ("a: 99999999999999999999\n", "yaml_rejected", {"rule": "integer-too-large"}),
        ("a: " + "9" * 50_000 + "\n", "yaml_rejected", {"rule": "integer-too-large"}),
        ("a: .nan\n", "yaml_rejected", {"rule": "not-finite"}),
        ("a: 1e9999\n", "yaml_rejected", {"rule": "not-finite"}),
        ("a: 1\n---\nb: 2\n", "yaml_rejected", {"rule": "two-documents"}),
        ("<<: {a: 1}\n", "yaml_rejected", {"rule": "merge-key"}),
        ("? [a]\n: 1\n", "yaml_rejected", {"rule": "key-not-a-word"}),
        ("[" * 50_000, "artifact_over_limit", {"rule": "yaml-too-deep", "limit": 12}),
        ("a:\n" + "- 1\n" * 10_000, "artifact_over_limit", {"rule": "yaml-too-large"}),
        ("a: '" + "x" * 80_000, "document_too_long", {"most": 64}),
    ],
)
def test_each_fault_is_the_learners_with_its_key(
    project: Work, text: str, told: str, facts: dict[str, object]
) -> None:
    found, params, _ = verdict(ALL, project(decision=text))
    assert found == told
    assert facts.items() <= params.items()


def test_a_fault_says_its_line(project: Work) -> None:
    work = project(decision=changed("  model:", "  modle:"))
    with pytest.raises(Fail) as failure:
        ALL(work)
    place = failure.value.locations[0]
    line = place.line or 0
    assert "modle" in work.text("decision.yaml").splitlines()[line - 1]


def test_no_file_is_the_learners_failure(project: Work) -> None:
    assert reason(ALL, project()) == "file_missing"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (changed("9_050", "8_400"), "passed"),
        (changed("9_050", "4_525"), "size_differs"),
        (changed("9_050", "7_100"), "size_differs"),  # as of a one-sided test
        (changed("sd: 2400", "sd: 1200").replace("9_050", "2_261"), "sd_differs"),
        (changed("sd: 2400", "sd: 1700").replace("9_050", "4_537"), "sd_differs"),
        (
            changed("sd: 2400", "sd: 1700")
            .replace("9_050", "4_537")
            .replace("n: none", "n: cuped"),
            "passed",
        ),
        ("quest: churn\n", "section_missing"),
    ],
)
def test_the_size_follows_from_the_other_numbers(project: Work, text: str, told: str) -> None:
    assert reason(SIZE, project(decision=text)) == told


def test_an_experiment_lasts_whole_weeks_and_long_enough(project: Work) -> None:
    assert reason(WEEKS, project(decision=changed("days: 14", "days: 10"))) == "not_whole_weeks"
    few = decision.whole_weeks(points=1, units_per_week=2_000)
    told, facts, _ = verdict(few, project(decision=DECISION))
    assert (told, facts["there"], facts["needed"]) == ("too_short", 4_000, 18_100)


@pytest.mark.parametrize(
    ("mid", "told"),
    [
        ("mid: 30_000_000, high: 40_000_000", "projection_too_high"),
        ("mid: 6_000_000, high: 15_000_000", "projection_too_low"),
        ("mid: 25_000_000, high: 26_000_000", "passed"),
    ],
)
def test_a_promise_lies_within_a_factor_of_two(project: Work, mid: str, told: str) -> None:
    text = changed("mid: 12_000_000, high: 15_000_000", mid)
    assert reason(PROMISE, project(decision=text)) == told
    loss = decision.projection(points=1, truth=-1.0)
    assert reason(loss, project(decision=DECISION)) == "projection_other_sign"


@pytest.mark.parametrize(
    ("segments", "told"),
    [
        ('["lessons_84d < 3"]', "passed"),
        ('["2 >= lessons_84d, the sleeping dogs"]', "passed"),
        ('["progress_pct > 85 %"]', "passed"),
        ('["уроков почти нет: lessons_84d = 0"]', "passed"),
        ('["lessons_84d >= 2"]', "segment_missed"),
        ('["lessons_84d <= 20"]', "segment_missed"),
        ('["price_rub > 3000"]', "segment_missed"),
        ('["inactive customers"]', "no_condition"),
        ("[]", "no_condition"),
    ],
)
def test_segments_are_conditions_and_the_right_ones(
    project: Work, segments: str, told: str
) -> None:
    text = changed('["lessons_84d <= 2"]', segments)
    assert reason(NO_GO, project(decision=text)) == told


@pytest.mark.parametrize(
    ("choice", "shown", "told"),
    [
        ("ship", Evidence(low=1, high=3), "passed"),
        ("ship", Evidence(low=-1, high=3), "shipped_unsure"),
        ("ship", Evidence(low=-3, high=-1), "shipped_harm"),
        ("ship", Evidence(low=1, high=3, guardrail_broken=True), "shipped_broken"),
        ("ship", Evidence(low=1, high=3, split_broken=True), "shipped_broken"),
        ("hold", Evidence(low=1, high=3), "held_gain"),
        ("hold", Evidence(low=-1, high=3), "passed"),
        ("hold", Evidence(low=-3, high=-1), "held_harm"),
        ("hold", Evidence(low=1, high=3, guardrail_broken=True), "passed"),
        ("stop", Evidence(low=1, high=3), "stopped_gain"),
        ("stop", Evidence(low=-1, high=3), "passed"),
        ("stop", Evidence(low=-3, high=-1), "passed"),
    ],
)
def test_the_choice_follows_from_the_evidence(
    project: Work, choice: str, shown: Evidence, told: str
) -> None:
    check = decision.follows(points=1, evidence=lambda work: shown)
    text = changed("before_ab: go,", f"before_ab: go, after_ab: {choice},")
    assert reason(check, project(decision=text)) == told
    assert reason(check, project(decision=DECISION)) == "choice_missing"
