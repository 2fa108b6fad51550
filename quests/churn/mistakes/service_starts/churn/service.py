"""Decisions over HTTP: ``uvicorn churn.service:app``.

The policy is read once, when the service starts, from `simkit.artifacts()`. Without it the service
runs, says so at ``/health``, and decides about nobody.
"""

import hashlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Literal

import pandas as pd
import simkit
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from churn.policy import RetentionPolicy

log = logging.getLogger(__name__)

MOST_ITEMS = 10_000
UNAVAILABLE = 503

Number = Annotated[float, Field(allow_inf_nan=False)]


class Item(BaseModel):
    """A renewal to decide about: what was known of the customer, as `churn.data` names it."""

    user_id: Annotated[int, Field(ge=0)]
    lessons_7d: Number
    lessons_14d: Number
    lessons_28d: Number
    lessons_84d: Number
    lessons_trend_28d: Number
    days_inactive: Number
    tenure_months: Number
    price_rub: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    failed_payments_30d: Number
    pricing_views_30d: Number
    coupons_lifetime: Number
    tickets_30d: Number
    progress_pct: Number | None
    nps: Number | None


class Question(BaseModel):
    """The renewals of one week, or a part of them: the limit of letters is that of the batch."""

    items: Annotated[list[Item], Field(min_length=1, max_length=MOST_ITEMS)]


class Decision(BaseModel):
    """What is done about a renewal, and what a letter would add, sent or not."""

    user_id: int
    action: Literal["none", "discount30"]
    expected_gain_rub: float


class Answer(BaseModel):
    """Decisions in the order of the items, and which policy took them."""

    model_config = ConfigDict(protected_namespaces=())

    decisions: list[Decision]
    model_version: str


class Health(BaseModel):
    """Ready, and with what."""

    model_config = ConfigDict(protected_namespaces=())

    status: Literal["ok"] = "ok"
    model_version: str


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A policy and the fingerprint of the bytes that it was read from."""

    policy: RetentionPolicy
    version: str


def read_policy() -> Loaded | None:
    """The policy that training left; None, and a line in the log, where there is none to read."""
    path = simkit.artifacts() / "policy"
    try:
        version = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        return Loaded(policy=RetentionPolicy.load(path), version=version)
    except (OSError, ValueError, KeyError):
        log.exception("no policy could be read from %s", path)
        return None


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Read the policy before the first request."""
    app.state.loaded = read_policy()
    yield


app = FastAPI(title="churn", version="1.0.0", lifespan=lifespan)


@app.get("/health")
def health() -> Health:
    """Say whether decisions can be taken."""
    return Health(model_version=_loaded().version)


@app.post("/decide")
def decide(question: Question) -> Answer:
    """Decide about the renewals of a batch."""
    loaded = _loaded()
    batch = pd.DataFrame([item.model_dump() for item in question.items])
    numbers = batch.drop(columns="user_id").astype("float64")
    answer = loaded.policy.decide(numbers.assign(user_id=batch["user_id"]))
    said = answer.set_index("user_id").loc[batch["user_id"]].reset_index()
    rows = zip(said["user_id"], said["action"], said["expected_gain_rub"], strict=True)
    decisions = [
        Decision(user_id=int(user), action=action, expected_gain_rub=float(gain))
        for user, action, gain in rows
    ]
    return Answer(decisions=decisions, model_version=loaded.version)


def _loaded() -> Loaded:
    found: Loaded | None = getattr(app.state, "loaded", None)
    if found is None:
        raise HTTPException(UNAVAILABLE, "no policy is loaded: run python -m churn.policy first")
    return found
