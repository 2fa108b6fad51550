"""The page after a rollout: money with its interval, what if, a decision said once."""

from dataclasses import replace

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from graders.quest import Text
from graders.readouts import GuardrailLine, Readout
from graders.results import Outcome
from graders.rollout import readout
from simulator.attempts import charting, drawing, tasks
from simulator.attempts.models import Attempt
from simulator.attempts.reading import latest_grading
from simulator.progress import deciding
from simulator.progress.deciding import Choice, Scenario
from simulator.progress.models import Decision
from tests.graders.rollout.market import even, rollout
from tests.simulator.judges import result, saying
from tests.simulator.pages.conftest import Grade

pytestmark = pytest.mark.django_db

SAID = {"decision": "ship", "reason": "It earns 3 at the low end.", "risk": "complaints"}


@pytest.fixture(scope="module")
def shown() -> Readout:
    return readout(rollout(even), decision="", enough=0.2)


@pytest.fixture
def attempt(graded: Grade, shown: Readout) -> Attempt:
    return graded(saying(replace(result("is_right", Outcome.PASSED), readout=shown)))


@pytest.fixture(autouse=True)
def no_bell(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    asked: list[int] = []
    monkeypatch.setattr(charting, "ask_for", asked.append)
    return asked


def rail(held: str) -> GuardrailLine:
    words: Text = {"en": "contacts", "ru": "контакты"}
    return GuardrailLine(metric="c", words=words, op="<=", limit=0.1, value=0.2, held=held)


def with_interval(shown: Readout, low: float, high: float, *held: str) -> Readout:
    rails = tuple(rail(each) for each in held)
    middle = (low + high) / 2
    return replace(shown, low=low, high=high, effect=middle, month=middle * 1000, guardrails=rails)


@pytest.mark.parametrize(
    ("low", "high", "held", "follows"),
    [
        (1, 3, "kept", Choice.SHIP),
        (1, 3, "warned", Choice.SHIP),
        (1, 3, "breached", Choice.ITERATE),
        (-1, 3, "kept", Choice.ITERATE),
        (-3, -1, "kept", Choice.STOP),
    ],
)
def test_a_decision_is_judged_by_the_evidence(
    shown: Readout, low: float, high: float, held: str, follows: Choice
) -> None:
    assert deciding.evidence(with_interval(shown, low, high, held)) is follows


def test_a_scenario_moves_the_money_and_its_interval(shown: Readout) -> None:
    found = with_interval(shown, 1, 3)
    usual = deciding.usual(found)
    assert usual.traffic == 1000
    assert deciding.money(found, usual).middle == 2000
    dearer = deciding.money(found, Scenario(cost=1.5, traffic=2000, months=2))
    assert (dearer.low, dearer.middle, dearer.high) == (-2000, 2000, 6000)
    assert dearer.sign == "unclear"


@pytest.mark.parametrize("given", ["", "nan", "-5", "1e99", "many"])
def test_what_is_no_number_is_as_usual(shown: Readout, given: str) -> None:
    found = with_interval(shown, 1, 3)
    assert deciding.asked(found, {"traffic": given}) == deciding.usual(found)


def test_the_page_speaks_in_both_languages(browser: Client, attempt: Attempt) -> None:
    address = f"/attempts/{attempt.public_id}/business/"
    for language, word in (("en", "Can this experiment be trusted?"), ("ru", "Ваше решение")):
        page = browser.get(address, headers={"Accept-Language": language})
        assert word in page.content.decode()


def test_the_market_answers_after_the_decision_and_only_once(
    browser: Client, attempt: Attempt
) -> None:
    address = f"/attempts/{attempt.public_id}/business/"
    before = browser.get(address).content.decode()
    assert "In truth" not in before
    assert "Money by" not in before
    report = browser.get(f"/attempts/{attempt.public_id}/").content.decode()
    assert "See the money and decide" in report
    assert "The truth" not in before + report
    browser.post(f"{address}decide", {"decision": "ship", "reason": " "})
    assert not Decision.objects.exists()
    browser.post(f"{address}decide", SAID)
    browser.post(f"{address}decide", SAID | {"decision": "stop"})
    assert Decision.objects.get().choice == "ship"
    text = browser.get(address).content.decode()
    assert "In truth" in text
    assert SAID["reason"] in text
    assert "The truth" in text


def test_every_choice_has_its_answer(shown: Readout, attempt: Attempt) -> None:
    answers = set()
    for choice in Choice:
        for found in (with_interval(shown, 1, 3), with_interval(shown, 1, 3, "breached")):
            said = Decision(
                attempt=attempt, choice=choice, follows=choice is deciding.evidence(found)
            )
            answers.add(deciding.answer(said, found))
    assert len(answers) == 5


def test_the_worker_draws_what_the_page_then_shows(
    browser: Client, attempt: Attempt, shown: Readout, no_bell: list[int]
) -> None:
    address = f"/attempts/{attempt.public_id}/business/"
    browser.post(f"{address}decide", SAID)
    before = browser.get(address).content.decode()
    assert no_bell == [latest_grading(attempt).pk]
    assert 'class="vega"' not in before
    assert '<details class="fold" open>' in before  # the numbers are there at once
    tasks.draw(no_bell[0])
    after = browser.get(address).content.decode()
    assert after.count('class="vega"') == 2
    assert drawing.draw(shown) == 0  # what is drawn is not drawn again


def test_a_chart_is_labelled_and_fits_the_policy(shown: Readout, attempt: Attempt) -> None:
    drawing.draw(shown)
    for language in ("en", "ru"):
        svg = charting.chart(shown, language, "wide")
        assert svg is not None
        assert 'role="img" aria-label="' in svg
        assert "style=" not in svg
        assert "<script" not in svg
        for line in shown.lines:
            assert line.words[language] in svg
    assert default_storage.exists(charting.name_of(shown, "en", "narrow"))
