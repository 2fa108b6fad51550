"""What a learner reads, and what an author may write for them."""

import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from graders.faults import QuestError
from graders.forms import LANGUAGES
from graders.loading import load_quest
from graders.messages import Reason, library_texts, load_catalogue, render, sentence
from graders.quest import Quest
from graders.results import CheckResult, Group, Kind, Outcome, Param, Phase, Severity
from graders.texts import NBSP, count_words
from sandbox.interface import Stopped
from tests.graders.small_quest import MESSAGES, write_quest

DIFFERS = CheckResult(
    check="is_right",
    group=Group.METRICS,
    phase=Phase.PUBLIC,
    kind=Kind.EXACT,
    severity=Severity.MAJOR,
    outcome=Outcome.FAILED,
    points=0,
    max_points=30,
    reason="differs",
    params={"found": 1234},
)


def test_a_failure_is_told_in_four_parts(quest: Quest) -> None:
    message = render(quest, quest.stages[0], DIFFERS, "en")
    assert message.title == "It adds"
    assert message.what == "`add(2, 3)` returned 1,234."
    assert message.why == "Sums go to the invoice."
    assert message.reproduce == 'python -c "from app.model import add; print(add(2, 3))"'
    assert (message.learn, message.lesson, message.minutes) == ("Add", "adding", 3)


def test_the_same_failure_in_russian_has_russian_numbers(quest: Quest) -> None:
    message = render(quest, quest.stages[0], DIFFERS, "ru")
    assert message.what == f"`add(2, 3)` вернула 1{NBSP}234."


def test_a_pass_has_the_authors_sentence_or_a_common_one(quest: Quest) -> None:
    passed = replace(DIFFERS, outcome=Outcome.PASSED, reason=None, params={})
    assert render(quest, quest.stages[0], passed, "en").sentence == "Two and three make five."
    other = replace(passed, check="is_there")
    assert render(quest, quest.stages[0], other, "en").sentence == "Passed."


def test_a_skipped_check_names_what_it_waits_for(quest: Quest) -> None:
    waiting = replace(DIFFERS, outcome=Outcome.SKIPPED, reason=None, waits_for="is_there")
    line = render(quest, quest.stages[0], waiting, "ru").sentence
    assert line == f"Ждёт проверку «Файл на{NBSP}месте»."


def test_how_code_ended_is_told_by_the_common_messages(quest: Quest) -> None:
    stopped = replace(
        DIFFERS,
        outcome=Outcome.TIMEOUT,
        reason="wall_seconds",
        params={"target": "app.model:add", "limit": 60.0},
    )
    message = render(quest, quest.stages[0], stopped, "en")
    assert message.what == f"`app.model:add` was stopped after 60{NBSP}s: the limit of this step."


def test_a_refusal_is_one_sentence_that_says_nothing_is_charged() -> None:
    text = sentence("syntax_error", "en", {"path": "app/model.py", "line": 31})
    assert text == (
        "`app/model.py` does not parse: look at line 31."
        " No checks were run and no attempt was used."
    )


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ('ru: "`add(2, 3)` вернула {found}."', 'ru: ""', "Q104"),
        ("returned {found}.", "returned {fond}.", "M112"),
        ("Sums go to the invoice.", "You forgot the invoice.", "M114"),
        ("Суммы попадают в счёт.", "Суммы попадают в 'счёт'!", "M114"),
        ("found: int", "found: number", "M111"),
        ("Sums go to the invoice.", "word " * 91, "M113"),
        ("learn: {title:", "learnt: {title:", "Q102"),
        ("minutes: 3", "minutes: soon", "Q106"),
        ("{en: Add, ru: Сложить}", "{en: Add, or sum, ru: Сложить}", "Q107"),
    ],
)
def test_a_message_that_breaks_a_rule_is_refused_at_its_line(
    tmp_path: Path, before: str, after: str, code: str
) -> None:
    assert before in MESSAGES
    quest = load_quest(write_quest(tmp_path, messages=MESSAGES.replace(before, after)))
    with pytest.raises(QuestError) as refusal:
        load_catalogue(quest, quest.stages[0])
    fault = refusal.value.faults[0]
    assert fault.code == code
    assert fault.path.name == "messages.yaml"
    assert fault.line >= 8


def test_quotation_marks_in_russian_are_fir_trees(tmp_path: Path) -> None:
    messages = MESSAGES.replace('ru: "Суммы попадают в счёт."', "ru: 'Суммы в \"счёт\".'")
    quest = load_quest(write_quest(tmp_path, messages=messages))
    with pytest.raises(QuestError, match="ёлочки"):
        load_catalogue(quest, quest.stages[0])


def every_common_reason() -> list[tuple[str, Reason]]:
    texts = library_texts()
    own = [
        (f"{c}.{r}", reason) for c, t in texts.checks.items() for r, reason in t.reasons.items()
    ]
    return [*texts.reasons.items(), *own]


@pytest.mark.parametrize(("name", "reason"), every_common_reason())
def test_every_common_reason_says_why_it_matters(name: str, reason: Reason) -> None:
    refusals = {"syntax_error", "two_statements", "no_statement", "not_text"}
    assert reason.why is not None or name in refusals
    for language in LANGUAGES:
        assert count_words(reason.what[language]) >= 4


ENDINGS = (
    "raised",
    "not_found",
    "query_failed",
    "crashed",
    "rejected",
    "command_failed",
    "file_missing",
    "file_not_text",
    "artifact_unreadable",
    *Stopped,
)


@pytest.mark.parametrize("name", ENDINGS)
def test_every_ending_of_code_says_how_to_see_it_again(name: str, quest: Quest) -> None:
    params: dict[str, Param] = {
        "target": "app.model:add",
        "path": "app/model.py",
        "command": "app.train",
        "error": "KeyError",
        "ending": "SIGSEGV",
        "rule": "not-plain",
        "exit_code": 3,
        "limit": 30,
    }
    ended = replace(DIFFERS, outcome=Outcome.ERROR, reason=name, params=params)
    said = {lang: render(quest, quest.stages[0], ended, lang) for lang in LANGUAGES}
    for message in said.values():
        assert message.reproduce
        assert "{" not in message.reproduce
    same = said["en"].reproduce == said["ru"].reproduce
    assert said["en"].is_command is said["ru"].is_command is same


def test_the_command_that_looks_for_a_name_finds_what_is_there(quest: Quest) -> None:
    target = "graders.messages:render"
    reason = library_texts().reasons["not_found"]
    assert isinstance(reason.reproduce, str)
    words = shlex.split(reason.reproduce.replace("{target}", target))
    found = subprocess.run(
        [sys.executable, *words[1:]], capture_output=True, text=True, check=True
    )
    assert found.stdout.startswith("<function render")
    absent = [sys.executable, *words[1:-1], words[-1].replace("render", "remder")]
    gone = subprocess.run(absent, capture_output=True, text=True, check=False)
    assert "AttributeError" in gone.stderr


def test_where_no_command_does_it_an_author_writes_a_sentence(tmp_path: Path) -> None:
    command = 'python -c "from app.model import add; print(add(2, 3))"'
    assert command in MESSAGES
    sentence_ = '{en: "Add {found} by hand.", ru: "Сложите {found} вручную."}'
    messages = MESSAGES.replace(command, sentence_)
    quest = load_quest(write_quest(tmp_path, messages=messages))
    message = render(quest, quest.stages[0], DIFFERS, "en")
    assert (message.reproduce, message.is_command) == (f"Add 1,234{NBSP}by hand.", False)
    wrong = MESSAGES.replace(command, sentence_.replace("вручную.", "просто."))
    broken = load_quest(write_quest(tmp_path / "broken", messages=wrong))
    with pytest.raises(QuestError, match="M114"):
        load_catalogue(broken, broken.stages[0])


def test_every_outcome_has_a_line_in_every_language() -> None:
    sentences = library_texts().sentences
    assert set(sentences) == {outcome.value for outcome in Outcome}
