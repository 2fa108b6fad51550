"""The contract of an estimator, asked about from outside: laws that its answers keep or break.

Each law is judged here, on rows drawn here: a process that lies has to give answers that keep the
law, and then it keeps it. What an answer cannot show (that `fit` returned the estimator itself,
the class of an exception) is the process's word.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
import pandas as pd

from graders.checking import Check
from graders.estimators.bench import Bench
from graders.estimators.suite import KindOfEstimator
from graders.failures import Fail
from graders.ready import Terms, ready
from graders.results import Group
from graders.workspace import Workspace
from sandbox.interface import Json

_ROWS, _COLUMNS, _ASKED = 120, 4, 40
_SAME = 1e-9
_PLAIN = (bool, int, float, str)
_LEAST = {"classifier": 0.8, "regressor": 0.5, "transformer": 0.0}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A problem that is easy to learn, and rows to ask about."""

    rows: pd.DataFrame
    target: list[Any] | None
    asked: pd.DataFrame
    right: Any


@dataclass(frozen=True, kw_only=True)
class Laws:
    """What is asked of an estimator: its kind, settings to try, whether gaps are welcome."""

    kind: KindOfEstimator
    params: Mapping[str, Json]
    allows_gaps: bool
    least: float

    @property
    def verb(self) -> str:
        """The method that answers."""
        return "transform" if self.kind == "transformer" else "predict"

    def case(self, seed: int) -> Case:
        """A problem drawn by a seed."""
        rng = np.random.default_rng([seed, len(self.kind)])
        values = rng.normal(size=(_ROWS + _ASKED, _COLUMNS))
        words = np.array(["no", "yes", "later"])
        places = rng.integers(0, len(words), len(values))
        if self.kind == "classifier":
            values += 6 * rng.permutation(np.eye(len(words), _COLUMNS))[places]
        line = values @ rng.normal(size=_COLUMNS) + rng.normal(scale=0.1, size=len(values))
        target = {"classifier": words[places], "regressor": line, "transformer": None}[self.kind]
        frame = pd.DataFrame(values, columns=[f"column_{n}" for n in range(_COLUMNS)])
        return Case(
            rows=frame.head(_ROWS),
            target=None if target is None else target[:_ROWS].tolist(),
            asked=frame.tail(_ASKED).reset_index(drop=True),
            right=None if target is None else target[_ROWS:],
        )


def keeps_contract(
    target: str,
    *,
    kind: KindOfEstimator,
    params: Mapping[str, Json] | None = None,
    allows_gaps: bool = False,
    least: float | None = None,
    **terms: Unpack[Terms],
) -> Check:
    """The class at `target` behaves as scikit-learn's estimators do, seen from outside.

    Made without arguments and with `params`, which differ from its defaults. Params are kept as
    given, by `set_params` and clones too; nothing is answered before `fit`; `fit` returns the
    estimator, leaves params and input alone and forgets what it learnt before; columns are counted
    and named, another number of them is refused, and gaps unless `allows_gaps`; answers do not
    depend on the batch or its order; classes are those of the target; a saved estimator answers
    the same; and something is learnt: on an easy problem at least `least` (accuracy, by default
    0.8, or R2, 0.5). Costs one room. Reasons: estimator_raises, params_not_kept, clone_differs,
    answers_unfitted, fit_returns_other, fit_changes_params, fit_changes_input, columns_not_kept,
    other_width_accepted, gaps_accepted, fit_remembers, answer_depends_on_batch,
    answer_depends_on_place, classes_differ, saved_differs, learns_nothing, checks_touched.

        polite = keeps_contract("app.model:NearestMean", kind="classifier", points=12)
    """
    if kind not in _LEAST:
        raise ValueError(f"there is no kind {kind!r} of estimators")
    if not all(value is None or isinstance(value, _PLAIN) for value in (params or {}).values()):
        raise ValueError("params to try are numbers, texts, flags or None")
    laws = Laws(
        kind=kind,
        params=params or {},
        allows_gaps=allows_gaps,
        least=_LEAST[kind] if least is None else least,
    )

    def judge(work: Workspace) -> None:
        with work.room() as room:
            exam = Exam(
                bench=Bench(work, room, target),
                laws=laws,
                case=laws.case(work.rooms.seed),
                other=laws.case(work.rooms.seed + 1),
            )
            for law in _laws():
                law(exam)

    return ready(judge, terms, name="keeps_contract", group=Group.PRODUCTION, kind="contract")


@dataclass(frozen=True, kw_only=True)
class Exam:
    """What every law looks at: the estimators, what is asked of them, and two problems."""

    bench: Bench
    laws: Laws
    case: Case
    other: Case


Law = Callable[[Exam], None]


def _laws() -> Iterator[Law]:
    yield from (_keeps_params, _refuses_unfitted, _fits, _counts_columns, _refuses_what_is_odd)
    yield from (_forgets, _answers_row_by_row, _knows_its_classes, _is_saved, _learns)


def _keeps_params(exam: Exam) -> None:
    exam.bench.make("plain").must("__init__")
    exam.bench.make("set", exam.laws.params).must("__init__")
    exam.bench.make("changed").must("__init__")
    if exam.bench.change("changed", exam.laws.params).must("set_params") is not True:
        raise Fail("params_not_kept", {"param": "set_params"})
    for name in ("set", "changed"):
        seen = exam.bench.look(name).get("params")
        for key, value in exam.laws.params.items():
            if not isinstance(seen, dict) or key not in seen or seen[key] != value:
                raise Fail("params_not_kept", {"param": key})
    exam.bench.copy("set", "clone").must("clone")
    if exam.bench.look("clone").get("params") != exam.bench.look("set").get("params"):
        raise Fail("clone_differs")


def _refuses_unfitted(exam: Exam) -> None:
    said = exam.bench.ask("plain", exam.laws.verb, exam.case.asked)
    if "NotFittedError" not in said.refused:
        raise Fail("answers_unfitted", {"verb": exam.laws.verb})


def _fits(exam: Exam) -> None:
    before = exam.bench.look("plain").get("params")
    said, same = exam.bench.fit("plain", exam.case.rows, exam.case.target)
    if said.must("fit") is not True:
        raise Fail("fit_returns_other")
    if not same:
        raise Fail("fit_changes_input")
    if exam.bench.look("plain").get("params") != before:
        raise Fail("fit_changes_params")
    exam.bench.copy("plain", "fresh").must("clone")
    if "NotFittedError" not in exam.bench.ask("fresh", exam.laws.verb, exam.case.asked).refused:
        raise Fail("clone_differs")


def _counts_columns(exam: Exam) -> None:
    if exam.bench.look("plain").get("n_features_in_") != _COLUMNS:
        raise Fail("columns_not_kept", {"attribute": "n_features_in_"})
    exam.bench.make("named").must("__init__")
    exam.bench.fit("named", exam.case.rows, exam.case.target, named=True)[0].must("fit")
    if exam.bench.look("named").get("feature_names_in_") != list(exam.case.rows.columns):
        raise Fail("columns_not_kept", {"attribute": "feature_names_in_"})
    exam.bench.answers("named", exam.laws.verb, exam.case.asked, named=True)


def _refuses_what_is_odd(exam: Exam) -> None:
    narrow = exam.case.asked.iloc[:, :-1]
    if "ValueError" not in exam.bench.ask("plain", exam.laws.verb, narrow).refused:
        raise Fail("other_width_accepted", {"verb": exam.laws.verb})
    gaps = exam.case.asked.copy()
    gaps.iloc[0, 0] = np.nan
    if (
        not exam.laws.allows_gaps
        and "ValueError" not in exam.bench.ask("plain", exam.laws.verb, gaps).refused
    ):
        raise Fail("gaps_accepted", {"verb": exam.laws.verb})


def _forgets(exam: Exam) -> None:
    """Fitted again on the same rows it answers the same; after others, as if it never saw any."""
    first = exam.bench.answers("plain", exam.laws.verb, exam.case.asked)
    exam.bench.fit("plain", exam.other.rows, exam.other.target)[0].must("fit")
    exam.bench.fit("plain", exam.case.rows, exam.case.target)[0].must("fit")
    _same(exam.bench.answers("plain", exam.laws.verb, exam.case.asked), first, "fit_remembers")


def _answers_row_by_row(exam: Exam) -> None:
    together = exam.bench.answers("plain", exam.laws.verb, exam.case.asked)
    order = np.roll(np.arange(_ASKED)[::-1], 2)  # no row keeps its place
    turned = exam.bench.answers("plain", exam.laws.verb, exam.case.asked.iloc[order])
    _same(turned, together[order], "answer_depends_on_place")
    parts = [
        exam.bench.answers("plain", exam.laws.verb, exam.case.asked.iloc[start : start + size])
        for start, size in ((0, 1), (1, 1), (2, 7), (9, _ASKED - 9))
    ]
    if len({part.shape[1:] for part in parts}) > 1:
        raise Fail("answer_depends_on_batch", {"rows": 1, "total": _ASKED, "largest": 0.0})
    _same(np.concatenate(parts), together, "answer_depends_on_batch")


def _knows_its_classes(exam: Exam) -> None:
    if exam.laws.kind != "classifier" or exam.case.target is None:
        return
    classes = sorted(set(exam.case.target))
    if exam.bench.look("plain").get("classes_") != classes:
        raise Fail("classes_differ", {"attribute": "classes_"})
    found = exam.bench.answers("plain", "predict", exam.case.asked)
    if found.ndim != 1 or not set(found.tolist()) <= set(classes):
        raise Fail("classes_differ", {"attribute": "predict"})
    said = exam.bench.ask("plain", "predict_proba", exam.case.asked)
    if "AttributeError" in said.refused:
        return  # it has none, which is allowed
    chances = exam.bench.answers("plain", "predict_proba", exam.case.asked)
    good = chances.shape == (_ASKED, len(classes)) and chances.dtype.kind == "f"
    if not good or (chances < 0).any() or not np.allclose(chances.sum(axis=1), 1):
        raise Fail("classes_differ", {"attribute": "predict_proba"})
    if (np.array(classes)[chances.argmax(axis=1)] == found).mean() < exam.laws.least:
        raise Fail("classes_differ", {"attribute": "predict_proba"})


def _is_saved(exam: Exam) -> None:
    before = exam.bench.answers("plain", exam.laws.verb, exam.case.asked)
    exam.bench.restore("plain", "loaded").must("pickle")
    _same(exam.bench.answers("loaded", exam.laws.verb, exam.case.asked), before, "saved_differs")


def _learns(exam: Exam) -> None:
    """Skill on a problem that is easy: answers that please every other law may know nothing."""
    if exam.laws.kind == "transformer":
        return
    for name, problem in (("plain", exam.case), ("again", exam.other)):
        if name == "again":
            exam.bench.make("again").must("__init__")
            exam.bench.fit("again", problem.rows, problem.target)[0].must("fit")
        found = exam.bench.answers(name, "predict", problem.asked)
        score = _score(exam.laws.kind, problem.right, found)
        if not score >= exam.laws.least:
            raise Fail("learns_nothing", {"score": max(-1.0, score), "least": exam.laws.least})


def _score(kind: str, right: Any, found: Any) -> float:  # noqa: ANN401 - arrays of the kind
    if kind == "classifier":
        return float(np.mean(found == right)) if found.shape == right.shape else 0.0
    if found.shape != right.shape or found.dtype.kind not in "fi":
        return -1.0
    return 1 - float(((right - found) ** 2).sum() / ((right - right.mean()) ** 2).sum())


def _same(found: Any, expected: Any, reason: str) -> None:  # noqa: ANN401 - arrays of any kind
    """Fail unless two arrays of answers agree."""
    if found.shape != expected.shape:
        raise Fail(reason, {"rows": len(expected), "total": len(expected), "largest": 0.0})
    if found.dtype.kind in "fiu" and expected.dtype.kind in "fiu":
        gap = np.abs(found.astype(float) - expected.astype(float))
        wrong = ~(gap <= _SAME * np.maximum(1.0, np.abs(expected)))
        largest = float(np.nanmax(gap, initial=0.0)) if len(gap) else 0.0
    else:
        wrong, largest = found != expected, 0.0
    rows = wrong.reshape(len(wrong), -1).any(axis=1)
    if rows.any():
        facts = {"rows": int(rows.sum()), "total": len(rows)}
        raise Fail(reason, {**facts, "largest": min(largest, 1e15)})
