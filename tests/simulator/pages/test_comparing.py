"""Two attempts side by side: checks, code, numbers with what is noise."""

import pytest
from django.test import Client

from graders.results import Outcome
from simulator.attempts.models import Attempt
from simulator.progress.comparing import Number, compare
from simulator.progress.models import Note
from tests.simulator.judges import result, saying, wrong_sum
from tests.simulator.pages.conftest import Grade

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(graded: Grade) -> tuple[Attempt, Attempt]:
    """The sum is mended, the tests are lost."""
    first = graded(saying(result("is_there"), wrong_sum(), result("pays"), result("is_tested")))
    lost = result("is_tested", Outcome.FAILED)
    better = {"app/model.py": b"def add(a, b):\n    return a + b\n", "notes.md": b"why"}
    second = graded(
        saying(result("is_there"), result("is_right"), result("pays"), lost), files=better
    )
    return first, second


def test_every_check_has_become_something(two: tuple[Attempt, Attempt]) -> None:
    found = compare(*two, "en")
    assert found is not None
    became = [(change.finding.result.check, change.became) for change in found.checks]
    assert became[:2] == [("is_tested", "broke"), ("is_right", "fixed")]
    assert {name for name, word in became if word == "passes"} == {"is_there", "pays"}


def test_the_code_is_compared_file_by_file(two: tuple[Attempt, Attempt]) -> None:
    found = compare(*two, "en")
    assert found is not None
    kinds = {file.path: file.kind for file in found.files}
    assert kinds["app/model.py"] == "changed"
    assert kinds["notes.md"] == "added"
    assert kinds["sql/features.sql"] == "deleted"
    changed = next(file for file in found.files if file.path == "app/model.py")
    assert [line.text for line in changed.lines if line.mark == "ins"] == ["    return a + b"]


def test_a_difference_within_its_noise_is_none() -> None:
    assert not Number(name="effect", before=10.0, after=11.0, noise=2.0).beyond
    assert Number(name="effect", before=10.0, after=13.0, noise=2.0).beyond
    assert not Number(name="auc", before=0.7, after=0.7, in_steps=True).beyond
    assert Number(name="auc", before=None, after=0.7).delta is None


@pytest.mark.parametrize("tab", ["checks", "code", "numbers"])
def test_the_page_shows_each_part(
    two: tuple[Attempt, Attempt],
    browser: Client,
    tab: str,
) -> None:
    text = browser.get(f"/attempts/{two[1].public_id}/diff/?show={tab}").content.decode()
    wanted = {"checks": "broke", "code": "return a + b", "numbers": "Score"}
    assert wanted[tab] in text


def test_one_attempt_has_nothing_beside_it(graded: Grade, browser: Client) -> None:
    page = browser.get(f"/attempts/{graded().public_id}/diff/")
    assert "nothing to compare" in page.content.decode()


def test_a_note_is_kept_and_an_empty_one_is_none(
    two: tuple[Attempt, Attempt],
    browser: Client,
) -> None:
    address = f"/attempts/{two[1].public_id}/note"
    browser.post(address, {"text": " a plus b "})
    assert Note.objects.get().text == "a plus b"
    assert "a plus b" in browser.get("/work/").content.decode()
    browser.post(address, {"text": " "})
    assert not Note.objects.exists()
