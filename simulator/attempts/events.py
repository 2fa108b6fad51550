"""The events of a grading as JSON, written down and read back."""

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


def write(event: PhaseStarted | CheckResult | Verdict | Problem) -> Body:
    """An event, or why there is none, as JSON data."""
    body: Body
    match event:
        case PhaseStarted():
            body = _PHASE.dump_python(event, mode="json")
        case CheckResult():
            body = _RESULT.dump_python(event, mode="json")
        case Verdict():
            body = _VERDICT.dump_python(event, mode="json")
        case Problem():
            body = _PROBLEM.dump_python(event, mode="json")
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


def read_problem(body: Body) -> Problem:
    """Why a work cannot be graded."""
    return _PROBLEM.validate_python(body)
