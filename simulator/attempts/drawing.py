"""Draw the charts of a rollout as SVG: for workers alone, the libraries are large."""

import functools
from typing import Any, Final

import altair as alt
import vl_convert
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import formats, translation
from django.utils.html import escape
from django.utils.translation import gettext as _

from graders.quest import Language
from graders.readouts import Line, Readout
from simulator.attempts.charting import SIZES, name_of

LANGUAGES: Final[tuple[Language, ...]] = ("en", "ru")
MARKS: Final = {"incumbent": "#0000a1", "policy": "#0000a2", "best": "#0000a3"}
OTHER: Final = "#0000a4"
DASHED: Final = frozenset({"best"})


def draw(readout: Readout) -> int:
    """Draw and keep what is not there yet; how many that were."""
    drawn = 0
    for language in LANGUAGES:
        for size in SIZES:
            name = name_of(readout, language, size)
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
    named: dict[str, Any] = (
        {"align": "left", "dx": 10} if size == "wide" else {"align": "right", "dy": -12}
    )
    at_the_end = ends.encode(x="step:Q", y="value:Q", color=base.encoding.color)
    layers = (
        base.mark_line(strokeWidth=2.5)
        + at_the_end.mark_point(filled=True, size=50)
        + at_the_end.mark_text(fontSize=12, **named).encode(text="line:N")
    )
    drawn: dict[str, Any] = layers.properties(width=width, height=height).to_dict()
    return drawn | {"background": None, "config": _look()}


@functools.cache
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
