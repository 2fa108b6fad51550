"""The health page: green when attempts are graded; red, with what to do, when they wait."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from sandbox.interface import SandboxError
from simulator.attempts import health, runner_state
from simulator.attempts.models import Grading
from simulator.attempts.runner_state import RunnerState, Template

pytestmark = pytest.mark.django_db

SAID: dict[str, Any] = {
    "ok": True,
    "why": "every wall is in its place",
    "shell": "docker",
    "rooms_kind": "nested",
    "rooms_why": "rooms nest in the shell's container",
    "memory": "control group",
    "development_only": False,
    "rooms": 3,
    "tested": "2023-11-14T22:13:20+00:00",
    "next_test": "2023-11-14T22:18:20+00:00",
    "timings": {"ready_ms": 11.4},
    "shells": {"python-ml": {"age_seconds": 7320.0, "opened": 41}},
}


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A runner that says this; a test may have it say something else."""
    told = dict(SAID)

    class Runner:
        def __init__(self, _: object) -> None: ...

        def health(self) -> dict[str, Any]:
            if "down" in told:
                raise SandboxError(told["down"])
            return told

    monkeypatch.setattr(runner_state, "RunnerSandbox", Runner)
    monkeypatch.setattr(health, "_worker", lambda: "ok")
    return told


def look(client: Client, language: str = "en") -> tuple[int, str]:
    headers = {"Accept": "text/html", "Accept-Language": language}
    answer = client.get("/health/", headers=headers)
    return answer.status_code, answer.content.decode()


def test_all_is_well(said: dict[str, Any]) -> None:
    status, page = look(Client())
    assert status == 200
    for words in (
        "Attempts are graded",
        "rooms inside a shared shell",
        "rooms nest in the shell&#x27;s container",
        "every wall is in its place",
        "22:13:20 UTC",
        "22:18:20 UTC",
        "2\N{NO-BREAK SPACE}h 2\N{NO-BREAK SPACE}min",
        "the kernel, in a control group a room",
        "may count",
    ):
        assert words in page
    assert 'data-status="failed"' not in page
    assert "evelopment only" not in page


def test_rooms_that_are_refused_are_red_and_say_what_to_do(said: dict[str, Any]) -> None:
    said |= {"ok": False, "why": "the self-test failed: seccomp should be 2, is 0"}
    status, page = look(Client())
    assert status == 503
    assert "Attempts wait" in page
    assert "seccomp should be 2, is 0" in page
    assert "docs/sandbox.md" in page
    assert 'role="alert"' in page


def test_a_runner_that_is_not_there_is_red_and_says_how_to_start_it(said: dict[str, Any]) -> None:
    said["down"] = "the runner does not answer"
    status, page = look(Client(), "ru")
    assert status == 503
    assert "Попытки ждут" in page
    assert "<code>python -m sandbox.runner</code>" in page
    assert "Пока их служба не отвечает" in page


def test_a_machine_without_control_groups_is_marked(said: dict[str, Any]) -> None:
    said |= {"development_only": True, "memory": "20 ms watch"}
    status, page = look(Client())
    assert status == 200
    assert 'data-ground="development"' in page
    assert "not for grades that count" in page
    assert "a watch that looks every 20 ms" in page


def test_the_queue_is_counted(said: dict[str, Any], queued: Grading) -> None:
    state = Client().get("/health/").json()
    assert (state["queue"]["waiting"], state["queue"]["running"]) == (1, 0)
    assert state["queue"]["oldest"] is not None
    assert "The first waits since" in look(Client())[1]


def test_who_does_not_ask_for_a_page_gets_the_same_as_json(said: dict[str, Any]) -> None:
    answer = Client().get("/health/", headers={"Accept": "*/*"})
    state = answer.json()
    assert state["ok"] is True
    assert state["runner"] == "ok"
    assert state["rooms"]["rooms_kind"] == "nested"
    assert "Accept" in answer["Vary"]


def test_a_runner_of_another_version_is_read_as_far_as_it_goes(said: dict[str, Any]) -> None:
    said.clear()
    said |= {"ok": True, "shells": ["odd"], "rooms": "many", "tested": "soon", "next_test": 5}
    assert runner_state.read() == RunnerState(answers=True, ok=True)
    assert look(Client())[0] == 200


def test_what_the_runner_says_is_read_whole(said: dict[str, Any]) -> None:
    state = runner_state.read()
    assert state.tested_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert state.templates == (Template(runtime="python-ml", age_seconds=7320.0, opened=41),)
    assert (state.rooms, state.ready_ms) == (3, 11.4)


def test_the_runner_is_not_asked_for_every_page(
    said: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def read() -> RunnerState:
        asked.append(1)
        return RunnerState(answers=True, development_only=True)

    monkeypatch.setattr(runner_state, "_known", {})
    monkeypatch.setattr(runner_state, "read", read)
    assert runner_state.development_only()
    assert runner_state.development_only()
    assert len(asked) == 1
