"""What the templates say in a word: drawings, numbers with units, where the reader is."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from django import template
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.template import Context
from django.utils import formats, translation
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from simulator.pages import charts, portraits, terrain, themes, words

register = template.Library()

NBSP: Final = "\u00a0"
MESSAGE_STATUS: Final = {
    constants.SUCCESS: "passed",
    constants.WARNING: "partial",
    constants.ERROR: "failed",
}


class MapStop(Protocol):
    """A stage as the drawing needs it."""

    @property
    def state(self) -> str: ...


@register.simple_tag(takes_context=True)
def theme_attribute(context: Context) -> SafeString:
    theme = themes.chosen(context["request"])
    if theme not in themes.FORCED:
        return SafeString()
    return format_html(' data-theme="{}"', theme)


@register.inclusion_tag("pages/theme_buttons.html", takes_context=True)
def theme_buttons(context: Context) -> dict[str, str]:
    return {"theme": themes.chosen(context["request"])}


@register.simple_tag(takes_context=True)
def current(context: Context, *prefixes: str) -> SafeString:
    """`aria-current` if the page lies under one of the prefixes."""
    request: HttpRequest = context["request"]
    here = any(request.path.startswith(prefix) for prefix in prefixes)
    return mark_safe(' aria-current="page"') if here else SafeString()


@register.simple_tag
def message_status(message: Message) -> str:
    return MESSAGE_STATUS.get(message.level, "info")


@register.simple_tag
def portrait(seed: str, label: str = "", *, small: bool = False) -> SafeString:
    return portraits.portrait(seed, label=label, small=small)


@register.filter
def glyph(outcome: str) -> str:
    """The status of the look for an outcome of a check."""
    return words.GLYPHS.get(str(outcome), "info")


@register.filter
def plain_code(text: str) -> SafeString:
    """Escape a text and set what stands between backticks as code."""
    parts = str(text).split("`")
    return mark_safe(  # noqa: S308, every part is escaped here
        "".join(
            format_html("<code>{}</code>", part) if number % 2 else conditional_escape(part)
            for number, part in enumerate(parts)
        )
    )


@register.filter
def seconds(value: float | None) -> str:
    """A span of time as a person reads it: 0.4 s, 36 s, 2 min."""
    if value is None:
        return "–"
    if value < 10:  # noqa: PLR2004, below ten a tenth matters
        return f"{formats.number_format(round(value, 1), 1)}{NBSP}{gettext('s')}"
    if value < 120:  # noqa: PLR2004, two minutes
        return f"{round(value)}{NBSP}{gettext('s')}"
    return f"{round(value / 60)}{NBSP}{gettext('min')}"


@register.filter
def minutes(value: float) -> str:
    """An estimate in minutes as hours and minutes."""
    hours, rest = divmod(round(value), 60)
    parts = []
    if hours:
        parts.append(f"{hours}{NBSP}{gettext('h')}")
    if rest or not hours:
        parts.append(f"{rest}{NBSP}{gettext('min')}")
    return " ".join(parts)


@register.filter
def points(value: float) -> str:
    return charts.points(value)


@register.filter
def signed(value: float) -> str:
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return f"{sign}{points(abs(value))}"


@register.filter
def thousands(value: float) -> str:
    """A whole number in groups of three, as the language groups them."""
    grouped = f"{value:,.0f}"
    return grouped.replace(",", NBSP) if translation.get_language() == "ru" else grouped


@register.filter
def in_language(text: Any) -> str:
    """One of a quest's texts in the language of the page."""
    language = translation.get_language() or "en"
    return text.get(language[:2]) or text.get("en") or next(iter(text.values()), "")


@register.filter
def percent(value: float) -> str:
    return f"{formats.number_format(round(100 * value, 1))}{NBSP}%"


@register.simple_tag
def stages_passed(passed: int, count: int) -> str:
    text = ngettext("%(passed)d of %(count)d stage passed", "%(passed)d of %(count)d stages passed", count)
    return text % {"passed": passed, "count": count}


@register.simple_tag
def quest_map(seed: str, stages: Sequence[MapStop]) -> SafeString:
    """The route of a quest over its ground: decoration beside the list that says the same."""
    width, height = 440, 330
    ground = terrain.terrain(seed, width=width, height=height)
    points_ = terrain.stops(seed, count=len(stages), width=width, height=height)
    return format_html(
        '<svg class="map story-map wide-only" viewBox="0 0 {} {}"'
        ' preserveAspectRatio="xMidYMid slice" aria-hidden="true">{}{}{}</svg>',
        width,
        height,
        _ground(ground),
        _legs(points_, stages),
        _controls(points_, stages, radius=11),
    )


@register.simple_tag
def wide_map(seed: str, stages: Sequence[Any], label: str) -> SafeString:
    """The route drawn over the width of a page, every control named."""
    width, height = 1200, 360
    ground = terrain.terrain(seed, width=width, height=height)
    points_ = terrain.stops(seed, count=len(stages), width=width, height=height)
    names = format_html_join(
        "",
        '<text class="halo strong" x="{x}" y="{y}" text-anchor="{anchor}">{title}</text>'
        '<text class="halo quiet" x="{x}" y="{below}" text-anchor="{anchor}">{summary}</text>',
        (
            {
                "x": width - 16 if x > width - 200 else x,
                "anchor": "end" if x > width - 200 else "middle",
                "y": y + 40 if y > height / 2 else y - 46,
                "below": y + 57 if y > height / 2 else y - 29,
                "title": in_language(stage.title),
                "summary": in_language(stage.summary),
            }
            for (x, y), stage in zip(points_[1:], stages, strict=True)
        ),
    )
    return format_html(
        '<svg class="map" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}{}</svg>',
        width,
        height,
        label,
        _ground(ground),
        _legs(points_, ()),
        _controls(points_, [None] * len(stages), radius=16),
        names,
    )


def _ground(ground: terrain.Terrain) -> SafeString:
    return format_html(
        '{}<path class="contour" d="{}"/><path class="contour contour--index" d="{}"/>',
        format_html_join("", '<path class="{}" d="{}"/>', ground.tints),
        ground.contours,
        ground.index_contours,
    )


def _legs(points_: Sequence[terrain.Point], stages: Sequence[MapStop | None]) -> SafeString:
    """Straight legs between controls, each cut short so that it does not touch them."""
    walked, ahead = [], []
    for number, ((x, y), (u, v)) in enumerate(zip(points_, points_[1:], strict=False)):
        length = max(((u - x) ** 2 + (v - y) ** 2) ** 0.5, 1)
        dx, dy = (u - x) / length * 20, (v - y) / length * 20
        leg = f"M{x + dx:.0f} {y + dy:.0f}L{u - dx:.0f} {v - dy:.0f}"
        stage = stages[number] if number < len(stages) else None
        reached = stage is None or stage.state in {"passed", "debt", "here"}
        (walked if reached else ahead).append(leg)
    return format_html(
        '<path class="leg" d="{}"/><path class="leg ahead" d="{}"/>', "".join(walked), "".join(ahead)
    )


def _controls(
    points_: Sequence[terrain.Point], stages: Sequence[MapStop | None], *, radius: int
) -> SafeString:
    (x, y), *rest = points_
    parts = [format_html('<path class="stop" d="M{} {}l{} {}h-{}z"/>', x, y - 11, 12, 20, 24)]
    for number, ((u, v), stage) in enumerate(zip(rest, stages, strict=True), start=1):
        state = stage.state if stage else ""
        look = {"passed": " done", "debt": " done", "here": " here"}.get(state, "")
        parts.append(
            format_html('<circle class="stop{}" cx="{}" cy="{}" r="{}"/>', look, u, v, radius)
        )
        if number == len(rest):
            parts.append(format_html('<circle class="stop{}" cx="{}" cy="{}" r="{}"/>', look, u, v, radius - 4))
        if look != " done" and (radius > 12 or number < len(rest)):
            on = " on" if state == "here" else ""
            parts.append(
                format_html('<text class="strong{}" x="{}" y="{}" text-anchor="middle">{}</text>', on, u, v + 4.5, number)
            )
    return mark_safe("".join(parts))  # noqa: S308, joined from escaped parts


@register.filter
def outcome_word(outcome: str) -> str:
    return str(words.OUTCOMES[outcome])


@register.filter
def severity_word(severity: str) -> str:
    return str(words.SEVERITIES[severity])


@register.filter
def group_word(group: str) -> str:
    return str(words.GROUPS[group]).lower()


@register.filter
def phase_word(phase: str) -> str:
    return str(words.PHASES[phase])


@register.filter
def readiness_word(readiness: str) -> str:
    return str(words.READINESS[readiness])


@register.filter
def readiness_status(readiness: str) -> str:
    return words.READINESS_STATUS[readiness]


@register.simple_tag
def readiness_ladder(readiness: str) -> SafeString:
    return charts.ladder(readiness)


@register.simple_tag
def scale_bar(groups: Sequence[charts.GroupPoints]) -> SafeString:
    return charts.scale_bar(groups)


@register.simple_tag
def attempts_chart(scores: Sequence[float | None], needed: float, here: int) -> SafeString:
    return charts.attempts(scores, needed=needed, here=here)


@register.filter
def whole(value: float) -> int:
    """A count that decides a plural form."""
    return round(value)


@register.filter
def clean_code(text: str) -> str:
    """Where no markup can stand: the text without its backticks."""
    return text.replace("`", "")


@register.simple_tag
def heat(cell: Any) -> str:
    """The step of the heatmap's scale for a learner at a stage."""
    if cell.stuck:
        return "stuck"
    if cell.state.state not in {"passed", "debt"}:
        return "part"
    steps = (70, 80, 90)
    return str(1 + sum(cell.state.best >= step for step in steps))


@register.simple_tag
def sample_scale() -> SafeString:
    return charts.scale_bar(charts.SAMPLE)
