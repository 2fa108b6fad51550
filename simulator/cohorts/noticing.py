"""What is noted while pages are served: lessons opened, looks at another's work.

It stands in one place, around all pages, so that no page can forget it.
"""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any, Final
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

from simulator.accounts.models import User
from simulator.attempts.models import Attempt
from simulator.catalog.models import Enrolment
from simulator.cohorts.models import Look, Opened

FINE: Final = 200
LESSON: Final = "catalog:lesson"
# Pages with someone's work, named by the attempt's public id.
WORK: Final = frozenset(
    {
        "attempts:attempt",
        "attempts:outcome",
        "attempts:receipt",
        "reviewing:sheet",
        "reviewing:feedback",
        "progress:compare",
        "progress:business",
        "api:get_attempt",
        "api:get_report",
        "api:get_receipt",
        "api:get_attempt_zip",
    }
)
NOTED: Final = WORK | {LESSON}


@sync_and_async_middleware
def noticing(get_response: Callable[..., Any]) -> Callable[[HttpRequest], Any]:
    """Middleware: notes what was answered, never what was refused."""
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponse:
            answer: HttpResponse = await get_response(request)
            if _is_noted(request, answer):
                await sync_to_async(_notice)(request)
            return answer

        return answer_later

    def answer_now(request: HttpRequest) -> HttpResponse:
        answer: HttpResponse = get_response(request)
        if _is_noted(request, answer):
            _notice(request)
        return answer

    return answer_now


def note_look(looker: User, learner_id: int, attempt: Attempt, *, what: str) -> None:
    """Someone looked at a work; a look at one's own is none."""
    if looker.pk != learner_id:
        Look.objects.create(
            looker=looker, learner_id=learner_id, what=what[:40], attempt=attempt.public_id
        )


def _is_noted(request: HttpRequest, answer: HttpResponse) -> bool:
    match = request.resolver_match
    return (
        answer.status_code == FINE
        and request.method == "GET"
        and match is not None
        and match.view_name in NOTED
    )


def _notice(request: HttpRequest) -> None:
    match = request.resolver_match
    user = request.user if isinstance(request.user, User) else getattr(request, "auth", None)
    if match is None or not isinstance(user, User):
        return
    page, given = match.view_name, match.kwargs
    if page in WORK:
        if user.teaches:
            _note_looks(user, given["public_id"], page)
    else:
        _open(user, given["slug"], given["lesson_slug"])


def _note_looks(user: User, public_id: UUID, page: str) -> None:
    for attempt in Attempt.objects.filter(public_id=public_id).select_related("enrolment"):
        note_look(user, attempt.enrolment.learner_id, attempt, what=page)


def _open(user: User, quest: str, lesson: str) -> None:
    mine = Enrolment.objects.filter(learner=user, quest=quest).values_list("pk", flat=True)
    Opened.objects.bulk_create(
        (Opened(enrolment_id=pk, kind=Opened.Kind.LESSON, name=lesson) for pk in mine),
        ignore_conflicts=True,
    )
