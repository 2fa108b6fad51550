"""The route of a quest over its ground, as inline SVG; the list beside it says the same."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from graders.quest import Language
from simulator.pages import terrain

SMALL: Final = (440, 330)
WIDE: Final = (1200, 360)
SMALL_RADIUS: Final = 11
WIDE_RADIUS: Final = 16
FROM_THE_EDGE: Final = 200  # a name that close to the right edge ends there
GAP: Final = 20  # between a leg and its controls
WALKED: Final = frozenset({"passed", "debt", "here"})
LOOKS: Final = {"passed": " done", "debt": " done", "here": " here"}


class Stop(Protocol):
    """A stage of a learner's map."""

    @property
    def state(self) -> str: ...


class Named(Protocol):
    """A stage of a quest."""

    @property
    def title(self) -> Mapping[Language, str]: ...
    @property
    def summary(self) -> Mapping[Language, str]: ...


def quest_map(seed: str, states: Sequence[str]) -> SafeString:
    """The small map of the quest page; legs that are walked are solid."""
    width, height = SMALL
    points = terrain.stops(seed, count=len(states), width=width, height=height)
    return format_html(
        '<svg class="map story-map wide-only" viewBox="0 0 {} {}"'
        ' preserveAspectRatio="xMidYMid slice" aria-hidden="true">{}{}{}</svg>',
        width,
        height,
        _ground(seed, width, height),
        _legs(points, walked=[state in WALKED for state in states]),
        _controls(points, states, radius=SMALL_RADIUS),
    )


def wide_map(seed: str, names: Sequence[tuple[str, str]], label: str) -> SafeString:
    """The map over the width of a page, with the title and summary of every stage."""
    width, height = WIDE
    points = terrain.stops(seed, count=len(names), width=width, height=height)
    return format_html(
        '<svg class="map" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}{}</svg>',
        width,
        height,
        label,
        _ground(seed, width, height),
        _legs(points, walked=[True] * len(names)),
        _controls(points, [""] * len(names), radius=WIDE_RADIUS),
        _names(points[1:], names),
    )


def _ground(seed: str, width: int, height: int) -> SafeString:
    ground = terrain.terrain(seed, width=width, height=height)
    return format_html(
        '{}<path class="contour" d="{}"/><path class="contour contour--index" d="{}"/>',
        format_html_join("", '<path class="{}" d="{}"/>', ground.tints),
        ground.contours,
        ground.index_contours,
    )


def _legs(points: Sequence[terrain.Point], *, walked: Sequence[bool]) -> SafeString:
    """Straight legs between controls, each cut short so that it does not touch them."""
    lines: dict[bool, str] = {True: "", False: ""}
    for ((x, y), (u, v)), solid in zip(itertools.pairwise(points), walked, strict=True):
        length = max(((u - x) ** 2 + (v - y) ** 2) ** 0.5, 1)
        dx, dy = GAP * (u - x) / length, GAP * (v - y) / length
        lines[solid] += f"M{x + dx:.0f} {y + dy:.0f}L{u - dx:.0f} {v - dy:.0f}"
    return format_html(
        '<path class="leg" d="{}"/><path class="leg ahead" d="{}"/>', lines[True], lines[False]
    )


def _controls(
    points: Sequence[terrain.Point], states: Sequence[str], *, radius: int
) -> SafeString:
    (x, y), *rest = points
    parts = [format_html('<path class="stop" d="M{} {}l12 20h-24z"/>', x, y - 11)]
    for number, (point, state) in enumerate(zip(rest, states, strict=True), start=1):
        last = number == len(rest)
        parts.append(_ring(point, state, radius))
        if last:
            parts.append(_ring(point, state, radius - 4))
        if state not in {"passed", "debt"} and (radius > SMALL_RADIUS or not last):
            parts.append(_number(point, state, number))
    return mark_safe("".join(parts))  # noqa: S308, joined from escaped parts


def _ring(point: terrain.Point, state: str, radius: int) -> SafeString:
    look = LOOKS.get(state, "")
    return format_html('<circle class="stop{}" cx="{}" cy="{}" r="{}"/>', look, *point, radius)


def _number(point: terrain.Point, state: str, number: int) -> SafeString:
    x, y = point
    return format_html(
        '<text class="strong{}" x="{}" y="{}" text-anchor="middle">{}</text>',
        " on" if state == "here" else "",
        x,
        y + 4.5,
        number,
    )


def _names(points: Sequence[terrain.Point], names: Sequence[tuple[str, str]]) -> SafeString:
    width, height = WIDE
    return format_html_join(
        "",
        '<text class="halo strong" x="{x}" y="{y}" text-anchor="{anchor}">{title}</text>'
        '<text class="halo quiet" x="{x}" y="{below}" text-anchor="{anchor}">{summary}</text>',
        (
            {
                "x": width - 16 if x > width - FROM_THE_EDGE else x,
                "anchor": "end" if x > width - FROM_THE_EDGE else "middle",
                "y": y + 40 if y > height / 2 else y - 46,
                "below": y + 57 if y > height / 2 else y - 29,
                "title": title,
                "summary": summary,
            }
            for (x, y), (title, summary) in zip(points, names, strict=True)
        ),
    )
