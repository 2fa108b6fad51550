"""`manage.py tend`: look after cohorts, every few seconds until stopped."""

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from simulator.desk.tending import tend

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Send grades to learning platforms, apply what is due, forget what is old."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, default=30.0, help="seconds between rounds")
        parser.add_argument("--once", action="store_true", help="one round, then stop")

    def handle(self, *, every: float, once: bool, **_: Any) -> None:  # noqa: ANN401, Django's own
        stopped = threading.Event()
        if not once:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stopped.set())
        while True:
            self._round()
            if once or stopped.wait(every):
                return

    def _round(self) -> None:
        try:
            close_old_connections()
            done = tend()
        except DatabaseError:
            logger.exception("the database did not answer; the next round tries again")
            return
        if done.anything:
            logger.info("%s", done)
