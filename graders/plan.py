"""The plan: estimates and MoSCoW under capacity, and how the estimates turned out in the end.

    from graders import plan

    estimated = plan.estimated(points=4)
    fits = plan.fits(points=6, capacity_days=10)
    ordered = plan.ordered(points=4)

The checks read `estimates` (and `plan`, where it is there) of decision.yaml. A task takes
``(low + high) / 2`` days, or with `days_likely` the PERT mean ``(low + 4 likely + high) / 6``
(Malcolm, Roseboom, Clark, Fazar, Operations Research 1959). What is *wont* is not planned. Texts:
``graders/messages/plan.yaml``. At the end of a quest, `compare` and `in_words` hold estimates
against actual minutes; whoever knows the minutes feeds them.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graders.checking import Check
from graders.decision.form import Decision, Estimate
from graders.decision.making import Needs, Truth, library, true_number
from graders.decision.reading import PATH, Registered, registered
from graders.failures import Fail
from graders.messages import sentence
from graders.quest import Language
from graders.results import Location, Param
from graders.workspace import Workspace

_ORDER = {"must": 0, "should": 1, "could": 2, "wont": 3}
MUST_AT_MOST = 0.7
BUFFER = 0.1
ROUNDING = 0.02
NEAR = 0.25
"""A task whose actual time lies within a quarter of its estimate was estimated well (PRED(25))."""
_EVEN = 0.1

Said = dict[str, Param]


def estimated(
    *,
    points: float,
    least: int = 5,
    stages: Sequence[str] = (),
    severity: str = "major",
    needs: Needs = ("decision_valid",),
) -> Check:
    """Every task has an estimate with a range, each class of MoSCoW something in it.

    `stages` are slugs of the quest's stages that some task must be about (its key `stage`).
    Reasons: section_missing, few_tasks, task_twice, not_estimated, no_range, class_missing,
    stage_missing.
    """

    def judge(work: Workspace) -> None:
        found, tasks = _tasks(work)
        if len(tasks) < least:
            raise Fail("few_tasks", {"path": PATH, "found": len(tasks), "least": least})
        names = [_name(task.task) for task in tasks]
        twice = [n for n, name in enumerate(names) if name in names[:n]]
        if twice:
            raise Fail("task_twice", _counted(twice), locations=_at(found, twice))
        empty = [n for n, t in enumerate(tasks) if t.moscow != "wont" and t.days_high <= 0]
        if empty:
            raise Fail("not_estimated", _counted(empty), locations=_at(found, empty))
        if all(task.days_low == task.days_high for task in tasks):
            raise Fail("no_range", {"path": PATH, "found": len(tasks)}, share=0.5)
        absent = [name for name in _ORDER if not any(t.moscow == name for t in tasks)]
        if absent:
            share = 1 - len(absent) / len(_ORDER)
            raise Fail("class_missing", {"path": PATH, "moscow": absent[0]}, share=share)
        left = [slug for slug in stages if not any(t.stage == slug for t in tasks)]
        if left:
            share = 1 - len(left) / len(stages)
            raise Fail("stage_missing", {"path": PATH, "stage": left[0]}, share=share)

    return library("plan_estimated", judge, points=points, severity=severity, needs=needs)


def fits(
    *,
    points: float,
    capacity_days: Truth,
    must_at_most: float = MUST_AT_MOST,
    buffer: float = BUFFER,
    severity: str = "major",
    needs: Needs = ("decision_valid",),
) -> Check:
    """What is planned fits the capacity, musts leave room, and something may go amiss.

    Musts take at most `must_at_most` of the capacity (the DSDM handbook asks for 60 %, and calls
    more than 70 % a plan in which nothing can give way). At least `buffer` of it is left beside
    musts and shoulds; coulds count as buffer, for they may be dropped. Sums that the learner wrote
    under `plan` must come out. Reasons: section_missing, capacity_differs, total_differs,
    over_capacity, musts_too_large, no_buffer.
    """

    def judge(work: Workspace) -> None:
        found, tasks = _tasks(work)
        capacity = true_number(work, capacity_days)
        days = {name: _days_of(tasks, name) for name in _ORDER}
        planned = days["must"] + days["should"] + days["could"]
        _sums_come_out(found, planned=planned, capacity=capacity)
        if planned > capacity * (1 + ROUNDING):
            facts: Said = {"path": PATH, "planned": planned, "capacity": capacity}
            raise Fail("over_capacity", facts, locations=found.at("estimates"))
        share = days["must"] / capacity
        if share > must_at_most + 1e-9:
            facts = {"path": PATH, "share": share, "most": must_at_most}
            raise Fail("musts_too_large", facts, share=0.5, locations=found.at("estimates"))
        left = 1 - (days["must"] + days["should"]) / capacity
        if left < buffer - 1e-9:
            facts = {"path": PATH, "share": max(0.0, left), "least": buffer}
            raise Fail("no_buffer", facts, share=0.5, locations=found.at("estimates"))

    return library("plan_fits", judge, points=points, severity=severity, needs=needs)


def ordered(
    *, points: float, severity: str = "major", needs: Needs = ("decision_valid",)
) -> Check:
    """What a task waits for exists, does not wait for it in turn, and is no less important.

    Reasons: section_missing, waits_for_unknown, waits_in_circle, waits_for_lesser.
    """

    def judge(work: Workspace) -> None:
        found, tasks = _tasks(work)
        by_name = {_name(task.task): n for n, task in enumerate(tasks)}
        waits = [[by_name.get(_name(name), -1) for name in task.after] for task in tasks]
        unknown = [n for n, before in enumerate(waits) if -1 in before]
        if unknown:
            raise Fail("waits_for_unknown", _counted(unknown), locations=_at(found, unknown))
        circle = _circle(waits)
        if circle:
            raise Fail("waits_in_circle", _counted(circle), locations=_at(found, circle))
        lesser = [
            n
            for n, before in enumerate(waits)
            if any(_ORDER[tasks[b].moscow] > _ORDER[tasks[n].moscow] for b in before)
        ]
        if lesser:
            share = 1 - len(lesser) / len(tasks)
            raise Fail(
                "waits_for_lesser", _counted(lesser), share=share, locations=_at(found, lesser)
            )

    return library("plan_ordered", judge, points=points, severity=severity, needs=needs)


def expected_days(task: Estimate) -> float:
    """The mean of a task's length: of two points, or of three as PERT takes it."""
    if task.days_likely is None:
        return (task.days_low + task.days_high) / 2
    return (task.days_low + 4 * task.days_likely + task.days_high) / 6


def planned_by_stage(said: Decision) -> dict[str, float]:
    """The days that a decision.yaml plans for each stage that its tasks name; *wont* left out."""
    planned: dict[str, float] = {}
    for task in said.estimates:
        if task.stage and task.moscow != "wont":
            planned[task.stage] = planned.get(task.stage, 0.0) + expected_days(task)
    return planned


@dataclass(frozen=True, kw_only=True)
class Turned:
    """How one estimate turned out. `ratio` is actual over planned, `error` |ratio - 1|."""

    name: str
    planned: float
    actual: float

    @property
    def ratio(self) -> float:
        """2.0 took twice as long."""
        return self.actual / self.planned

    @property
    def error(self) -> float:
        """The magnitude of relative error (Conte, Dunsmore, Shen 1986), against the estimate."""
        return abs(self.ratio - 1)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Estimates against actual time, over what has both. Times are in minutes.

    `relative`: the estimates were in another unit and only their proportions were compared; then
    `bias` is 1.
    """

    items: tuple[Turned, ...]
    bias: float  # all actual over all planned: above 1, it took longer
    typical_error: float  # the median magnitude of relative error, so that one outlier is one
    near: int  # items within a quarter of their estimate
    relative: bool

    @property
    def widest(self) -> Turned:
        """The item furthest from its estimate, as a ratio in either direction."""
        return max(self.items, key=lambda item: max(item.ratio, 1 / item.ratio))


def compare(
    planned: Mapping[str, float], actual_minutes: Mapping[str, float], *, unit: str = "minutes"
) -> Comparison | None:
    """Hold estimates against actual minutes, name by name; None where nothing has both.

    With `unit` days, as in decision.yaml, a day of the story is not a day of the learner's: the
    estimates are scaled to the same total, and what is compared is which parts took more than
    their share. What is zero, negative or not finite is left out. Raises ValueError for a unit.
    """
    if unit not in ("minutes", "days"):
        raise ValueError(f"estimates are in minutes or days, not {unit}")
    both = [
        (name, float(planned[name]), float(actual_minutes[name]))
        for name in planned
        if 0 < planned[name] < float("inf") and 0 < actual_minutes.get(name, 0) < float("inf")
    ]
    if not both:
        return None
    total = sum(actual for _, _, actual in both)
    scale = total / sum(days for _, days, _ in both) if unit == "days" else 1.0
    items = tuple(Turned(name=n, planned=scale * p, actual=a) for n, p, a in both)
    return Comparison(
        items=items,
        bias=total / sum(item.planned for item in items),
        typical_error=statistics.median(item.error for item in items),
        near=sum(item.error <= NEAR for item in items),
        relative=unit == "days",
    )


def in_words(found: Comparison, language: Language) -> list[str]:
    """What a comparison says, in two or three sentences: bias, exactness, the widest miss."""
    told = [] if found.relative else [_bias_in_words(found, language)]
    facts: Said = {"near": found.near, "total": len(found.items), "error": found.typical_error}
    told.append(sentence("plan_near", language, facts))
    widest = found.widest
    if widest.error > NEAR:
        more = widest.ratio > 1
        name = "plan_widest_more" if more else "plan_widest_less"
        ratio = widest.ratio if more else 1 / widest.ratio
        told.append(sentence(name, language, {"name": widest.name, "ratio": round(ratio, 1)}))
    return told


def _bias_in_words(found: Comparison, language: Language) -> str:
    if abs(found.bias - 1) <= _EVEN:
        return sentence("plan_even", language, {})
    longer = found.bias > 1
    ratio = found.bias if longer else 1 / found.bias
    name = "plan_longer" if longer else "plan_shorter"
    return sentence(name, language, {"ratio": round(ratio, 1)})


def _tasks(work: Workspace) -> tuple[Registered, tuple[Estimate, ...]]:
    found = registered(work)
    if not found.said.estimates:
        raise Fail("section_missing", {"path": PATH, "key": "estimates"})
    return found, found.said.estimates


def _sums_come_out(found: Registered, *, planned: float, capacity: float) -> None:
    """What the learner adds up themselves is so, to a tenth of a day."""
    said = found.said.plan
    if said is None:
        return
    if abs(said.capacity_days - capacity) > ROUNDING * capacity:
        facts: Said = {"path": PATH, "stated": said.capacity_days, "capacity": capacity}
        raise Fail("capacity_differs", facts, locations=found.at("plan.capacity_days"))
    if said.total_days is not None and abs(said.total_days - planned) > 0.1 + ROUNDING * planned:
        facts = {"path": PATH, "stated": said.total_days, "planned": planned}
        raise Fail("total_differs", facts, locations=found.at("plan.total_days"))
    if planned + (said.buffer_days or 0.0) > capacity * (1 + ROUNDING):
        facts = {
            "path": PATH,
            "planned": planned + (said.buffer_days or 0.0),
            "capacity": capacity,
        }
        raise Fail("over_capacity", facts, locations=found.at("plan.buffer_days"))


def _days_of(tasks: Sequence[Estimate], moscow: str) -> float:
    return sum(expected_days(task) for task in tasks if task.moscow == moscow)


def _name(text: str) -> str:
    return " ".join(text.casefold().split())


def _counted(numbers: Sequence[int]) -> Said:
    return {"path": PATH, "found": len(numbers)}


def _at(found: Registered, numbers: Sequence[int]) -> tuple[Location, ...]:
    return found.at(*(f"estimates.{n + 1}" for n in numbers))


def _circle(waits: Sequence[Sequence[int]]) -> list[int]:
    """The tasks that can never begin, for they wait for themselves (Kahn 1962)."""
    left = dict(enumerate(waits))
    while True:
        free = [n for n, before in left.items() if not set(before) & set(left)]
        if not free:
            return list(left)
        for n in free:
            del left[n]
