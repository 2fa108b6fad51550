"""scikit-learn's own estimator checks on a learner's class: carried into a room with the project.

The checks are imported, and remembered, before the project is. A class is always judged as a
subclass whose methods pass everything on; in some rooms one of them breaches the contract, and a
report that does not say so is worth nothing. Which room is which is known only outside.
"""

import functools
import importlib
import pathlib
import random
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any
from unittest import SkipTest

_PROJECT = [path for path in sys.path if path in ("", "/project")]
sys.path[:] = [path for path in sys.path if path not in _PROJECT]
import numpy.testing  # noqa: E402
import sklearn.utils._testing  # noqa: E402
from sklearn.utils import estimator_checks  # noqa: E402
from sklearn.utils.estimator_checks import estimator_checks_generator  # noqa: E402

sys.path[:0] = _PROJECT
pathlib.Path(__file__).unlink(missing_ok=True)  # what is breached here is not for reading

BREACH: str | None = None  # set from outside, before this is carried in
TURNS: list[int] = []
WATCHED = (estimator_checks, sklearn.utils._testing, numpy.testing)  # noqa: SLF001
MOST = 400
METHODS = ("fit", "predict", "transform", "predict_proba", "fit_transform", "decision_function")


def run(target: str, seed: int) -> dict[str, object]:
    """The status of each check by its name, the worst of several; and whether tools were touched.

    They run in an order of their own.
    """
    warnings.simplefilter("ignore")
    before = _fingerprint()
    module, _, attribute = target.partition(":")
    made = getattr(importlib.import_module(module), attribute)
    estimator = _passing_on(made, BREACH)()
    found: dict[str, str] = {}
    checks = list(estimator_checks_generator(estimator))[:MOST]
    random.Random(seed).shuffle(checks)  # noqa: S311 - an order, no secret
    for one, check in checks:
        name = _name(check)
        found[name] = max(found.get(name, ""), _status(check, one), key=ORDER.index)
    return {"checks": found, "touched": _fingerprint() != before}


ORDER = ["", "skipped", "passed", "failed"]


def _status(check: Callable[[Any], object], estimator: object) -> str:
    try:
        check(estimator)
    except SkipTest:
        return "skipped"
    except Exception:  # noqa: BLE001 - whatever a check raises is its verdict
        return "failed"
    return "passed"


def _name(check: Any) -> str:  # noqa: ANN401
    while hasattr(check, "__wrapped__"):
        check = check.__wrapped__
    return str(getattr(check, "func", check).__name__)


def _fingerprint() -> list[tuple[str, int]]:
    """Which function stands behind each name that a check may use."""
    return [
        (f"{module.__name__}.{name}", id(getattr(one, "__code__", one)))
        for module in WATCHED
        for name, value in sorted(vars(module).items())
        if isinstance(value, types.FunctionType | type)
        for one in _layers(value)
    ]


def _layers(function: object) -> list[object]:
    """A function and those that its decorators have wrapped."""
    found = [function]
    while hasattr(found[-1], "__wrapped__"):
        found.append(found[-1].__wrapped__)
    return found


def _passing_on(made: type, breach: str | None) -> type:
    """A subclass under the same name, whose methods pass on what they are given."""
    body: dict[str, Any] = {"__module__": __name__, "__doc__": made.__doc__}
    for name in METHODS:
        if isinstance(getattr(made, name, None), types.FunctionType):
            body[name] = _method(getattr(made, name), name, breach)
    variant = type(made.__name__, (made,), body)
    globals()[made.__name__] = variant  # where pickle looks for it
    return variant


def _method(own: Any, name: str, breach: str | None) -> Any:  # noqa: ANN401
    """A method that passes on, or breaches the contract in one way."""
    answers = name in ("predict", "transform")

    @functools.wraps(own)
    def passed_on(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        if breach == "answers_unfitted" and answers and not hasattr(self, "n_features_in_"):
            return numpy.zeros(len(args[0]))
        if breach == "takes_gaps" and args and getattr(args[0], "dtype", None) == "float64":
            args = (numpy.nan_to_num(args[0]), *args[1:])
        answer = own(self, *args, **kwargs)
        if breach == "adds_attributes" and name == "fit":
            self.added = 1
        if breach == "notes_questions" and answers:
            self.asked_ = len(args[0])
        if breach == "returns_nothing" and name == "fit":
            return None
        return _spoilt(answer, breach) if answers else answer

    return passed_on


def _spoilt(answer: Any, breach: str | None) -> Any:  # noqa: ANN401
    """Answers that depend on the batch, or on the hour."""
    if breach not in ("first_for_all", "turns_answers") or not len(answer):
        return answer
    answer = numpy.array(answer, copy=True)
    if breach == "first_for_all":
        answer[:] = answer[:1]
        return answer
    TURNS.append(0)
    return numpy.roll(answer, len(TURNS), axis=0)
