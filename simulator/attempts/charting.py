"""Charts of a rollout as SVG, drawn by the worker, kept in the site's files.

Colours are marks that the style sheet replaces by the theme's: `.vega [stroke="#0000a1"]`.
"""

import hashlib
import json
import logging
from functools import cache
from typing import Any, Final

import altair as alt
import vl_convert
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import formats, translation
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from graders.quest import Language
from graders.readouts import Line, Readout
from simulator.celery import app

DRAW: Final = "attempts.draw"
LANGUAGES: Final[tuple[Language, ...]] = ("en", "ru")
SIZES: Final = {"wide": (560, 260), "narrow": (250, 220)}
MARKS: Final = {"incumbent": "#0000a1", "policy": "#0000a2", "best": "#0000a3"}
OTHER: Final = "#0000a4"
DASHED: Final = frozenset({"best"})
LARGEST: Final = 200_000

logger = logging.getLogger(__name__)


def chart(readout: Readout, language: Language, size: str) -> SafeString | None:
    """The chart, if it is drawn; else the worker is asked for it and the page shows numbers."""
    name = _name(readout, language, size)
    if not default_storage.exists(name):
        return None
    with default_storage.open(name) as file:
        text = file.read(LARGEST).decode()
    drawn: SafeString = mark_safe(text)  # noqa: S308, drawn by us, its words escaped there
    return drawn


def ask_for(grading_id: int) -> None:
    """Ask the workers to draw what a report shows; without them its numbers have to do."""
    try:
        app.send_task(DRAW, args=[grading_id], queue="interactive", retry=False)
    except OperationalError as error:
        logger.warning("nobody draws the charts of grading %s: %s", grading_id, error)


def draw(readout: Readout) -> int:
    """Draw and keep what is not there yet; how many that were."""
    drawn = 0
    for language in LANGUAGES:
        for size in SIZES:
            name = _name(readout, language, size)
            if not default_storage.exists(name):
                default_storage.save(name, ContentFile(_svg(readout, language, size).encode()))
                drawn += 1
    return drawn


def _svg(readout: Readout, language: Language, size: str) -> str:
    with translation.override(language):
        label = _label(readout, language)
        svg: str = vl_convert.vegalite_to_svg(_spec(readout, language, size))
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1).replace(
        'class="marks"', 'class="vega"', 1
    )


def _spec(readout: Readout, language: Language, size: str) -> dict[str, Any]:
    width, height = SIZES[size]
    rows = [
        {"step": step, "line": line.words[language], "value": value}
        for line in readout.lines
        for step, value in enumerate(line.values, start=1)
    ]
    names = [line.words[language] for line in readout.lines]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("step:Q", title=readout.step[language], axis=alt.Axis(tickMinStep=1, grid=False)),
        y=alt.Y("value:Q", title=_("roubles a decision")),
        color=alt.Color(
            "line:N",
            legend=None,
            scale=alt.Scale(
                domain=names, range=[MARKS.get(line.name, OTHER) for line in readout.lines]
            ),
        ),
        strokeDash=alt.StrokeDash(
            "line:N",
            legend=None,
            scale=alt.Scale(
                domain=names,
                range=[[3, 4] if line.name in DASHED else [1, 0] for line in readout.lines],
            ),
        ),
    )
    last = max((len(line.values) for line in readout.lines), default=1)
    ends = alt.Chart(alt.InlineData(values=[row for row in rows if row["step"] == last]))
    layers = base.mark_line(strokeWidth=2.5) + ends.mark_point(filled=True, size=50).encode(
        x="step:Q", y="value:Q", color=base.encoding.color
    )
    drawn: dict[str, Any] = layers.properties(width=width, height=height).to_dict()
    return drawn | {"background": None, "config": _look()}


@cache
def _look() -> dict[str, Any]:
    return {
        "view": {"stroke": None},
        "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"},
    }


def _label(readout: Readout, language: Language) -> str:
    """The chart in words: where each line begins and ends."""
    return _(
        "Roubles a decision over the best rule that needs no model, by %(step)s: %(lines)s."
    ) % {
        "step": readout.step[language],
        "lines": "; ".join(_told(line, language) for line in readout.lines if line.values),
    }


def _told(line: Line, language: Language) -> str:
    return _("%(name)s from %(first)s to %(last)s") % {
        "name": line.words[language],
        "first": formats.number_format(line.values[0]),
        "last": formats.number_format(line.values[-1]),
    }


def _name(readout: Readout, language: Language, size: str) -> str:
    """Named by what it shows: the same numbers are drawn once."""
    facts = json.dumps(
        [[line.name, line.words[language], line.values] for line in readout.lines]
        + [[readout.step[language]]]
    )
    return f"charts/{hashlib.sha256(facts.encode()).hexdigest()[:32]}-{size}.{language}.svg"
