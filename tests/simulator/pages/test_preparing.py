"""A quest whose rooms are still to be built says so, to whoever has begun it."""

from typing import Any

import pytest
from django.test import Client

from sandbox.interface import SandboxError
from simulator.attempts import preparing
from simulator.catalog import quests
from simulator.catalog.models import Enrolment

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A runner that says this of a runtime, and remembers what it was asked for."""
    said: dict[str, Any] = {"asked": []}

    class Runner:
        def __init__(self, _: object) -> None: ...

        def prepare(self, runtime: str) -> dict[str, Any]:
            said["asked"].append(runtime)
            if "down" in said:
                raise SandboxError(said["down"])
            return said

    monkeypatch.setattr(preparing, "RunnerSandbox", Runner)
    return said


@pytest.fixture
def needs_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every quest has a stage whose runtime is another than the usual one."""
    found = quests.get_quest

    def changed(slug: str) -> object:
        quest = found(slug)
        stages = (*quest.stages[:-1], quest.stages[-1].model_copy(update={"runtime": "spark"}))
        return quest.model_copy(update={"stages": stages})

    monkeypatch.setattr(quests, "get_quest", changed)


def page(browser: Client, enrolment: Enrolment, language: str = "en") -> str:
    headers = {"Accept-Language": language}
    return browser.get(f"/quests/{enrolment.quest}/", headers=headers).content.decode()


@pytest.mark.usefixtures("needs_service")
def test_a_build_is_begun_and_told_of(
    browser: Client, enrolment: Enrolment, told: dict[str, Any]
) -> None:
    told |= {"ready": False, "step": "installing the locked packages", "seconds": 31}
    shown = page(browser, enrolment)
    assert "<code>spark</code>, installing the libraries (31 s so far)" in shown
    assert told["asked"] == ["spark"]
    assert "ставятся библиотеки (идёт 31 с)" in page(browser, enrolment, "ru")
    told |= {"failed": "no network at /some/path"}
    shown = page(browser, enrolment)
    assert "cannot be prepared here" in shown
    assert "/some/path" not in shown


@pytest.mark.usefixtures("needs_service")
def test_nothing_is_said_when_all_is_there_or_the_runner_is_down(
    browser: Client, enrolment: Enrolment, told: dict[str, Any]
) -> None:
    told["ready"] = True
    assert "once for everybody" not in page(browser, enrolment)
    told["down"] = "the runner does not answer"
    assert "once for everybody" not in page(browser, enrolment)


def test_a_usual_quest_asks_nobody(
    browser: Client, enrolment: Enrolment, told: dict[str, Any]
) -> None:
    page(browser, enrolment)
    assert told["asked"] == []
