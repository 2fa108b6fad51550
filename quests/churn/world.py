"""Eight weeks of Lumen's market after the present: whom a letter reaches, and what it changes.

A week is one step: its renewals are decided at once, each belongs to one customer. Who leaves is
settled by one uniform a renewal that nobody's action touches, so a customer has a fixed outcome
with a letter and without. From the fourth week on prices are higher than in anybody's history.

The optimum is exact: money adds up over renewals and every letter takes one place of the limit,
so it is the `floor(0.15 n)` largest positive gains of each week.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from graders.rollout import Case, Codes, Flags, Floats, Outcome, Rail, Truth

MARGIN_RATE, MONTHS, DISCOUNT, CONTACT_COST = 0.7, 3.0, 0.3, 12.0
MAX_SHARE = 0.15
SILENT_DAYS = 14
LATENT = ["week", "p0", "p1", "luck", "forgot"]
MONTHLY = 86_000.0
SILENT, FINISHED, MOVABLE = "silent", "finished", "others"

CASE = Case(
    decision={"en": "renewal", "ru": "продление"},
    decisions={"en": "renewals", "ru": "продлений"},
    each={"en": "Each renewal", "ru": "Каждое продление"},
    monthly=MONTHLY,
    incumbent={"en": "Marina's rule", "ru": "правило Марины"},
    switched_off={"en": "switching Marina's rule off", "ru": "отключение правила Марины"},
    per_step={"en": "week", "ru": "неделя"},
    simple={
        "nothing": {"en": "send nothing", "ru": "никому не писать"},
        "everybody": {"en": "write to everybody", "ru": "писать всем"},
    },
    segments={
        SILENT: {
            "en": "silent: at most two lessons in twelve weeks",
            "ru": "молчащие: не больше двух уроков за двенадцать недель",
        },
        FINISHED: {
            "en": "have finished: more than 85 % of the course",
            "ru": "закончили: пройдено больше 85 % курса",
        },
        MOVABLE: {"en": "everybody else", "ru": "все остальные"},
    },
)
RAILS = (
    Rail(
        metric="contact_share",
        words={"en": "Letters, of a week's renewals", "ru": "Писем, от продлений недели"},
        count="letters",
        whole=True,
    ),
    Rail(
        metric="churn_over_control",
        words={"en": "Leave, over the control group", "ru": "Уходят сверх контрольной группы"},
        count="left",
        against="control",
    ),
    Rail(
        metric="complaint_share",
        words={
            "en": "Letters that remind of a forgotten subscription",
            "ru": "Писем, которые напоминают о забытой подписке",
        },
        count="reminded",
        over="letters",
        only_warns=True,
    ),
)


def open_world(truth: Truth) -> "Lumen":
    """Open the market over the quest's hidden truth."""
    return Lumen(rows=truth("world"))


@dataclass(kw_only=True)
class Lumen:
    """The market: action 0 sends nothing, action 1 the discount letter."""

    rows: pd.DataFrame
    unit: str = "user_id"
    key: str = "user_id"
    action: str = "action"
    actions: tuple[str | float, ...] = ("none", "discount30")
    steps_a_week: int = 1
    case: Case = CASE
    rails: tuple[Rail, ...] = RAILS

    @cached_property
    def weeks(self) -> list[pd.DataFrame]:
        """The renewals of each week."""
        parts = self.rows.groupby("week", sort=True)
        return [part.reset_index(drop=True) for _, part in parts]

    @property
    def steps(self) -> int:
        """How many weeks there are."""
        return len(self.weeks)

    def observe(self, step: int) -> pd.DataFrame:
        """Return what is known of each renewal when it is decided: the canonical features."""
        return self.weeks[step].drop(columns=LATENT)

    def usual(self, step: int) -> Codes:
        """Return Marina's rule: whoever has been silent for fourteen days."""
        return (self.weeks[step]["days_inactive"].to_numpy() >= SILENT_DAYS).astype(np.int64)

    def simple(self, step: int) -> Mapping[str, Codes]:
        """Return what nobody needs a model for."""
        count = len(self.weeks[step])
        zeros = np.zeros(count, dtype=np.int64)
        return {"nothing": zeros, "everybody": zeros + 1}

    def best(self, step: int) -> Codes:
        """Return the largest positive gains, as many as the limit allows."""
        gain = self.gain(step)
        places = int(MAX_SHARE * len(gain) + 1e-9)
        chosen = np.zeros(len(gain), dtype=np.int64)
        chosen[np.argsort(-gain, kind="stable")[:places]] = 1
        return np.where(gain > 0, chosen, 0)

    def gain(self, step: int) -> Floats:
        """Return what a letter is expected to add to each renewal."""
        letters = np.ones(len(self.weeks[step]), dtype=np.int64)
        return self.worth(step, letters) - self.worth(step, 1 - letters)

    def worth(self, step: int, actions: Codes) -> Floats:
        """Return the expected money of each renewal."""
        rows = self.weeks[step]
        leaves = np.where(actions == 1, rows["p1"], rows["p0"]).astype(np.float64)
        stays: Floats = 1.0 - leaves
        return self._money(step, actions, stays)

    def outcome(self, step: int, actions: Codes) -> Outcome:
        """Return what happens: one luck a renewal, whatever is done."""
        rows = self.weeks[step]
        chance = np.where(actions == 1, rows["p1"], rows["p0"])
        left: Floats = (rows["luck"].to_numpy() < chance).astype(np.float64)
        letters = (actions == 1).astype(np.float64)
        counts = {
            "letters": letters,
            "left": left,
            "reminded": letters * rows["forgot"].to_numpy(np.float64),
        }
        stays: Floats = 1.0 - left
        return Outcome(money=self._money(step, actions, stays), counts=counts)

    def before(self, step: int) -> Floats:
        """Return the value of keeping each customer: known before, and most of the spread."""
        value: Floats = MARGIN_RATE * MONTHS * self.weeks[step]["price_rub"].to_numpy(np.float64)
        return value

    def segments(self, step: int) -> Mapping[str, Flags]:
        """Return the silent, those who have finished, and everybody else."""
        rows = self.weeks[step]
        silent = (rows["lessons_84d"] <= 2).to_numpy(np.bool_)
        finished = (rows["progress_pct"] > 0.85).to_numpy(np.bool_) & ~silent
        return {SILENT: silent, FINISHED: finished, MOVABLE: ~silent & ~finished}

    def feedback(self, step: int, actions: Codes) -> pd.DataFrame | None:
        """Return nothing: outcomes are known two weeks later, and the policy does not learn."""
        del step, actions
        return None

    def _money(self, step: int, actions: Codes, stays: Floats) -> Floats:
        price = self.weeks[step]["price_rub"].to_numpy(np.float64)
        kept = stays * MARGIN_RATE * MONTHS * price
        money: Floats = kept - (actions == 1) * (stays * DISCOUNT * price + CONTACT_COST)
        return money
