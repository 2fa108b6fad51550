"""Whether a service's health tells the truth: when it starts, without its model, after a kill."""

import fnmatch
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from graders.checking import Check
from graders.failures import Ended, Fail
from graders.results import Kind, Severity
from graders.service.api import Api, Unfit
from graders.service.contract import hold_to_status, is_success
from graders.service.library import library
from graders.service.running import Running, alone, answered, running
from graders.workspace import Workspace
from sandbox.interface import Answer, Ask, Heard, Json

EVERY = 0.02  # from one poll of health to the next
TIME_TO_FALL = 10.0  # seconds in which a service without its model may come up, or not
How = Literal["missing", "broken"]


def health_tells_the_truth(
    api: Api,
    *,
    points: float,
    severity: Severity = Severity.MAJOR,
    needs: Sequence[Check | str] = ("service_starts",),
) -> Check:
    """`health` says ready when the service can predict, and only then.

    Asked from the first moment, the first 2xx must be followed by a right answer. Then the service
    is started without the files of `model`, and with half of each: it may refuse to start, or its
    health may be anything but 2xx; it may not answer predictions by default. Killed without a
    word, it must come back ready. Reasons: `ready_too_early`, `never_ready`,
    `ready_without_model`, `default_without_model`, `model_elsewhere`, `model_missing`,
    `not_back_after_kill`.

        health = service.health_tells_the_truth(API, points=6)
    """
    if not api.model:
        raise ValueError("say in Api(model=...) which files the service cannot predict without")

    def judge(work: Workspace) -> None:
        usual = _from_the_first_moment(work, api)
        for how in ("missing", "broken"):
            _without_model(work, api, how, usual)
        _comes_back(work, api)

    return library("service_health", judge, points, severity, needs, Kind.NEGATION)


def without(files: Mapping[str, bytes], patterns: Sequence[str], how: How) -> dict[str, bytes]:
    """A room's files whose model is missing, or cut in half."""
    kept = {}
    for path, body in files.items():
        if not any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns):
            kept[path] = body
        elif how == "broken":
            kept[path] = body[: len(body) // 2]
    return kept


def _from_the_first_moment(work: Workspace, api: Api) -> Json:
    """Poll health as an orchestrator does; who says ready answers. Gives the usual answer."""
    with alone(work, api) as service:
        until = time.monotonic() + api.start_seconds
        while not _is_ready(service.ask(Ask(method="GET", path=api.health))):
            if service.gone or time.monotonic() > until:
                raise Fail("never_ready", {"path": api.health, "seconds": api.start_seconds})
            time.sleep(EVERY)
        first = service.ask(api.predict.ask(api.predict.example))
        if not isinstance(first, Answer) or first.status != api.predict.status:
            status = first.status if isinstance(first, Answer) else 0
            raise Fail("ready_too_early", {"path": api.health, "status": status})
        return _body(api, first)


def _without_model(work: Workspace, api: Api, how: How, usual: Json) -> None:
    files = work.room_files()
    changed = without(files, api.model, how)
    if changed == files:
        raise Fail("model_missing", {"path": api.model[0]})
    try:
        with alone(work, replace(api, start_seconds=TIME_TO_FALL), changed) as service:
            _tells(service, api, how, usual)
    except Ended:
        return  # it did not come up, and that is the truth


def _tells(service: Running, api: Api, how: How, usual: Json) -> None:
    predicted = service.ask(api.predict.ask(api.predict.example))
    ready = service.ask(Ask(method="GET", path=api.health))
    if isinstance(predicted, Answer) and is_success(predicted.status):
        if _body(api, predicted) == usual:
            raise Fail("model_elsewhere", {"path": api.model[0], "how": how})
        raise Fail("default_without_model", {"path": api.predict.path, "how": how})
    if _is_ready(ready):
        raise Fail("ready_without_model", {"path": api.health, "how": how})


def _comes_back(work: Workspace, api: Api) -> None:
    service = running(work, api)
    service.kill()
    try:
        service.again()
    except Ended:
        raise Fail("not_back_after_kill", {"path": api.health}) from None
    heard = service.ask(Ask(method="GET", path=api.health))
    if not _is_ready(heard):
        raise Fail("not_back_after_kill", {"path": api.health})
    answer = service.ask(api.predict.ask(api.predict.example))
    hold_to_status(api.predict, answered(answer, method=api.predict.method, path=api.predict.path))


def _is_ready(heard: Heard) -> bool:
    return isinstance(heard, Answer) and is_success(heard.status)


def _body(api: Api, answer: Answer) -> Json:
    try:
        return api.predict.read(answer)
    except Unfit:
        return None
