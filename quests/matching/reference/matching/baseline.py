"""What the rules of today earn: ``python -m matching.baseline --out DIR``.

Writes ``DIR/baselines.json``: mean roubles of an offer that a moderator has looked at.
"""

import argparse
import json
import logging
from pathlib import Path

import numpy as np
import simkit

from matching.data import read_sql
from matching.money import MATCH, NEW, REVIEW, realised

log = logging.getLogger(__name__)


def prices() -> dict[str, float]:
    """Roubles an offer of three rules: `review` all, `barcode` else review, `new` for all."""
    rows = simkit.query(read_sql("barcode.sql"))
    truth, card = rows["truth"].to_numpy(), rows["product_id"].to_numpy()
    rules = {
        "review": np.full(len(rows), REVIEW),
        "barcode": np.where(card >= 0, MATCH, REVIEW),
        "new": np.full(len(rows), NEW),
    }
    return {name: float(realised(done, card, truth).mean()) for name, done in rules.items()}


def main() -> None:
    """Count and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for baselines.json")
    out: Path = parser.parse_args().out
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")

    found = prices()
    out.mkdir(parents=True, exist_ok=True)
    (out / "baselines.json").write_text(json.dumps(found, indent=2), encoding="utf-8")
    log.info("roubles an offer: %s", found)


if __name__ == "__main__":
    main()
