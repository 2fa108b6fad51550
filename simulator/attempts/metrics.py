"""What Prometheus scrapes: read from the database, so every web process tells the same."""

import os
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Final

from django.db.models import Count, Min, Q, Sum
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector

from simulator.attempts import health, lateness, runner_state
from simulator.attempts.models import Grading, Outbox, Verdict

RECENT: Final = timedelta(minutes=15)
MOST_VERDICTS: Final = 500
FIXES_LOOK_BACK: Final = timedelta(days=7)
MOST_FIXES: Final = 5000
FIXES_ARE_COUNTED_EVERY: Final = 300.0
QUANTILES: Final = (0.5, 0.95)
CLOCKS: Final = ("starting", "running", "judging")
MULTIPROCESS: Final = "PROMETHEUS_MULTIPROC_DIR"

_fixes: Final[dict[str, tuple[float, float | None]]] = {}


def scrape() -> bytes:
    """Everything, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(Delivery())
    return generate_latest(registry) + generate_latest(_of_processes())


class Delivery(Collector):
    """Queue, clocks, failures of ours, rooms."""

    def collect(self) -> Iterator[Metric]:
        """Ask the database and the runner of this host."""
        yield from _queue()
        yield from _lost_and_late()
        yield from _clocks()
        yield from _rooms()
        yield _fix_rate()


def _of_processes() -> CollectorRegistry:
    """What web processes counted: all of them where a folder is shared, else this one."""
    if not os.environ.get(MULTIPROCESS):
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _queue() -> Iterator[Metric]:
    now = timezone.now()
    count = _gauge("sim_gradings", "Gradings by lane and state", "lane", "state")
    age = _gauge("sim_queue_age_seconds", "How long the oldest queued grading waits", "lane")
    open_states = (Grading.State.QUEUED, Grading.State.RUNNING, Grading.State.QUARANTINED)
    found = {
        (row["lane"], row["state"]): row
        for row in Grading.objects.filter(state__in=open_states)
        .order_by()
        .values("lane", "state")
        .annotate(count=Count("pk"), oldest=Min("created_at"))
    }
    for lane in Grading.Lane.values:
        for state in open_states:
            row = found.get((lane, state.value))
            count.add_metric([lane, state.value], row["count"] if row else 0)
        waiting = found.get((lane, Grading.State.QUEUED.value))
        seconds = (now - waiting["oldest"]).total_seconds() if waiting else 0.0
        age.add_metric([lane], max(0.0, seconds))
    yield count
    yield age


def _lost_and_late() -> Iterator[Metric]:
    late = _gauge("sim_late_gradings", "Gradings past the deadline of their state", "state")
    states = [each.grading.state for each in lateness.late()]
    for state in (Grading.State.QUEUED, Grading.State.RUNNING, Grading.State.QUARANTINED):
        late.add_metric([state.value], states.count(state.value))
    yield late
    unsent = Outbox.objects.filter(published_at=None).aggregate(n=Count("pk"))["n"]
    yield _one("sim_outbox_unsent", "Messages that nobody took yet", unsent)
    recent = Grading.objects.filter(claimed_at__gt=timezone.now() - RECENT)
    found = recent.aggregate(
        tries=Sum("infra_attempts"),
        losses=Sum("losses"),
        ended=Count("pk", filter=Q(state=Grading.State.DONE)),
    )
    done, losses = found["ended"] or 0, found["losses"] or 0
    # A claim counts as a try until it ends well: what is above one a grading failed on our side.
    failed = max(0, (found["tries"] or 0) - recent.count())
    yield _one("sim_platform_errors_recent", "Claims that failed on our side, 15 min", failed)
    yield _one("sim_claims_lost_recent", "Claims that died with worker or runner, 15 min", losses)
    yield _one("sim_verdicts_recent", "Gradings that ended with a verdict, 15 min", done)


def _clocks() -> Iterator[Metric]:
    """Four clocks of the latest verdicts, and the time of each phase."""
    clocks = _gauge("sim_clock_seconds", "Clocks of the latest verdicts", "clock", "quantile")
    phases = _gauge("sim_phase_seconds", "Phases of the latest verdicts", "phase", "quantile")
    of_clock: dict[str, list[float]] = defaultdict(list)
    of_phase: dict[str, list[float]] = defaultdict(list)
    rows = Verdict.objects.filter(created_at__gt=timezone.now() - RECENT).order_by("-created_at")
    for queued, body in rows.values_list("queued_seconds", "body")[:MOST_VERDICTS]:
        of_clock["queued"].append(queued)
        for name in CLOCKS:
            of_clock[name].append(float(body.get("clocks", {}).get(name, 0.0)))
        for phase in body.get("phases", ()):
            spent = phase.get("clocks", {})
            of_phase[str(phase.get("phase", ""))].append(sum(map(float, spent.values())))
    _add_quantiles(clocks, of_clock)
    _add_quantiles(phases, of_phase)
    yield clocks
    yield phases


def _rooms() -> Iterator[Metric]:
    state = runner_state.read()
    yield _one("sim_runner_opens_rooms", "Whether this host's runner opens rooms", state.ok)
    yield _one("sim_rooms_open", "Rooms open now on this host", state.rooms)
    claims = _gauge("sim_rooms_claimed", "Rooms forked since the template began", "runtime")
    for template in state.templates:
        claims.add_metric([template.runtime], template.opened)
    yield claims
    parts = _gauge("sim_part_works", "Whether a part of the site answers", "part")
    for part in (*health.look().parts,):
        parts.add_metric([part.name], float(part.fine))
    parts.add_metric(["reconciler"], float(health.reconciler() == health.FINE))
    yield parts


def _fix_rate() -> Metric:
    """Of the findings shown first, how many the next attempt no longer had: do messages help?"""
    counted, rate = _fixes.get("rate", (-FIXES_ARE_COUNTED_EVERY, None))
    if time.monotonic() - counted >= FIXES_ARE_COUNTED_EVERY:
        rate = _count_fixes()
        _fixes["rate"] = (time.monotonic(), rate)
    metric = _gauge("sim_message_fix_rate", "Share of first findings that the next attempt mended")
    if rate is not None:
        metric.add_metric([], rate)
    return metric


def _count_fixes() -> float | None:
    rows = (
        Verdict.objects.filter(created_at__gt=timezone.now() - FIXES_LOOK_BACK)
        .order_by("grading__attempt__enrolment", "grading__attempt__stage", "created_at")
        .values_list(
            "grading__attempt__enrolment", "grading__attempt__stage", "focus_check", "focus_reason"
        )[:MOST_FIXES]
    )
    return share_fixed([*rows])


def share_fixed(rows: Sequence[tuple[int, str, str, str]]) -> float | None:
    """Of findings with a later attempt at the same stage, the share that is gone there.

    A row is (enrolment, stage, check, reason), in the order of attempts.
    """
    mended = [
        now[2:] != before[2:]
        for before, now in pairwise(rows)
        if before[:2] == now[:2] and before[2]
    ]
    return sum(mended) / len(mended) if mended else None


def _add_quantiles(metric: GaugeMetricFamily, samples: dict[str, list[float]]) -> None:
    for name, seconds in sorted(samples.items()):
        for quantile in QUANTILES:
            metric.add_metric([name, f"{quantile}"], _quantile(seconds, quantile))


def _quantile(seconds: Iterable[float], share: float) -> float:
    found = sorted(seconds)
    if len(found) == 1:
        return found[0]
    return statistics.quantiles(found, n=100, method="inclusive")[round(share * 100) - 1]


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=labels)


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))
