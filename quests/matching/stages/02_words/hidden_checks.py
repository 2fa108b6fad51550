"""What stays with the judge: titles nobody has seen, of which it knows what the seller meant."""

import numpy as np
import pandas as pd

from graders import Workspace, check, fail
from graders.metrics import share_between

ATTRIBUTES, ATTRS = "driver.words:attributes", "extract_attrs"
SMALL = 3_000  # titles; below, the thresholds of the scale `tiny` hold
PARTS = ("capacity", "color", "suffix", "accessory")


@check(group="metrics", points=24, kind="metric", needs=["reads_attributes"])
def reads_hidden_titles(work: Workspace) -> None:
    """Capacity, colour, suffix and accessory of titles that nobody has seen"""
    shares = _right(work)
    worst = min(PARTS, key=lambda part: shares[part] - _bar(work, part, "target"))
    earned = [
        share_between(
            shares[part],
            baseline=_bar(work, part, "baseline"),
            target=_bar(work, part, "target"),
        )
        for part in PARTS
    ]
    share = float(np.mean(earned))
    if min(earned) < 1:
        shown, target = round(shares[worst], 2), _bar(work, worst, "target")
        fail("misread", share=share, part=worst, value=shown, target=target)


def _bar(work: Workspace, part: str, which: str) -> float:
    small = "tiny." if len(work.hidden("offers", data="hidden")) < SMALL else ""
    return work.number(f"words.{small}{part}.{which}")


def _right(work: Workspace) -> dict[str, float]:
    """The share of hidden titles of which each part was read as the seller meant it."""
    rows = work.truth("offers").merge(work.hidden("offers", data="hidden"), on="offer_id")
    titles = rows["title"].tolist()
    found = work.call(ATTRIBUTES, titles, called=ATTRS)
    answers = (
        found if isinstance(found, list) and len(found) == len(titles) else [None] * len(rows)
    )
    said = pd.DataFrame(
        [one if isinstance(one, dict) else {} for one in answers], columns=list(PARTS)
    )
    capacity = [one[0] if isinstance(one, list) and one else None for one in said["capacity"]]
    size, colour = rows["sized"].to_numpy(), rows["coloured"].to_numpy()
    number = pd.to_numeric(pd.Series(capacity), errors="coerce").to_numpy(float)
    suffix = said["suffix"].where(said["suffix"].notna(), "").astype(str)
    accessory = said["accessory"].map(lambda one: one is True).to_numpy()
    return {
        "capacity": _mean(number == rows["capacity"].to_numpy(float), size),
        "color": _mean(said["color"].astype(str) == rows["variant"], colour),
        "suffix": _mean(suffix == rows["suffix"], np.ones(len(rows), dtype=bool)),
        "accessory": _mean(
            accessory == rows["accessory"].to_numpy(), np.ones(len(rows), dtype=bool)
        ),
    }


def _mean(right: pd.Series | np.ndarray, among: np.ndarray) -> float:
    chosen = np.asarray(right, dtype=float)[np.asarray(among, dtype=bool)]
    return float(chosen.mean()) if len(chosen) else 0.0
