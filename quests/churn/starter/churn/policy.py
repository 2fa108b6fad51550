"""Who gets the letter.

``python -m churn.policy --out DIR`` learns from the pilot and writes ``DIR/policy`` and ``DIR/uplift.json``.
"""

from pathlib import Path
from typing import Self

import pandas as pd

from churn.economics import ECONOMICS, Economics
from churn.uplift import UpliftModel

NONE, LETTER = "none", "discount30"


class RetentionPolicy:
    """Send letters where they pay."""

    def __init__(self, uplift: UpliftModel, econ: Economics = ECONOMICS) -> None:
        self.uplift = uplift
        self.econ = econ

    def decide(self, batch: pd.DataFrame) -> pd.DataFrame:
        """Decide about the renewals of one week: `user_id`, `action`, `expected_gain_rub`."""
        raise NotImplementedError("stage 'Whom a letter changes'")

    def save(self, path: Path | str) -> None:
        """Write the policy, so that `load` brings it back in another process."""
        raise NotImplementedError("stage 'Whom a letter changes'")

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read what `save` wrote."""
        raise NotImplementedError("stage 'Whom a letter changes'")


def main() -> None:
    """Learn from the pilot and save the policy."""
    raise NotImplementedError("stage 'Whom a letter changes'")


if __name__ == "__main__":
    main()
