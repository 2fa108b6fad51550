"""What comparisons, money and skills say in a word or a number."""

import math
from collections.abc import Sequence
from typing import Any, Final, Protocol

from django import template
from django.utils import formats
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from simulator.pages import charts, words
from simulator.pages.templatetags.pages import NBSP, thousands

register = template.Library()

BECAME: Final[dict[str, Promise]] = {
    "broke": _("broke"),
    "worse": _("worse"),
    "open": _("still open"),
    "better": _("better"),
    "fixed": _("fixed"),
    "passes": _("passes"),
    "not_run": _("not run"),
    "added": _("added"),
    "deleted": _("deleted"),
    "changed": _("changed"),
}
CHOICES: Final[dict[str, Promise]] = {
    "ship": _("Ship"),
    "iterate": _("Iterate"),
    "stop": _("Stop"),
}
SIGNS: Final[dict[str, Promise]] = {
    "earns": _("It earns even at the low end."),
    "loses": _("It loses even at the high end."),
    "unclear": _("The interval holds zero: nobody knows yet."),
}
LEVEL_STATUS: Final = {
    "mastered": "passed",
    "shown": "passed",
    "aided": "partial",
    "unseen": "skipped",
}
MILLION: Final = 1e6
THOUSAND: Final = 1e3
DIGITS: Final = 3
BARS_HIGH: Final = 28
EDGE: Final = 4
OPERATORS: Final = {"<=": "≤", ">=": "≥"}


@register.filter
def became_word(word: str) -> str:
    return str(BECAME[word])


@register.filter
def choice_word(word: str) -> str:
    return str(CHOICES[word])


@register.filter
def sign_word(word: str) -> str:
    return str(SIGNS[word])


@register.filter
def level_status(level: str) -> str:
    return LEVEL_STATUS[level]


@register.filter
def number_word(name: str) -> str:
    """The name of a number in a comparison: score, a group, the effect, or a check's title."""
    if name == "score":
        return gettext("Score")
    if name == "effect":
        return gettext("Effect, roubles a decision")
    return str(words.GROUPS.get(name, name))


@register.filter
def plain_number(value: float | None) -> str:
    """A number with as many digits as it deserves; a dash for none."""
    if value is None:
        return "–"
    size = abs(value)
    places = 0 if size >= THOUSAND or value == round(value) else _places(size)
    return formats.number_format(round(value, places), places, use_l10n=True, force_grouping=True)


@register.filter
def signed_number(value: float) -> str:
    return f"{_sign(value)}{plain_number(abs(value))}"


@register.filter
def money(value: float) -> str:
    """A sum with its sign, in thousands or millions where it is that large."""
    size = abs(value)
    if size >= MILLION:
        return f"{_sign(value)}{plain_number(size / MILLION)}{NBSP}{gettext('M')}"
    if size >= THOUSAND:
        return f"{_sign(value)}{plain_number(size / THOUSAND)}{NBSP}{gettext('k')}"
    return f"{_sign(value)}{charts.points(size)}"


@register.filter
def ceiling(value: float) -> float:
    """Where a slider of a cost ends: beyond what the policy could earn at best."""
    return max(math.ceil(2 * abs(value)), 1)


@register.filter
def times_three(value: float) -> float:
    return 3 * value


@register.filter
def bare(value: float) -> str:
    """A number as a form sends it: no language's comma, no zeros that say nothing."""
    return f"{value:.12g}"


@register.filter
def sign_of(op: str) -> str:
    return OPERATORS.get(op, op)


@register.simple_tag
def interval_picture(low: float, middle: float, high: float) -> SafeString:
    """An interval over zero: where it lies is what decides; the sentence beside says the same."""
    least, most = min(low, 0), max(high, 0)
    wide = (most - least) or 1
    zero, start, end, dot = (100 * (x - least) / wide for x in (0, low, high, middle))
    return format_html(
        '<svg class="interval" width="100%" height="34" aria-hidden="true">'
        '<line class="zero" x1="{0}%" x2="{0}%" y1="2" y2="22"/><text x="{0}%" y="33"'
        ' text-anchor="{4}">0</text><rect x="{1}%" width="{2}%" y="8" height="8"/>'
        '<circle cx="{3}%" cy="12" r="6"/></svg>',
        f"{zero:.1f}",
        f"{start:.1f}",
        f"{max(end - start, 0.5):.1f}",
        f"{min(max(dot, 1), 99):.1f}",
        "start" if zero < EDGE else "end" if zero > 100 - EDGE else "middle",
    )


class Shaped(Protocol):
    """A column with how often which values come."""

    @property
    def name(self) -> str: ...
    @property
    def shape(self) -> Sequence[Any]: ...


@register.simple_tag
def histogram(column: Shaped) -> SafeString:
    """Small bars, and the same as numbers for those who read."""
    wide = 100 / len(column.shape)
    bars = format_html_join(
        "",
        '<rect x="{}%" y="{}" width="{}%" height="{}"/>',
        (
            (
                round(number * wide, 2),
                round(BARS_HIGH * (1 - bar.share), 1),
                round(wide * 0.9, 2),
                round(BARS_HIGH * bar.share, 1),
            )
            for number, bar in enumerate(column.shape)
        ),
    )
    rows = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td class="num">{}</td></tr>',
        ((bar.label, thousands(bar.count)) for bar in column.shape),
    )
    label = gettext("How often the values of %(name)s come") % {"name": column.name}
    return format_html(
        '<details class="histogram"><summary><svg width="100%" height="{}" role="img"'
        ' aria-label="{}">{}</svg></summary><table class="sample"><tbody>{}</tbody></table>'
        "</details>",
        BARS_HIGH,
        label,
        bars,
        rows,
    )


def _places(size: float) -> int:
    """Three significant digits, as places after the comma."""
    return min(max(DIGITS - 1 - math.floor(math.log10(size)), 0), 6) if size else 0


def _sign(value: float) -> str:
    return "+" if value > 0 else "−" if value < 0 else ""
