"""A grading's id in every line of the log, from the hand-in to the verdict."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from simulator.attempts.claiming import Claim


@contextmanager
def of(claim: Claim) -> Iterator[None]:
    """Everything that is logged inside says which claim of which grading it belongs to."""
    with structlog.contextvars.bound_contextvars(grading=claim.grading_id, fence=claim.fence):
        yield
