"""What needs no model: the house rule, one price for all, and what each would have brought.

``python -m pricing.baseline --out DIR`` writes ``DIR/baseline.json``.
"""

import argparse
import json
import logging
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import simkit
from numpy.typing import ArrayLike, NDArray

from pricing.data import load_cells, read_sql
from pricing.economics import ECONOMICS, Economics, contribution

log = logging.getLogger(__name__)

SUPPLY = 0.35  # agreed with Ruslan (fleet) for this table
DAYS = 14
FLAT = [1.0, 1.05, 1.1, 1.15, 1.2, 1.25]


def house_rule(
    requests_prev_15m: ArrayLike, drivers_free: ArrayLike, econ: Economics = ECONOMICS
) -> NDArray[np.float64]:
    """The multiplier of today: clip(1 + 0.5 max(requests / max(drivers, 1) - 0.9, 0), 1, 1.8).

    Args:
        requests_prev_15m: sessions of the quarter hour before.
        drivers_free: free cars before the price is set.

    Returns:
        Multipliers on the grid, the nearest one; halfway goes up.
    """
    asked, free = np.asarray(requests_prev_15m, np.float64), np.asarray(drivers_free, np.float64)
    raw = np.clip(1 + 0.5 * np.maximum(asked / np.maximum(free, 1) - 0.9, 0), 1.0, 1.8)
    return np.asarray(np.round(np.floor(raw / econ.step + 0.5 + 1e-9) * econ.step, 2))


def acceptance_at(price: ArrayLike, curve: pd.DataFrame) -> NDArray[np.float64]:
    """Share that accepts a price, read off the curve: straight lines between its points."""
    points = curve.sort_values("multiplier")
    return np.asarray(np.interp(np.asarray(price, np.float64), points["multiplier"], points["share"]))


def replay(
    cells: pd.DataFrame, price: ArrayLike, curve: pd.DataFrame, econ: Economics = ECONOMICS
) -> dict[str, float]:
    """What past cells would have brought under a price each.

    Requests of a cell are taken as they were; who accepts follows the curve; cars answer the
    price with `SUPPLY`.

    Returns:
        `mean_multiplier`, ride-weighted, and `roubles_per_request`.
    """
    multiplier = np.broadcast_to(np.asarray(price, np.float64), (len(cells),))
    asked = cells["requests"].to_numpy(dtype=np.float64)
    chance = acceptance_at(multiplier, curve)
    cars = np.floor(cells["drivers_free"].to_numpy(np.float64) * multiplier**SUPPLY + 1e-9)
    fare = cells["base_fare_rub"].to_numpy(np.float64)
    money = contribution(multiplier, asked, chance, cars, fare, econ)
    return {
        "mean_multiplier": float(multiplier.mean()),
        "roubles_per_request": float(money.sum() / asked.sum()),
    }


def table(cells: pd.DataFrame, curve: pd.DataFrame) -> dict[str, object]:
    """The house rule and every flat price on the same cells, and what follows."""
    rule = house_rule(cells["requests_prev_15m"], cells["drivers_free"])
    policies = {"rule": replay(cells, rule, curve)}
    policies |= {f"{price:.2f}": replay(cells, price, curve) for price in FLAT}
    flat = {name: one["roubles_per_request"] for name, one in policies.items() if name != "rule"}
    best = max(flat, key=lambda name: flat[name])
    return {
        "cells": len(cells),
        "policies": policies,
        "best_flat": best,
        "keep_rule": policies["rule"]["roubles_per_request"] >= flat[best],
    }


def main() -> None:
    """Price the last two weeks under every policy that needs no model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for baseline.json")
    out: Path = parser.parse_args().out
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    now = simkit.now()
    cells = load_cells(now - timedelta(days=DAYS), now)
    curve = simkit.query(read_sql("acceptance.sql"))
    out.mkdir(parents=True, exist_ok=True)
    found = table(cells, curve)
    (out / "baseline.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    log.info("best flat price %s, keep the rule: %s", found["best_flat"], found["keep_rule"])


if __name__ == "__main__":
    main()
