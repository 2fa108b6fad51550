"""Ready checks of experiment tracking: the run is logged, and says what the judge finds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Unpack

from graders.checking import Check
from graders.failures import Fail
from graders.metrics import climb
from graders.ready import Terms, ready
from graders.results import Group
from graders.tracking.store import FINISHED, Run, read_store
from graders.workspace import Workspace
from sandbox.interface import Json


def logged(
    experiment: str,
    *,
    params: Sequence[str] = (),
    metrics: Sequence[str] = (),
    model: bool = True,
    signature: bool = False,
    store: str = "mlflow.db",
    **terms: Unpack[Terms],
) -> Check:
    """A finished run of the experiment has its params, metrics and model in the tracking store.

    `experiment`, `params` and `metrics` are names that the brief asks for; with `model` the run
    has a logged model whose files lie among the artefacts, with `signature` one that says which
    columns it wants. `store` is the SQLite file's path among the artefacts. Any one run of the
    experiment may be the good one. Proves that the store holds it, not that MLflow wrote it: hold
    its numbers against your own by `holds`. Reasons: experiment_absent, run_absent,
    params_not_logged, metrics_not_logged, metric_not_finite, model_not_logged,
    model_without_files, model_without_signature, and those of `read_store`.

        tracked = logged("churn", params=["seed"], metrics=["roc_auc"], points=6, needs=["trains"])
    """

    def judge(work: Workspace) -> None:
        run = _best(work, store, experiment, params=params, metrics=metrics, model=model)
        _none_missing("params_not_logged", params, run.params)
        _none_missing("metrics_not_logged", metrics, run.metrics)
        for name in metrics:
            if run.metrics[name] is None:
                raise Fail("metric_not_finite", {"metric": name})
        if model:
            _check_model(run, signature=signature)

    return ready(judge, terms, name="logged", group=Group.PRODUCTION, kind="contract")


def holds(  # noqa: PLR0913 - how two measurements may differ, by name
    experiment: str,
    metric: str,
    measure: Callable[[Workspace], float],
    *,
    within: float | Callable[[Workspace], float],
    more_is_better: bool = True,
    promises: bool = False,
    store: str = "mlflow.db",
    **terms: Unpack[Terms],
) -> Check:
    """The logged metric is what the judge measures, within the noise.

    `measure` finds the metric on rows of the judge's; `within` is how far the logged one may be
    off, in the metric's unit: two or three standard errors (`metrics.band`). With `promises` it
    may be as modest as it likes. Of the judge's value only whole steps of `within` are shown.
    Reasons: metric_off, and those of `logged` about the run.

        honest = holds("churn", "roc_auc", measured_auc, within=0.03, points=5, severity="blocker")
    """
    if isinstance(within, int | float) and not within > 0:
        raise ValueError(f"no two measurements agree within {within!r}")

    def judge(work: Workspace) -> None:
        said = _metric(work, store, experiment, metric)
        size = within(work) if callable(within) else within
        value = measure(work)
        better = said - value if more_is_better else value - said
        if better > size or (not promises and better < -size):
            rung = climb(value, step=size, more_is_better=more_is_better)
            facts = {"logged": said, "value": rung.shown, "within": size}
            raise Fail("metric_off", {"metric": metric, **facts})

    return ready(judge, terms, name="holds", group=Group.METRICS, kind="consistency")


def agrees_with_file(
    experiment: str,
    metrics: Sequence[str],
    *,
    path: str = "metrics.json",
    tolerance: float = 1e-6,
    store: str = "mlflow.db",
    **terms: Unpack[Terms],
) -> Check:
    """What is logged and what is handed in beside it are the same numbers.

    `path` is a JSON object among the artefacts; `tolerance` is absolute or relative. Reasons:
    file_without_metric, metric_of_another_run, and those of `logged` about the run.

        same = agrees_with_file("churn", ["roc_auc", "log_loss"], points=2, severity="minor")
    """

    def judge(work: Workspace) -> None:
        said = work.json(path, max_bytes=100_000)
        for metric in metrics:
            own = _number(said, metric)
            if own is None:
                raise Fail("file_without_metric", {"path": path, "metric": metric})
            kept = _metric(work, store, experiment, metric)
            if abs(kept - own) > tolerance * max(1.0, abs(own)):
                facts = {"logged": kept, "handed_in": own}
                raise Fail("metric_of_another_run", {"metric": metric, "path": path, **facts})

    return ready(
        judge,
        terms,
        name="agrees_with_file",
        group=Group.PRODUCTION,
        kind="consistency",
        severity="minor",
    )


def _best(
    work: Workspace,
    store: str,
    experiment: str,
    *,
    params: Sequence[str] = (),
    metrics: Sequence[str] = (),
    model: bool = False,
) -> Run:
    """The finished run that has most of what is asked for, the latest of several."""
    experiments = read_store(work, store).experiments
    if experiment not in experiments:
        raise Fail("experiment_absent", {"experiment": experiment, "found": len(experiments)})
    finished = [run for run in experiments[experiment] if run.status == FINISHED]
    if not finished:
        runs = len(experiments[experiment])
        raise Fail("run_absent", {"experiment": experiment, "runs": runs})

    def lacks(run: Run) -> int:
        absent = [name for name in params if name not in run.params]
        empty = [name for name in metrics if run.metrics.get(name) is None]
        return len(absent) + len(empty) + (model and not run.models)

    return min(finished, key=lacks)  # the first of equals: they come latest first


def _metric(work: Workspace, store: str, experiment: str, metric: str) -> float:
    run = _best(work, store, experiment, metrics=[metric])
    _none_missing("metrics_not_logged", [metric], run.metrics)
    value = run.metrics[metric]
    if value is None:
        raise Fail("metric_not_finite", {"metric": metric})
    return value


def _none_missing(reason: str, wanted: Sequence[str], found: Mapping[str, object]) -> None:
    absent = [name for name in wanted if name not in found]
    if absent:
        raise Fail(reason, {"names": ", ".join(absent), "missing": len(absent)})


def _check_model(run: Run, *, signature: bool) -> None:
    if not run.models:
        raise Fail("model_not_logged")
    whole = [model for model in run.models if model.files > 0]
    if not whole:
        raise Fail("model_without_files", {"path": run.models[0].folder})
    if signature and not any(model.signed for model in whole):
        raise Fail("model_without_signature", {"path": whole[0].folder})


def _number(said: Json, name: str) -> float | None:
    value = said.get(name) if isinstance(said, dict) else None
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if plain and isinstance(value, int | float) else None
