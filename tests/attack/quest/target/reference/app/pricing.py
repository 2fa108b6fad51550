"""What a ride will cost, with an interval; learned from fares that are settled."""

import json
import logging
import os
from pathlib import Path

import numpy as np
import pandas as pd

logger = logging.getLogger(__name__)

ARTIFACTS = Path(os.environ["SIM_ARTIFACTS"])
DATA = Path(os.environ["SIM_DATA"])
COLUMNS = ["id", "asked_at", "zone", "km"]
EVENING = (18, 19, 20, 21)
ZONES = 5
EIGHTY_PERCENT = 1.2816  # deviations of a normal distribution


def train() -> None:
    """Fit prices by zone and way, by day and in the evening."""
    rides = settled(pd.Timestamp.now(tz="UTC"))
    features = _features(rides)
    weights, *_ = np.linalg.lstsq(features, rides["fare"].to_numpy(), rcond=None)
    spread = float(np.std(rides["fare"].to_numpy() - features @ weights))
    model = {"weights": weights.tolist(), "spread": spread}
    (ARTIFACTS / "pricing.json").write_text(json.dumps(model))
    logger.info("learned from %d rides", len(rides))


def predict(rows: pd.DataFrame) -> pd.DataFrame:
    """Price every ride. Raises ValueError for rows that cannot be priced."""
    absent = [name for name in COLUMNS if name not in rows]
    if absent:
        raise ValueError(f"columns are missing: {absent}")
    if not (rows["km"] > 0).all():
        raise ValueError("a way is longer than nothing")
    model = json.loads((ARTIFACTS / "pricing.json").read_text())
    price = _features(rows) @ np.array(model["weights"])
    margin = EIGHTY_PERCENT * model["spread"]
    answer = {"id": rows["id"], "price": price, "low": price - margin, "high": price + margin}
    return pd.DataFrame(answer)


def zone_means(as_of: str) -> dict[str, float]:
    """Return the mean fare by zone, of what was settled at a moment."""
    known = settled(pd.Timestamp(as_of))
    means = known.groupby("zone")["fare"].mean()
    return {str(zone): float(mean) for zone, mean in means.items()}


def settled(moment: pd.Timestamp) -> pd.DataFrame:
    """Return the rides whose fares were known at a moment."""
    rides = pd.read_parquet(DATA / "rides.parquet")
    fares = pd.read_parquet(DATA / "fares.parquet")
    known = fares[fares["known_at"] <= moment]
    return rides.merge(known, left_on="id", right_on="ride")


def _features(rides: pd.DataFrame) -> np.ndarray:
    """One row a ride: zones and the way, by day; the same, in the evening."""
    zones = np.eye(ZONES)[rides["zone"].to_numpy(dtype=int)]
    day = np.column_stack([zones, rides["km"]])
    evening = pd.DatetimeIndex(rides["asked_at"]).hour.isin(EVENING)[:, None]
    return np.hstack([day * ~evening, day * evening])


if __name__ == "__main__":
    train()
