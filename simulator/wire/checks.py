"""A check's result as it goes over the wire: the site and the command at home write it alike."""

from graders.messages import Message
from graders.results import CheckResult
from simulator.wire import CheckOut, Location


def check_out(
    result: CheckResult, message: Message, *, change: str | None = None, in_a_row: int = 0
) -> CheckOut:
    """A result in words."""
    return CheckOut(
        id=result.check,
        group=result.group,
        kind=result.kind,
        severity=result.severity,
        phase=result.phase,
        status=result.outcome,
        score=result.points,
        max_score=result.max_points,
        reason=result.reason,
        params=result.params,
        locations=[Location(path=at.path, line=at.line) for at in result.locations],
        title=message.title,
        what=message.what or message.sentence,
        why=message.why,
        reproduce=message.reproduce,
        is_command=message.is_command,
        lesson=message.lesson,
        learn=message.learn,
        minutes=message.minutes,
        waits_for=result.waits_for,
        output=result.output,
        change=change,
        in_a_row=in_a_row,
        duration_ms=round(1000 * result.seconds),
    )
