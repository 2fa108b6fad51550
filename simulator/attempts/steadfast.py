"""Say it again when the database was away: every write of a claim may be said twice."""

import logging
import random
import time
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

WAITS: Final = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)  # together well below a lease

P = ParamSpec("P")
Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)


def steadfast(function: Callable[P, Answer]) -> Callable[P, Answer]:
    """Wrap a function that is one transaction, conditional on a fence, to outlast a restart.

    Whether a commit was made whose answer never came, its condition tells the second time.
    """

    def insisting(*args: P.args, **kwargs: P.kwargs) -> Answer:
        for wait in WAITS:
            try:
                return function(*args, **kwargs)
            except (OperationalError, InterfaceError) as error:
                logger.warning("the database was away, asked again soon: %s", type(error).__name__)
                connection.close()
                # Everyone who was cut off at once does not come back at once.
                time.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311, no secret
        return function(*args, **kwargs)

    return insisting
