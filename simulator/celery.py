"""The Celery application: the broker carries ids, the database is the queue of record."""

import os
from typing import Final

from celery import Celery
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "simulator.settings")

from django.conf import settings

# Above the time after which a grading is taken away: then it is the child that hangs.
SOFT_SECONDS: Final = settings.SIM_GRADING_SECONDS + 60
HARD_SECONDS: Final = SOFT_SECONDS + 60
REDELIVERED_AFTER: Final = 2 * HARD_SECONDS + 600

app = Celery("simulator")
app.conf.update(
    # Celery spells a Unix socket differently from redis-py.
    broker_url=settings.SIM_REDIS_URL.replace("unix://", "redis+socket://"),
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,  # the verdict lives in the database
    task_acks_late=True,
    # Recovery is the reconciler's: a poisoned attempt must not loop through the broker.
    task_reject_on_worker_lost=False,
    task_acks_on_failure_or_timeout=True,
    task_time_limit=HARD_SECONDS,
    task_soft_time_limit=SOFT_SECONDS,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=50,
    worker_max_memory_per_child=1_500_000,
    # A grading needs no broker to end, and a bell that comes twice is no second grading: nothing
    # is cut off because Redis is away.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_soft_shutdown_timeout=10,
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,
    broker_transport_options={
        "visibility_timeout": REDELIVERED_AFTER,
        "socket_keepalive": True,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "health_check_interval": 30,
        # Who hands in does not wait for a broker that is away: the reconciler rings later.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    },
    visibility_timeout=REDELIVERED_AFTER,
    broker_connection_retry_on_startup=True,
    task_create_missing_queues=False,
    task_queues=[Queue("interactive"), Queue("batch"), Queue("housekeeping")],
    task_default_queue="interactive",
)
app.autodiscover_tasks(["simulator.attempts"])
