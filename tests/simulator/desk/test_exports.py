"""Tables: stable columns, no formulas, the same in every format."""

import csv
import io
import json
import zipfile

import pytest
from django.test import Client

from simulator.accounts.models import User
from simulator.cohorts.models import Cohort
from simulator.cohorts.tables import Table, csv_of, xlsx_of
from simulator.desk.exporting import TABLES
from simulator.grades.overriding import Scope, Wish, override
from tests.simulator.judges import saying, wrong_sum
from tests.simulator.pages.conftest import Grade, browser_of

pytestmark = pytest.mark.django_db

NASTY = ("=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1", 'say "hi", you', "fine", -2)


@pytest.fixture
def teacher(cohort: Cohort, instructor: User, graded: Grade) -> Client:
    attempt = graded(saying(wrong_sum()))
    wish = Wish(scope=Scope.STAGE, value=70, reason='=HYPERLINK("http://x")')
    override(attempt, wish, author=instructor)
    return browser_of(instructor)


def rows_of(body: bytes) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(body.decode("utf-8-sig")))]


def test_no_cell_of_a_csv_begins_a_formula_and_numbers_stay_numbers() -> None:
    body = csv_of(Table(name="t", columns=["a"], rows=[(cell,) for cell in NASTY])).content
    cells = [row["a"] for row in rows_of(body)]
    assert all(cell.startswith("'") for cell in cells[:7])
    assert cells[7:] == ['say "hi", you', "fine", "-2"]


def test_no_cell_of_a_workbook_is_a_formula() -> None:
    body = xlsx_of(Table(name="t", columns=["a"], rows=[(cell,) for cell in NASTY])).content
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "=1+1" in sheet
    assert "<v>-2</v>" in sheet


def test_every_table_comes_in_every_format_with_the_same_rows(
    teacher: Client, cohort: Cohort
) -> None:
    for what in TABLES:
        base = f"/cohorts/{cohort.pk}/export/{what}"
        answer = teacher.get(f"{base}.csv")
        rows = rows_of(answer.content)
        assert answer["Content-Disposition"].startswith("attachment")
        body = json.loads(teacher.get(f"{base}.json").content)
        assert len(body["rows"]) == len(rows) > 0, what
        assert [*body["rows"][0]] == [*rows[0]]
        assert teacher.get(f"{base}.xlsx").content.startswith(b"PK")
    assert teacher.get(f"/cohorts/{cohort.pk}/export/nothing.csv").status_code == 404


def test_the_grades_say_what_counts_and_the_trail_who_and_why(
    teacher: Client, cohort: Cohort
) -> None:
    grades = rows_of(teacher.get(f"/cohorts/{cohort.pk}/export/grades.csv").content)
    mine = {row["stage"]: row["score"] for row in grades if row["learner_id"] == "owner"}
    assert mine == {"features": "70.0", "model": "", "": "35.0"}
    (change,) = rows_of(teacher.get(f"/cohorts/{cohort.pk}/export/overrides.csv").content)
    assert (change["by"], change["value"]) == ("instructor", "70.0")
    assert change["reason"] == '\'=HYPERLINK("http://x")'


def test_pseudonyms_leave_no_name(teacher: Client, cohort: Cohort) -> None:
    for what in TABLES:
        body = teacher.get(f"/cohorts/{cohort.pk}/export/{what}.csv?names=hidden").content.decode()
        assert "owner" not in body
        assert "learner-1" in body or "learner-2" in body


def test_the_api_gives_the_same_tables_to_the_same_people(
    teacher: Client, cohort: Cohort, stranger: User, owner: User
) -> None:
    (mine,) = [one for one in teacher.get("/api/cohorts").json() if one["id"] == cohort.pk]
    assert (mine["name"], mine["learners"]) == ("theirs", 2)
    answer = teacher.get(f"/api/cohorts/{cohort.pk}/grades").json()
    body = json.loads(teacher.get(f"/cohorts/{cohort.pk}/export/grades.json").content)
    assert answer["rows"] == body["rows"]
    assert teacher.get(f"/api/cohorts/{cohort.pk}/nothing").status_code == 404
    for person in (stranger, owner):
        assert browser_of(person).get(f"/api/cohorts/{cohort.pk}/grades").status_code == 404
        assert cohort.pk not in [
            one["id"] for one in browser_of(person).get("/api/cohorts").json()
        ]
