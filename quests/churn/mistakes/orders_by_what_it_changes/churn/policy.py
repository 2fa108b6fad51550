"""Who gets the letter: the few whom it changes most, in roubles, within the limit.

``python -m churn.policy --out DIR`` learns from the pilot and writes ``DIR/policy``, and how good
the order of its gains is to ``DIR/uplift.json``.
"""

import argparse
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import simkit

from churn.curve import auuc, auuc_error
from churn.data import load_features, read_sql
from churn.economics import ECONOMICS, Economics
from churn.metrics import expected_gain, realised_profit
from churn.uplift import UpliftModel

log = logging.getLogger(__name__)

NONE, LETTER = "none", "discount30"
FOLDS = 4


class RetentionPolicy:
    """Send letters where the expected gain is positive and largest."""

    def __init__(self, uplift: UpliftModel, econ: Economics = ECONOMICS) -> None:
        self.uplift = uplift
        self.econ = econ

    def decide(self, batch: pd.DataFrame) -> pd.DataFrame:
        """Decide about the renewals of one week.

        Segments that the plan has ruled out get no letter whatever the model says: there the pilot
        lost money on the average, and few rows cannot tell the exceptions.

        Args:
            batch: one row a renewal: `user_id` and `FEATURES`, in any order of rows.

        Returns:
            One row a renewal, in the order of the batch: `user_id`, `action` (`none` or
            `discount30`) and `expected_gain_rub`, what a letter would add, chosen or not. At most
            `floor(max_share * len(batch))` letters, none with an expected loss; ties go to the
            smaller `user_id`.

        Raises:
            ValueError: a feature is absent, or a price is missing or not positive.
        """
        if not (batch["price_rub"] > 0).all():
            raise ValueError("price_rub must be above zero, and known")
        chances = self.uplift.predict(batch)
        gain = expected_gain(chances["p0"], chances["p1"], batch["price_rub"], self.econ)
        users = batch["user_id"].to_numpy()
        worth_it = (gain > 0) & ~no_go(batch)
        places = int(np.floor(self.econ.max_share * len(batch) + 1e-9))
        chosen = np.zeros(len(batch), dtype=bool)
        chosen[np.lexsort((users, -gain, ~worth_it))[:places]] = True
        chosen &= worth_it
        return pd.DataFrame(
            {"user_id": users, "action": np.where(chosen, LETTER, NONE), "expected_gain_rub": -gain}
        )

    def save(self, path: Path | str) -> None:
        """Write the policy as JSON text."""
        Path(path).write_text(json.dumps(self.uplift.state()), encoding="utf-8")

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read what `save` wrote; the economics are those of today."""
        return cls(UpliftModel.restore(json.loads(Path(path).read_text(encoding="utf-8"))))


def no_go(batch: pd.DataFrame) -> np.ndarray:
    """Whom nobody writes to: those who have fallen silent, and those who have finished the course."""
    silent = batch["lessons_84d"].to_numpy() <= 2
    return silent | (batch["progress_pct"].to_numpy() > 0.85)


def load_pilot_rows() -> pd.DataFrame:
    """The coin's renewals with the features of their own moment.

    Returns:
        `user_id`, `treated`, `churned` and `FEATURES`, one row a renewal.
    """
    pilot = simkit.query(read_sql("pilot.sql"))
    pilot["decision_at"] = pd.to_datetime(pilot["decision_at"], utc=True)
    parts = []
    for moment, rows in pilot.groupby("decision_at", sort=True):
        features = load_features(moment.to_pydatetime(), rows["user_id"].tolist())
        known = rows[["user_id", "treated", "churned"]]
        parts.append(known.merge(features, left_on="user_id", right_index=True, how="inner"))
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How well gains order customers that the model has not seen, roubles a renewal."""

    auuc: float
    auuc_se: float
    rows: int


def evaluate(rows: pd.DataFrame, seed: int) -> Quality:
    """Cross-fit on the pilot: each renewal is judged by a model that has not seen its customer."""
    gain = np.empty(len(rows))
    fold = rows["user_id"].to_numpy() % FOLDS
    for number in range(FOLDS):
        held = fold == number
        seen = rows[~held]
        chances = UpliftModel(seed=seed).fit(seen, seen["treated"], seen["churned"]).predict(rows[held])
        gain[held] = expected_gain(chances["p0"], chances["p1"], rows.loc[held, "price_rub"])
    profit = realised_profit(rows["churned"], rows["treated"], rows["price_rub"])
    return Quality(
        auuc=auuc(gain, rows["treated"], profit),
        auuc_se=auuc_error(gain, rows["treated"], profit, seed=seed),
        rows=len(rows),
    )


def main() -> None:
    """Measure on customers held out, then learn from the whole pilot and save the policy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the policy")
    out: Path = parser.parse_args().out
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")

    rows = load_pilot_rows()
    quality = evaluate(rows, seed=simkit.seed())
    log.info("on customers held out: %s", quality)
    model = UpliftModel(seed=simkit.seed()).fit(rows, rows["treated"], rows["churned"])
    out.mkdir(parents=True, exist_ok=True)
    RetentionPolicy(model).save(out / "policy")
    (out / "uplift.json").write_text(json.dumps(asdict(quality), indent=2), encoding="utf-8")
    log.info("learned from %d pilot renewals, saved to %s", len(rows), out)


if __name__ == "__main__":
    main()
