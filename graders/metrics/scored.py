"""A ready check of one metric: points from baseline to target, shown in steps of the Ladder."""

from collections.abc import Callable
from typing import Unpack

from graders.checking import Check, Praise, praise
from graders.failures import Fail
from graders.metrics.credit import share_between
from graders.metrics.shown import VALUE, climb
from graders.ready import Terms, ready
from graders.results import Group, Param
from graders.workspace import Workspace

Bound = float | str | Callable[[Workspace], float]
"""A number, its key in exact.json or calibration.json, or a function that finds it."""


def scored(
    measure: Callable[[Workspace], float],
    *,
    metric: str,
    baseline: Bound,
    target: Bound,
    step: Bound,
    **terms: Unpack[Terms],
) -> Check:
    """Points for a metric: none at `baseline`, linear, full at `target` and flat above.

    `measure` finds the metric's value with the functions of this library, `metric` is its name in
    messages. A target below the baseline means that less is better. `step`, about the metric's
    noise, is how finely its value is shown (`climb`), against what `Workspace.shown` says was
    shown before. Proves: the answer, joined by id, whole and finite, is that good on rows that
    nobody has seen. Reasons: metric_no_better, metric_in_between, metric_reached (praise), and
    those of `aligned`.

        auc = scored(measured_auc, metric="ROC-AUC", baseline="m.base", target="m.goal", step=0.01,
                     points=24, name="ranks_who_leaves")
    """
    _span(baseline, target, step)

    def judge(work: Workspace) -> Praise:
        low, goal, size = (_found(work, bound) for bound in (baseline, target, step))
        value = measure(work)
        share = share_between(value, baseline=low, target=goal)
        rung = climb(
            value,
            step=size,
            best=work.shown.get(terms.get("name", "scored")),
            more_is_better=goal > low,
        )
        facts: dict[str, Param] = {"metric": metric, "baseline": low, "target": goal}
        if share == 1:
            return praise("metric_reached", **{VALUE: rung.shown}, **facts)
        reason = "metric_in_between" if share > 0 else "metric_no_better"
        raise Fail(reason, {VALUE: rung.shown, **facts}, share=share)

    return ready(judge, terms, name="scored", group=Group.METRICS, kind="metric")


def _found(work: Workspace, bound: Bound) -> float:
    if callable(bound):
        return bound(work)
    return work.number(bound) if isinstance(bound, str) else bound


def _span(baseline: Bound, target: Bound, step: Bound) -> None:
    """An author's slip that shows before anything is graded."""
    if isinstance(baseline, int | float) and isinstance(target, int | float):
        share_between(baseline, baseline=baseline, target=target)
    if isinstance(step, int | float) and not step > 0:
        raise ValueError(f"a ladder has no step {step!r}")
