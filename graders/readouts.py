"""What a rollout leaves for a page: plain data, rounded, with every sentence in both languages.

Numbers are kept to three significant digits: enough for a decision, too few to tell the world
from. Nothing here came out of a room but what the judge has counted.
"""

import math
from dataclasses import dataclass

from graders.quest import Text

_DIGITS = 3


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the chart: roubles a decision over the best policy that needs no work."""

    name: str  # incumbent, policy, best
    words: Text
    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class GuardrailLine:
    """A guardrail with what was measured."""

    metric: str
    words: Text
    op: str
    limit: float
    value: float
    held: str  # kept, warned, breached
    percent: bool = True


@dataclass(frozen=True, kw_only=True)
class SegmentLine:
    """A part of the market: how much of it was acted upon, and what that brought there."""

    name: str
    words: Text
    acted_upon: float  # share of its decisions
    money: float  # roubles a decision of the segment, over the best simple policy


@dataclass(frozen=True, kw_only=True)
class Readout:
    """What a decision-maker reads after a rollout, in this order."""

    headline: Text
    money: Text
    decision: str  # ship, hold, stop: what the learner's rule said; empty if it said nothing
    effect: float  # roubles a decision against the incumbent, as the experiment saw it
    low: float
    high: float
    month: float  # roubles
    year: float
    true_effect: float
    capture: float  # of what skill can earn, over the best policy that needs no work
    step: Text  # what a point of the chart is: week
    lines: tuple[Line, ...]
    guardrails: tuple[GuardrailLine, ...]
    segments: tuple[SegmentLine, ...]
    units_control: int
    units_treatment: int
    split_p: float
    false_alarms: float  # share of A/A splits that the test called different
    weeks: int


def significant(value: float, digits: int = _DIGITS) -> float:
    """The number with so many significant digits. Raises ValueError for none that is finite."""
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be shown")
    if value == 0:
        return 0.0
    places = digits - 1 - math.floor(math.log10(abs(value)))
    return round(value, places) + 0.0
