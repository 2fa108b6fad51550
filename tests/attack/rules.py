"""The judge's own rules, one left out at a time: as with the walls, each must turn a case red.

A judge of this process, whose rule is replaced by what a careless author would have written,
grades the works of the cases that defend it, in rooms of the stand's runner.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

import numpy as np
import pandas as pd

from graders import datasets, endings, grading, loading, metrics, workspace
from graders.results import CheckResult, Phase, Verdict
from sandbox.client import RunnerSandbox
from tests.attack import expecting
from tests.attack.case import Case, Evidence
from tests.attack.catalogue import named
from tests.attack.stand import Stand

Red = Mapping[str, list[str]]
NOTHING: Final = "nothing"
ALIGNED: Final = metrics.aligned


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule: what stands in its place without it, and the cases that must notice."""

    instead: Mapping[tuple[Any, str], Any]  # (module, name)
    cases: tuple[str, ...]


def _by_place(answer: pd.DataFrame, *, ids: Any, column: str, **_: Any) -> Any:
    """Nobody looks at ids."""
    return np.resize(pd.to_numeric(answer[column]).to_numpy(dtype=float), len(ids))


def _what_is_there(
    answer: pd.DataFrame, *, ids: Any, id_column: str, column: str, **_: Any
) -> Any:
    """Rows without a finite number are not counted: they get the typical one."""
    values = pd.to_numeric(answer[column]).replace([math.inf, -math.inf], math.nan)
    known = pd.Series(values.to_numpy(), index=answer[id_column]).reindex(ids)
    return known.fillna(known.median()).to_numpy(dtype=float)


def _of_any_size(answer: object, *, low: float, high: float, **words: Any) -> Any:
    """Any finite number is a price."""
    return ALIGNED(answer, **words)


RULES: Final[Mapping[str, Rule]] = {
    "rows are joined by their ids": Rule(
        instead={(metrics, "aligned"): _by_place}, cases=("GAM-03", "GAM-02/other")
    ),
    "what is missing or not finite is refused": Rule(
        instead={(metrics, "aligned"): _what_is_there}, cases=("GAM-01/one", "GAM-06/abstains")
    ),
    "an answer lies in its range": Rule(
        instead={(metrics, "aligned"): _of_any_size}, cases=("GAM-04", "GAM-13")
    ),
    "a hidden phase tells no text": Rule(
        instead={
            (endings, "OPEN"): tuple(Phase),
            (workspace, "OPEN"): tuple(Phase),
            (grading, "_OPEN"): tuple(Phase),
        },
        cases=("LEK-08", "LEK-11"),
    ),
}


def without(stand: Stand) -> Iterator[tuple[str, Red]]:
    """Grade the cases of each rule without it; yields which turned red. First with all of them."""
    every = named(dict.fromkeys(case for rule in RULES.values() for case in rule.cases))
    grade = _judge(stand)
    yield NOTHING, _red(grade, every)
    for name, rule in RULES.items():
        with _left_out(rule):
            yield name, _red(grade, named(rule.cases))


@contextmanager
def _left_out(rule: Rule) -> Iterator[None]:
    """Put what is careless in its place; checks are read again, since they have the names."""
    with ExitStack() as stack:
        for (module, name), careless in rule.instead.items():
            stack.enter_context(patch.object(module, name, careless))
        stack.enter_context(patch.dict(loading._known, clear=True))
        yield


def _judge(stand: Stand) -> Callable[[Case], Evidence]:
    sandbox = RunnerSandbox(stand.site.home / "runner.sock")
    secret = bytes.fromhex(stand.settings["SIM_SECRET"])
    scale = stand.quest.grading_scale
    data = datasets.find(stand.quest, scale=scale, secret=secret, home=stand.site.home)
    if data is None:
        raise LookupError("the site's data are not where its settings say")

    def grade(case: Case) -> Evidence:
        files = stand.reference() | {
            path: stand.filled_in(text) for path, text in case.files.items() if text is not None
        }
        stage = stand.quest.stage(case.stage)
        said = list(grading.grade(stand.quest, stage, files, sandbox=sandbox, datasets=data))
        results = [each for each in said if isinstance(each, CheckResult)]
        (verdict,) = (each for each in said if isinstance(each, Verdict))
        report = {
            "blame": verdict.blame.value,
            "passed": verdict.passed,
            "score": verdict.score,
            "checks": [_written(each) for each in results],
        }
        return Evidence(kind=stand.kind, seconds=0.0, answer={}, report=report, surfaces={})

    return grade


def _red(grade: Callable[[Case], Evidence], cases: tuple[Case, ...]) -> Red:
    found = {case.id: expecting.complaints(case, grade(case)) for case in cases}
    return {name: said for name, said in found.items() if said}


def _written(result: CheckResult) -> dict[str, Any]:
    """A result as the report has it, as far as `expecting` looks."""
    return {
        "id": result.check,
        "status": result.outcome.value,
        "reason": result.reason,
        "params": dict(result.params),
        "phase": result.phase.value,
        "score": result.points,
        "max_score": result.max_points,
        "output": result.output,
        "duration_ms": 0,
        "what": "",
    }
