"""Small drawings made of a verdict: the scale bar, the ladder, the scores of the attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from django.utils import formats
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from simulator.pages import words

CHART_WIDTH: Final = 288
CHART_TOP: Final = 24
CHART_BOTTOM: Final = 86
MOST_ATTEMPTS: Final = 24
ROOM: Final = 7  # points of the scale that two numbers need between them


class GroupPoints(Protocol):
    """The points of a group of checks."""

    @property
    def group(self) -> str: ...
    @property
    def points(self) -> float: ...
    @property
    def max_points(self) -> float: ...


class Outcome(Protocol):
    """How one check ended."""

    @property
    def severity(self) -> str: ...
    @property
    def outcome(self) -> str: ...


class Found(Protocol):
    """A finding of a report."""

    @property
    def result(self) -> Outcome: ...


class Judgement(Protocol):
    """A report, as its heading needs it."""

    @property
    def readiness(self) -> str: ...
    @property
    def merit(self) -> bool: ...
    @property
    def open(self) -> Sequence[Found]: ...


@dataclass(frozen=True, kw_only=True)
class _Piece:
    group: str
    name: str
    points: str
    max_points: str
    start: float
    wide: float
    filled: float


def points(value: float) -> str:
    """Points or a score: no decimals that are zero."""
    rounded = round(value, 1)
    return formats.number_format(rounded, 0 if rounded == round(rounded) else 1)


def scale_bar(groups: Sequence[GroupPoints]) -> SafeString:
    """A bar of 100 points, cut where the groups are cut; what is empty shows where points are."""
    pieces = _pieces([group for group in groups if group.max_points > 0])
    label = ", ".join(
        gettext("%(group)s %(points)s of %(max)s")
        % {"group": piece.name, "points": piece.points, "max": piece.max_points}
        for piece in pieces
    )
    boxes = format_html_join(
        "",
        '<g data-group="{}"><rect class="box" x="{}%" y="1" width="{}%" height="20"/>'
        '<rect class="fill" x="{}%" y="4" width="{}%" height="14"/></g>',
        ((p.group, _raw(p.start), _raw(p.wide), _raw(p.start), _raw(p.filled)) for p in pieces),
    )
    cuts = format_html_join(
        "",
        '<text x="{}%" y="40" text-anchor="middle">{}</text>',
        ((_raw(cut), round(cut)) for cut in _apart([piece.start for piece in pieces[1:]])),
    )
    legend = format_html_join(
        "",
        '<li data-group="{}"><i class="swatch"></i>{} <b>{}/{}</b></li>',
        ((p.group, p.name, p.points, p.max_points) for p in pieces),
    )
    return format_html(
        '<svg class="scale" role="img" aria-label="{}">{}<text y="40">0</text>{}'
        '<text x="100%" y="40" text-anchor="end">100</text></svg><ul class="legend">{}</ul>',
        label,
        boxes,
        cuts,
        legend,
    )


def ladder(readiness: str) -> SafeString:
    """The three rungs; those below where the work stands are behind it."""
    rungs = list(words.READINESS)
    at = rungs.index(readiness)
    return format_html_join(
        "",
        "<li{}>{}</li>",
        (
            (
                SafeString(' aria-current="step"')
                if number == at
                else SafeString(' class="been"' if number < at else ""),
                words.READINESS[rung],
            )
            for number, rung in enumerate(rungs)
        ),
    )


def attempts(scores: Sequence[float | None], *, needed: float, here: int) -> SafeString:
    """Scores of a stage, oldest first, and the line they aim at; `here` is one of them."""
    shown = list(enumerate(scores))[-MOST_ATTEMPTS:]
    known = [(number, score) for number, score in shown if score is not None]
    if not known:
        return SafeString()
    step = (CHART_WIDTH - 32) / max(len(shown) - 1, 1)
    first = shown[0][0]
    at = {
        number: (CHART_WIDTH / 2 if len(shown) == 1 else 16 + step * (number - first), _y(score))
        for number, score in known
    }
    label = gettext("Scores of the attempts: %(scores)s. %(needed)s points are needed.") % {
        "scores": ", ".join(points(score) for _, score in known),
        "needed": points(needed),
    }
    dots = format_html_join(
        "",
        '<circle{} cx="{}" cy="{}" r="{}"/>',
        (
            (
                SafeString(' class="here"' if number == here else ""),
                _raw(x),
                _raw(y),
                6 if number == here else 3.5,
            )
            for number, (x, y) in at.items()
        ),
    )
    return format_html(
        '<svg class="chart" viewBox="0 0 {} 110" role="img" aria-label="{}">'
        '<path class="gridline" d="M0 {}h{}"/><text class="quiet" x="0" y="{}">{}</text>'
        '<path class="b" d="M{}"/><g class="dots">{}</g>{}{}</svg>',
        CHART_WIDTH,
        label,
        _raw(_y(needed)),
        CHART_WIDTH,
        _raw(_y(needed) + (13 if known[0][1] >= needed else -5)),  # away from the first dot
        gettext("%(points)s needed") % {"points": points(needed)},
        "L".join(f"{_raw(x)} {_raw(y)}" for x, y in at.values()),
        dots,
        _marked(dict(known), at, here),
        _ends(at),
    )


def _marked(known: dict[int, float], at: dict[int, tuple[float, float]], here: int) -> SafeString:
    if here not in at:
        return SafeString()
    x, y = at[here]
    return format_html(
        '<text class="strong halo" x="{}" y="{}" text-anchor="middle">{}</text>',
        _raw(min(max(x, 14), CHART_WIDTH - 14)),
        _raw(y - 11),
        points(known[here]),
    )


def _ends(at: dict[int, tuple[float, float]]) -> SafeString:
    ends = sorted({min(at), max(at)})
    return format_html_join(
        "",
        '<text class="quiet" x="{}" y="108" text-anchor="middle">{}</text>',
        ((_raw(at[number][0]), number + 1) for number in ends),
    )


def _y(score: float) -> float:
    return CHART_BOTTOM - (CHART_BOTTOM - CHART_TOP) * min(max(score, 0), 100) / 100


def _pieces(groups: Sequence[GroupPoints]) -> list[_Piece]:
    total = sum(group.max_points for group in groups) or 1
    pieces, start = [], 0.0
    for group in groups:
        wide = 100 * group.max_points / total
        pieces.append(
            _Piece(
                group=group.group,
                name=str(words.GROUPS[group.group]),
                points=points(group.points),
                max_points=points(group.max_points),
                start=start,
                wide=wide,
                filled=wide * group.points / group.max_points,
            )
        )
        start += wide
    return pieces


def _apart(cuts: Sequence[float]) -> list[float]:
    """The cuts that have room for their number between their neighbours, 0 and 100."""
    shown: list[float] = []
    for cut in cuts:
        if cut - (shown[-1] if shown else 0) >= ROOM and 100 - cut >= ROOM:
            shown.append(cut)
    return shown


def _raw(value: float) -> str:
    """A coordinate: never with the decimal comma of a language."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A group's points, as the landing's report shows them."""

    group: str
    points: float
    max_points: float


SAMPLE: Final = (
    Stretch(group="production", points=10, max_points=14),
    Stretch(group="tests", points=21, max_points=21),
    Stretch(group="metrics", points=31, max_points=65),
)
