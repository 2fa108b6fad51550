"""An example to copy: small, by hand, and it says in its name what must hold."""

from churn.economics import ECONOMICS


def test_a_letter_gives_away_less_than_a_renewal_is_worth() -> None:
    price = 990
    value = ECONOMICS.margin_rate * ECONOMICS.months * price
    discount = ECONOMICS.discount * price
    assert discount + ECONOMICS.contact_cost < value
