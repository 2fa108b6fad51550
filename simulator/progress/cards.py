"""What the catalogue shows of a quest and of the reader's way through it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graders.quest import Difficulty, Person, Quest
from simulator.catalog import words
from simulator.catalog.shelf import total_minutes
from simulator.progress.stages import StageState, State

FULL: Final = "●"
HOLLOW: Final = "○"
PASSED: Final = (State.PASSED, State.DEBT)


@dataclass(frozen=True, kw_only=True)
class Card:
    """One quest in the catalogue."""

    quest: Quest
    person: Person | None
    minutes: int
    level: str
    level_dots: str
    status: str
    teaches: str
    assumes: str
    prerequisites: tuple[str, ...]
    stages: Sequence[StageState]

    @property
    def passed(self) -> int:
        return sum(state.state in PASSED for state in self.stages)

    @property
    def done(self) -> bool:
        return bool(self.stages) and self.passed == len(self.stages)


def cards(quests: Sequence[Quest], maps: Mapping[str, Sequence[StageState]]) -> list[Card]:
    """A card a quest, in the order given; `maps` holds the reader's stages by quest."""
    return [_card(quest, maps.get(quest.slug, ())) for quest in quests]


def _card(quest: Quest, stages: Sequence[StageState]) -> Card:
    level = list(Difficulty).index(quest.difficulty) + 1
    return Card(
        quest=quest,
        person=quest.people[0] if quest.people else None,
        minutes=total_minutes(quest),
        level=str(words.DIFFICULTIES[quest.difficulty]),
        level_dots=FULL * level + HOLLOW * (len(Difficulty) - level),
        status=str(words.STATUSES.get(quest.status, "")),
        teaches=", ".join(map(words.skill, quest.concepts)),
        assumes=", ".join(map(words.skill, quest.prerequisites)),
        prerequisites=tuple(map(words.skill, quest.prerequisites)),
        stages=stages,
    )
