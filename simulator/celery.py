"""The Celery application: the broker carries ids, the database is the queue of record."""

import os
from typing import Final

from celery import Celery
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "simulator.settings")

from django.conf import settings

LONGEST_GRADING_SECONDS: Final = 900

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
    task_time_limit=LONGEST_GRADING_SECONDS + 120,
    task_soft_time_limit=LONGEST_GRADING_SECONDS + 60,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=50,
    worker_max_memory_per_child=1_500_000,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_soft_shutdown_timeout=10,
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,
    broker_transport_options={
        "visibility_timeout": 2 * (LONGEST_GRADING_SECONDS + 120) + 600,
        "socket_keepalive": True,
        "health_check_interval": 30,
    },
    broker_connection_retry_on_startup=True,
    task_create_missing_queues=False,
    task_queues=[Queue("interactive"), Queue("batch"), Queue("housekeeping")],
    task_default_queue="interactive",
)
app.autodiscover_tasks(["simulator.attempts", "simulator.regrading"])
