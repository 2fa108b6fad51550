"""Rules without machine learning, written in SQL, and what each of them earns on the pilot.

``python -m churn.baseline --out DIR`` writes ``DIR/baseline.json``: the table for Marina and Gleb.
"""

import argparse
import json
import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import simkit

from churn.data import read_sql
from churn.economics import ECONOMICS
from churn.metrics import policy_value

log = logging.getLogger(__name__)


def contact(as_of: datetime, user_ids: Sequence[int], rule: str = "rule.sql") -> pd.Series:
    """Whom a rule would write to.

    A rule is a query over `features`, which stands for the result of ``sql/features.sql``.

    Args:
        as_of: the moment of decision, with a time zone.
        user_ids: the customers whose renewal is decided at that moment.
        rule: file of the rule under ``sql/``.

    Returns:
        bool Series indexed by `user_id`, one entry for each id asked for, in the order asked.
        A customer about whom the warehouse knows nothing is not contacted.

    Raises:
        ValueError: `as_of` has no time zone.
    """
    if as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone: whose midnight is it?")
    ids = pd.Index(list(user_ids), name="user_id")
    if ids.empty:
        return pd.Series(False, index=ids, dtype=bool, name="contact")
    query = "\n".join(["WITH features AS (", read_sql("features.sql"), ")", read_sql(rule)])
    rows = simkit.query(
        query,
        {
            "as_of": as_of,
            "user_ids": [int(user) for user in ids],
            "max_share": ECONOMICS.max_share,
            "silent_days": ECONOMICS.silent_days,
        },
    )
    chosen = rows.loc[rows["contact"].astype(bool), "user_id"]
    return pd.Series(ids.isin(chosen), index=ids, name="contact")


def load_pilot() -> pd.DataFrame:
    """Renewals of the coin-flip pilot: `user_id, decision_at, treated, churned, price_rub`."""
    return simkit.query(read_sql("pilot.sql"))


def money_table(pilot: pd.DataFrame) -> pd.DataFrame:
    """Price four rules on the same pilot rows.

    Args:
        pilot: result of `load_pilot`.

    Returns:
        Indexed by policy (`nothing`, `everybody`, `incumbent`, `rule`): `contacted`, the share of
        renewals with a letter, and `roubles_per_renewal`.
    """
    policies = {
        "nothing": np.zeros(len(pilot), dtype=bool),
        "everybody": np.ones(len(pilot), dtype=bool),
        "incumbent": _on_pilot(pilot, "incumbent.sql"),
        "rule": _on_pilot(pilot, "rule.sql"),
    }
    lines = {
        name: {
            "contacted": float(chosen.mean()),
            "roubles_per_renewal": policy_value(
                chosen, pilot["churned"], pilot["treated"], pilot["price_rub"]
            ),
        }
        for name, chosen in policies.items()
    }
    return pd.DataFrame.from_dict(lines, orient="index")


def _on_pilot(pilot: pd.DataFrame, rule: str) -> np.ndarray:
    """A rule's choice on every pilot row, each decided at its own moment."""
    chosen = np.zeros(len(pilot), dtype=bool)
    for moment, rows in pilot.groupby("decision_at").indices.items():
        as_of = pd.Timestamp(pilot["decision_at"].max())
        as_of = as_of.tz_localize("UTC") if as_of.tz is None else as_of
        ids = pilot["user_id"].to_numpy()[rows]
        chosen[rows] = contact(as_of.to_pydatetime(), ids.tolist(), rule).to_numpy()
    return chosen


def main() -> None:
    """Write the money table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for baseline.json")
    out: Path = parser.parse_args().out
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")

    pilot = load_pilot()
    table = money_table(pilot)
    value = table["roubles_per_renewal"]
    report = {
        "pilot_rows": len(pilot),
        "policies": table.to_dict(orient="index"),
        "keep_incumbent": bool(value["incumbent"] > value["nothing"]),
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "baseline.json").write_text(json.dumps(report, indent=2), encoding="utf-8")
    log.info("money per renewal on %d pilot rows:\n%s", len(pilot), table.round(3).to_string())


if __name__ == "__main__":
    main()
