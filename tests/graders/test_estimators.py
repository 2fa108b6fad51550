"""Estimators in real rooms: honest ones pass however they look, each broken law has its name."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from graders import __main__ as command
from graders import estimators
from graders.checking import Check
from graders.datasets import Datasets
from graders.failures import Ended, Fail
from graders.quest import Quest
from graders.results import Phase
from graders.rooms import Rooms
from graders.workspace import Workspace
from sandbox import runtimes
from sandbox.client import RunnerSandbox
from sandbox.interface import Limits
from tests.needs import need

pytestmark = pytest.mark.bubblewrap

HEAD = """\
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
"""
GOOD = (
    HEAD
    + """
class Nearest(ClassifierMixin, BaseEstimator):
    def __init__(self, shrink=0.0):
        self.shrink = shrink
    def fit(self, X, y):
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_, places = np.unique(y, return_inverse=True)
        self.means_ = np.array([X[places == n].mean(axis=0) for n in range(len(self.classes_))])
        self.means_ = self.means_ * (1 - self.shrink)
        return self
    def predict(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        return self.classes_[((X[:, None] - self.means_) ** 2).sum(axis=2).argmin(axis=1)]
"""
)
# Written without the helpers, at length and with a habit or two: right all the same.
UGLY = '''
import numpy, math
from sklearn.base import *
from sklearn.exceptions import NotFittedError
class Nearest(ClassifierMixin,BaseEstimator):
    """does the thing"""
    SECRET_CONSTANT=1
    def __init__(self,shrink=0.0,unused=None,random_state=None):
        self.shrink=shrink;self.unused=unused;self.random_state=random_state
    def _x(self,X,first):
        if hasattr(X,"columns") and first:
            self.feature_names_in_=numpy.array(list(X.columns),dtype=object)
        X=numpy.array(X,dtype=float)
        if X.ndim!=2: raise ValueError("Expected 2D array. Reshape your data")
        if not numpy.isfinite(X).all(): raise ValueError("Input contains NaN, infinity")
        if first: self.n_features_in_=X.shape[1]
        elif X.shape[1]!=self.n_features_in_: raise ValueError("X has %d features"%X.shape[1])
        return X
    def fit(self,X,y,verbose=False):
        X=self._x(X,True); self.classes_=numpy.array(sorted(set(numpy.asarray(y).tolist())))
        self.m_={}
        for c in self.classes_.tolist():
            self.m_[c]=[math.fsum(col)/len(col) for col in X[numpy.asarray(y)==c].T]
        return self
    def predict_proba(self,X):
        if not hasattr(self,"m_"): raise NotFittedError("fit first")
        out=[]
        for row in self._x(X,False):
            d=[sum((a-b)**2 for a,b in zip(row,self.m_[c])) for c in self.classes_.tolist()]
            w=[math.exp(-min(50,v)) for v in d]
            out.append([v/sum(w) for v in w])
        return numpy.array(out)
    def predict(self,X):
        p=self.predict_proba(X); return self.classes_[p.argmax(axis=1)]
'''


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerSandbox]:
    home = tmp_path_factory.mktemp("home")
    try:
        runtimes.find("python-ml", home=home)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)
    with command.runner(home, kind="bubblewrap") as socket:
        yield RunnerSandbox(socket)


Work = Callable[[str], Workspace]


@pytest.fixture
def work(sandbox: RunnerSandbox, quest: Quest, datasets: Datasets) -> Iterator[Work]:
    opened: list[Rooms] = []

    def make(model: str) -> Workspace:
        # No table of the small quest is needed, and it stands in no warehouse.
        rooms = _WithoutData(
            sandbox=sandbox, runtime="python-ml", limits=Limits(), datasets=datasets, seed=3
        )
        rooms.enter(Phase.PUBLIC)
        opened.append(rooms)
        files = {"app/__init__.py": b"", "app/model.py": model.encode()}
        return Workspace(quest=quest, stage=quest.stages[0], files=files, rooms=rooms)

    yield make
    for rooms in opened:
        rooms.close()


class _WithoutData(Rooms):
    def key(self, data: str | None) -> Any:
        return None


def told(check: Check, found: Workspace) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Fail) as failure:
        check(found)
    return failure.value.reason, failure.value.params


POLITE = estimators.keeps_contract(
    "app.model:Nearest", kind="classifier", params={"shrink": 0.1}, points=12
)
SUITE = estimators.passes_sklearn("app.model:Nearest", kind="classifier", points=10)


def test_honest_work_keeps_the_contract_and_passes_the_suite(work: Work) -> None:
    found = work(GOOD)
    assert POLITE(found) is None
    assert SUITE(found) is None


def test_ugly_work_that_is_right_keeps_the_contract(work: Work) -> None:
    assert POLITE(work(UGLY)) is None


def changed(*pairs: tuple[str, str]) -> str:
    text = GOOD
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


REMEMBERS = """\
        KEPT.append(self.means_)
        self.means_ = self.means_ + 9 * len(KEPT) * np.eye(*self.means_.shape)
        return self
"""
FORGETS = """\
    def __getstate__(self):
        return {**self.__dict__, "means_": self.means_[::-1]}
    def predict"""
BROKEN = {
    "params_not_kept": changed(("self.shrink = shrink", "self.shrink = float(shrink) / 2")),
    "answers_unfitted": changed(
        (
            "        check_is_fitted(self)\n",
            "        if not hasattr(self, 'means_'): return ['no'] * len(X)\n",
        )
    ),
    "fit_returns_other": changed(("        return self\n", "        return None\n")),
    "fit_changes_params": changed(
        ("        return self\n", "        self.shrink = 0.5\n        return self\n")
    ),
    "fit_changes_input": changed(
        (
            "        X, y = validate_data(self, X, y)\n",
            "        X -= X.mean(axis=0)\n        X, y = validate_data(self, X, y)\n",
        )
    ),
    "columns_not_kept": changed(
        (
            "        X, y = validate_data(self, X, y)\n",
            "        X, y = np.asarray(X), np.asarray(y)\n",
        ),
        ("        X = validate_data(self, X, reset=False)\n", "        X = np.asarray(X)\n"),
    ),
    "other_width_accepted": changed(
        (
            "        X = validate_data(self, X, reset=False)\n",
            "        X = np.resize(np.asarray(X), (len(X), self.n_features_in_))\n",
        )
    ),
    "gaps_accepted": changed(
        (
            "        X = validate_data(self, X, reset=False)\n",
            "        X = validate_data(self, X, reset=False, ensure_all_finite=False)\n",
        )
    ),
    "fit_remembers": changed(
        ("        return self\n", REMEMBERS),
        ("class Nearest", "KEPT = []\n\nclass Nearest"),
    ),
    "answer_depends_on_place": changed(
        (
            "        return self.classes_[(",
            "        X = np.r_[-X[:4], X[4:]]\n        return self.classes_[(",
        )
    ),
    "answer_depends_on_batch": changed(
        (
            "        return self.classes_[(",
            "        X = X - X.mean(axis=0)\n        return self.classes_[(",
        )
    ),
    "classes_differ": changed(("return self.classes_[(", "return np.arange(3)[(")),
    "saved_differs": changed(
        (
            "    def predict",
            FORGETS,
        )
    ),
    "learns_nothing": changed((".argmin(axis=1)", ".argmax(axis=1)")),
    "estimator_raises": changed(
        ("        return self.classes_[(", "        X[999]\n        return self.classes_[(")
    ),
}


@pytest.mark.parametrize("law", BROKEN)
def test_a_law_that_is_broken_is_named(work: Work, law: str) -> None:
    assert told(POLITE, work(BROKEN[law]))[0] == law


def test_a_class_that_cannot_be_imported_is_told_as_an_error(work: Work) -> None:
    with pytest.raises(Ended, match="not_found"):
        SUITE(work(GOOD.replace("class Nearest", "class Other")))
    assert told(POLITE, work(GOOD.replace("class Nearest", "class Other"))) == (
        "estimator_raises",
        {"doing": "__init__", "error": "AttributeError"},
    )


REGRESSOR = (
    HEAD
    + """
class Line(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        X, y = validate_data(self, X, y, y_numeric=True)
        self.w_ = np.linalg.lstsq(np.c_[X, np.ones(len(X))], y, rcond=None)[0]
        return self
    def predict(self, X):
        check_is_fitted(self)
        return np.c_[validate_data(self, X, reset=False), np.ones(len(X))] @ self.w_

class Centre(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.m_ = validate_data(self, X).mean(axis=0)
        return self
    def transform(self, X):
        check_is_fitted(self)
        return validate_data(self, X, reset=False) - self.m_
"""
)


def test_regressors_and_transformers_have_a_contract_too(work: Work) -> None:
    found = work(REGRESSOR)
    line = estimators.keeps_contract("app.model:Line", kind="regressor", points=1)
    centre = estimators.keeps_contract("app.model:Centre", kind="transformer", points=1)
    assert (line(found), centre(found)) == (None, None)
    lazy = work(REGRESSOR.replace("@ self.w_", "@ self.w_ * 0 + self.w_[-1]"))
    assert told(line, lazy)[0] == "learns_nothing"
    batch = work(REGRESSOR.replace("- self.m_", "- np.asarray(X).mean(axis=0)"))
    assert told(centre, batch)[0] == "answer_depends_on_batch"


# ------------------------------------------------------------------ the suite, and who cheats it
def test_checks_that_fail_are_counted_and_keep_a_part_of_the_points(work: Work) -> None:
    sloppy = BROKEN["fit_returns_other"]
    with pytest.raises(Fail) as failure:
        SUITE(work(sloppy))
    assert failure.value.reason == "checks_failed"
    assert 1 <= int(failure.value.params["failed"]) <= 4
    assert failure.value.share == pytest.approx(1 - 0.1 * int(failure.value.params["failed"]))


TAGS = """\
    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.no_validation = True
        tags.non_deterministic = True
        return tags
"""
SILENT = """
from sklearn.utils import estimator_checks as ec
for name in dir(ec):
    if name.startswith("check_"):
        {how}
"""
REBOUND = SILENT.format(how="setattr(ec, name, lambda *args, **kwargs: None)")
HOLLOW = SILENT.format(
    how="""one = getattr(ec, name)
        one = getattr(one, "__wrapped__", one)
        if not one.__closure__:
            one.__code__ = (lambda *args, **kwargs: None).__code__"""
)
DEEPER = """
import gc, types
for one in gc.get_objects():
    if isinstance(one, types.ModuleType) and one.__name__.startswith("_suite_"):
        one._status = lambda check, estimator: "passed"
"""


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (GOOD + TAGS, "checks_avoided"),
        (BROKEN["fit_returns_other"] + REBOUND, "checks_touched"),
        (BROKEN["fit_returns_other"] + HOLLOW, "checks_touched"),
        (BROKEN["fit_returns_other"] + DEEPER, "checks_blind"),
    ],
)
def test_whoever_makes_the_checks_say_yes_fails_by_it(work: Work, model: str, said: str) -> None:
    assert told(SUITE, work(model))[0] == said


def test_a_check_that_is_excused_need_not_pass(work: Work) -> None:
    welcoming = changed(
        (
            "validate_data(self, X, reset=False)",
            "validate_data(self, X, reset=False, ensure_all_finite=False)",
        )
    )
    assert told(SUITE, work(welcoming))[1]["check"] == "check_estimators_nan_inf"
    lenient = estimators.passes_sklearn(
        "app.model:Nearest", kind="classifier", excused=["check_estimators_nan_inf"], points=1
    )
    assert lenient(work(welcoming)) is None


def test_an_author_who_names_no_kind_or_odd_params_hears_of_it_at_once() -> None:
    kind: Any = "cluster"
    with pytest.raises(ValueError, match="kind"):
        estimators.passes_sklearn("a:b", kind=kind, points=1)
    with pytest.raises(ValueError, match="kind"):
        estimators.keeps_contract("a:b", kind=kind, points=1)
    with pytest.raises(ValueError, match="params"):
        estimators.keeps_contract("a:b", kind="regressor", params={"a": [1]}, points=1)
