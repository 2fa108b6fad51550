from churn.curve import auuc


def test_the_area_of_a_perfect_order_is_above_zero() -> None:
    assert auuc([2, 2, 1, 1], [1, 0, 1, 0], [900, 100, 100, 100]) > 0
