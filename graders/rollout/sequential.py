"""Looking early without fooling oneself: O'Brien–Fleming bounds for a planned number of looks."""

import functools
import math

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

MOST_LOOKS = 10
_POINTS = 801


@functools.cache
def obrien_fleming(looks: int, alpha: float = 0.05) -> tuple[float, ...]:
    """The bound of ``|z|`` at each of `looks` equally spaced looks, two-sided at level `alpha`.

    ``z_k = c sqrt(looks / k)``, with c such that the chance to cross any bound under no effect is
    alpha (O'Brien, Fleming, Biometrics 1979). The chance is found by the recursion of Armitage,
    McPherson and Rowe (1969) on a grid of the standardised sum. Raises ValueError.
    """
    if not 1 <= looks <= MOST_LOOKS or not 0 < alpha < 1:
        raise ValueError(f"from 1 to {MOST_LOOKS} looks, and a level between 0 and 1")
    c = optimize.brentq(lambda c: _crossing(looks, c) - alpha, 0.5, 8.0, xtol=1e-6)
    return tuple(float(c) * math.sqrt(looks / k) for k in range(1, looks + 1))


def _crossing(looks: int, c: float) -> float:
    """The chance that the sum of k unit-variance steps leaves ±c√looks at any k."""
    bound = c * math.sqrt(looks)  # of the sum: the same at every look
    grid = np.linspace(-bound, bound, _POINTS)
    density = stats.norm.pdf(grid)
    inside = _integral(density, grid)
    step = stats.norm.pdf(grid[:, None] - grid[None, :])
    for _ in range(looks - 1):
        density = np.array([_integral(row, grid) for row in step * density[None, :]])
        inside = _integral(density, grid)
    return 1.0 - inside


def _integral(values: npt.NDArray[np.float64], grid: npt.NDArray[np.float64]) -> float:
    """Simpson's rule on an odd number of equally spaced points."""
    h = (grid[-1] - grid[0]) / (grid.size - 1)
    return float(
        h / 3 * (values[0] + values[-1] + 4 * values[1:-1:2].sum() + 2 * values[2:-2:2].sum())
    )
