"""What decision.yaml may say: the form of a pre-registration and of the decision after it."""

from typing import Annotated, Literal

from pydantic import Field

from graders.quest import Facts

Words = Annotated[str, Field(strict=True, min_length=1, max_length=2_000, pattern=r"\S")]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-1e15, le=1e15)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=1e15)]
Count = Annotated[int, Field(strict=True, gt=0, le=10**12)]
Days = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1_000)]
Several = Annotated[tuple[Words, ...], Field(min_length=1, max_length=100)]

Moscow = Literal["must", "should", "could", "wont"]


class Why(Facts):
    """Whose trouble it is, and what it costs to leave it."""

    problem: Words
    stakeholder: Words
    cost_of_doing_nothing_rub_month: Number


class What(Facts):
    """What there will be, for whom, and how to tell that it works."""

    output: Words
    consumers: Several
    success_metric: Words
    non_goals: Several


class How(Facts):
    """By what means, on which data, checked how, and when it is taken back."""

    baseline: Words
    model: Words
    data: Several
    label: Words
    validation: Literal["out_of_time", "grouped"]
    rollback_if: Words


class Estimate(Facts):
    """A task of the plan. Days of work: two points, or three with `days_likely` (PERT)."""

    task: Words
    moscow: Moscow
    days_low: Days
    days_high: Days
    days_likely: Days | None = None
    after: tuple[Words, ...] = ()  # tasks that must be done before
    stage: Words | None = None  # the quest's stage that it is about


class Capacity(Facts):
    """What the plan is held against, in days of work; stated sums are checked."""

    capacity_days: Positive
    total_days: Positive | None = None  # of all that is planned: must, should and could
    buffer_days: Days | None = None


class Bound(Facts):
    """A guardrail: a metric that the experiment must keep."""

    metric: Words
    op: Literal["<=", "<", ">=", ">"]
    value: Number


class Experiment(Facts):
    """The experiment as it is registered before anybody looks."""

    unit: Words
    metric: Words
    alpha: Annotated[float, Field(strict=True, gt=0, lt=0.5)]
    power: Annotated[float, Field(strict=True, gt=0.5, lt=1)]
    sd: Positive
    mde_abs: Positive
    n_per_arm: Count
    days: Annotated[int, Field(strict=True, gt=0, le=1_000)]
    variance_reduction: Literal["none", "cuped"] = "none"
    guardrails: tuple[Bound, ...] = ()
    stopping: Literal["fixed", "obf2"]


class Expected(Facts):
    """What is expected a month, in roubles."""

    low: Number
    mid: Number
    high: Number


class Choice(Facts):
    """Go before the experiment, and what follows from it after."""

    before_ab: Literal["go", "no_go"]
    after_ab: Literal["ship", "hold", "stop"] | None = None
    reason: Words


class Decision(Facts):
    """decision.yaml. Which sections a stage needs is the check's to say."""

    quest: Words
    why: Why | None = None
    what: What | None = None
    how: How | None = None
    estimates: Annotated[tuple[Estimate, ...], Field(max_length=200)] = ()
    plan: Capacity | None = None
    experiment: Experiment | None = None
    expected_uplift_rub_month: Expected | None = None
    segments_no_go: tuple[Words, ...] = ()
    decision: Choice | None = None


Section = Literal[
    "why",
    "what",
    "how",
    "estimates",
    "plan",
    "experiment",
    "expected_uplift_rub_month",
    "segments_no_go",
    "decision",
]
