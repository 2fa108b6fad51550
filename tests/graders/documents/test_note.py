"""The note to a stakeholder: the decision first, in plain words, with a range."""

import pytest

from graders import documents
from graders.documents import Fact
from graders.documents.jargon import TERMS
from graders.messages import library_texts
from tests.graders.documents.conftest import Work, reason, verdict
from tests.graders.documents.texts import NOTE_EN, NOTE_RU
from tests.graders.documents.ugly import NOTES

EFFECT = Fact(name="effect", near=("earns", "на продление"), truth=147.3)
CHECKS = [
    documents.leads(points=1),
    documents.plain(points=1),
    documents.interval(points=1),
    documents.complete(points=1, parts=("risk", "ask", "change", "input", "output")),
    documents.readable(),
    documents.note_numbers(points=1, facts=[EFFECT]),
]
NAMED = {check.name: check for check in CHECKS}


@pytest.mark.parametrize("text", [NOTE_EN, NOTE_RU], ids=["en", "ru"])
def test_a_good_note_passes_every_check(project: Work, text: str) -> None:
    work = project(PITCH=text)
    assert {check.name: reason(check, work) for check in CHECKS} == dict.fromkeys(NAMED, "passed")


@pytest.mark.parametrize("text", NOTES.values(), ids=NOTES)
def test_honest_but_ugly_notes_pass_as_they_are(project: Work, text: str) -> None:
    checks = [check for check in CHECKS if check.name not in ("note_numbers", "note_complete")]
    checks.append(documents.complete(points=1))
    work = project(PITCH=text)
    assert {c.name: reason(c, work) for c in checks if reason(c, work) != "passed"} == {}


def test_a_note_that_begins_with_the_method_lacks_its_lead(project: Work) -> None:
    method = (
        "# Results\n\nWe trained a model on the pilot. It has many inputs. We checked it on later"
        " months.\n\n"
    )
    told, _, share = verdict(NAMED["note_leads"], project(PITCH=method + NOTE_EN))
    assert (told, share) == ("lead_without_decision", 0.0)
    bare = "Let us switch the old rule off. It is better so. Really.\n"
    assert reason(NAMED["note_leads"], project(PITCH=bare)) == "lead_without_number"
    assert reason(NAMED["note_leads"], project(PITCH="147 ₽.\n")) == "lead_without_decision"


@pytest.mark.parametrize(
    ("sentence", "term", "instead"),
    [
        ("The AUC is 0.74.", "AUC", "how well the list is ordered"),
        ("The gain was measured with CUPED.", "CUPED", "a more exact way to compare"),
        ("Наш бустинг находит таких людей.", "boosting", "модель по прошлым случаям"),
        ("Фичи берём из событий.", "features", "что мы знаем о клиенте"),
        ("Эластичность зоны выше.", "elasticity", "сколько людей уйдёт при росте цены"),
    ],
)
def test_a_term_of_the_trade_is_named_with_plain_words(
    project: Work, sentence: str, term: str, instead: str
) -> None:
    note = NOTE_RU if any("а" <= c <= "я" for c in sentence) else NOTE_EN
    told, facts, _ = verdict(NAMED["note_plain"], project(PITCH=f"{note}\n{sentence}\n"))
    assert (told, facts["term"], facts["instead"]) == ("jargon", term, instead)


@pytest.mark.parametrize(
    "sentence",
    [
        "The AUC (how often the right one of two comes first) is 0.74.",
        "Аплифт (насколько письмо меняет человека) считаем на пилоте.",
        "The list names whom a letter keeps.",
        "Процент клиентов, которые остались, вырос.",
        "A rocket launch; a recalled product; the precise list.",
        "The power of habit, and a signature by Friday.",
        "They ate at noon; boosted sales; a sales pipeline; no blocker; an uplift of sales.",
        "AUC, that is how often the right one of two comes first, is 0.74.",
    ],
)
def test_an_explained_term_or_an_everyday_word_is_fine(project: Work, sentence: str) -> None:
    for note in (NOTE_EN, NOTE_RU):
        assert reason(NAMED["note_plain"], project(PITCH=f"{note}\n{sentence}\n")) == "passed"


@pytest.mark.parametrize(
    "sentence", ["p = 0.03, so it works.", "The p-value is small.", "p-значение меньше 0,05."]
)
def test_a_p_value_is_not_for_a_stakeholder(project: Work, sentence: str) -> None:
    assert reason(NAMED["note_plain"], project(PITCH=f"{NOTE_EN}\n{sentence}\n")) == "p_value"


def test_a_term_split_by_invisible_characters_is_still_read(project: Work) -> None:
    sneaky = NOTE_EN + "\nThe ап\u200bлифт and the **A**UC grow.\n"
    told, facts, _ = verdict(NAMED["note_plain"], project(PITCH=sneaky))
    assert (told, facts["found"]) == ("jargon", 2)


def test_terms_that_this_stakeholder_uses_can_be_allowed(project: Work) -> None:
    lenient = documents.plain(points=1, allowed=["uplift"], fields=["effects"])
    said = project(PITCH="Аплифт is 3 %, the AUC is 0.7.\n")
    assert reason(lenient, said) == "passed"
    with pytest.raises(ValueError, match="no term or field"):
        documents.plain(points=1, allowed=["uplfit"])


def test_a_number_without_a_range_is_a_promise(project: Work) -> None:
    check = NAMED["note_interval"]
    assert reason(check, project(PITCH="It earns 147 ₽.\n")) == "interval_missing"
    assert reason(check, project(PITCH="From Monday on we go to 15 %.\n")) == "interval_missing"
    assert reason(check, project(PITCH="Скорее всего, от 124 до 171 ₽.\n")) == "passed"
    assert reason(check, project(PITCH="147 ₽, give or take 24 ₽.\n")) == "passed"


def test_a_page_is_a_page_and_has_its_parts(project: Work) -> None:
    check = NAMED["note_complete"]
    long_ = "We go on and on about it. " * 70
    assert reason(check, project(PITCH=NOTE_EN + long_)) == "note_too_long"
    short = "Ship the list: 147 ₽.\n"
    told, _, share = verdict(check, project(PITCH=short))
    assert (told, share < 0.5) == ("note_without_risk", True)
    with pytest.raises(ValueError, match="parts of a note"):
        documents.complete(points=1, parts=["jokes"])


def test_long_sentences_are_a_remark(project: Work) -> None:
    long_ = "We " + "really " * 40 + "think so.\n"
    told, facts, _ = verdict(NAMED["note_readable"], project(PITCH=NOTE_EN + long_))
    assert (told, facts["found"]) == ("long_sentences", 1)
    assert (NAMED["note_readable"].points, NAMED["note_readable"].severity) == (0, "note")


def test_the_notes_number_is_what_was_measured(project: Work) -> None:
    check = NAMED["note_numbers"]
    told, facts, _ = verdict(check, project(PITCH="The list earns 300 ₽ a renewal.\n"))
    assert (told, facts["stated"]) == ("fact_differs", 300.0)
    assert reason(check, project(PITCH="Good things happen.\n")) == "fact_missing"


def test_every_term_has_the_words_of_its_message() -> None:
    types = library_texts().checks["note_plain"].reasons["jargon"].types
    assert set(types["term"].words) == {term.name for term in TERMS}
    assert set(types["instead"].words) == {word for term in TERMS for word in (term.en, term.ru)}
