"""A small market for the tests of the rollout: forty customers a week, known by heart."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd

from graders.quest import Guardrail
from graders.rollout import Asked, Case, Codes, Flags, Floats, Outcome, Plan, Rail, Rollout
from graders.workspace import Workspace

WORDS = {"en": "x", "ru": "x"}
CASE = Case(
    decision={"en": "renewal", "ru": "продление"},
    decisions={"en": "renewals", "ru": "продлений"},
    each={"en": "Each renewal", "ru": "Каждое продление"},
    monthly=1_000,
    incumbent={"en": "the old rule", "ru": "старое правило"},
    switched_off={"en": "switching the old rule off", "ru": "отключение старого правила"},
    per_step={"en": "week", "ru": "неделя"},
    simple={"nothing": {"en": "send nothing", "ru": "никому не писать"}},
    segments={"even": {"en": "even", "ru": "чётные"}},
)
PLAN = Plan(
    unit="user",
    metric="money",
    alpha=0.05,
    power=0.8,
    sd=10.0,
    mde=2.0,
    n_per_arm=393,
    days=28,
    cuped=False,
    sequential=False,
)


@dataclass(kw_only=True)
class Market:
    """Even customers gain 10 from the action, odd ones lose 10; the old rule acts on the odd."""

    size: int = 400
    steps: int = 4
    unit: str = "user"
    key: str = "user"
    action: str = "action"
    actions: tuple[str | float, ...] = ("none", "letter")
    steps_a_week: int = 1
    case: Case = CASE
    rails: tuple[Rail, ...] = (
        Rail(metric="letters", words={"en": "letters", "ru": "письма"}, count="letters"),
    )
    told: list[pd.DataFrame] = field(default_factory=list)

    def users(self, step: int) -> Codes:
        return np.arange(self.size, dtype=np.int64) + 1_000 * step

    def observe(self, step: int) -> pd.DataFrame:
        return pd.DataFrame({"user": self.users(step), "x": self.users(step) % 2})

    def usual(self, step: int) -> Codes:
        return self.users(step) % 2

    def simple(self, step: int) -> Mapping[str, Codes]:
        return {"nothing": np.zeros(self.size, dtype=np.int64) + 0 * step}

    def best(self, step: int) -> Codes:
        return 1 - self.users(step) % 2

    def worth(self, step: int, actions: Codes) -> Floats:
        side = np.where(self.users(step) % 2 == 0, 10.0, -10.0)
        return np.asarray(100.0 + actions * side, dtype=np.float64)

    def luck(self, step: int) -> Floats:
        return np.random.default_rng(step).normal(0, 8, self.size)

    def outcome(self, step: int, actions: Codes) -> Outcome:
        counts = {"letters": actions.astype(np.float64)}
        return Outcome(money=self.worth(step, actions) + self.luck(step), counts=counts)

    def before(self, step: int) -> Floats | None:
        return self.luck(step) + np.random.default_rng(99 + step).normal(0, 1, self.size)

    def segments(self, step: int) -> Mapping[str, Flags]:
        return {"even": self.users(step) % 2 == 0}

    def feedback(self, step: int, actions: Codes) -> pd.DataFrame | None:
        return pd.DataFrame({"user": self.users(step), "action": actions})


Answer = Callable[[pd.DataFrame], object]


def rollout(
    answer: Answer,
    *,
    market: Market | None = None,
    plan: Plan = PLAN,
    limit: float = 1.0,
    rule: Callable[[dict[str, Any]], object] = lambda _: "ship",
) -> Rollout:
    """A rollout whose room is a function."""
    market = market or Market()
    found: dict[object, object] = {}

    def call(target: str, given: Any, **_: object) -> object:
        if target == "feedback":
            market.told.append(given)
            return None
        return rule(given) if target == "rule" else answer(given)

    def once(key: object, find: Callable[[], object]) -> object:
        if key not in found:
            found[key] = find()
        return found[key]

    guardrails = (Guardrail(metric="letters", op="<=", value=limit),)
    work = SimpleNamespace(call=call, once=once, quest=SimpleNamespace(guardrails=guardrails))
    return Rollout(
        work=cast(Workspace, work),
        world=market,
        asked=Asked(target="decide", called="Policy.decide", feedback="feedback"),
        plan=plan,
        salt="test",
    )


def even(batch: pd.DataFrame) -> pd.DataFrame:
    """The best policy."""
    words = np.where(batch["x"] == 0, "letter", "none")
    return pd.DataFrame({"user": batch["user"], "action": words})


def nothing(batch: pd.DataFrame) -> pd.DataFrame:
    """Sends nothing: wins every test against the old rule, by no skill of its own."""
    return pd.DataFrame({"user": batch["user"], "action": "none"})
