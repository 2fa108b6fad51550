"""What stays with the judge: chances that stand in no brief."""

import numpy as np

from graders import Workspace, check, fail

OFFERS = 400
SAME = 1e-6


@check(group="metrics", points=10, kind="exact", needs=["best_action_by_hand"])
def agrees_everywhere(work: Workspace) -> None:
    """Four hundred offers with chances of their own get the action of the largest expectation"""
    draw = np.random.default_rng(work.rooms.seed)
    exists = draw.beta(3, 1, OFFERS)
    match = exists * draw.beta(6, 0.4, OFFERS)
    values = np.column_stack(
        [
            30 * match - 400 * (1 - match),
            -12 + 30 * exists + 10 * (1 - exists),
            10 * (1 - exists) - 25 * exists,
        ]
    )
    own = np.array(["match", "review", "new"])[values.argmax(axis=1)]
    ordered = np.sort(values, axis=1)
    sure = ordered[:, 2] - ordered[:, 1] > SAME
    said = work.call(
        "driver.money:words", "best_action", match.tolist(), exists.tolist(),
        called="matching.money:best_action",
    )  # fmt: skip
    whole = isinstance(said, list) and len(said) == OFFERS
    got = np.array(said if whole else [""] * OFFERS)
    differ = int(((got != own) & sure).sum())
    if differ:
        fail("actions_differ", offers=differ, total=OFFERS)
