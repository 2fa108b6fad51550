"""How long pages take, counted in this process; Prometheus adds processes up."""

from typing import Final

from django.http.response import HttpResponseBase
from prometheus_client import Histogram

BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SECONDS: Final = Histogram(
    "sim_request_seconds",
    "From a request to its answer's first byte",
    labelnames=("route", "method", "status"),
    buckets=BUCKETS,
)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})


def observe(route: str, method: str, response: HttpResponseBase, seconds: float) -> None:
    """Count one request, under names that no stranger can make up."""
    SECONDS.labels(
        route=route or "none",
        method=method if method in METHODS else "other",
        status=f"{response.status_code // 100}xx",
    ).observe(seconds)
