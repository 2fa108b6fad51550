"""A service is judged by what it does: asked from outside, killed, left without a model."""

import re
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field

from graders import Check, Phase, Workspace, check, dockerfile, fail, production, service
from graders.service.api import Unfit, unfit
from graders.service.running import Running, answered, running

DECIDE = "RetentionPolicy.decide"
BATCHES, BATCH, WEEK = 12, 40, 500
REFUSALS = (400, 422)
PLACE = 4  # of the item that is broken, counted from 0

Finite = Annotated[float, Field(allow_inf_nan=False)]


class Item(BaseModel):
    """A renewal, as the brief describes it."""

    user_id: int
    lessons_7d: Finite
    lessons_14d: Finite
    lessons_28d: Finite
    lessons_84d: Finite
    lessons_trend_28d: Finite
    days_inactive: Finite
    tenure_months: Finite
    price_rub: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    failed_payments_30d: Finite
    pricing_views_30d: Finite
    coupons_lifetime: Finite
    tickets_30d: Finite
    progress_pct: Finite | None
    nps: Finite | None


class Question(BaseModel):
    """What is asked."""

    items: Annotated[list[Item], Field(min_length=1)]


class Decision(BaseModel):
    """What is done about a renewal."""

    user_id: int
    action: Literal["none", "discount30"]
    expected_gain_rub: Finite


class Answer(BaseModel):
    """What is answered."""

    decisions: list[Decision]
    model_version: Annotated[str, Field(min_length=1)]


def _items(draw: np.random.Generator, size: int) -> list[dict[str, Any]]:
    """Renewals that nobody has seen, every third without progress or an answer to the survey."""
    week = draw.poisson(2.0, size)
    rows = pd.DataFrame(
        {
            "user_id": draw.choice(10_000_000, size, replace=False),
            "lessons_7d": week,
            "lessons_14d": week + draw.poisson(2.0, size),
            "lessons_28d": week + draw.poisson(6.0, size),
            "lessons_84d": week + draw.poisson(20.0, size),
            "lessons_trend_28d": draw.integers(-6, 7, size),
            "days_inactive": draw.integers(0, 40, size),
            "tenure_months": draw.integers(0, 30, size),
            "price_rub": draw.choice([990, 1990, 3990], size),
            "failed_payments_30d": draw.poisson(0.1, size),
            "pricing_views_30d": draw.poisson(3.0, size),
            "coupons_lifetime": draw.integers(0, 5, size),
            "tickets_30d": draw.poisson(0.2, size),
            "progress_pct": draw.uniform(0.05, 1.0, size).round(3),
            "nps": draw.integers(0, 11, size),
        }
    )
    found: list[dict[str, Any]] = [
        {str(name): value for name, value in row.items()}
        for row in rows.astype(object).to_dict("records")
    ]
    for row in found[::3]:
        row["progress_pct"] = row["nps"] = None
    return found


EXAMPLE = {"items": _items(np.random.default_rng(1), 7)}
API = service.Api(
    command=("python", "-m", "uvicorn", "churn.service:app", "--port", "{port}"),
    predict=service.Route(path="/v1/decide", example=EXAMPLE, request=Question, response=Answer),
    model=("/artifacts/policy", "/artifacts/policy/*"),
)


def _batches(work: Workspace) -> list[dict[str, Any]]:
    draw = np.random.default_rng(work.rooms.seed)
    return [{"items": _items(draw, BATCH)} for _ in range(BATCHES)]


def _single(work: Workspace) -> list[dict[str, Any]]:
    draw = np.random.default_rng(work.rooms.seed + 1)
    return [{"items": [item]} for item in _items(draw, 360)]


def _large(work: Workspace) -> list[dict[str, Any]]:
    draw = np.random.default_rng(work.rooms.seed + 2)
    return [{"items": _items(draw, WEEK)} for _ in range(20)]


def _by_the_policy(work: Workspace, bodies: Any) -> list[list[dict[str, Any]]]:  # noqa: ANN401 - bodies of JSON
    """What the project's policy itself decides about the same renewals, in their order."""
    found = []
    for body in bodies:
        batch = pd.DataFrame(body["items"])
        numbers = batch.drop(columns="user_id").astype(np.float64).assign(user_id=batch["user_id"])
        answer = work.call("driver.rollout:decide", numbers, called=DECIDE)
        said = answer.set_index("user_id").loc[batch["user_id"]].reset_index()
        named = zip(
            said["user_id"], said["action"].astype(str), said["expected_gain_rub"], strict=True
        )
        found.append(
            [
                {"user_id": int(u), "action": a, "expected_gain_rub": round(float(g), 4)}
                for u, a, g in named
            ]
        )
    return found


# ------------------------------------------------------------------ the service over the policy
@check(group="production", points=0, severity="blocker", kind="contract", phase=Phase.TRAIN)
def builds_a_policy(work: Workspace) -> None:
    """`python -m churn.policy --out DIR` ends well and leaves the policy that is served."""
    work.train("python", "-m", "churn.policy", "--out", "/artifacts")
    if not any(path == "policy" or path.startswith("policy/") for path in work.rooms.artifacts):
        fail("no_policy")


up = service.starts(API, points=4, needs=["builds_a_policy"])
contract = service.honours_contract(API, points=12, bodies=_batches)
refuses = service.refuses_bad_input(API, points=8)


@check(
    group="production", points=8, kind="negation", needs=["service_starts"], phase=Phase.SERVICE
)
def names_the_bad_item(work: Workspace) -> None:
    """One bad renewal among seven is refused, and the answer names its field and place."""
    live = running(work, API)
    bad = {"absent": None, "null": None, "zero": 0, "text": "a lot"}
    for case, value in bad.items():
        items: Any = [dict(item) for item in EXAMPLE["items"]]
        items[PLACE]["price_rub"] = value
        if case == "absent":
            del items[PLACE]["price_rub"]
        heard = live.ask(API.predict.ask({"items": items}))
        answer = answered(heard, method="POST", path="/v1/decide")
        if answer.status not in REFUSALS:
            fail("item_let_through", case=case, status=answer.status)
        text = answer.body.decode("utf-8", errors="replace")
        place = re.search(rf"(?<!\d)(?:{PLACE}|{PLACE + 1})(?!\d)", text)
        if "price_rub" not in text or not place:
            fail("item_not_named", case=case, status=answer.status)


@check(
    group="tests",
    points=14,
    severity="blocker",
    kind="consistency",
    needs=["service_starts"],
    phase=Phase.SERVICE,
)
def says_what_the_policy_says(work: Workspace) -> None:
    """For renewals nobody has seen, service and policy take the same decisions."""
    bodies = _batches(work)
    wanted = _by_the_policy(work, bodies)
    live = running(work, API)
    others, gaps, total = 0, 0, 0
    for body, own in zip(bodies, wanted, strict=True):
        rows = _decisions(live, body)
        total += len(own)
        for row in own:
            got = rows.get(row["user_id"])
            if got is None or got["action"] != row["action"]:
                others += 1
            elif abs(got["expected_gain_rub"] - row["expected_gain_rub"]) > 0.01:
                gaps += 1
    if others:
        fail("other_decisions", rows=others, total=total)
    if gaps:
        fail("other_gains", rows=gaps, total=total)


def _decisions(live: Running, body: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """What the service decides about a batch, by customer. Raises Fail."""
    answer = answered(live.ask(API.predict.ask(body)), method="POST", path="/v1/decide")
    try:
        said: Any = API.predict.read(answer)
    except Unfit as broken:
        raise unfit(API.predict, broken) from None
    return {row["user_id"]: row for row in said["decisions"]}


restart = service.same_after_restart(
    API, sample=service.Sample(bodies=_batches, field="decisions"), points=6
)
health = service.health_tells_the_truth(API, points=12)
fast = service.answers_within(
    API, bodies=_single, budget=service.Budget(p95=0.05, rate=20, requests=60), points=8
)
large = replace(
    service.answers_within(
        API,
        bodies=_large,
        budget=service.Budget(p95=0.5, rate=4, requests=20, patience=20),
        points=6,
    ),
    name="five_hundred_at_once",
)
cold = service.starts_within(API, seconds=2.0, points=3)

# ------------------------------------------------------------------ the image
linted = dockerfile.linted(points=1)
base = dockerfile.base(points=3)
user = dockerfile.not_root(points=3)
packages = dockerfile.packages(points=1)
hidden = dockerfile.no_secrets(points=1)
context = dockerfile.small_context(points=2)
asked = dockerfile.healthcheck()


# ------------------------------------------------------------------ tidy
@check(
    group="tests",
    points=3,
    severity="minor",
    kind="contract",
    needs=["service_starts"],
    phase=Phase.SERVICE,
)
def own_tests_pass(work: Workspace) -> None:
    """The project's tests run and pass, and some of them ask the service."""
    finished = work.run("python", "-m", "pytest", "-q", "tests", may_fail=True)
    if not finished.ok:
        fail("tests_fail", exit_code=finished.exit_code or 1)
    if not any("/v1/decide" in work.text(path) for path in work.matching("tests/*.py")):
        fail("no_test_of_the_service")


def _once_it_is_up(library: Check) -> Check:
    """First right, then tidy."""
    return replace(library, phase=Phase.TRAIN, needs=("service_starts",))


secrets = production.no_secrets(points=0)
sound = _once_it_is_up(service.looks_sound(points=2))
pinned = _once_it_is_up(production.pinned(points=1, path="requirements-service.txt"))
tidy = _once_it_is_up(production.lint(points=1))
told = _once_it_is_up(production.documented(points=1))
