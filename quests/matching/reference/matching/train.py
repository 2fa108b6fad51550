"""Train the pair model: ``python -m matching.train --out DIR``.

Writes ``DIR/model`` and ``DIR/metrics.json``. Under the same `simkit.seed()` and the same data,
two runs write the same model.
"""

import argparse
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import simkit
from numpy.typing import NDArray

from matching.blocking import Blocker
from matching.data import load_labelled, load_products
from matching.model import PairModel
from matching.pairs import pair_features

log = logging.getLogger(__name__)

OFFERS = 10_000
HELD_OUT = 5  # every fifth group


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Quality on offers whose products no training row had."""

    f1: float
    threshold: float
    ece: float
    offers: int
    pairs: int


def load_pairs() -> pd.DataFrame:
    """Candidate pairs of labelled offers: features, `y`, `truth` and `group`."""
    products, offers = load_products(), load_labelled(OFFERS)
    return labelled_pairs(offers, products, Blocker().fit(products).candidates(offers))


def labelled_pairs(offers: pd.DataFrame, products: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    """Features of pairs, with `truth` (of the offer), `y` and `group`."""
    pairs = pair_features(offers, products, candidates)
    truth = offers.set_index("offer_id")["truth"]
    pairs["truth"] = truth.loc[pairs["offer_id"]].to_numpy()
    pairs["y"] = (pairs["truth"] == pairs["product_id"]).astype(int)
    pairs["group"] = groups_of(pairs, products)
    return pairs


def groups_of(pairs: pd.DataFrame, products: pd.DataFrame) -> NDArray[np.int64]:
    """What must stay on one side of a cut: the family that an offer's best candidate belongs to.

    All pairs of an offer are in one group, and all offers of a family: its siblings, whose titles
    differ in a word, would tell each other the answer.
    """
    words = products["title"].str.split()
    family = words.str[:4].str.join(" ") + products["attrs"].str.extract(r"code=(\S+)")[0]
    numbers = pd.Series(pd.factorize(family)[0], index=products["product_id"])
    first = pairs.loc[pairs["rank"] == 1].set_index("offer_id")["product_id"]
    best = pairs["offer_id"].map(first)
    return numbers.loc[best].to_numpy(dtype=np.int64)


def fit(pairs: pd.DataFrame, seed: int) -> PairModel:
    """Train on pairs with features, `y` and `group`; all chance comes from `seed`."""
    return PairModel(seed=seed).fit(pairs, pairs["y"], pairs["group"])


def evaluate(pairs: pd.DataFrame, seed: int) -> Quality:
    """Train on four groups of five, measure on the fifth: best F1 and calibration error."""
    held_out = pairs["group"] % HELD_OUT == 0
    model = fit(pairs[~held_out], seed)
    best = best_of(pairs[held_out].assign(p=model.predict_proba(pairs[held_out])))
    f1, threshold = best_f1(best["p"].to_numpy(), best["y"].to_numpy(), (best["truth"] >= 0).sum())
    return Quality(
        f1=f1,
        threshold=threshold,
        ece=calibration_error(best["y"].to_numpy(float), best["p"].to_numpy()),
        offers=len(best),
        pairs=len(pairs),
    )


def best_of(pairs: pd.DataFrame) -> pd.DataFrame:
    """The likeliest candidate of each offer; equal chances go to the smaller `product_id`."""
    ranked = pairs.sort_values(["offer_id", "p", "product_id"], ascending=[True, False, True])
    return ranked.drop_duplicates("offer_id")


def best_f1(p: NDArray[np.float64], y: NDArray[np.int64], positives: int) -> tuple[float, float]:
    """The best F1 of a threshold on `p`, and where it lies."""
    order = np.argsort(-p, kind="stable")
    right = np.cumsum(y[order])
    f1 = 2 * right / (np.arange(1, len(p) + 1) + max(1, positives))
    at = int(f1.argmax())
    return float(f1[at]), float(p[order][at])


def calibration_error(y: NDArray[np.float64], p: NDArray[np.float64], bins: int = 20) -> float:
    """Expected calibration error over `bins` groups of equal size, in probability units."""
    groups = np.array_split(np.argsort(p, kind="stable"), bins)
    return float(sum(abs(y[g].mean() - p[g].mean()) * g.size / y.size for g in groups if g.size))


def main() -> None:
    """Measure on held-out families, then train on everything that is known and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the model")
    out: Path = parser.parse_args().out
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")

    pairs = load_pairs()
    quality = evaluate(pairs, seed=simkit.seed())
    log.info("on held-out families: %s", quality)
    out.mkdir(parents=True, exist_ok=True)
    fit(pairs, seed=simkit.seed()).save(out / "model")
    (out / "metrics.json").write_text(json.dumps(asdict(quality), indent=2), encoding="utf-8")
    log.info("trained on %d pairs, saved to %s", len(pairs), out)


if __name__ == "__main__":
    main()
