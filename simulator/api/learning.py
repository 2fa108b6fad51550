"""Operations for learning at home: the kit, its tables, hints, and questions in SQL."""

from collections.abc import AsyncIterator
from math import ceil
from pathlib import Path
from typing import Final

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from ninja import Router, Status

from graders.messages import render
from graders.quest import Quest, Stage
from simulator.accounts.pacing import ASK, DOWNLOAD, TRY_OUT, pace
from simulator.api import kits
from simulator.api.asking import files_in, stage_of
from simulator.api.signing_in import person
from simulator.attempts import console, drafts, handing_in, hinting, pointing, trying
from simulator.attempts.reading import own_enrolment
from simulator.catalog import quests
from simulator.catalog.languages import language
from simulator.catalog.markdown import sections
from simulator.catalog.models import Enrolment
from simulator.catalog.numbers import with_numbers
from simulator.wire import CheckOut, HintOut, Kit, Person, Problem, Query, Rows
from simulator.wire.checks import check_out
from simulator.wire.release import version

PIECE: Final = 256 * 1024

router = Router()


@router.get("/me", response=Person)
def who_asks(request: HttpRequest) -> Person:
    """Whose token this is, and which version of the site answers."""
    user = person(request)
    return Person(
        username=user.get_username(),
        language="ru" if user.language == "ru" else "en",
        version=version(),
    )


@router.get("/quests/{slug}/kit", response={200: Kit, 503: Problem})
def get_kit(request: HttpRequest, slug: str) -> Kit:
    """What a quest can be played with at home; for those who have begun it."""
    own_enrolment(request.user, slug)
    return kits.kit_of(quests.get_quest(slug))


@router.get("/quests/{slug}/kit.zip")
def get_kit_zip(request: HttpRequest, slug: str) -> HttpResponse:
    """Briefs, open checks, lessons, laid out as a quest's folder is."""
    own_enrolment(request.user, slug)
    pace(DOWNLOAD, person(request).pk)
    return HttpResponse(
        kits.kit_zip(quests.get_quest(slug)),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{slug}-kit.zip"'},
    )


@router.get("/quests/{slug}/tables/{name}", response={503: Problem})
def get_table(request: HttpRequest, slug: str, name: str) -> StreamingHttpResponse:
    """A file of the public tables, by a name that the kit lists."""
    own_enrolment(request.user, slug)
    pace(DOWNLOAD, person(request).pk)
    path = kits.table_path(quests.get_quest(slug), name)
    if path is None:
        raise Http404
    return StreamingHttpResponse(
        _pieces(path),
        content_type="application/vnd.apache.parquet",
        headers={"Content-Length": str(path.stat().st_size)},
    )


@router.get("/quests/{slug}/stages/{stage}/hints", response=list[HintOut])
def get_hints(request: HttpRequest, slug: str, stage: str) -> list[HintOut]:
    """A stage's ladder of help, the mildest step first; texts of those that are open."""
    return _ladder(own_enrolment(request.user, slug), *stage_of(slug, stage))


@router.post("/quests/{slug}/stages/{stage}/hints/{number}", response={200: HintOut, 409: Problem})
def open_hint(
    request: HttpRequest, slug: str, stage: str, number: int
) -> HintOut | Status[Problem]:
    """Open a step, if it is its turn; one that is open stays so. It costs nothing."""
    enrolment = own_enrolment(request.user, slug)
    quest, found = stage_of(slug, stage)
    hinting.open_step(enrolment, quest, found, number, now=timezone.now())
    steps = {step.number: step for step in _ladder(enrolment, quest, found)}
    if number not in steps:
        raise Http404
    if steps[number].text is None:
        return Status(409, Problem(code="hint_closed", message=_when(steps[number])))
    return steps[number]


@router.post(
    "/quests/{slug}/stages/{stage}/try-out",
    response={200: list[CheckOut], 413: Problem, 422: Problem, 429: Problem, 503: Problem},
)
def try_out(request: HttpRequest, slug: str, stage: str) -> list[CheckOut]:
    """Run the open checks on the draft, or on the files of a zip, which become the draft."""
    enrolment = own_enrolment(request.user, slug)
    quest, found = stage_of(slug, stage)
    pace(TRY_OUT, person(request).pk)
    files = files_in(request)
    if files is not None:
        drafts.replace_files(enrolment, files)
    results = trying.try_out(enrolment, quest, found, sandbox=handing_in.sandbox())
    return [check_out(each, render(quest, found, each, language())) for each in results]


@router.post("/quests/{slug}/stages/{stage}/sql", response={200: Rows, 422: Problem, 503: Problem})
def ask_in_sql(request: HttpRequest, slug: str, stage: str, given: Query) -> Rows:
    """Ask the public tables, in a room of the site; the first rows of the answer."""
    own_enrolment(request.user, slug)
    quest, found = stage_of(slug, stage)
    pace(ASK, person(request).pk)
    try:
        answer = console.ask(quest, found, given.query, given.params, sandbox=handing_in.sandbox())
    except console.Unanswered as error:
        raise console.Unanswered(_pointed(str(error), given.query, quest)) from None
    return Rows(
        columns=[*answer.columns],
        rows=[[*row] for row in answer.rows],
        more=answer.more,
        rows_read=answer.rows_read,
        seconds=answer.seconds,
        note="" if answer.rows else pointing.why_empty(given.query, quest),
    )


def _ladder(enrolment: Enrolment, quest: Quest, stage: Stage) -> list[HintOut]:
    texts = _texts(quest, stage)
    return [
        HintOut(
            number=step.number,
            title=step.title,
            text=None if step.body is None else texts[step.number - 1],
            may_open=step.may_open,
            opens_at=step.opens_at,
        )
        for step in hinting.ladder(enrolment, quest, stage, language(), now=timezone.now())
    ]


def _texts(quest: Quest, stage: Stage) -> list[str]:
    """The hints as their author wrote them: a terminal reads Markdown, not HTML."""
    path = quest.stage_folder(stage) / f"hints.{language()}.md"
    if not path.is_file():
        return []
    text = with_numbers(path.read_text(encoding="utf-8"), quest, language())
    return [body for _, body in sections(text)]


def _when(step: HintOut) -> str:
    if step.opens_at is None:
        return gettext("This step opens after the one before it.")
    minutes = max(1, ceil((step.opens_at - timezone.now()).total_seconds() / 60))
    return gettext("This step opens when you hand in changed work, or in %(minutes)s min.") % {
        "minutes": minutes
    }


def _pointed(complaint: str, query: str, quest: Quest) -> str:
    """What the engine said, and below it the place in the query, with a caret."""
    place = pointing.point(complaint, query, quest, lines_before=console.lines_before(query))
    if place is None:
        return complaint
    return f"{complaint}\n{place.text}\n{place.caret}"


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    """The file, a piece at a time: a table never lies in memory whole."""
    with path.open("rb") as file:
        while piece := await sync_to_async(file.read)(PIECE):
            yield piece
