"""The reference of the check libraries is current, and no public name is without a word."""

import inspect
from types import ModuleType

import pytest

from graders.checking import Check
from graders.reference import PAGE, entries, libraries, page

LIBRARIES = libraries()


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make docs"


@pytest.mark.parametrize("module", LIBRARIES, ids=lambda module: module.__name__)
def test_every_public_name_of_a_library_has_a_docstring(module: ModuleType) -> None:
    assert inspect.getdoc(module)
    own = entries(module)
    assert own
    assert [entry.name for entry in own if not entry.doc and inspect.isfunction(entry.thing)] == []


def test_the_libraries_are_found_by_what_they_are() -> None:
    names = {module.__name__ for module in LIBRARIES}
    assert {"graders.production", "graders.own_tests", "graders.metrics", "graders.data"} <= names
    assert not names & {"graders.grading", "graders.loading", "graders.messages"}


def test_a_ready_check_is_told_with_its_reasons() -> None:
    text = page()
    assert "#### `lint(*, points, rules=" in text
    assert "| `findings` |" in text
    assert "#### `work.call(target, *args, data=None" in text


def test_what_makes_a_check_is_told_from_what_helps_one() -> None:
    for module in LIBRARIES:
        for entry in entries(module):
            if not inspect.isfunction(entry.thing):
                assert not entry.makes_a_check
                continue
            annotation = inspect.signature(entry.thing).return_annotation
            assert entry.makes_a_check == (annotation is Check)
