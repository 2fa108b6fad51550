"""The outbox: messages written in the transaction that made them true, sent on commit.

What could not be sent then, the reconciler sends. A message may come twice, and says nothing
that the database does not know.
"""

import logging
from functools import partial
from typing import Final

import redis
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from simulator.attempts.announcing import announce, connection
from simulator.attempts.models import Grading, Outbox
from simulator.celery import app

GRADE: Final = "attempts.grade"
TIDY: Final = "attempts.tidy"

logger = logging.getLogger(__name__)


def ring(grading_id: int) -> None:
    """Ring the workers' bell for a queued grading, once the current transaction holds."""
    _write(grading_id, Outbox.Kind.GRADE)


def tell(grading_id: int) -> None:
    """Tell the pages that look at a grading, once the current transaction holds."""
    _write(grading_id, Outbox.Kind.EVENT)


def publish(message: Outbox) -> bool:
    """Send a message and note that it is sent; False when nobody took it."""
    grading_id = message.grading_id
    if message.kind == Outbox.Kind.GRADE:
        lane = Grading.objects.values_list("lane", flat=True).get(pk=grading_id)
        sent = _send(grading_id, lane=lane)
    else:
        sent = announce(grading_id)
    if sent:
        Outbox.objects.filter(pk=message.pk).update(published_at=Now())
    return sent


def bells_in_queue(lane: str) -> int:
    """How many bells of a lane no worker has taken yet; none where the broker does not answer."""
    try:
        return connection(settings.SIM_REDIS_URL).llen(lane)
    except redis.RedisError:
        return 0


def ring_for_housekeeping() -> bool:
    """Have one of the workers tidy up; False when nobody took the message."""
    return _send_task(TIDY, [], queue="housekeeping")


def _write(grading_id: int, kind: Outbox.Kind) -> None:
    message = Outbox.objects.create(grading_id=grading_id, kind=kind)
    # Robust: what is committed is accepted, whether or not anybody can be told of it now.
    transaction.on_commit(partial(publish, message), robust=True)


def _send(grading_id: int, *, lane: str) -> bool:
    """Send by name, not by import: tasks stand above this module."""
    return _send_task(GRADE, [grading_id], queue=lane)


def _send_task(name: str, args: list[int], *, queue: str) -> bool:
    try:
        app.send_task(name, args=args, queue=queue, retry=False)
    except OperationalError as error:
        logger.warning("%s%s is not sent: %s", name, args, error)
        return False
    return True
