"""Money of a letter: what it should earn, what it did earn, what a whole rule earns."""

from churn.economics import ECONOMICS


def expected_gain(p0, p1, price_rub, econ=ECONOMICS):
    raise NotImplementedError("expected_gain: stage 'A rule before any ML'")


def realised_profit(churned, treated, price_rub, econ=ECONOMICS):
    raise NotImplementedError("realised_profit: stage 'A rule before any ML'")


def policy_value(contacted, churned, treated, price_rub, econ=ECONOMICS):
    raise NotImplementedError("policy_value: stage 'A rule before any ML'")
