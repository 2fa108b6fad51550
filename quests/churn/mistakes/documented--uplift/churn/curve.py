"""How well an order of customers finds those whom a letter pays for, read off a coin-flip pilot.

Write to the best share of the pilot and compare, among them, those with a letter and those without:
the difference of their mean profit, times the share, is what this costs or brings a renewal. A
curve over all shares; its area above the straight line of a random order is one number.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def gain_curve(gain_pred: ArrayLike, treated: ArrayLike, profit: ArrayLike) -> pd.DataFrame:
    """What writing to the best share brings, from nobody to everybody.

    Rows of one prediction come in together, so the order of rows is no matter.

    Args:
        gain_pred: what is expected of a letter, in any unit: only the order counts; shape (n,).
        treated: 1 where the coin sent a letter, else 0; shape (n,).
        profit: roubles that each renewal brought, `churn.metrics.realised_profit`; shape (n,).

    Returns:
        `share` from 0 to 1 and `roubles` a renewal of all, one row a distinct prediction and one
        for nobody; 0 where the best share holds one side of the coin only.

    Raises:
        ValueError: nothing is given, lengths differ, a value is missing, or a flag is not 0 or 1.
    """
    pred, sent, money = (np.asarray(one, dtype=np.float64) for one in (gain_pred, treated, profit))
    if not pred.size or pred.shape != sent.shape or pred.shape != money.shape:
        raise ValueError("gain_pred, treated and profit need the same number of rows, at least one")
    if np.isnan(pred).any() or np.isnan(money).any() or not np.isin(sent, (0.0, 1.0)).all():
        raise ValueError("a value is missing, or treated holds something else than 0 and 1")
    order = np.argsort(-pred, kind="stable")
    pred, sent, money = pred[order], sent[order], money[order]
    last = np.append(pred[1:] != pred[:-1], True)
    share = np.arange(1, pred.size + 1) / pred.size
    difference = _mean_so_far(money, sent) - _mean_so_far(money, 1.0 - sent)
    roubles = share * np.nan_to_num(difference, nan=0.0)
    return pd.DataFrame({"share": np.append(0.0, share[last]), "roubles": np.append(0.0, roubles[last])})


def auuc(gain_pred: ArrayLike, treated: ArrayLike, profit: ArrayLike) -> float:
    curve = gain_curve(gain_pred, treated, profit)
    area = float(np.trapezoid(curve["roubles"], curve["share"]))
    return area - float(curve["roubles"].iloc[-1]) / 2.0


def auuc_error(
    gain_pred: ArrayLike, treated: ArrayLike, profit: ArrayLike, *, seed: int, draws: int = 200
) -> float:
    """Standard error of `auuc` by a bootstrap of rows, roubles a renewal."""
    columns = [np.asarray(one, dtype=np.float64) for one in (gain_pred, treated, profit)]
    draw = np.random.default_rng(seed)
    rows = (draw.integers(0, columns[0].size, columns[0].size) for _ in range(draws))
    return float(np.std([auuc(*(one[chosen] for one in columns)) for chosen in rows], ddof=1))


def _mean_so_far(money: Floats, flags: Floats) -> Floats:
    """Mean of the flagged amounts up to each row; NaN before the first of them."""
    count = np.cumsum(flags)
    total = np.cumsum(money * flags)
    return np.divide(total, count, out=np.full(count.size, np.nan), where=count > 0)
