"""The notebook's number, held; and what nobody had asked the notebook."""

import numpy as np
import pytest

from churn.curve import auuc, gain_curve
from churn.metrics import realised_profit

# notebooks/whom_it_changes.ipynb, cells in the order of their counters: gain, letter, left, price.
ROWS = np.array(
    [
        *([310, 1, 0, 1990], [280, 0, 1, 1990], [280, 1, 0, 990], [150, 0, 0, 990]),
        *([150, 1, 0, 3990], [90, 0, 1, 3990], [40, 1, 1, 990], [40, 0, 0, 1990]),
        *([-60, 1, 1, 990], [-60, 0, 0, 990], [-200, 1, 0, 990], [-310, 0, 0, 1990]),
    ]
)
NUMBER = 720.71


def notebook() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    gain, letter, left, price = ROWS.T
    return gain, letter, realised_profit(left, letter, price)


def test_the_number_on_the_slide_comes_out() -> None:
    assert auuc(*notebook()) == pytest.approx(NUMBER, abs=0.005)


def test_the_order_of_rows_is_no_matter() -> None:
    assert auuc(*(column[::-1] for column in notebook())) == pytest.approx(auuc(*notebook()))


def test_one_prediction_for_everybody_is_chance() -> None:
    _, letter, profit = notebook()
    assert auuc(np.zeros(len(letter)), letter, profit) == pytest.approx(0.0)


def test_the_curve_goes_from_nobody_to_everybody() -> None:
    gain, letter, profit = notebook()
    curve = gain_curve(gain, letter, profit)
    assert curve["share"].iloc[[0, -1]].tolist() == [0.0, 1.0]
    everybody = profit[letter == 1].mean() - profit[letter == 0].mean()
    assert curve["roubles"].iloc[[0, -1]].tolist() == pytest.approx([0.0, everybody])


@pytest.mark.parametrize("broken", [{"gain": np.nan}, {"letter": 2.0}, {"profit": np.nan}])
def test_what_is_no_number_is_refused(broken: dict[str, float]) -> None:
    columns = dict(zip(("gain", "letter", "profit"), notebook(), strict=True))
    for name, value in broken.items():
        columns[name] = np.append(columns[name][1:].astype(float), value)
    with pytest.raises(ValueError, match="missing"):
        auuc(*columns.values())


def test_nobody_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        auuc([], [], [])
