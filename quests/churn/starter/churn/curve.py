"""How well an order of customers finds those whom a letter pays for, read off a coin-flip pilot.

What `notebooks/whom_it_changes.ipynb` computes, as functions that give the same numbers.
"""

from numpy.typing import ArrayLike


def auuc(gain_pred: ArrayLike, treated: ArrayLike, profit: ArrayLike) -> float:
    """Area between the curve of gains and the line of a random order, roubles a renewal."""
    raise NotImplementedError("auuc: stage 'Whom a letter changes'")
