"""The libraries called in a line each, as a quest's stage would, graded from end to end."""

import pytest

from graders.loading import inspect, load_quest
from graders.messages import render
from graders.results import CheckResult, Outcome, Verdict
from tests.graders.conftest import Grade
from tests.graders.documents.texts import DECISION, NOTE_EN, TERSE_EN
from tests.graders.small_quest import QUEST_YAML, write_quest

CHECKS = '''\
"""What a first stage asks for."""

from graders import decision, documents, experiment, plan

written = documents.structure(points=5)
goal = documents.goal(points=8)
metrics = documents.metrics(points=5)
data = documents.data(points=5, tables=["users", "events"])
baseline = documents.baseline(points=5, truth=-93.4)
trial = documents.experiment(points=5)
risks = documents.risks(points=5)
scope = documents.scope(points=2)
agrees = documents.design_numbers(
    points=5, facts=[documents.Fact(name="limit", near=("limit of contacts",), truth=0.15)]
)
first = documents.leads(points=5)
plain = documents.plain(points=5)
sure = documents.interval(points=5)
whole = documents.complete(points=5)
aloud = documents.readable()
measured = documents.note_numbers(
    points=5, facts=[documents.Fact(name="effect", near=("earns",), truth=147.3)]
)
registered = decision.valid(points=5, sections=("why", "what", "how", "estimates"))
enough = decision.sample_size(points=5, sd=2400.0)
weeks = decision.whole_weeks(points=2)
promise = decision.projection(points=5, truth=12_600_000)
left_alone = decision.no_go(
    points=5, segments=[decision.Segment(column="lessons_84d", op="<=", low=0, high=4)]
)
follows = decision.follows(
    points=5, evidence=lambda work: decision.Evidence(low=-1, high=1)
)
estimated = plan.estimated(points=5)
fits = plan.fits(points=5, capacity_days=8)
ordered = plan.ordered(points=3)
'''
TEXTS = "{}\n"
FILES = {
    "DESIGN.md": TERSE_EN,
    "PITCH.md": NOTE_EN,
    "decision.yaml": DECISION.replace("churn\n", "small\n", 1)
    .replace("before_ab: go,", "before_ab: go, after_ab: hold,")
    .replace("[lumen.users, events, campaigns]", "[users]"),
}
TABLES = (
    "tables: {users: {meaning: {en: u, ru: u}, order_by: [id], columns: {id: {type: UInt8,"
    " meaning: {en: i, ru: i}}}}}"
)


@pytest.fixture
def quest_yaml() -> str:
    head, _, _ = QUEST_YAML.partition("gates:")
    return head.replace("tables: {}", TABLES)


def graded_files(graded: Grade, quest_yaml: str, **files: str) -> list[CheckResult]:
    named = {path.partition(".")[0]: path for path in FILES}
    changed = {named[name]: text for name, text in files.items()}
    events = graded(
        {**FILES, **changed}, quest=quest_yaml, checks=CHECKS, hidden="", messages=TEXTS
    )
    assert isinstance(events[-1], Verdict)
    return list(events[-1].results)


def test_a_stage_of_these_lines_loads_and_good_work_passes(
    graded: Grade, quest_yaml: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = write_quest(
        tmp_path_factory.mktemp("q"), quest=quest_yaml, checks=CHECKS, hidden="", messages=TEXTS
    )
    assert inspect(folder) == []
    results = graded_files(graded, quest_yaml)
    assert {r.check: (r.outcome, r.reason) for r in results if r.outcome != "passed"} == {}
    assert len(results) == 24


def test_no_work_at_all_is_the_learners_failure_in_every_check(
    graded: Grade, quest_yaml: str
) -> None:
    results = graded_files(graded, quest_yaml, DESIGN="", PITCH="", decision="")
    outcomes = {r.outcome for r in results if r.check != "note_readable"}
    assert outcomes == {Outcome.FAILED, Outcome.SKIPPED}


def test_a_message_of_it_reads_in_both_languages(
    graded: Grade, quest_yaml: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = write_quest(
        tmp_path_factory.mktemp("q"), quest=quest_yaml, checks=CHECKS, hidden="", messages=TEXTS
    )
    quest = load_quest(folder)
    results = graded_files(
        graded, quest_yaml, decision=FILES["decision.yaml"].replace("  model:", "  modle:")
    )
    result = next(r for r in results if r.check == "decision_valid")
    en, ru = (render(quest, quest.stages[0], result, language) for language in ("en", "ru"))
    assert "`how.modle`" in en.what
    assert "the nearest is `model`" in en.what
    assert "ближайший — `model`" in ru.what.replace("\u00a0", " ")
    assert result.locations[0].path == "decision.yaml"
