"""Tell whoever looks that a grading has news, through Redis; the news is in the database."""

import functools
import logging
from typing import Final

import redis
from django.conf import settings

CHANNEL: Final = "grading:{}"
SECONDS: Final = 2.0

logger = logging.getLogger(__name__)


def channel(grading_id: int) -> str:
    """Where news of a grading is announced."""
    return CHANNEL.format(grading_id)


def announce(grading_id: int) -> bool:
    """Announce news, whatever it is; False when Redis does not answer: pages look again anyway."""
    try:
        connection(settings.SIM_REDIS_URL).publish(channel(grading_id), "news")
    except redis.RedisError as error:
        logger.warning("news of grading %s is not announced: %s", grading_id, error)
        return False
    return True


@functools.cache
def connection(url: str) -> redis.Redis:
    """The connections of this process to Redis, made when first needed."""
    return redis.Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
