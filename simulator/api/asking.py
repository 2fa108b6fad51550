"""What operations ask first: for which stage, with which files."""

from typing import Final

from django.http import Http404, HttpRequest

from graders.quest import Quest, Stage
from simulator.attempts import intake
from simulator.catalog import quests
from simulator.wire import HandIn

ZIP: Final = "application/zip"


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
