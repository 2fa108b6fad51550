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
    return {key: _storable(value) for key, value in body.items()}


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


def _storable(value: Any) -> Any:  # noqa: ANN401, JSON in, JSON out
    """JSON without the characters that PostgreSQL cannot hold: NUL and halves of a pair.

    A learner's program prints what it likes; each such character is shown as U+FFFD.
    """
    match value:
        case str():
            return (
                value.replace("\0", "\N{REPLACEMENT CHARACTER}")
                .encode("utf-8", errors="surrogatepass")
                .decode("utf-8", errors="replace")
            )
        case list():
            return [_storable(each) for each in value]
        case dict():
            return {_storable(key): _storable(each) for key, each in value.items()}
    return value
