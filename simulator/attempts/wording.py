"""A result in words, for a line of a list or a card of a report."""

from dataclasses import dataclass

from graders.messages import Message, render
from graders.quest import Language, Quest, Stage
from graders.results import CheckResult


@dataclass(frozen=True, kw_only=True)
class Worded:
    """A result and its message."""

    result: CheckResult
    message: Message


def word(result: CheckResult, quest: Quest, stage: Stage, language: Language) -> Worded:
    """The result with its message in that language."""
    return Worded(result=result, message=render(quest, stage, result, language))
