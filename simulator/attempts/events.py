"""The events of a grading as JSON, written down and read back."""

import dataclasses
import functools
from typing import Any, Final

from pydantic import TypeAdapter

from graders.intake import Problem
from graders.results import CheckResult, PhaseStarted, Verdict

Body = dict[str, Any]
"""JSON that came from one of the records below and goes back into it."""

_PHASE: Final = TypeAdapter(PhaseStarted)
_RESULT: Final = TypeAdapter(CheckResult)
_VERDICT: Final = TypeAdapter(Verdict)
_PROBLEM: Final = TypeAdapter(Problem)


def write(event: PhaseStarted | CheckResult | Verdict) -> Body:
    """An event as JSON data."""
    adapter: TypeAdapter[Any] = _adapter(type(event))
    body: Body = adapter.dump_python(event, mode="json")
    return body


def read_phase(body: Body) -> PhaseStarted:
    """The beginning of a phase."""
    return _PHASE.validate_python(body)


def read_result(body: Body) -> CheckResult:
    """A check's result."""
    return _RESULT.validate_python(body)


def read_verdict(body: Body) -> Verdict:
    """A verdict."""
    return _VERDICT.validate_python(body)


def write_problem(problem: Problem) -> Body:
    """Why a work cannot be graded, as JSON data."""
    body: Body = _PROBLEM.dump_python(problem, mode="json")
    return body


def read_problem(body: Body) -> Problem:
    """Why a work cannot be graded."""
    return _PROBLEM.validate_python(body)


def without_output(result: CheckResult) -> CheckResult:
    """The result without the learner's own output, for lists that do not show it."""
    return dataclasses.replace(result, output="")


@functools.cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return {PhaseStarted: _PHASE, CheckResult: _RESULT, Verdict: _VERDICT}[kind]
