"""A grading: phases in order, results as they are known, and whose fault what is."""

import logging
from pathlib import Path
from textwrap import dedent

import pytest

from graders.datasets import Datasets
from graders.grading import grade
from graders.intake import NotGradable
from graders.loading import load_quest
from graders.quest import Quest
from graders.results import (
    Blame,
    CheckResult,
    Event,
    Outcome,
    Phase,
    PhaseStarted,
    Readiness,
    Verdict,
)
from sandbox.interface import SandboxError
from tests.fakes import FakeSandbox
from tests.graders.conftest import Grade
from tests.graders.small_quest import CHECKS, HIDDEN_CHECKS, MESSAGES, write_quest

GOOD = {"app/model.py": "def add(a, b):\n    return a + b\n"}
OFF = {"app/model.py": "def add(a, b):\n    return a - b\n"}


def outcomes(events: list[Event]) -> dict[str, Outcome]:
    return {event.check: event.outcome for event in events if isinstance(event, CheckResult)}


def result(events: list[Event], check: str) -> CheckResult:
    return next(e for e in events if isinstance(e, CheckResult) and e.check == check)


def verdict(events: list[Event]) -> Verdict:
    last = events[-1]
    assert isinstance(last, Verdict)
    return last


def test_good_work_passes_with_all_points_phase_by_phase(graded: Grade) -> None:
    events = graded(GOOD)
    phases = [event.phase for event in events if isinstance(event, PhaseStarted)]
    assert phases == [Phase.PUBLIC, Phase.HIDDEN]
    assert set(outcomes(events).values()) == {Outcome.PASSED}
    assert verdict(events).score == 100
    assert verdict(events).readiness is Readiness.PRODUCTION
    assert verdict(events).blame is Blame.PASSED
    assert verdict(events).merit


def test_a_result_is_yielded_before_the_next_check_runs(quest: Quest, datasets: Datasets) -> None:
    sandbox = FakeSandbox()
    files = {path: body.encode() for path, body in GOOD.items()}
    events = grade(quest, quest.stages[0], files, sandbox=sandbox, datasets=datasets)
    seen = [next(events), next(events)]
    assert isinstance(seen[1], CheckResult)
    assert sandbox.opened == [None]  # the syntax check's room; no room of the project yet
    events.close()


def test_a_failure_carries_its_reason_its_numbers_and_its_place(graded: Grade) -> None:
    events = graded(OFF)
    found = result(events, "is_right")
    assert (found.outcome, found.reason, found.params) == (
        Outcome.FAILED,
        "differs",
        {"found": -1},
    )
    assert found.locations[0].path == "app/model.py"
    assert found.locations[0].line == 2


def test_a_failed_need_skips_what_waits_for_it(graded: Grade) -> None:
    events = graded(OFF)
    waiting = result(events, "holds_for_hidden")
    assert waiting.outcome is Outcome.SKIPPED
    assert waiting.waits_for == "is_right"
    assert verdict(events).score == 10


def test_a_missing_file_is_the_learners_failure(graded: Grade) -> None:
    events = graded({"README.md": "hello"})
    assert result(events, "is_there").reason == "file_missing"
    assert verdict(events).readiness is Readiness.NOT_READY
    assert verdict(events).blame is Blame.FAILED


def test_an_exception_of_the_learner_is_an_error_with_its_place(graded: Grade) -> None:
    events = graded({"app/model.py": "def add(a, b):\n    return a / 0\n"})
    found = result(events, "is_right")
    assert found.outcome is Outcome.ERROR
    assert found.params == {"error": "ZeroDivisionError", "target": "app.model:add"}
    assert [(place.path, place.line) for place in found.locations] == [("app/model.py", 2)]
    assert "division by zero" in found.output
    assert verdict(events).blame is Blame.LEARNER_ERROR


def test_a_hidden_phase_keeps_neither_text_nor_a_made_up_exception(graded: Grade) -> None:
    code = """\
    def add(a, b):
        if a == 2 and b == 3:
            return 5
        print("secret", a)
        raise type(f"Row_{a}_{b}", (Exception,), {})(f"hidden row {a}")
    """
    found = result(graded({"app/model.py": dedent(code)}), "holds_for_hidden")
    assert found.outcome is Outcome.ERROR
    assert found.params["error"] == "Exception"
    assert found.output == ""
    assert "hidden row" not in repr(found)


def test_an_authors_slip_is_never_the_learners_failure(
    graded: Grade, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        events = graded(GOOD, hidden=HIDDEN_CHECKS.replace("row.total", "row.nothing"))
    assert outcomes(events)["holds_for_hidden"] is Outcome.BROKEN
    assert "holds_for_hidden is broken" in caplog.text
    assert verdict(events).score == 100
    assert verdict(events).blame is Blame.QUEST_ERROR


def test_a_parameter_that_does_not_fit_breaks_the_check_and_not_the_grading(
    graded: Grade,
) -> None:
    events = graded({"app/model.py": "def add(a, b):\n    return 4.5\n"})
    assert outcomes(events)["is_right"] is Outcome.BROKEN
    assert verdict(events).blame is Blame.QUEST_ERROR


def test_breaking_a_major_check_does_not_pass_the_stage(graded: Grade) -> None:
    events = graded(GOOD, hidden=HIDDEN_CHECKS.replace("row.total", "row.nothing"))
    assert not verdict(events).passed
    assert verdict(events).readiness is Readiness.PILOT


def test_a_share_that_is_not_a_number_is_the_authors_slip(graded: Grade) -> None:
    events = graded(GOOD, hidden=HIDDEN_CHECKS.replace("sum(good) / len(good)", 'float("nan")'))
    assert outcomes(events)["holds_for_hidden"] is Outcome.BROKEN


def test_half_the_rows_right_is_half_the_points(graded: Grade) -> None:
    files = {"app/model.py": "def add(a, b):\n    return 5 if a == 2 and b == 3 else 4\n"}
    events = graded(files)
    assert outcomes(events)["holds_for_hidden"] is Outcome.PARTIAL
    assert result(events, "holds_for_hidden").points == 30
    assert verdict(events).score == 70


def test_a_bare_share_has_the_message_that_waits_for_it(graded: Grade) -> None:
    files = {"app/model.py": "def add(a, b):\n    return 5 if a == 2 and b == 3 else 4\n"}
    said = 'what: {en: "{points} of {max_points}.", ru: "{points} из {max_points}."}'
    waiting = f"    partial:\n      params: {{points: float, max_points: float}}\n      {said}\n"
    events = graded(files, messages=MESSAGES + waiting)
    found = result(events, "holds_for_hidden")
    assert (found.reason, found.params) == ("partial", {"points": 30, "max_points": 60})


def test_a_fallen_sandbox_is_nobodys_failure(graded: Grade) -> None:
    with pytest.raises(SandboxError):
        graded(GOOD, sandbox=FakeSandbox(broken_at=1))


def test_every_room_is_closed_when_a_grading_is_given_up(quest: Quest, datasets: Datasets) -> None:
    sandbox = FakeSandbox()
    files = {path: body.encode() for path, body in GOOD.items()}
    events = grade(quest, quest.stages[0], files, sandbox=sandbox, datasets=datasets)
    for event in events:
        if isinstance(event, CheckResult) and event.check == "is_right":
            break
    events.close()
    assert len(sandbox.rooms) == 2
    assert all(room.closed for room in sandbox.rooms)


def test_each_phase_and_dataset_has_a_room_of_its_own(quest: Quest, datasets: Datasets) -> None:
    sandbox = FakeSandbox()
    files = {path: body.encode() for path, body in GOOD.items()}
    list(grade(quest, quest.stages[0], files, sandbox=sandbox, datasets=datasets))
    assert sandbox.opened == [None, "small-public", "small-later"]


def test_a_work_that_does_not_parse_is_not_graded(graded: Grade) -> None:
    with pytest.raises(NotGradable) as refusal:
        graded({"app/model.py": "def add(a, b:\n    return a\n"})
    assert refusal.value.problem.code == "syntax_error"
    assert "app/model.py" in refusal.value.problem.sentence("ru")


def test_a_need_in_the_same_file_runs_first_whatever_the_order(tmp_path: Path) -> None:
    checks = CHECKS + "\n\nlast_first = is_there\n"
    quest = load_quest(write_quest(tmp_path, checks=checks))
    assert quest.slug == "small"


def test_a_learner_can_be_praised(graded: Grade) -> None:
    checks = (
        CHECKS.replace("check, fail", "check, fail, praise")
        .replace("    return None\n", '    return praise("neat", tries=1)\n')
        .replace("float | None", "object")
    )
    messages = MESSAGES.replace(
        "    differs:",
        "    neat:\n      params: {tries: int}\n"
        '      what: {en: "Right at try {tries}.", ru: "Верно с попытки {tries}."}\n'
        "    differs:",
    )
    found = result(graded(GOOD, checks=checks, messages=messages), "is_right")
    assert (found.outcome, found.reason, found.points) == (Outcome.PASSED, "neat", 30)
