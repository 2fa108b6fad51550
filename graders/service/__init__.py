"""Ready-made checks of a learner's HTTP service: behaviour, asked from outside its room.

    from graders import service

    API = service.Api(
        command=("python", "-m", "uvicorn", "churn.service:app", "--port", "{port}"),
        predict=service.Route(path="/predict", example=ROW, request=Row, response=Score),
        model=("/artifacts/model.*",),
    )
    up = service.starts(API, points=4, needs=[trains])
    contract = service.honours_contract(API, points=6)
    refuses = service.refuses_bad_input(API, points=6)
    sample = service.Sample(bodies=unseen, field="score")
    parity = service.same_as_batch(API, sample=sample, batch=scored, points=10)
    again = service.same_after_restart(API, sample=sample, points=4)
    health = service.health_tells_the_truth(API, points=6)
    budget = service.Budget(p95=0.05, rate=50)
    fast = service.answers_within(API, bodies=unseen, budget=budget, points=8)
    cold = service.starts_within(API, seconds=2.0, points=4)
    sound = service.looks_sound(points=2)

The stage's runtime is `python-service`. The service runs in a room of the phase on the room's own
loopback, one for all checks that do not break it; requests come from a process of ours, answers
are read by a strict client with caps, and time is taken there, from when a request was due to the
last byte of its answer. What a learner's process measures, logs or claims counts for nothing.
Nothing that the service writes is shown, except when it does not come up in the phase of training:
there it has been sent nothing yet. Texts are in ``graders/messages/service.yaml``.

A service is judged by what it does. How it is written comes last, for few points: `looks_sound`
here, annotations, logging and lint in `graders.production`.
"""

from graders.service.api import Api, Bodies, Route
from graders.service.contract import honours_contract, refuses_bad_input, starts
from graders.service.health import health_tells_the_truth
from graders.service.latency import Budget, answers_within, starts_within
from graders.service.sameness import Batch, Sample, same_after_restart, same_as_batch
from graders.service.signs import looks_sound

__all__ = [
    "Api",
    "Batch",
    "Bodies",
    "Budget",
    "Route",
    "Sample",
    "answers_within",
    "health_tells_the_truth",
    "honours_contract",
    "looks_sound",
    "refuses_bad_input",
    "same_after_restart",
    "same_as_batch",
    "starts",
    "starts_within",
]
