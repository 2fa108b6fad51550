"""Can an attempt be graded now? Each part answers for itself, in a sentence."""

import logging
import threading
from pathlib import Path
from typing import Final

import redis
from django.conf import settings
from django.db import DatabaseError, connection

from sandbox.client import RunnerSandbox
from sandbox.interface import SandboxError
from simulator.attempts import announcing

WORKERS: Final = "sim:workers"
BEAT_SECONDS: Final = 5.0
GONE_AFTER_SECONDS: Final = 20.0
FINE: Final = "ok"

logger = logging.getLogger(__name__)


def check() -> dict[str, str]:
    """What each part answers: "ok", or what is the matter."""
    return {
        "database": _database(),
        "redis": _redis(),
        "worker": _worker(),
        "runner": _runner(),
    }


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"does not answer: {type(error).__name__}"
    return FINE


def _redis() -> str:
    try:
        announcing.connection(settings.SIM_REDIS_URL).ping()
    except redis.RedisError as error:
        return f"does not answer: {type(error).__name__}"
    return FINE


def _worker() -> str:
    try:
        alive = announcing.connection(settings.SIM_REDIS_URL).exists(WORKERS)
    except redis.RedisError:
        return "unknown, because Redis does not answer"
    return FINE if alive else f"none was heard of for {GONE_AFTER_SECONDS:.0f} s"


def _runner() -> str:
    try:
        state = RunnerSandbox(Path(settings.SIM_RUNNER_SOCKET)).health()
    except SandboxError as error:
        return str(error)
    return FINE if state.get("ok") else f"opens no rooms: {state.get('why')}"


def beat_forever() -> threading.Thread:
    """Tell Redis, from now on and from a thread of its own, that this worker lives."""
    thread = threading.Thread(target=_beat, daemon=True, name="worker-beat")
    thread.start()
    return thread


def _beat(stopped: threading.Event | None = None) -> None:
    stopped = stopped or threading.Event()
    while True:
        try:
            announcing.connection(settings.SIM_REDIS_URL).set(
                WORKERS, "alive", px=int(GONE_AFTER_SECONDS * 1000)
            )
        except redis.RedisError as error:
            logger.warning("Redis does not hear that this worker lives: %s", error)
        if stopped.wait(BEAT_SECONDS):
            return
