"""The public cases of the catalogue that this suite answers for, and why some do not apply."""

from collections.abc import Iterable, Mapping
from typing import Final

from tests.attack.case import Case
from tests.attack.cases import artefacts, escape, gaming, leakage, resources, sql, tampering, walls

GROUPS: Final[Mapping[str, int]] = {
    "ESC": 13,
    "RES": 13,
    "TAM": 15,
    "LEK": 11,
    "GAM": 13,
    "ART": 14,
}
PUBLIC: Final = (
    *(f"{group}-{number:02}" for group, count in GROUPS.items() for number in range(1, count + 1)),
    "SQL-12",
)
MODULES: Final = (escape, resources, tampering, leakage, gaming, artefacts, sql, walls)
CASES: Final[tuple[Case, ...]] = tuple(case for module in MODULES for case in module.CASES)

NOT_APPLICABLE: Final[Mapping[str, str]] = {
    "ESC-10": "no form, model or API field takes an address, and nothing of the site fetches one",
}


def chosen(words: Iterable[str]) -> tuple[Case, ...]:
    """The cases of these ids or groups; all when none is named. Raises LookupError."""
    wanted = tuple(words)
    unknown = [word for word in wanted if not _of(word)]
    if unknown:
        raise LookupError(f"there is no case {unknown[0]!r}")
    return tuple(case for case in CASES if not wanted or any(_is(case, word) for word in wanted))


def named(ids: Iterable[str]) -> tuple[Case, ...]:
    """The cases of exactly these ids, in their order. Raises KeyError."""
    known = {case.id: case for case in CASES}
    return tuple(known[each] for each in ids)


def _of(word: str) -> list[Case]:
    return [case for case in CASES if _is(case, word)]


def _is(case: Case, word: str) -> bool:
    return word in {case.id, case.listed, case.listed.partition("-")[0]}
