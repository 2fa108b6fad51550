"""How good a stage's checks and messages are: what learners did before and after reading them.

`first` is the share of learners who pass at the first attempt at which the check was judged;
`last` the share who pass in the end. Discrimination is the point-biserial correlation of the
first result with the score of the other checks at that attempt, with Fisher's 95 % interval. The
fix rate of a message counts learners who tried again after they first read it: the share whose
check passes within the next two attempts.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.analysis.histories import ABSENT, PASSED, Floats, History, Ints

ENOUGH: Final = 20  # learners, below that a number says little
GOOD_DISCRIMINATION: Final = 0.2
NEARLY_ALL: Final = 0.95
HARDLY_ANY: Final = 0.15
GOOD_FIX_RATE: Final = 0.4
WITHIN: Final = 2  # attempts
Z95: Final = 1.959964

Readers = Mapping[tuple[str, str], Collection[int]]
"""Who opened the lesson of a message, by check and reason."""


@dataclass(frozen=True, kw_only=True)
class Discrimination:
    """A correlation with its interval."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, kw_only=True)
class Message:
    """What became of the learners who read a message."""

    check: str
    reason: str
    seen: int  # learners
    tried_again: int
    fixed: int
    open_now: tuple[int, ...]  # enrolments whose newest attempt still shows it
    with_lesson: tuple[int, int] = (0, 0)  # fixed, of those who opened the lesson
    without_lesson: tuple[int, int] = (0, 0)

    @property
    def fix_rate(self) -> float | None:
        return self.fixed / self.tried_again if self.tried_again else None

    @property
    def sure(self) -> bool:
        return self.tried_again >= ENOUGH

    @property
    def rewrite(self) -> bool:
        """Whether the words do not help those who read them."""
        rate = self.fix_rate
        return self.sure and rate is not None and rate < GOOD_FIX_RATE


@dataclass(frozen=True, kw_only=True)
class Item:
    """A check, and how learners fare with it."""

    check: str
    n: int  # learners for whom it was judged
    first: float
    last: float
    median_attempts: float | None  # of those who passed
    p90_attempts: float | None
    discrimination: Discrimination | None
    messages: tuple[Message, ...]

    @property
    def sure(self) -> bool:
        return self.n >= ENOUGH

    @property
    def fix_rate(self) -> float | None:
        """Over all its messages."""
        tried = sum(one.tried_again for one in self.messages)
        return sum(one.fixed for one in self.messages) / tried if tried else None

    @property
    def suspicious(self) -> bool:
        """Whether those who do well elsewhere do not do better here: the check may be at fault."""
        found = self.discrimination
        if not self.sure or found is None or self.first > NEARLY_ALL:
            return False
        return found.value < GOOD_DISCRIMINATION

    @property
    def against(self) -> bool:
        """Whether those who do well elsewhere do worse here, beyond chance."""
        found = self.discrimination
        return self.suspicious and found is not None and found.high < 0

    @property
    def hard(self) -> bool:
        return self.sure and self.first < HARDLY_ANY

    @property
    def rewrite(self) -> bool:
        return any(message.rewrite for message in self.messages)

    @property
    def worst(self) -> tuple[bool, bool, bool, float]:
        """What comes first in a list."""
        rate = self.fix_rate
        return (
            not self.against,
            not self.rewrite,
            not self.suspicious,
            rate if rate is not None and self.sure else 1.0,
        )


def items(history: History, *, readers: Readers | None = None) -> list[Item]:
    """Every check of a stage. `readers` are the enrolments that opened a message's lesson."""
    return [_item(history, column, readers or {}) for column in range(len(history.checks))]


def _item(history: History, column: int, readers: Readers) -> Item:
    outcome = history.outcomes[:, column]
    first = _first_of(history, outcome != ABSENT)
    judged = first < history.rows
    at = first[judged]
    right = outcome[at] == PASSED
    passes = _first_of(history, outcome == PASSED)
    ever = passes < history.rows
    took = (passes - history.starts + 1)[ever]
    n = int(judged.sum())
    return Item(
        check=history.checks[column],
        n=n,
        first=float(right.mean()) if n else 0.0,
        last=float(ever[judged].mean()) if n else 0.0,
        median_attempts=float(np.median(took)) if len(took) else None,
        p90_attempts=float(np.quantile(took, 0.9)) if len(took) else None,
        discrimination=_discrimination(right.astype(float), _rest(history, column, at)),
        messages=tuple(_messages(history, column, readers)),
    )


def _first_of(history: History, wanted: np.ndarray) -> Ints:
    """The first wanted row of each learner; the number of rows where there is none."""
    where = np.where(wanted, np.arange(history.rows), history.rows)
    found: Ints = np.minimum.reduceat(where, history.starts)
    return found


def _rest(history: History, column: int, at: Ints) -> Floats:
    """The score of the other checks at these attempts."""
    points = history.points[at].sum(axis=1) - history.points[at, column]
    most = history.most[at].sum(axis=1) - history.most[at, column]
    found: Floats = np.divide(points, most, out=np.zeros(len(at)), where=most > 0)
    return found


def _discrimination(right: Floats, rest: Floats) -> Discrimination | None:
    """None where a side does not vary: then there is nothing to tell apart."""
    n = len(right)
    if n < 4 or right.std() == 0 or rest.std() == 0:  # noqa: PLR2004, the interval needs four
        return None
    value = float(np.corrcoef(right, rest)[0, 1])
    bound = min(max(value, -0.999999), 0.999999)
    centre, half = math.atanh(bound), Z95 / math.sqrt(n - 3)
    return Discrimination(
        value=value, low=math.tanh(centre - half), high=math.tanh(centre + half), n=n
    )


def _messages(history: History, column: int, readers: Readers) -> Iterator[Message]:
    reason = history.reason[:, column]
    green = history.outcomes[:, column] == PASSED
    last = reason[history.ends - 1]
    for code in np.unique(reason[reason >= 0]):
        first = _first_of(history, reason == code)
        seen = first < history.rows
        again = seen & (first + 1 < history.ends)
        fixed = np.zeros(len(first), dtype=bool)
        for step in range(1, WITHIN + 1):
            later = np.minimum(first + step, history.rows - 1)
            fixed |= again & (first + step < history.ends) & green[later]
        key = (history.checks[column], history.reasons[code])
        opened = np.isin(history.learners, [*readers.get(key, ())])
        yield Message(
            check=key[0],
            reason=key[1],
            seen=int(seen.sum()),
            tried_again=int(again.sum()),
            fixed=int(fixed.sum()),
            open_now=tuple(int(one) for one in history.learners[last == code]),
            with_lesson=(int((fixed & opened).sum()), int((again & opened).sum())),
            without_lesson=(int((fixed & ~opened).sum()), int((again & ~opened).sum())),
        )


@dataclass(frozen=True, kw_only=True)
class Leak:
    """Whether hidden results run ahead of public ones the more often learners try."""

    gaps: tuple[tuple[int, float, int], ...]  # attempt, mean gap, learners
    rise: float
    alarm: bool


RISE: Final = 0.1
EARLY: Final = 2
LATE: Final = 5
SHOWN: Final = 12


def leak(history: History, *, hidden: Collection[str], public: Collection[str]) -> Leak | None:
    """The gap between hidden and public shares by attempt; None where one side has no checks."""
    theirs = [n for n, name in enumerate(history.checks) if name in hidden]
    open_ = [n for n, name in enumerate(history.checks) if name in public]
    if not theirs or not open_:
        return None
    gap = _share(history, theirs) - _share(history, open_)
    number = np.arange(history.rows) - np.repeat(
        history.starts, history.ends - history.starts
    ) + 1  # fmt: skip
    gaps = []
    for k in range(1, min(SHOWN, int(number.max(initial=0))) + 1):
        found = gap[(number == k) & ~np.isnan(gap)]
        if len(found):
            gaps.append((k, float(found.mean()), len(found)))
    early, late = _mean(gap[number <= EARLY]), _mean(gap[number >= LATE])
    rise = late - early if early is not None and late is not None else 0.0
    enough = int((number == LATE).sum()) >= ENOUGH
    return Leak(gaps=tuple(gaps), rise=rise, alarm=enough and rise > RISE)


def _share(history: History, columns: Sequence[int]) -> Floats:
    """The share of the points of some checks; not a number where none was judged."""
    most = history.most[:, columns].sum(axis=1)
    points = history.points[:, columns].sum(axis=1)
    found: Floats = np.divide(points, most, out=np.full(history.rows, np.nan), where=most > 0)
    return found


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
