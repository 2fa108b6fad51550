"""Rules without machine learning, written in SQL, and what each of them earns on the pilot.

``python -m churn.baseline --out DIR`` is to write ``DIR/baseline.json``.
"""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd


def contact(as_of: datetime, user_ids: Sequence[int], rule: str = "rule.sql") -> pd.Series:
    """Whom a rule would write to: bool, indexed by `user_id`, in the order asked.

    A rule is a query over `features`. Both texts are your own files, so they may be joined:
    ``WITH features AS ( features.sql ) rule.sql``. Values go in as parameters all the same.
    """
    raise NotImplementedError("contact: stage 'A rule before any ML'")


def main() -> None:
    """Write the money table."""
    raise NotImplementedError("baseline.json: stage 'A rule before any ML'")


if __name__ == "__main__":
    main()
