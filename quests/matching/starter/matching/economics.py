"""What a decision about an offer earns, as Olga and finance signed it. One place, no copies."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Roubles an offer.

    Attributes:
        match_right: the offer is put on its own card without anybody looking.
        match_wrong: it is put on another product's card: returns, compensation, an angry seller.
        review: a moderator looks, and is right; what follows is added to it.
        review_exists: a moderator finds the card.
        new_right: a new card for a product that had none.
        new_wrong: a new card for a product that has one already.
    """

    match_right: float = 30.0
    match_wrong: float = -400.0
    review: float = -12.0
    review_exists: float = 30.0
    new_right: float = 10.0
    new_wrong: float = -25.0


COSTS = Costs()
