"""Keep a claim's lease alive while its grading runs, and say at once when it is lost."""

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connection

from simulator.attempts.claiming import BEAT_SECONDS, LEASE, Claim, beat

logger = logging.getLogger(__name__)


class Heart:
    """A context manager that beats for a claim from a thread of its own.

    Calls `on_lost` once, from that thread, when the claim no longer holds, or when the database
    could not be asked for as long as a lease lasts.
    """

    def __init__(
        self, claim: Claim, *, on_lost: Callable[[], None], every: float = BEAT_SECONDS
    ) -> None:
        self._claim = claim
        self._on_lost = on_lost
        self._every = every
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="heart")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        last = time.monotonic()
        try:
            while not self._stopped.wait(self._every):
                if self._beats():
                    last = time.monotonic()
                elif self._knows_it_lost or time.monotonic() - last > LEASE.total_seconds():
                    self._on_lost()
                    return
        finally:
            connection.close()

    _knows_it_lost = False

    def _beats(self) -> bool:
        try:
            kept = beat(self._claim)
        except DatabaseError:
            logger.exception("the database did not take a beat of %s", self._claim)
            connection.close()
            return False
        self._knows_it_lost = not kept
        return kept
