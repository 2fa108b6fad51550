"""A terse document by a senior passes; an empty, copied, vague or contradictory one does not."""

from pathlib import Path

import pytest

from graders import documents
from graders.checking import Check
from graders.documents import Fact
from tests.graders.documents.conftest import CHURN, Work, reason, verdict
from tests.graders.documents.texts import DECISION, TERSE_EN, TERSE_RU
from tests.graders.documents.ugly import UGLY

LIMIT = Fact(
    name="contact_limit", near=("limit of contacts", "предел контактов"), truth="max_share"
)
CHECKS = [
    documents.structure(points=1),
    documents.goal(points=1),
    documents.metrics(points=1),
    documents.data(points=1),
    documents.baseline(points=1, truth=-93.4),
    documents.experiment(points=1),
    documents.risks(points=1),
    documents.scope(points=1),
    documents.design_numbers(points=1, facts=[LIMIT]),
]
NAMED = {check.name: check for check in CHECKS}


@pytest.mark.parametrize("text", [TERSE_EN, TERSE_RU], ids=["en", "ru"])
def test_a_terse_document_of_a_senior_passes_every_check(project: Work, text: str) -> None:
    work = project(DESIGN=text, decision=DECISION)
    assert {check.name: reason(check, work) for check in CHECKS} == dict.fromkeys(NAMED, "passed")


@pytest.mark.parametrize("text", UGLY.values(), ids=UGLY)
def test_honest_but_ugly_documents_pass_as_they_are(project: Work, text: str) -> None:
    checks = [check for check in CHECKS if check.name != "design_numbers"]
    checks.append(documents.design_numbers(points=1))
    work = project(DESIGN=text, decision=DECISION)
    assert {c.name: reason(c, work) for c in checks} == dict.fromkeys(NAMED, "passed")


EMPTY = """\
# Why
## Goal
# What
## Metrics
# How
## Data
## Baseline
## Experiment
## Risks
## Non-goals
"""
VAGUE = """\
# Why
Our goal is to improve the business and to make customers happier with machine learning.
# What
We deliver a great model with good metrics and a modern stack.
# How
We take the data, train the model, check that it works well and launch it with an experiment.
"""


def test_headings_without_content_are_no_document(project: Work) -> None:
    work = project(DESIGN=EMPTY)
    assert verdict(NAMED["design_document"], work)[:2] == (
        "part_empty_why",
        {"path": "DESIGN.md"},
    )


def test_fine_words_without_numbers_names_and_owners_fail_where_they_are_empty(
    project: Work,
) -> None:
    work = project(DESIGN=VAGUE)
    assert {check.name: reason(check, work) for check in CHECKS} == {
        "design_document": "passed",
        "design_goal": "goal_without_number",
        "design_metrics": "online_metric_missing",
        "design_data": "tables_missing",
        "design_baseline": "baseline_missing",
        "design_experiment": "experiment_without_unit",
        "design_risks": "risks_few",
        "design_scope": "scope_open",
        "design_numbers": "fact_missing",
    }


def test_a_part_that_no_heading_names_is_missing(project: Work) -> None:
    work = project(DESIGN="# Why\nThe rule loses money.\n# Risks\n- none at all, really\n")
    assert reason(NAMED["design_document"], work) == "part_missing_what"


def test_a_title_with_such_words_is_no_part(project: Work) -> None:
    text = "# Why and what and how we plan the model\n\nWe will build something good for you.\n"
    work = project(DESIGN=f"{text}\n## Notes\nSome notes on everything.\n")
    assert reason(NAMED["design_document"], work) == "part_missing_why"


@pytest.mark.parametrize(
    "filler",
    [
        "Lorem ipsum dolor sit amet.",
        "Risks: To" + "do.",
        "Baseline: ???",
        "Метрика: заполнить.",
        "Owner: [your name here]",
    ],
)
def test_what_is_still_to_be_filled_in_is_found_with_its_line(project: Work, filler: str) -> None:
    check = NAMED["design_document"]
    work = project(DESIGN=f"{TERSE_EN}\n{filler}\n")
    assert reason(check, work) == "placeholders"


def test_text_in_a_comment_counts_for_nothing(project: Work) -> None:
    hidden = EMPTY.replace("# Why\n", f"# Why\n<!--\n{TERSE_EN}\n-->\n")
    assert reason(NAMED["design_document"], project(DESIGN=hidden)) == "part_empty_why"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_brief_handed_back_is_a_copy(project: Work, language: str) -> None:
    brief = (CHURN / f"stages/03_baseline/brief.{language}.md").read_text("utf-8")
    headed = f"# Why\n{brief}\n# What\n{brief}\n# How\n{brief}\n".replace("{{", "").replace(
        "}}", ""
    )
    assert reason(NAMED["design_document"], project(DESIGN=headed)) == "copied"


def test_a_quotation_from_the_brief_is_not_a_copy(project: Work) -> None:
    quoted = (
        "\n> How many roubles per renewal does your list earn, compared with sending nothing?\n"
    )
    assert reason(NAMED["design_document"], project(DESIGN=TERSE_EN + quoted)) == "passed"


def test_the_same_sentence_again_and_again_is_no_document(project: Work) -> None:
    again = "The model will be good for the business of the company. " * 12
    text = f"# Why\n{again}\n# What\n{again}\n# How\n{again}\n"
    assert reason(NAMED["design_document"], project(DESIGN=text)) == "repeated"


def test_the_starters_template_is_not_the_learners_content(project: Work, tmp_path: Path) -> None:
    template = "# Why\nWhat hurts, and whom?\n# What\nWhat will there be?\n# How\nBy what means?\n"
    (tmp_path / "starter").mkdir()
    (tmp_path / "starter" / "DESIGN.md").write_text(template)
    work = project(DESIGN=template)
    quest = work.quest.model_copy(update={"folder": tmp_path, "digest": "template"})
    work.quest = quest
    assert reason(NAMED["design_document"], work) == "part_empty_why"


@pytest.mark.parametrize(
    ("goal", "lacks"),
    [
        ("Goal: less churn by September.", "number"),
        ("Goal: 20 more, by September 2024.", "passed"),
        ("Goal: +20 ₽ per renewal.", "date"),
        ("Goal: AUC of 0.72.", "unit"),
        ("Цель: снизить отток на 2 п. п. до конца года.", "passed"),
        ("Цель: +20 ₽ на продление к 1 сентября.", "passed"),
        ("Goal: 15 % fewer letters within two months.", "passed"),
    ],
)
def test_a_goal_has_a_number_a_unit_and_a_date(project: Work, goal: str, lacks: str) -> None:
    work = project(DESIGN=f"## Goal\n{goal}\n")
    told, _, share = verdict(NAMED["design_goal"], work)
    assert told.removeprefix("goal_without_") == lacks
    assert (share == 1) == (lacks == "passed")


@pytest.mark.parametrize(
    ("baseline", "told"),
    [
        ("The rule loses 93 ₽ a renewal.", "passed"),
        ("Сейчас: −93,4 ₽ на продление.", "passed"),
        ("The incumbent earns +93 ₽ a renewal.", "baseline_differs"),
        ("The incumbent earns 93 ₽ a renewal.", "baseline_differs"),
        ("The incumbent earns 93 ₽ less than nothing.", "passed"),
        ("Правило приносит 93 ₽ убытка.", "passed"),
        ("The incumbent: −115 ₽ a renewal.", "baseline_differs"),
        ("The incumbent writes to everybody who is silent.", "baseline_without_number"),
        ("Everything is described elsewhere.", "baseline_missing"),
    ],
)
def test_the_baselines_number_is_the_quests(project: Work, baseline: str, told: str) -> None:
    work = project(DESIGN=f"## Today\n{baseline}\n" if "else" not in baseline else baseline)
    assert reason(NAMED["design_baseline"], work) == told


def test_the_message_tells_the_learners_number_and_not_ours(project: Work) -> None:
    work = project(DESIGN="## Baseline\nIt earns 115 ₽ a renewal.\n")
    assert verdict(NAMED["design_baseline"], work)[1] == {"path": "DESIGN.md", "stated": 115.0}


def test_a_document_that_contradicts_the_registration_is_told_both_numbers(project: Work) -> None:
    text = TERSE_EN.replace("9 050 per arm", "4 000 per arm")
    told, facts, _ = verdict(NAMED["design_numbers"], project(DESIGN=text, decision=DECISION))
    assert told == "own_differs"
    assert (facts["key"], facts["stated"], facts["registered"]) == (
        "experiment.n_per_arm",
        4000.0,
        9050.0,
    )
    for other in (
        TERSE_EN.replace("14 days, 9", "it lasts 10 days, 9"),
        TERSE_RU.replace("9 050", "900"),
        TERSE_EN + "\nThe smallest effect that we want to see is 40 ₽.\n",
    ):
        assert reason(NAMED["design_numbers"], project(DESIGN=other, decision=DECISION)) == (
            "own_differs"
        )


def test_two_weeks_are_fourteen_days_and_a_share_may_be_said_in_per_cent(project: Work) -> None:
    said = TERSE_EN.replace("50/50, 14 days,", "50/50. It lasts two weeks,")
    assert reason(NAMED["design_numbers"], project(DESIGN=said, decision=DECISION)) == "passed"
    wrong = TERSE_EN.replace("contacts is 15 %", "contacts is 20 %")
    told, facts, _ = verdict(NAMED["design_numbers"], project(DESIGN=wrong))
    assert (told, facts["stated"]) == ("fact_differs", 20.0)


def test_a_risk_needs_an_owner_and_an_answer(project: Work) -> None:
    check = NAMED["design_risks"]
    bare = "## Risks\n- The events come late\n- Prices rise in June\n"
    assert reason(check, project(DESIGN=bare)) == "risks_without_owner"
    owned = "## Risks\n- The events come late (Dina)\n- Prices rise in June (Lev)\n"
    assert reason(check, project(DESIGN=owned)) == "risks_without_action"
    nested = (
        "## Risks\n- The events come late\n  - owner: Dina\n  - we cap at 72 h\n"
        "- Prices rise in June\n  - owner: Lev\n  - alert on the weekly gap\n"
    )
    assert reason(check, project(DESIGN=nested)) == "passed"
    assert reason(check, project(DESIGN="## Risks\n- One (Lev): we stop\n")) == "risks_few"


def test_metrics_need_a_bridge(project: Work) -> None:
    check = NAMED["design_metrics"]
    two = "## Metrics\n- Online: roubles per renewal\n- Offline: AUC\n"
    assert reason(check, project(DESIGN=two)) == "link_missing"
    linked = (
        two + "\nA higher AUC moves roubles: the list starts with those whom a letter keeps.\n"
    )
    assert reason(check, project(DESIGN=linked)) == "passed"
    assert reason(check, project(DESIGN="## Metrics\nAUC of 0.7\n")) == "online_metric_missing"


def test_data_need_names_and_limits(project: Work) -> None:
    check = NAMED["design_data"]
    assert reason(check, project(DESIGN="## Data\nusers, events.\n")) == "data_limits_missing"
    said = "## Data\nusers, events. Rows arrive late.\n"
    assert reason(check, project(DESIGN=said)) == "passed"
    code = "## Data\n```sql\nselect * from users, events -- late\n```\nSee above.\n"
    assert reason(check, project(DESIGN=code)) == "tables_missing"


HOSTILE = [
    ">" * 60_000,
    "- " * 30_000,
    "|a" * 15_000 + "\n" + "|-" * 15_000 + "\n",
    "[" * 60_000,
    "*a " * 20_000,
    "# Why\n" * 9_000,
    "\u202e\u200b" * 20_000,
    "9" * 100_000,
    "9,999" * 20_000,
    "1 000 " * 20_000,
    "between " * 12_000,
    "# Why\n" + "a. " * 30_000,
    "`" * 60_000,
    "\n\n".join(["\ufdfa" * 2_000] * 20),
    "# Why\n" + "the risk is that " * 7_000,
    "",
]


@pytest.mark.parametrize("text", HOSTILE, ids=map(str, range(len(HOSTILE))))
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_any_text_gets_a_verdict_of_the_learners(project: Work, text: str) -> None:
    work = project(DESIGN=text, decision=DECISION)
    for check in CHECKS:
        assert reason(check, work)  # every reason has its message, and nothing else is raised


def test_a_document_that_is_missing_or_endless_is_the_learners_failure(project: Work) -> None:
    check: Check = NAMED["design_document"]
    assert reason(check, project()) == "file_missing"
    assert reason(check, project(DESIGN="word " * 40_000)) == "document_too_long"
    work = project()
    work.files = {"DESIGN.md": b"\xff\xfe"}
    assert reason(check, work) == "file_not_text"
