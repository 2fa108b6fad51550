"""What operations ask first: in which language to answer, for which stage, with which files."""

from typing import Final

from django.http import Http404, HttpRequest
from django.utils.translation import get_language

from graders.quest import Language, Quest, Stage
from simulator.attempts import intake
from simulator.catalog import quests
from simulator.wire import HandIn

ZIP: Final = "application/zip"


def language() -> Language:
    """The language that the request asked for."""
    return "ru" if (get_language() or "").startswith("ru") else "en"


def stage_of(slug: str, stage: str) -> tuple[Quest, Stage]:
    """The quest and its stage. Raises Http404."""
    try:
        quest = quests.get_quest(slug)
        return quest, quest.stage(stage)
    except LookupError:
        raise Http404 from None


def files_in(request: HttpRequest) -> dict[str, bytes] | None:
    """The files that a hand-in brings; None when it means the draft."""
    size = int(request.META.get("CONTENT_LENGTH") or 0)
    if request.content_type == ZIP:
        if size > intake.LARGEST_UPLOAD:
            raise intake.upload_too_large(size)
        return intake.read_zip(request.body)
    if size == 0:
        return None
    given = HandIn.model_validate_json(request.body)
    return given.files
