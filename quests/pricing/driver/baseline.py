"""Lets a check ask `pricing.baseline`; it judges nothing."""

import numpy as np
import pandas as pd
from pricing.baseline import house_rule, replay


def rule(requests: list[float], drivers: list[float]) -> list[float]:
    """What the house rule makes of these cells."""
    return [float(one) for one in np.asarray(house_rule(requests, drivers), dtype=np.float64)]


def replayed(cells: pd.DataFrame, price: list[float], curve: pd.DataFrame) -> dict[str, float]:
    """What these cells would have brought under a price each."""
    answer = replay(cells, np.array(price), curve)
    return {name: float(value) for name, value in answer.items()}
