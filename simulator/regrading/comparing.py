"""The difference that a regrade would make: who goes up, who goes down, which check flipped."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from graders.results import Verdict as Judged
from simulator.accounts.models import User
from simulator.attempts import events
from simulator.attempts.models import Verdict
from simulator.regrading.models import Regrade, Trial

SAMPLES: Final = 5


@dataclass(frozen=True, kw_only=True)
class Change:
    """One attempt before and after."""

    trial: Trial
    learner: User
    was: Judged
    now: Judged

    @property
    def delta(self) -> float:
        return round(self.now.score - self.was.score, 1)

    @property
    def flips(self) -> list[tuple[str, str, str]]:
        """The checks that end otherwise: check, before, after."""
        before = {one.check: one.outcome for one in self.was.results}
        after = {one.check: one.outcome for one in self.now.results}
        return [
            (name, str(before.get(name, "–")), str(after.get(name, "–")))
            for name in {**before, **after}
            if before.get(name) != after.get(name)
        ]

    @property
    def better(self) -> bool:
        """Whether nobody could mind."""
        return (self.now.passed, self.now.score) >= (self.was.passed, self.was.score)

    @property
    def differs(self) -> bool:
        return (self.was.score, self.was.passed, self.was.readiness, self.was.merit) != (
            self.now.score, self.now.passed, self.now.readiness, self.now.merit,
        ) or bool(self.flips)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What a regrade would change in all."""

    tried: int
    failed: int
    up: Sequence[Change]
    down: Sequence[Change]
    unchanged: int
    median_up: float
    flips: Sequence[tuple[str, str, str, int]]  # check, before, after, attempts
    readiness: Sequence[tuple[str, str, int]]
    stages_gained: Sequence[User]  # learners who pass the stage now, and did not
    stages_lost: Sequence[User]

    @property
    def samples(self) -> list[Change]:
        """A few reports to read before deciding: who loses most, then who gains most."""
        worst = sorted(self.down, key=lambda one: one.delta)
        best = sorted(self.up, key=lambda one: -one.delta)
        return [*worst[: SAMPLES // 2 + 1], *best][:SAMPLES]


def changes(regrade: Regrade) -> list[Change]:
    """Every tried attempt before and after, in two queries."""
    trials = regrade.trials.filter(state=Trial.State.DONE).select_related(
        "attempt__enrolment__learner"
    )
    bodies = dict(
        Verdict.objects.filter(grading__in=trials.values("before")).values_list(
            "grading_id", "body"
        )
    )
    return [
        Change(
            trial=trial,
            learner=trial.attempt.enrolment.learner,
            was=events.read_verdict(bodies[trial.before_id]),
            now=events.read_verdict(trial.body or {}),
        )
        for trial in trials
    ]


def difference(regrade: Regrade) -> Difference:
    """What applying everything would change."""
    found = changes(regrade)
    differing = [one for one in found if one.differs]
    up = [one for one in differing if one.delta > 0]
    gained, lost = _stages(regrade, found)
    return Difference(
        tried=len(found),
        failed=regrade.trials.filter(state=Trial.State.FAILED).count(),
        up=up,
        down=[one for one in differing if one.delta < 0],
        unchanged=sum(one.delta == 0 for one in found),
        median_up=median(one.delta for one in up) if up else 0.0,
        flips=_counted(flip for one in differing for flip in one.flips),
        readiness=_counted(
            (str(one.was.readiness), str(one.now.readiness))
            for one in differing
            if one.was.readiness != one.now.readiness
        ),
        stages_gained=gained,
        stages_lost=lost,
    )


def _counted(found: Iterable[tuple[str, ...]]) -> list[tuple]:  # type: ignore[type-arg]
    return [(*key, count) for key, count in Counter(found).most_common()]


def _stages(regrade: Regrade, found: Sequence[Change]) -> tuple[list[User], list[User]]:
    """Learners whose stage would be passed or no longer be."""
    tried = {one.trial.before_id for one in found}
    elsewhere = {
        *Verdict.objects.filter(
            grading__attempt__enrolment__in={one.trial.attempt.enrolment_id for one in found},
            grading__attempt__stage=regrade.stage,
            counts=True,
            passed=True,
        )
        .exclude(grading__in=tried)
        .values_list("grading__attempt__enrolment", flat=True)
    }
    before = elsewhere | {one.trial.attempt.enrolment_id for one in found if one.was.passed}
    after = elsewhere | {one.trial.attempt.enrolment_id for one in found if one.now.passed}
    people = {one.trial.attempt.enrolment_id: one.learner for one in found}
    return [people[pk] for pk in after - before], [people[pk] for pk in before - after]
