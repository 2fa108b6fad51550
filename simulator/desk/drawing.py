"""Draw the heatmap's rows: forty thousand cells a page are too many for a template each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from simulator.attempts.standing import Place
from simulator.catalog.languages import language
from simulator.cohorts.heatmap import Heatmap, Row
from simulator.cohorts.models import Cohort
from simulator.pages.charts import points
from simulator.pages.templatetags.pages import HEAT_STEPS
from simulator.progress.stages import State

DONE: Final = frozenset({State.PASSED, State.DEBT})
MOST_COUNTED: Final = 1000


@dataclass(frozen=True, kw_only=True)
class _Words:
    """The words of a page's cells, looked up once."""

    stuck: str
    passed: str
    checks: str
    ground: str
    locked: str
    open: str
    absent: str

    @classmethod
    def now(cls) -> "_Words":
        return cls(
            stuck=gettext("may need help"),
            passed=gettext("passed"),
            checks=gettext("checks passed"),
            ground=gettext("development only"),
            locked=_mute("–", gettext("locked")),
            open=_mute("○", gettext("open")),
            absent=_mute("–", gettext("not begun")),
        )


def name_of(row: Row, *, pseudonyms: bool) -> str:
    """A learner as the page names them."""
    if pseudonyms:
        return gettext("Learner %(number)d") % {"number": row.number}
    return row.learner.get_full_name() or row.learner.username


def rows_of(
    cohort: Cohort, heatmap: Heatmap, rows: Sequence[Row], *, pseudonyms: bool
) -> Iterator[SafeString]:
    """The body of the table, a line a learner."""
    words = _Words.now()
    titles = [conditional_escape(one.stage.title[language()]) for one in heatmap.columns]
    slugs = [one.stage.slug for one in heatmap.columns]
    counts = [_attempts(count) for count in range(20)]
    shown = {value / 10: points(value / 10) for value in range(MOST_COUNTED + 1)}
    base = reverse("desk:learner", args=[cohort.pk, 0]).removesuffix("0/")
    quest = heatmap.quest.slug
    for row in rows:
        pen = _Pen(address=f"{base}{row.member.learner_id}/#{quest}-", shown=shown, counts=counts)
        cells = [
            _empty(row, row.states[number], words)
            if place is None
            else pen.cell(place, row, number, (slugs[number], titles[number]), words)
            for number, place in enumerate(row.places)
        ]
        name = conditional_escape(name_of(row, pseudonyms=pseudonyms))
        yield mark_safe(  # noqa: S308, names and titles are escaped above, all else is ours
            f'<tr><th scope="row"><a href="{base}{row.member.learner_id}/">{name}</a></th>'
            f"{''.join(cells)}</tr>"
        )


@dataclass(frozen=True, kw_only=True)
class _Pen:
    """Draws the cells of a learner."""

    address: str
    shown: dict[float, str]
    counts: list[str]

    def cell(
        self, place: Place, row: Row, number: int, stage: tuple[str, str], words: _Words
    ) -> str:
        """A stage at which something was graded."""
        slug, title = stage
        flag = row.flags.get(slug)
        if flag:
            heat, text, about = "stuck", _days(flag.days), words.stuck
        elif row.states[number] in DONE:
            best = self.shown.get(place.best) or points(place.best)
            heat, text, about = _heat(place.best), f"✓ {best}", words.passed
        else:
            heat, text = "part", f"◐ {place.checks_passed}/{place.checks}"
            about = words.checks
        many = place.attempts >= len(self.counts)
        said = _attempts(place.attempts) if many else self.counts[place.attempts]
        ground = "" if place.firm else ' data-ground="development"'
        said += "" if place.firm else f", {words.ground}"
        return (
            f'<td><a href="{self.address}{slug}" data-heat="{heat}"{ground} '
            f'title="{title}: {about}, {said}">{text}</a></td>'
        )


def _empty(row: Row, state: State, words: _Words) -> str:
    if state is State.LOCKED:
        return words.locked
    return words.open if row.enrolled else words.absent


def _mute(glyph: str, word: str) -> str:
    return (
        f'<td><span class="cell"><span aria-hidden="true">{glyph}</span>'
        f'<span class="hidden">{conditional_escape(word)}</span></span></td>'
    )


def _heat(best: float) -> str:
    return str(1 + sum(best >= step for step in HEAT_STEPS))


def _days(days: int) -> str:
    return gettext("! %(days)d d") % {"days": days} if days else "!"


def _attempts(count: int) -> str:
    return ngettext("%(count)d attempt", "%(count)d attempts", count) % {"count": count}
