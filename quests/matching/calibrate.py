"""What `sim calibrate quests/matching` measures, and how the thresholds follow from it.

Everybody learns from the same public market; installations differ in their hidden offers and in
the families that are new. Each solution is trained once on the public data and judged on several
hidden draws as the stages judge. Every threshold follows from what was measured by a rule written
here or in `graders.calibration`; none is chosen by hand.
"""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from graders.calibration import (
    Calibration,
    Ordering,
    Spread,
    Tree,
    beside,
    lenient,
    told,
)

NAMED = ("text", "blocking", "words")
PARTS = ("capacity", "color", "suffix", "accessory")


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What the stages need that is the same for every draw."""

    data: ModuleType
    own: Mapping[str, ModuleType]  # the reference's modules


def _learn(scale: str) -> Learned:
    del scale  # nothing is trained yet: titles and candidates have no labels
    own = {name: importlib.import_module(f"matching.{name}") for name in NAMED}
    return Learned(data=beside(__file__, "data"), own=own)


def _known(frame: pd.DataFrame) -> pd.DataFrame:
    known: pd.DataFrame = frame.assign(ean=frame["ean"].astype(float))
    return known


# ------------------------------------------------------------------ judging
def _judge(learned: Learned, key: bytes, scale: str) -> Tree:
    """Judge every solution on the hidden offers of one draw."""
    hidden = learned.data.hidden(key, scale)
    shown = {
        name: _known(_read(hidden.datasets["hidden"][name])) for name in ("products", "offers")
    }
    rows = _read(hidden.truth["offers"]).merge(shown["offers"], on="offer_id")
    blocker = learned.own["blocking"].Blocker().fit(shown["products"])
    return {
        "words": _words(learned, rows),
        "recall": _recall(shown["products"], rows, blocker.candidates(rows)),
    }


def _read(batches: Any) -> pd.DataFrame:  # noqa: ANN401 - record batches
    frame: pd.DataFrame = pa.Table.from_batches(list(batches)).to_pandas()
    return frame


def _words(learned: Learned, rows: pd.DataFrame) -> Tree:
    """The share of titles of which each part is read as meant."""
    said = [learned.own["text"].extract_attrs(title) for title in rows["title"]]
    plain = [_plainly(title) for title in rows["title"]]
    return {
        part: {"plain": _right(plain, rows)[part], "reference": _right(said, rows)[part]}
        for part in PARTS
    }


def _plainly(title: str) -> Mapping[str, Any]:
    """What somebody reads who looks for the cards' own words only."""
    words = title.lower().split()
    sizes = [word for word in words if word[:-2].isdigit() and word[-2:] in ("gb", "in", "ml")]
    colours = importlib.import_module("matching.words").VARIANTS
    suffixes = importlib.import_module("matching.words").SUFFIXES
    return {
        "capacity": (float(sizes[0][:-2]), sizes[0][-2:]) if sizes else None,
        "color": next((word for word in words if word in colours), None),
        "suffix": next((word for word in words if word in suffixes), None),
        "accessory": "case" in words or "чехол" in words,
    }


def _right(said: Sequence[Mapping[str, Any]], rows: pd.DataFrame) -> dict[str, float]:
    everybody = np.ones(len(rows), dtype=np.bool_)
    capacity = np.array([one["capacity"][0] if one["capacity"] else -1.0 for one in said])
    among = {"capacity": rows["sized"].to_numpy(), "color": rows["coloured"].to_numpy()}
    right = {
        "capacity": capacity == rows["capacity"].to_numpy(float),
        "color": np.array([one["color"] or "" for one in said]) == rows["variant"].to_numpy(),
        "suffix": np.array([one["suffix"] or "" for one in said]) == rows["suffix"].to_numpy(),
        "accessory": np.array([one["accessory"] for one in said]) == rows["accessory"].to_numpy(),
    }
    return {part: float(right[part][among.get(part, everybody)].mean()) for part in PARTS}


def _recall(products: pd.DataFrame, rows: pd.DataFrame, candidates: pd.DataFrame) -> Tree:
    """How often the right card is among the first one, five, ten candidates."""
    found: Tree = {"1": {}, "5": {}, "10": {}}
    for name, some in {"raw": _raw_candidates(products, rows), "reference": candidates}.items():
        right = some.merge(rows[["offer_id", "product_id"]], on=["offer_id", "product_id"])
        exists = int((rows["product_id"] >= 0).sum())
        for k in (1, 5, 10):
            found[str(k)][name] = float((right["rank"] <= k).sum() / exists)
    return found


def _raw_candidates(products: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Candidates by whole words of titles as they were typed."""
    vectorizer = importlib.import_module("sklearn.feature_extraction.text").TfidfVectorizer()
    cards = vectorizer.fit_transform(products["title"])
    scores = (vectorizer.transform(rows["title"]) @ cards.T).tocsr()
    parts = []
    ids = products["product_id"].to_numpy()
    for at, offer in enumerate(rows["offer_id"]):
        row = scores[at]
        best = np.argsort(-row.data, kind="stable")[:10]
        parts += [(offer, ids[row.indices[n]], rank) for rank, n in enumerate(best, start=1)]
    return pd.DataFrame(parts, columns=["offer_id", "product_id", "rank"])


# ------------------------------------------------------------------ what is written
def _thresholds(measured: Mapping[str, Tree]) -> Tree:
    first, *others = measured
    gates = _gates(measured[first])
    for scale in others:
        small = _gates(measured[scale])
        for name, tree in small.items():
            gates[name][scale] = tree
    return gates


def _gates(of: Tree) -> Tree:
    return {
        "words": {part: _from_plain(of["words"][part], "plain", 0.005) for part in PARTS},
        "recall": {
            "first": _from_plain(of["recall"]["1"], "raw", 0.01),
            "ten": _from_plain(of["recall"]["10"], "raw", 0.002),
        },
    }


def _from_plain(of: Tree, plain: str, step: float) -> Tree:
    """Begin points halfway from the plain solution to the reference; full four deviations below.

    The baseline keeps three deviations from the target at least.
    """
    best, low = Spread.read(of["reference"]), Spread.read(of[plain])
    target = best.mean - 4 * best.sd
    baseline = min((low.mean + best.mean) / 2, target - max(3 * best.sd, step))
    return {
        "baseline": lenient(max(baseline, 0.0), step),
        "target": lenient(target, step),
        "how": told(of, (plain,)),
    }


CALIBRATION = Calibration(
    learn=_learn,
    judge=_judge,
    thresholds=_thresholds,
    draws=5,
    orderings=(
        Ordering("recall.10", ("raw", "reference")),
        Ordering("recall.1", ("raw", "reference")),
        *(Ordering(f"words.{part}", ("plain", "reference")) for part in PARTS),
    ),
    small_orderings=(Ordering("recall.10", ("raw", "reference")),),
    packages=("numpy", "pandas", "scikit-learn", "scipy"),
)
