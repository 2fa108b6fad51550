"""Four weeks of offers after the present: onto which card each goes, and what that earns.

An offer is decided once. Its truth is fixed (a card of the catalogue, or none), so its money is
exact under every action and the optimum is what somebody would do who knew the truth. Actions are
codes: 0 sends the offer to a moderator, 1 opens a new card, 2 + n puts it on the card at place n
of the catalogue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from graders.rollout import Case, Codes, Flags, Floats, Outcome, Rail, Truth

RIGHT, WRONG, REVIEW, FOUND, OPENED, DOUBLED = 30.0, -400.0, -12.0, 30.0, 10.0, -25.0
MONTHLY = 400_000.0
LAPTOP, SSD = 1, 7
BARE_DISKS, ACCESSORIES, OTHERS = "bare_disks", "accessories", "others"
MATCH = 2  # the code of the first card
LATENT = [
    "week", "product_id", "family_id", "category", "accessory", "no_capacity",
    "ingested_at", "created_at",
]  # fmt: skip

CASE = Case(
    decision={"en": "offer", "ru": "оффер"},
    decisions={"en": "offers", "ru": "офферов"},
    each={"en": "Each offer", "ru": "Каждый оффер"},
    monthly=MONTHLY,
    incumbent={"en": "the barcode rule", "ru": "правило штрихкода"},
    switched_off={"en": "switching the barcode rule off", "ru": "отключение правила штрихкода"},
    per_step={"en": "week", "ru": "неделя"},
    simple={
        "review": {"en": "let a moderator look at everything", "ru": "всё смотрит модератор"},
        "new": {"en": "a new card for everything", "ru": "всему новую карточку"},
    },
    segments={
        BARE_DISKS: {
            "en": "laptops and SSDs with neither barcode nor capacity",
            "ru": "ноутбуки и SSD без штрихкода и без объёма",
        },
        ACCESSORIES: {"en": "accessories", "ru": "аксессуары"},
        OTHERS: {"en": "everything else", "ru": "всё остальное"},
    },
)
RAILS = (
    Rail(
        metric="review_share",
        words={
            "en": "Offers that a moderator looks at",
            "ru": "Офферов, которые смотрит модератор",
        },
        count="reviewed",
    ),
    Rail(
        metric="match_precision",
        words={"en": "Automatic matches that are right", "ru": "Верных среди автоматических"},
        count="right",
        over="matched",
    ),
    Rail(
        metric="duplicate_share",
        words={
            "en": "New cards for products that had one",
            "ru": "Новых карточек, у которых уже была своя",
        },
        count="doubled",
        over="opened",
    ),
)


def open_world(truth: Truth) -> "Prilavok":
    """Open the market over the quest's hidden truth."""
    return Prilavok(rows=truth("world"), catalogue=truth("catalogue"))


@dataclass(kw_only=True)
class Prilavok:
    """The market: a coin is tossed for a seller, a decision taken for each offer."""

    rows: pd.DataFrame
    catalogue: pd.DataFrame  # product_id and ean of each card, by ascending product_id
    unit: str = "seller_id"
    key: str = "offer_id"
    action: str = "action"
    actions: tuple[str | float, ...] = ("review", "new", "match")
    steps_a_week: int = 1
    case: Case = CASE
    rails: tuple[Rail, ...] = RAILS

    @cached_property
    def weeks(self) -> list[pd.DataFrame]:
        """The offers of each week."""
        parts = self.rows.groupby("week", sort=True)
        return [part.reset_index(drop=True) for _, part in parts]

    @property
    def steps(self) -> int:
        """How many weeks there are."""
        return len(self.weeks)

    def observe(self, step: int) -> pd.DataFrame:
        """Return what the seller has sent."""
        return self.weeks[step].drop(columns=LATENT)

    def usual(self, step: int) -> Codes:
        """Return Olga's rule: a barcode that the catalogue knows, else a moderator."""
        codes = self.weeks[step]["ean"].to_numpy(np.float64)
        return self._card(np.nan_to_num(codes, nan=-1.0).astype(np.int64), self._barcodes, 0)

    def simple(self, step: int) -> Mapping[str, Codes]:
        """Return what nobody needs a model for."""
        zeros = np.zeros(len(self.weeks[step]), dtype=np.int64)
        return {"review": zeros, "new": zeros + 1}

    def best(self, step: int) -> Codes:
        """Return the right card of each offer, and a new one where there is none."""
        return self._truth(step)

    def codes(self, answer: pd.DataFrame) -> Codes:
        """Read a policy's answer; a match needs a card that the catalogue has."""
        said = answer[self.action].tolist()
        names = answer["product_id"] if "product_id" in answer.columns else [None] * len(said)
        numbers = pd.to_numeric(pd.Series(list(names)), errors="coerce").fillna(-1)
        cards = self._card(numbers.to_numpy(np.float64).astype(np.int64), self._ids, -1)
        plain = {"review": 0, "new": 1}
        words = np.array([plain.get(word, -1) if isinstance(word, str) else -1 for word in said])
        matched = np.array([word == "match" for word in said], dtype=np.bool_)
        return np.where(matched, cards, words).astype(np.int64)

    def worth(self, step: int, actions: Codes) -> Floats:
        """Return the roubles of each offer: its truth is fixed, so nothing is left to luck."""
        truth = self._truth(step)
        exists = truth >= MATCH
        matched = np.where(actions == truth, RIGHT, WRONG)
        reviewed = REVIEW + np.where(exists, FOUND, OPENED)
        opened = np.where(exists, DOUBLED, OPENED)
        money = np.select([actions >= MATCH, actions == 0], [matched, reviewed], opened)
        return money.astype(np.float64)

    def outcome(self, step: int, actions: Codes) -> Outcome:
        """Return what happens."""
        truth = self._truth(step)
        matched, opened = actions >= MATCH, actions == 1
        counts = {
            "reviewed": actions == 0,
            "matched": matched,
            "right": matched & (actions == truth),
            "opened": opened,
            "doubled": opened & (truth >= MATCH),
        }
        floats = {name: count.astype(np.float64) for name, count in counts.items()}
        return Outcome(money=self.worth(step, actions), counts=floats)

    def before(self, step: int) -> Floats | None:
        """Return nothing: an offer has no past."""
        del step
        return None

    def segments(self, step: int) -> Mapping[str, Flags]:
        """Return disks that say too little, accessories, and everything else."""
        rows = self.weeks[step]
        disk = np.isin(rows["category"].to_numpy(), (LAPTOP, SSD))
        accessory = rows["accessory"].to_numpy(np.bool_)
        bare = disk & rows["ean"].isna().to_numpy() & rows["no_capacity"].to_numpy(np.bool_)
        bare &= ~accessory
        return {BARE_DISKS: bare, ACCESSORIES: accessory, OTHERS: ~bare & ~accessory}

    def feedback(self, step: int, actions: Codes) -> pd.DataFrame | None:
        """Return nothing: the policy does not learn while the test runs."""
        del step, actions
        return None

    def _truth(self, step: int) -> Codes:
        """Return the code that is right for each offer."""
        return self._card(self.weeks[step]["product_id"].to_numpy(np.int64), self._ids, 1)

    @cached_property
    def _ids(self) -> "pd.Index[int]":
        found: pd.Index[int] = pd.Index(self.catalogue["product_id"].to_numpy(np.int64))
        return found

    @cached_property
    def _barcodes(self) -> "pd.Index[int]":
        found: pd.Index[int] = pd.Index(self.catalogue["ean"].to_numpy(np.int64))
        return found

    def _card(self, values: Codes, index: "pd.Index[int]", otherwise: int) -> Codes:
        """Return the code of the card that each value names, or something else."""
        places = index.get_indexer(pd.Index(values))
        return np.where(places >= 0, places + MATCH, otherwise).astype(np.int64)
