"""The SQL console: a question, an answer, and every way of not getting one."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.test import Client

from graders.datasets import Datasets
from sandbox.interface import Raised, Returned
from simulator.accounts.models import User
from simulator.accounts.pacing import Limit
from simulator.attempts import console
from simulator.catalog.models import Enrolment
from tests.fakes import FakeSandbox
from tests.simulator.pages.conftest import browser_of

pytestmark = pytest.mark.django_db

ASK = "/quests/toy/features/ask"
RUN = "simkit._judge:run_sql"
COST = "simkit._judge:cost"


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The toy quest has no tables; the engine below answers without them."""
    nothing: dict[str, Any] = {**dict.fromkeys(Datasets.__dataclass_fields__, ""), "hidden": {}}
    monkeypatch.setattr(console, "filled", lambda quest: Datasets(**nothing))


@pytest.fixture
def engine(rooms: FakeSandbox) -> FakeSandbox:
    """Answers with two columns, one of them with a gap."""
    table = pa.table({"name": ["<b>ada</b>", "bob"], "age": pa.array([36, None], pa.int64())})
    rooms.answers[RUN] = lambda path, params: table
    rooms.answers[COST] = lambda: {"rows_read": 12345, "bytes_read": 1, "seconds": 0.25}
    return rooms


def asked(client: Client, query: str, **more: str) -> str:
    answer = client.post(ASK, {"query": query, **more}, headers={"HX-Request": "true"})
    return answer.content.decode()


def test_an_answer_is_a_table_of_text(
    browser: Client, enrolment: Enrolment, engine: FakeSandbox
) -> None:
    text = asked(browser, "SELECT * FROM people")
    assert "2 rows, 12,345 read" in text
    assert "&lt;b&gt;ada&lt;/b&gt;" in text
    assert "NULL" in text
    assert "<html" not in text


def test_without_scripts_the_answer_is_a_page(
    browser: Client, enrolment: Enrolment, engine: FakeSandbox
) -> None:
    page = browser.post(ASK, {"query": "SELECT 1"}).content.decode()
    assert "<html" in page
    assert "12,345 read" in page
    assert "SELECT 1" in page


def test_what_the_engine_says_is_shown_as_text(
    browser: Client, enrolment: Enrolment, rooms: FakeSandbox
) -> None:
    raised = Raised(type="QueryError", message="no column <i>; did you mean `a`?", frames=())
    rooms.answers[RUN] = lambda path, params: Returned(raised=raised)
    text = asked(browser, "SELECT b FROM t")
    assert "no column &lt;i&gt;; did you mean `a`?" in text


def test_the_room_holds_the_question_alone(
    browser: Client, enrolment: Enrolment, engine: FakeSandbox
) -> None:
    sent: list[dict[str, bytes]] = []

    def remember(path: str, params: dict[str, str]) -> pa.Table:
        project = engine.rooms[-1].folder / "project"
        sent.append({each.name: each.read_bytes() for each in project.iterdir()})
        assert params == {"as_of": "2024-06-01 00:00:00"}
        return pa.table({"a": [1]})

    engine.answers[RUN] = remember
    asked(browser, "SELECT 1 AS a", params="as_of = 2024-06-01 00:00:00\nnonsense")
    assert [*sent[0]] == [console.FILE]
    assert b"LIMIT 1001" in sent[0][console.FILE]


def test_more_rows_than_are_shown_are_told_of(
    browser: Client, enrolment: Enrolment, engine: FakeSandbox
) -> None:
    engine.answers[RUN] = lambda path, params: pa.table({"n": [*range(1001)]})
    text = asked(browser, "SELECT n FROM numbers")
    assert "1,000 rows" in text
    assert "There are more" in text
    assert text.count("<tr>") == 1 + 1000


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ("SELECT 1;", "SELECT * FROM (\nSELECT 1\n) LIMIT 1001"),
        (
            "-- what\nwith a as (select 1) select * from a ; -- so\n",
            "SELECT * FROM (\n-- what\nwith a as (select 1) select * from a \n) LIMIT 1001",
        ),
        ("/* SELECT */ SHOW TABLES;", "/* SELECT */ SHOW TABLES"),
        ("DESCRIBE users", "DESCRIBE users"),
    ],
)
def test_a_question_asks_for_no_more_than_is_shown(query: str, sent: str) -> None:
    assert console._capped(query) == sent


def test_questions_have_a_pace(
    browser: Client, enrolment: Enrolment, engine: FakeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.accounts.pacing.ASK", Limit(name="ask", times=1, seconds=60))
    assert "12,345 read" in asked(browser, "SELECT 1")
    assert "Wait 60 seconds" in asked(browser, "SELECT 1")


def test_nobody_asks_in_a_quest_they_have_not_begun(
    enrolment: Enrolment, colleague: User, engine: FakeSandbox
) -> None:
    assert browser_of(colleague).post(ASK, {"query": "SELECT 1"}).status_code == 404
    assert browser_of(None).post(ASK, {"query": "SELECT 1"}).status_code == 302
    assert engine.opened == []
