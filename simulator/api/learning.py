"""Operations for learning at home: the kit, its tables, hints, and questions in SQL."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Router

from graders.messages import render
from simulator.accounts.pacing import ASK, DOWNLOAD, TRY_OUT, pace
from simulator.api import kits
from simulator.api.asking import files_in, language, stage_of
from simulator.api.signing_in import person
from simulator.attempts import console, drafts, handing_in, trying
from simulator.attempts.reading import own_enrolment
from simulator.catalog import quests
from simulator.catalog.markdown import sections
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
    """A stage's hints, the mildest first."""
    own_enrolment(request.user, slug)
    quest, found = stage_of(slug, stage)
    path = quest.stage_folder(found) / f"hints.{language()}.md"
    if not path.is_file():
        return []
    text = with_numbers(path.read_text(encoding="utf-8"), quest, language())
    return [HintOut(title=title, text=body) for title, body in sections(text)]


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
    answer = console.ask(quest, found, given.query, given.params, sandbox=handing_in.sandbox())
    return Rows(
        columns=[*answer.columns],
        rows=[[*row] for row in answer.rows],
        more=answer.more,
        rows_read=answer.rows_read,
        seconds=answer.seconds,
    )


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    """The file, a piece at a time: a table never lies in memory whole."""
    with path.open("rb") as file:
        while piece := await sync_to_async(file.read)(PIECE):
            yield piece
