"""The operations of the API. Everything found is found by owner; absent and forbidden are 404."""

import logging
from collections.abc import Mapping
from typing import Final
from uuid import UUID, uuid4

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import NinjaAPI, Router, Status
from ninja.security import django_auth
from pydantic import ValidationError

from graders.receipts import Receipt
from sandbox.interface import SandboxError
from simulator.accounts import tokens
from simulator.accounts.pacing import CANCEL, DOWNLOAD, HAND_IN, TooMany, address_of, pace
from simulator.api import device_views, learning
from simulator.api.asking import files_in, language
from simulator.api.signing_in import Bearer, bearer_of, person, sign_in
from simulator.api.writing import attempt_out, enrolment_out, project_out, quest_out, report_out
from simulator.attempts import claiming, console, drafts, handing_in, intake
from simulator.attempts.delivering import files_of
from simulator.attempts.models import Attempt
from simulator.attempts.reading import latest_grading, own_enrolment, readable_attempts
from simulator.attempts.refusals import Refusal
from simulator.attempts.reporting import report
from simulator.attempts.trying import NoTables
from simulator.catalog import quests
from simulator.progress import stages
from simulator.wire import (
    AttemptOut,
    Credentials,
    EnrolmentOut,
    Problem,
    Project,
    ProjectIn,
    QuestOut,
    ReportOut,
    Token,
)

logger = logging.getLogger(__name__)

MOST_LISTED: Final = 100
ZIP: Final = "application/zip"

# Not ninja's page of documentation, whose scripts the policy refuses: `reference` draws ours.
api = NinjaAPI(
    title="Simulator",
    version="1",
    docs_url=None,
    auth=[Bearer(), django_auth],
    urls_namespace="api",
)
router = Router()


@router.post("/token", auth=None, response={200: Token, 401: Problem})
def make_token(request: HttpRequest, given: Credentials) -> Status[Token | Problem]:
    """Trade a name and password for a token."""
    user = sign_in(request, given)
    if user is None:
        return Status(
            401, Problem(code="not_signed_in", message="This name and password do not match.")
        )
    token = tokens.issue(user, name=given.name)
    return Status(200, Token(token=token, expires_in=int(tokens.LIFETIME.total_seconds())))


@router.delete("/token", response={204: None})
def forget_token(request: HttpRequest) -> Status[None]:
    """Make the token of this request useless."""
    tokens.revoke(bearer_of(request))
    return Status(204, None)


@router.get("/quests", response=list[QuestOut])
def list_quests(request: HttpRequest) -> list[QuestOut]:
    """Every quest, with the learner's way through it."""
    maps = stages.maps_of(person(request))
    return [
        quest_out(
            quest,
            maps.get(quest.slug) or stages.unwalked(quest),
            enrolled=quest.slug in maps,
            language=language(),
        )
        for quest in quests.all_quests()
    ]


@router.post("/quests/{slug}/enrolment", response=EnrolmentOut)
def enrol(request: HttpRequest, slug: str) -> EnrolmentOut:
    """Begin a quest, or go on with it."""
    return enrolment_out(drafts.enrol(person(request), slug))


@router.get("/quests/{slug}/project", response=Project)
def get_project(request: HttpRequest, slug: str) -> Project:
    """The files as they stand."""
    pace(DOWNLOAD, person(request).pk)
    return project_out(own_enrolment(request.user, slug))


@router.put("/quests/{slug}/project", response={200: Project, 422: Problem})
def put_project(request: HttpRequest, slug: str, given: ProjectIn) -> Project:
    """Make the project exactly these files."""
    enrolment = own_enrolment(request.user, slug)
    drafts.replace_files(enrolment, given.files)
    return project_out(enrolment)


@router.get("/quests/{slug}/project.zip")
def get_zip(request: HttpRequest, slug: str) -> HttpResponse:
    """The files as an archive."""
    pace(DOWNLOAD, person(request).pk)
    enrolment = own_enrolment(request.user, slug)
    return _archive(drafts.files_of(enrolment), name=enrolment.quest)


@router.post(
    "/quests/{slug}/stages/{stage}/attempts",
    response={202: AttemptOut, 409: Problem, 413: Problem, 422: Problem, 429: Problem},
)
def hand_in(request: HttpRequest, slug: str, stage: str) -> Status[AttemptOut]:
    """Hand in the draft, the files of a JSON body, or those of a zip.

    The header Idempotency-Key makes a repeated request the same attempt.
    """
    user = person(request)
    pace(HAND_IN, user.pk)
    pace(HAND_IN, f"address:{address_of(request)}")
    attempt = handing_in.hand_in(
        own_enrolment(user, slug),
        stage,
        key=request.headers.get("Idempotency-Key") or uuid4().hex,
        source=Attempt.Source.API,
        files=files_in(request),
    )
    return Status(202, attempt_out(attempt))


@router.get("/attempts", response=list[AttemptOut])
def list_attempts(request: HttpRequest, quest: str | None = None) -> list[AttemptOut]:
    """The learner's own attempts, the newest first."""
    own = Attempt.objects.filter(enrolment__learner=person(request)).select_related("enrolment")
    if quest is not None:
        own = own.filter(enrolment__quest=quest)
    return [attempt_out(attempt) for attempt in own[:MOST_LISTED]]


@router.get("/attempts/{uuid:public_id}", response=AttemptOut)
def get_attempt(request: HttpRequest, public_id: UUID) -> AttemptOut:
    """An attempt and how far it is."""
    return attempt_out(_readable(request, public_id))


@router.get("/attempts/{uuid:public_id}/report", response={200: ReportOut, 409: Problem})
def get_report(request: HttpRequest, public_id: UUID) -> Status[ReportOut | Problem]:
    """The result document; 409 while there is none."""
    page = report(_readable(request, public_id), language())
    if page is None:
        return Status(
            409, Problem(code="no_verdict", message="There is no verdict on this attempt.")
        )
    return Status(200, report_out(page))


@router.get("/attempts/{uuid:public_id}/receipt", response={200: Receipt, 409: Problem})
def get_receipt(request: HttpRequest, public_id: UUID) -> Status[Receipt | Problem]:
    """What the verdict rests on, enough to replay it; 409 while there is none."""
    page = report(_readable(request, public_id), language())
    if page is None or page.receipt is None:
        return Status(
            409, Problem(code="no_receipt", message="There is no receipt of this attempt.")
        )
    return Status(200, page.receipt)


@router.get("/attempts/{uuid:public_id}/project.zip")
def get_attempt_zip(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The files as they were handed in: what a receipt is replayed with."""
    pace(DOWNLOAD, person(request).pk)
    attempt = _readable(request, public_id)
    return _archive(files_of(attempt), name=f"{attempt.enrolment.quest}-{attempt.number}")


@router.post("/attempts/{uuid:public_id}/cancel", response=AttemptOut)
def cancel(request: HttpRequest, public_id: UUID) -> AttemptOut:
    """End the learner's own grading without a verdict; one that has ended stays as it is."""
    user = person(request)
    pace(CANCEL, user.pk)
    attempt = _only(Attempt.objects.filter(enrolment__learner=user, public_id=public_id).first())
    claiming.cancel(latest_grading(attempt).pk)
    return attempt_out(attempt)


def _archive(files: Mapping[str, bytes], *, name: str) -> HttpResponse:
    return HttpResponse(
        drafts.write_zip(files),
        content_type=ZIP,
        headers={
            "Content-Disposition": f'attachment; filename="{name}.zip"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


def _readable(request: HttpRequest, public_id: UUID) -> Attempt:
    attempts = readable_attempts(person(request)).select_related("enrolment")
    return _only(attempts.filter(public_id=public_id).first())


def _only(attempt: Attempt | None) -> Attempt:
    if attempt is None:
        raise Http404
    return attempt


for each in (router, device_views.router, learning.router):
    api.add_router("", each)


def _problem(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    return api.create_response(request, Problem(code=code, message=message), status=status)


@api.exception_handler(Refusal)
def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    status = {"key_reused": 409, "archive_too_large": 413}.get(refusal.code, 422)
    return _problem(request, status, refusal.code, refusal.message(language()))


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, _: RequestDataTooBig) -> HttpResponse:
    size = int(request.META.get("CONTENT_LENGTH") or 0)
    return _refused(request, intake.upload_too_large(size))


@api.exception_handler(TooMany)
def _too_many(request: HttpRequest, limit: TooMany) -> HttpResponse:
    sentence = f"Too many requests; try again in {limit.seconds} s."
    answer = _problem(request, 429, "too_many", sentence)
    answer["Retry-After"] = str(limit.seconds)
    return answer


@api.exception_handler(NoTables)
def _no_tables(request: HttpRequest, _: NoTables) -> HttpResponse:
    sentence = gettext("The tables are still being made; try again in a minute.")
    return _problem(request, 503, "no_tables", sentence)


@api.exception_handler(console.Unanswered)
def _unanswered(request: HttpRequest, error: console.Unanswered) -> HttpResponse:
    return _problem(request, 422, "unanswered", str(error))


@api.exception_handler(SandboxError)
def _no_room(request: HttpRequest, error: SandboxError) -> HttpResponse:
    logger.error("no room answered", exc_info=error)
    sentence = gettext("No machine is free now. Your files are safe; try again.")
    return _problem(request, 503, "no_room", sentence)


@api.exception_handler(Http404)
@api.exception_handler(quests.NoSuchQuest)
def _absent(request: HttpRequest, _: Exception) -> HttpResponse:
    return _problem(request, 404, "not_found", "Not found.")


@api.exception_handler(ValidationError)
def _malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"])) or "the body"
    return _problem(request, 422, "malformed", f"{place}: {first['msg']}.")
