"""A cohort's tables for programs: the same rights and rows as the desk's exports."""

from typing import Any

from django.db.models import Count
from django.http import Http404, HttpRequest
from ninja import Router, Schema

from simulator.accounts.pacing import DOWNLOAD, pace
from simulator.api.signing_in import person
from simulator.cohorts.tables import objects
from simulator.cohorts.teaching import Role, find_cohort, readable_cohorts
from simulator.desk import exporting

router = Router()


class CohortOut(Schema):
    """A cohort that one teaches."""

    id: int
    name: str
    zone: str
    learners: int


class TableOut(Schema):
    """A table: its name, and its rows as objects."""

    table: str
    rows: list[dict[str, Any]]


@router.get("/cohorts", response=list[CohortOut])
def list_cohorts(request: HttpRequest) -> list[CohortOut]:
    """The cohorts that one teaches."""
    found = readable_cohorts(person(request)).annotate(count=Count("memberships"))
    return [
        CohortOut(id=one.pk, name=one.name, zone=one.zone, learners=one.count) for one in found
    ]


@router.get("/cohorts/{int:pk}/{table}", response=TableOut)
def get_table(request: HttpRequest, pk: int, table: str, *, pseudonyms: bool = False) -> TableOut:
    """Grades, attempts, checks, overrides or activity of a cohort."""
    user = person(request)
    cohort = find_cohort(user, pk, least=Role.INSTRUCTOR)
    if table not in exporting.TABLES:
        raise Http404
    pace(DOWNLOAD, user.pk)
    found = exporting.export(cohort, table, pseudonyms=pseudonyms)
    return TableOut(table=found.name, rows=objects(found))
