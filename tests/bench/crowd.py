"""Fill a site with a crowd and count what its pages ask: in a process with the site's home.

`tell(ATTEMPTS)` brings the number of attempts up to ATTEMPTS, copies of the one that is there,
and prints as JSON: sessions of learners, addresses of reports, queries a page.
"""

import json
from typing import Any, Final

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from simulator.accounts.models import User
from simulator.attempts.models import Attempt, Grading, Verdict
from simulator.catalog.models import Enrolment

LEARNERS: Final = 200
SIGNED_IN: Final = 50
BACKEND: Final = "allauth.account.auth_backends.AuthenticationBackend"
HOST: Final = "127.0.0.1"


def tell(attempts: int) -> None:
    """Fill, then print the crowd as JSON."""
    _fill(attempts)
    people = [*User.objects.filter(username__startswith="crowd-").order_by("pk")[:SIGNED_IN]]
    told = {
        "attempts": Attempt.objects.count(),
        "sessions": [_session(person) for person in people],
        "reports": [_report(person) for person in people],
        "queries": _queries(people[0]),
    }
    print(json.dumps(told))


def _fill(wanted: int) -> None:
    model = Attempt.objects.exclude(enrolment__learner__username__startswith="crowd-").first()
    if model is None:
        raise RuntimeError("there is no attempt to copy")
    with transaction.atomic():
        enrolments = _enrolments(model)
        already = Attempt.objects.count()
        numbers = dict.fromkeys((each.pk for each in enrolments), 0)
        for enrolment, number in Attempt.objects.values_list("enrolment", "number"):
            if enrolment in numbers:
                numbers[enrolment] = max(numbers[enrolment], number)
        fresh = [
            _copy(model, enrolments[place % LEARNERS], numbers)
            for place in range(wanted - already)
        ]
        Attempt.objects.bulk_create(fresh, batch_size=500)
        _grade(model, fresh)


def _enrolments(model: Attempt) -> list[Enrolment]:
    people = [User(username=f"crowd-{number:03d}") for number in range(LEARNERS)]
    User.objects.bulk_create(people, ignore_conflicts=True)
    found = User.objects.filter(username__startswith="crowd-").order_by("pk")
    quest, version = model.enrolment.quest, model.enrolment.version
    Enrolment.objects.bulk_create(
        [Enrolment(learner=person, quest=quest, version=version) for person in found],
        ignore_conflicts=True,
    )
    mine = Enrolment.objects.filter(learner__username__startswith="crowd-")
    return [*mine.select_related("learner").order_by("pk")]


def _copy(model: Attempt, enrolment: Enrolment, numbers: dict[int, int]) -> Attempt:
    numbers[enrolment.pk] += 1
    return Attempt(
        enrolment=enrolment,
        stage=model.stage,
        number=numbers[enrolment.pk],
        manifest=model.manifest,
        idempotency_key=f"crowd {numbers[enrolment.pk]}",
        charged=True,
    )


def _grade(model: Attempt, fresh: list[Attempt]) -> None:
    """A grading and a verdict each, as the model has them."""
    grading = Grading.objects.filter(attempt=model, state=Grading.State.DONE).latest("pk")
    verdict = Verdict.objects.get(pk=grading.pk)
    pinned = {
        name: getattr(grading, name)
        for name in ("state", "lane", "quest_version", "quest_digest", "runtime", "scale")
    }
    gradings = [
        Grading(attempt=attempt, learner_id=attempt.enrolment.learner_id, **pinned)
        for attempt in fresh
    ]
    Grading.objects.bulk_create(gradings, batch_size=500)
    facts = {
        name: getattr(verdict, name)
        for name in ("blame", "score", "readiness", "passed", "merit", "body", "queued_seconds")
    }
    Verdict.objects.bulk_create(
        [Verdict(grading=each, **facts) for each in gradings], batch_size=200
    )


def _session(person: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def _report(person: User) -> str:
    attempt = Attempt.objects.filter(enrolment__learner=person).latest("number")
    return f"/attempts/{attempt.public_id}/"


def _queries(person: User) -> dict[str, int]:
    """How often each page asks the database."""
    client = Client(headers={"Host": HOST})
    client.force_login(person, backend=BACKEND)
    report = _report(person)
    quest = Enrolment.objects.filter(learner=person).values_list("quest", flat=True)[0]
    pages: dict[str, Any] = {
        "catalogue": "/quests/",
        "quest": f"/quests/{quest}/",
        "report": report,
        "compare": f"{report}diff/",
        "work": "/work/",
        "skills": "/skills/",
        "board": f"/quests/{quest}/board",
        "profile": "/profile/",
    }
    counted = {}
    for name, address in pages.items():
        client.get(address)  # what is read once a process is read now
        with CaptureQueriesContext(connection) as asked:
            if client.get(address).status_code != 200:
                raise RuntimeError(f"{address} does not answer")
        counted[name] = len(asked)
    return counted
