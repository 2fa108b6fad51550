"""Charts of a rollout as a page shows them: drawn by a worker, kept in the site's files.

Colours are marks that the style sheet replaces by the theme's: `.vega [stroke="#0000a1"]`.
"""

import hashlib
import json
import logging
from typing import Final

from django.core.cache import cache
from django.core.files.storage import default_storage
from django.utils.safestring import SafeString, mark_safe
from kombu.exceptions import OperationalError

from graders.quest import Language
from graders.readouts import Readout
from simulator.celery import app

DRAW: Final = "attempts.draw"
SIZES: Final = {"wide": (460, 250), "narrow": (250, 220)}
LARGEST: Final = 200_000
ASKED_AGAIN_AFTER: Final = 30  # seconds

logger = logging.getLogger(__name__)


def chart(readout: Readout, language: Language, size: str) -> SafeString | None:
    """The chart, if it is drawn; else the worker is asked for it and the page shows numbers."""
    name = name_of(readout, language, size)
    if not default_storage.exists(name):
        return None
    with default_storage.open(name) as file:
        text = file.read(LARGEST).decode()
    drawn: SafeString = mark_safe(text)  # noqa: S308, drawn by us, its words escaped there
    return drawn


def ask_for(grading_id: int) -> None:
    """Ask the workers to draw what a report shows; without them its numbers have to do."""
    if not cache.add(f"draw:{grading_id}", 1, timeout=ASKED_AGAIN_AFTER):
        return
    try:
        app.send_task(DRAW, args=[grading_id], queue="interactive", retry=False)
    except OperationalError as error:
        logger.warning("nobody draws the charts of grading %s: %s", grading_id, error)


def name_of(readout: Readout, language: Language, size: str) -> str:
    """Named by what it shows: the same numbers are drawn once."""
    facts = json.dumps(
        [[line.name, line.words[language], line.values] for line in readout.lines]
        + [[readout.step[language]]]
    )
    return f"charts/{hashlib.sha256(facts.encode()).hexdigest()[:32]}-{size}.{language}.svg"
