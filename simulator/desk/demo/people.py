"""Who the simulated learners are: names, and how each of them learns."""

import enum
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

FIRST: Final = (
    *("Amina", "Boris", "Chen", "Daria", "Egor", "Fatima", "Grigori", "Hanna", "Ilya", "Jonas"),
    *("Katya", "Lev", "Maria", "Nikita", "Olga", "Pavel", "Quinn", "Rosa", "Sergei", "Tamara"),
)
LAST: Final = (
    *("Yusupova", "Kim", "Wei", "Orlova", "Lazarev", "Noor", "Belov", "Weber", "Markin", "Silva"),
    *("Sokolov", "Romanov", "Petrova", "Novak", "Ivanenko", "Garcia", "Tanaka", "Moreau"),
)


class Manner(enum.StrEnum):
    """How someone goes through a quest."""

    QUICK = "quick"
    STEADY = "steady"
    STRUGGLING = "struggling"
    HURRIED = "hurried"
    SILENT = "silent"  # begins well, then is not heard of
    ABSENT = "absent"


SHARES: Final = {
    Manner.QUICK: 0.16,
    Manner.STEADY: 0.54,
    Manner.STRUGGLING: 0.12,
    Manner.HURRIED: 0.05,
    Manner.SILENT: 0.08,
    Manner.ABSENT: 0.05,
}
ABILITY: Final = {
    Manner.QUICK: 1.3,
    Manner.STEADY: 0.3,
    Manner.STRUGGLING: -0.9,
    Manner.HURRIED: -0.4,
    Manner.SILENT: 0.0,
    Manner.ABSENT: 0.0,
}


@dataclass(frozen=True, kw_only=True)
class Person:
    """A simulated learner."""

    first: str
    last: str
    username: str
    manner: Manner
    ability: float
    group: str


def people(count: int, rng: random.Random) -> Iterator[Person]:
    """So many people, the same for the same random numbers."""
    names = [(first, last) for first in FIRST for last in LAST]
    rng.shuffle(names)
    manners = [*SHARES]
    for number in range(count):
        first, last = names[number % len(names)]
        manner = rng.choices(manners, weights=[*SHARES.values()])[0]
        yield Person(
            first=first,
            last=last,
            username=f"{first}.{last}.{number + 1}".lower(),
            manner=manner,
            ability=rng.gauss(ABILITY[manner], 0.5),
            group=f"group {number % 4 + 1}",
        )
