"""What decisions are worth, in roubles: before anybody knows the truth, and after."""

MATCH, REVIEW, NEW = "match", "review", "new"


def expected(p_match, p_exists, costs=None):
    """Expected roubles of match, review and new."""
    raise NotImplementedError("expected: stage 'The price of an error'")


def best_action(p_match, p_exists, costs=None):
    """The action of the largest expectation."""
    raise NotImplementedError("best_action: stage 'The price of an error'")


def match_threshold(p_exists=1.0, costs=None):
    """The least `p_match` at which an automatic match beats a review."""
    raise NotImplementedError("match_threshold: stage 'The price of an error'")


def realised(action, product_id, truth, costs=None):
    """Roubles of each offer, once the truth is known."""
    raise NotImplementedError("realised: stage 'The price of an error'")
