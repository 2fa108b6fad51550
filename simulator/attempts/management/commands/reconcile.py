"""`manage.py reconcile`: put right what was left lying, every few seconds until stopped."""

import logging
import signal
import threading
import time
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from simulator.attempts import health, ringing
from simulator.attempts.reconciling import reconcile, seconds_to_next

SOONEST: Final = 0.2
TIDY_EVERY: Final = 3600.0

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Send unsent messages, requeue expired leases, give up on hopeless gradings."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, default=10.0, help="seconds between rounds")
        parser.add_argument("--once", action="store_true", help="one round, then stop")

    def handle(self, *, every: float, once: bool, **_: Any) -> None:  # noqa: ANN401, Django's own
        stopped = threading.Event()
        if once:
            self._round()
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        while not stopped.is_set():
            next_in = self._round()
            stopped.wait(every if next_in is None else min(every, max(SOONEST, next_in)))

    def _round(self) -> float | None:
        """One round; how long until there is something to do again, if that is known."""
        try:
            close_old_connections()
            done = reconcile()
            next_in = seconds_to_next()
            health.beat(health.RECONCILER)
            self._have_tidied()
        except DatabaseError:
            logger.exception("the database did not answer; the next round tries again")
            return None
        if done.anything:
            logger.info("%s", done)
        return next_in

    _tidied = -TIDY_EVERY

    def _have_tidied(self) -> None:
        """Housekeeping, now and then; by a worker, in a lane where it keeps nobody waiting."""
        if time.monotonic() - self._tidied >= TIDY_EVERY and ringing.ring_for_housekeeping():
            self._tidied = time.monotonic()
