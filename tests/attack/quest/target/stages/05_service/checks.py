"""A service of the learner's, asked over the room's own loopback; its model may be spoiled."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from graders import Phase, Workspace, check, fail
from sandbox.interface import Service, ServiceDown

PORT = 8000
MODEL = "/artifacts/model.json"
SLOWEST_SECONDS = 1.0
ASKED = 3
COUNT = re.compile(rb"^requests_total (\d{1,9})$", re.M)
WELL = (200, b"well")


@check(group="production", points=20, severity="blocker", phase=Phase.TRAIN)
def learns(work: Workspace) -> None:
    """The command ends well"""
    work.train("python", "-m", "app.train")


@check(
    group="production",
    points=40,
    severity="blocker",
    kind="contract",
    phase=Phase.SERVICE,
    needs=[learns],
)
def answers(work: Workspace) -> None:
    """It is ready, answers soon, the first time too, and counts what it was asked"""
    try:
        with _served(work) as service:
            _must_be_well(service)
    except ServiceDown:
        fail("down", port=PORT)


@check(
    group="production",
    points=40,
    severity="blocker",
    kind="negation",
    phase=Phase.SERVICE,
    needs=[answers],
)
def says_when_it_is_not_ready(work: Workspace) -> None:
    """Without its model, or with half of it, it is not ready; not coming up is as good"""
    for rest in (b"", b'{"mod'):
        try:
            with _served(work, model=rest) as service:
                if service.request("GET", "/ready").status == WELL[0]:
                    fail("ready_without_model")
        except ServiceDown:
            continue


def _must_be_well(service: Service) -> None:
    if service.request("GET", "/ready").status != WELL[0]:
        fail("never_ready")
    for _ in range(ASKED):
        began = time.monotonic()
        answer = service.request("GET", "/")
        seconds = time.monotonic() - began  # by our clock, to the last byte
        if (answer.status, answer.body) != WELL:
            fail("answers_else", status=answer.status)
        if seconds > SLOWEST_SECONDS:
            fail("slow", limit=SLOWEST_SECONDS)
    told = COUNT.search(service.request("GET", "/metrics").body[:10_000])
    if told is None or int(told[1]) != ASKED:
        fail("counts_else", asked=ASKED)


@contextmanager
def _served(work: Workspace, *, model: bytes | None = None) -> Iterator[Service]:
    """The service, up, with its model or what is left of it. Raises ServiceDown."""
    with work.room() as room:
        if model is not None:
            room.upload({MODEL: model})
        with room.serve("python", "-m", "app.service", port=PORT) as service:
            yield service
