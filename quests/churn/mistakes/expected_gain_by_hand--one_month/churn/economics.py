"""The rules of the campaign, as Gleb (CFO) and Marina (CRM) signed them. One place, no copies."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Economics:
    """What a renewal earns and what a letter costs.

    Attributes:
        margin_rate: share of the price that is left after content and payment fees.
        months: how many months of a kept subscription count as its value.
        discount: share of *one* monthly price that the letter gives away, if the person stays.
        contact_cost: cost of sending one letter, roubles, whatever happens next.
        max_share: largest share of a batch that may be contacted, rounded down.
        silent_days: Marina's rule contacts whoever has been silent at least so many days.
    """

    margin_rate: float = 0.7
    months: float = 1.0
    discount: float = 0.3
    contact_cost: float = 12.0
    max_share: float = 0.15
    silent_days: float = 14.0


ECONOMICS = Economics()
