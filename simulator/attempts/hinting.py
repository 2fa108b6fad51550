"""The ladder of help of a stage: where to look, the idea, the next step, a worked example.

The first step is always open. Later ones open by effort: another attempt with changed work, or
three minutes spent on the step before. Opening costs nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.safestring import SafeString

from graders.quest import Language, Quest, Stage
from simulator.attempts.models import Attempt
from simulator.catalog import quests
from simulator.catalog.models import Enrolment, HintUse

FREE: Final = 1  # the step that is open from the beginning
ON_REQUEST: Final = 2  # and the last that opens without effort
LONG_ENOUGH: Final = timedelta(minutes=3)


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of the ladder as it stands for a learner."""

    number: int
    title: str
    body: SafeString | None  # None while it is closed
    may_open: bool = False
    opens_at: datetime | None = None  # if nothing is handed in before


def ladder(
    enrolment: Enrolment, quest: Quest, stage: Stage, language: Language, *, now: datetime
) -> tuple[Step, ...]:
    """Every step; the bodies of those that are open."""
    hints = quests.hints(quest, stage, language)
    if not hints:
        return ()
    opened = dict(
        HintUse.objects.filter(enrolment=enrolment, stage=stage.slug).values_list(
            "step", "opened_at"
        )
    )
    tried_at = _changed_since(enrolment, stage) if opened else None
    steps: list[Step] = []
    for number, hint in enumerate(hints, start=1):
        if number == FREE or number in opened:
            steps.append(Step(number=number, title=hint.title, body=hint.body))
            continue
        before = opened.get(number - 1)
        effort = before is not None and (
            now - before >= LONG_ENOUGH or (tried_at is not None and tried_at > before)
        )
        steps.append(
            Step(
                number=number,
                title=hint.title,
                body=None,
                may_open=number == ON_REQUEST or effort,
                opens_at=before + LONG_ENOUGH if before and not effort else None,
            )
        )
    return tuple(steps)


def open_step(
    enrolment: Enrolment, quest: Quest, stage: Stage, number: int, *, now: datetime
) -> bool:
    """Open a step for a learner; False for one that is not to be opened yet."""
    steps = {step.number: step for step in ladder(enrolment, quest, stage, "en", now=now)}
    step = steps.get(number)
    if step is None or not (step.may_open or step.body is not None):
        return False
    HintUse.objects.get_or_create(
        enrolment=enrolment, stage=stage.slug, step=number, defaults={"opened_at": now}
    )
    return True


def _changed_since(enrolment: Enrolment, stage: Stage) -> datetime | None:
    """When work that differs from the attempt before was last handed in."""
    rows = Attempt.objects.filter(enrolment=enrolment, stage=stage.slug).order_by("-number")
    last = [*rows.values_list("manifest", "created_at")[:2]]
    if not last:
        return None
    changed = len(last) == 1 or last[0][0] != last[1][0]
    return last[0][1] if changed else None
