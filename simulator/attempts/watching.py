"""A worker's main process, every few seconds: say that it lives, and miss those that do not.

A claim whose process is gone is queued again within seconds, not after a lease. Claims of other
hosts are left alone: of their processes nothing is known here, so their lease must run out.
"""

import logging
import threading

from django.db import DatabaseError, connection

from simulator.attempts import claiming, health, holders
from simulator.attempts.models import Grading

logger = logging.getLogger(__name__)


def watch_forever() -> threading.Thread:
    """Begin, in a thread of its own."""
    thread = threading.Thread(target=_watch, daemon=True, name="worker-watch")
    thread.start()
    return thread


def miss_the_dead() -> int:
    """Queue again what processes of this host held that have ended; how many that were."""
    held = Grading.objects.filter(
        state=Grading.State.RUNNING, claimed_by__startswith=holders.here()
    ).values_list("pk", "fence", "claimed_by")
    dead = [(pk, fence) for pk, fence, holder in held if holders.is_gone(holder)]
    return sum(
        claiming.lose(claiming.Claim(grading_id=pk, fence=fence).held(), trouble="its worker died")
        for pk, fence in dead
    )


def _watch(stopped: threading.Event | None = None) -> None:
    stopped = stopped or threading.Event()
    while True:
        health.beat()
        try:
            missed = miss_the_dead()
            if missed:
                logger.warning("%d gradings are queued again: their worker died", missed)
        except DatabaseError as error:
            logger.warning("the dead are not missed: %s", type(error).__name__)
            connection.close()
        if stopped.wait(health.BEAT_SECONDS):
            return
