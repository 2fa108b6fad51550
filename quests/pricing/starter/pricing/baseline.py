"""What needs no model: the house rule, one price for all, and what each would have brought.

``python -m pricing.baseline --out DIR`` writes ``DIR/baseline.json``.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


def house_rule(requests_prev_15m: ArrayLike, drivers_free: ArrayLike) -> NDArray[np.float64]:
    """The multiplier of today, on the grid."""
    raise NotImplementedError("stage 'One price or the rule'")


def replay(cells: pd.DataFrame, price: ArrayLike, curve: pd.DataFrame) -> dict[str, float]:
    """What past cells would have brought: `mean_multiplier`, `roubles_per_request`."""
    raise NotImplementedError("stage 'One price or the rule'")


def main() -> None:
    """Price the last two weeks under every policy that needs no model."""
    raise NotImplementedError("stage 'One price or the rule'")


if __name__ == "__main__":
    main()
