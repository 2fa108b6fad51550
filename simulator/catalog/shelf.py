"""The catalogue's filters: which quests fit, and what to take away when none does."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from graders.quest import Difficulty, Quest, Status
from simulator.catalog import words
from simulator.catalog.languages import language

HOUR: Final = 60
SHORT_HOURS: Final = 4
LONG_HOURS: Final = 8
LENGTHS: Final[dict[str, Promise]] = {
    "short": _("up to 4 hours"),
    "medium": _("4 to 8 hours"),
    "long": _("8 hours and more"),
}
SORTS: Final[dict[str, Promise]] = {"recommended": _("recommended"), "shortest": _("shortest")}


@dataclass(frozen=True, kw_only=True)
class Option:
    """A box to tick."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Facet:
    """A group of boxes; a quest fits if it fits one of those ticked."""

    name: str
    label: Promise
    options: tuple[Option, ...]


@dataclass(frozen=True, kw_only=True)
class Loosening:
    """What is left when one box is unticked."""

    label: str
    count: int
    query: str


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """The quests that fit, in order, and the filters as they stand."""

    quests: tuple[Quest, ...]
    facets: tuple[Facet, ...]
    sort: str
    filtered: bool
    loosenings: tuple[Loosening, ...]


def total_minutes(quest: Quest) -> int:
    return sum(stage.estimate_minutes for stage in quest.stages)


def shelf(quests: Iterable[Quest], asked: QueryDict) -> Shelf:
    """Filter and sort by the parameters of the address; unknown ones change nothing."""
    everything = tuple(quests)
    chosen = _chosen(everything, asked)
    sort = asked.get("sort", "recommended")
    fitting = _fitting(everything, chosen)
    return Shelf(
        quests=tuple(sorted(fitting, key=_ORDERS.get(sort, _recommended))),
        facets=tuple(
            Facet(name=name, label=facet.label, options=_options(name, everything, chosen))
            for name, facet in _FACETS.items()
        ),
        sort=sort if sort in _ORDERS else "recommended",
        filtered=any(chosen.values()),
        loosenings=() if fitting else _loosenings(everything, chosen),
    )


@dataclass(frozen=True, kw_only=True)
class _Kind:
    label: Promise
    values: Callable[[Quest], Sequence[str]]
    word: Callable[[str, Sequence[Quest]], str]


def _length(quest: Quest) -> str:
    hours = total_minutes(quest) / HOUR
    if hours < SHORT_HOURS:
        return "short"
    return "medium" if hours < LONG_HOURS else "long"


_FACETS: Final = {
    "industry": _Kind(
        label=_("Industry"),
        values=lambda q: (q.domain["en"],),
        word=lambda value, quests: next(
            q.domain[language()] for q in quests if q.domain["en"] == value
        ),
    ),
    "skill": _Kind(
        label=_("Skills"), values=lambda q: q.concepts, word=lambda value, _: words.skill(value)
    ),
    "work": _Kind(
        label=_("What you do"),
        values=lambda q: sorted({stage.kind for stage in q.stages}),
        word=lambda value, _: str(words.KINDS[value]),
    ),
    "level": _Kind(
        label=_("Level"),
        values=lambda q: (q.difficulty,),
        word=lambda value, _: str(words.DIFFICULTIES[value]),
    ),
    "length": _Kind(
        label=_("Length"),
        values=lambda q: (_length(q),),
        word=lambda value, _: str(LENGTHS[value]),
    ),
}


def suggested(quests: Sequence[Quest], comfort: Mapping[str, int]) -> Quest | None:
    """The quest to begin with for someone who feels like this; None if they did not say."""
    if not comfort:
        return None
    weakest = min(comfort.values())
    wanted = list(Difficulty)[min(max(weakest, 1), len(Difficulty)) - 1]
    order = list(Difficulty)
    return min(
        quests,
        key=lambda quest: (
            abs(order.index(quest.difficulty) - order.index(wanted)),
            _recommended(quest),
        ),
        default=None,
    )


def _recommended(quest: Quest) -> tuple[bool, int, str]:
    return (quest.status != Status.ACTIVE, list(Difficulty).index(quest.difficulty), quest.slug)


def _shortest(quest: Quest) -> tuple[bool, int, str]:
    return (False, total_minutes(quest), quest.slug)


_ORDERS: Final = {"recommended": _recommended, "shortest": _shortest}


def _known(name: str, quests: Sequence[Quest]) -> list[str]:
    return sorted({value for quest in quests for value in _FACETS[name].values(quest)})


def _chosen(quests: Sequence[Quest], asked: QueryDict) -> dict[str, set[str]]:
    return {name: set(asked.getlist(name)) & set(_known(name, quests)) for name in _FACETS}


def _fitting(quests: Iterable[Quest], chosen: dict[str, set[str]]) -> list[Quest]:
    return [
        quest
        for quest in quests
        if all(
            not wanted or wanted & set(_FACETS[name].values(quest))
            for name, wanted in chosen.items()
        )
    ]


def _options(
    name: str, quests: Sequence[Quest], chosen: dict[str, set[str]]
) -> tuple[Option, ...]:
    facet = _FACETS[name]
    return tuple(
        Option(
            value=value,
            label=capfirst(facet.word(value, quests)),
            count=sum(value in facet.values(quest) for quest in quests),
            chosen=value in chosen[name],
        )
        for value in _known(name, quests)
    )


def _loosenings(quests: Sequence[Quest], chosen: dict[str, set[str]]) -> tuple[Loosening, ...]:
    found = []
    for name, wanted in chosen.items():
        for value in sorted(wanted):
            looser = {**chosen, name: wanted - {value}}
            pairs = [(key, each) for key, values in looser.items() for each in sorted(values)]
            found.append(
                Loosening(
                    label=_FACETS[name].word(value, quests),
                    count=len(_fitting(quests, looser)),
                    query=urlencode(pairs),
                )
            )
    return tuple(sorted(found, key=lambda each: -each.count))
