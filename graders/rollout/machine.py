"""The rollout, state by state: offline gates, A/A, canary, A/B, decision, reveal.

Each state is a method that is run once and remembered, so that a stage can have a check a state
and a page shows how far the rollout has come. What a state finds is a record; whether it is good
enough is the check's to say. All chance comes from the grading's seed.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property
from statistics import NormalDist

import numpy as np
import pandas as pd

from graders.failures import Fail
from graders.rollout.assignment import Keys, keys, treated
from graders.rollout.estimators import Effect, clustered, cuped, ratio, srm, welch
from graders.rollout.guarding import Guarded, guard
from graders.rollout.plans import Plan
from graders.rollout.policies import Asked, Decisions, decide, understood
from graders.rollout.sequential import obrien_fleming
from graders.rollout.states import Canary, Experiment, QuietTest, Reveal, Step
from graders.rollout.worlds import Codes, Flags, Floats, Outcome, World
from graders.workspace import Workspace

AA_SALTS = 1_000
AA_DECISIONS = 20_000
CANARY_SHARE = 0.01
CANARY_LEAST = 200  # decisions; a small world sends more of itself


@dataclass(kw_only=True)
class Rollout:
    """A policy in a world under a plan. Every state raises what its step before raises."""

    work: Workspace
    world: World
    asked: Asked
    plan: Plan
    salt: str
    _steps: dict[int, Step] = field(default_factory=dict)

    @cached_property
    def offline(self) -> Decisions:
        """The first batch: what came back of it. Raises Ended, and Fail for no table."""
        return self._step(0).decided

    @cached_property
    def turned(self) -> int:
        """Decisions of the first batch that change when its rows come in another order."""
        batch, usual = self.world.observe(0), self.world.usual(0)
        order = np.random.default_rng(len(batch)).permutation(len(batch))
        mixed = batch.iloc[order].reset_index(drop=True)
        answer = decide(self.work, self.world, self.asked, mixed)
        again = understood(self.world, answer, batch[self.world.key], usual)
        return int((again.actions != self.offline.actions).sum())

    @cached_property
    def aa(self) -> QuietTest:
        """The planned test on the incumbent alone, split by many salts."""
        steps = self._quiet_steps
        money, _ = self.control
        units = np.concatenate([self._units(step) for step in steps])
        before = self._before(steps)
        if self._coarse:
            money = money if before is None else _adjusted(money, before)
            alarms = self._coarse_alarms(money, units)
            return QuietTest(alarms=alarms, salts=AA_SALTS, alpha=self.plan.alpha)
        alarms = 0
        for number in range(AA_SALTS):
            new = treated(units, salt=f"{self.salt}/aa/{number}")
            alarms += not self._effect(money, before, new, units).covers_zero
        return QuietTest(alarms=alarms, salts=AA_SALTS, alpha=self.plan.alpha)

    def _coarse_alarms(self, money: Floats, units: Keys) -> int:
        """False alarms where a unit has many decisions: their sums are the same for every salt."""
        different, place = np.unique(units, return_inverse=True)
        sums = np.bincount(place, weights=money).astype(np.float64)
        counts = np.bincount(place).astype(np.float64)
        alarms = 0
        for number in range(AA_SALTS):
            new = treated(different, salt=f"{self.salt}/aa/{number}")
            arms = [(sums[arm], counts[arm]) for arm in (~new, new)]
            alarms += not ratio(arms[0], arms[1], alpha=self.plan.alpha).covers_zero
        return alarms

    @cached_property
    def control(self) -> tuple[Floats, Floats | None]:
        """What the incumbent's decisions bring, and what was known of them before."""
        steps = self._quiet_steps
        seen = [self.world.outcome(step, self.world.usual(step)) for step in steps]
        parts = [self.world.before(step) for step in steps]
        found = [part for part in parts if part is not None]
        return _joined(seen), np.concatenate(found) if found else None

    @cached_property
    def canary(self) -> Canary:
        """The first step, with the policy on one percent of the units."""
        step = self._step(0)
        share = max(CANARY_SHARE, min(1.0, CANARY_LEAST / len(step.usual)))
        new = treated(step.units, salt=f"{self.salt}/canary", share=share)
        outcome = self._mixed(0, new)
        rails = self._guarded([outcome], [new])
        invalid = step.decided.invalid if new.any() else 0
        return Canary(decisions=len(step.usual), invalid=invalid, rails=rails)

    @cached_property
    def ab(self) -> Experiment:
        """The A/B test as planned, half of the units a side."""
        last = min(self.plan.weeks * self.world.steps_a_week, self.world.steps)
        arms = [treated(self._step(n).units, salt=f"{self.salt}/ab") for n in range(last)]
        outcomes = [self._mixed(n, new) for n, new in enumerate(arms)]
        ran, alpha = last, self.plan.alpha
        if self.plan.sequential:
            ran, alpha = self._looked(outcomes, arms)
        arms, outcomes = arms[:ran], outcomes[:ran]
        money, new = _joined(outcomes), np.concatenate(arms)
        units = np.concatenate([self._step(step).units for step in range(ran)])
        before = self._before(list(range(ran)))
        split = [self._counted(units[arm]) for arm in (~new, new)]
        return Experiment(
            effect=self._effect(money, before, new, units, alpha=alpha),
            control=_by_step(outcomes, [~arm for arm in arms]),
            treatment=_by_step(outcomes, arms),
            srm_p=srm(*split),
            rails=self._guarded(outcomes, arms),
            weeks=math.ceil(ran / self.world.steps_a_week),
            stopped_early=ran < last,
        )

    @cached_property
    def truth(self) -> Reveal:
        """The policy on everybody in every step, against the incumbent and the optimum."""
        world, steps = self.world, range(self.world.steps)
        decided = [self._step(n).decided for n in steps]
        lines = {"policy": [world.worth(n, decided[n].actions) for n in steps]}
        lines["incumbent"] = [world.worth(n, world.usual(n)) for n in steps]
        lines["best"] = [world.worth(n, world.best(n)) for n in steps]
        for name in world.simple(0):
            lines[name] = [world.worth(n, world.simple(n)[name]) for n in steps]
        whole = {name: float(np.concatenate(parts).mean()) for name, parts in lines.items()}
        simple = {name: whole[name] for name in world.simple(0)}
        floor = max({**simple, "incumbent": whole["incumbent"]}.items(), key=lambda one: one[1])[0]
        base = [part.mean() for part in lines[floor]]
        return Reveal(
            policy=whole["policy"],
            incumbent=whole["incumbent"],
            simple=simple,
            best=whole["best"],
            series={
                name: tuple(float(p.mean() - b) for p, b in zip(lines[name], base, strict=True))
                for name in ("policy", "incumbent", "best")
            },
            chosen=self._in_segments([(one.actions > 0).astype(float) for one in decided]),
            segments=self._in_segments(
                [p - f for p, f in zip(lines["policy"], lines[floor], strict=True)]
            ),
            invalid=sum(one.invalid for one in decided),
            decisions=sum(len(one.actions) for one in decided),
        )

    def actions(self, step: int) -> Codes:
        """What the policy does in a step."""
        return self._step(step).decided.actions

    def answer(self, step: int) -> pd.DataFrame:
        """What the policy answered in a step, as it came."""
        return self._step(step).decided.answer

    # Inside.

    @property
    def _quiet_steps(self) -> list[int]:
        """The first steps of the world, as many as an A/A test needs."""
        steps, decisions = [], 0
        for step in range(self.world.steps):
            steps.append(step)
            decisions += len(self.world.usual(step))
            if decisions >= AA_DECISIONS:
                break
        return steps

    def _units(self, step: int) -> Keys:
        key = ("rollout.units", step)
        return self.work.once(key, lambda: keys(self.world.observe(step)[self.world.unit]))

    def _step(self, step: int) -> Step:
        """A step under the policy; steps are asked in order, each once."""
        for number in range(len(self._steps), step + 1):
            self._steps[number] = self._asked(number)
        return self._steps[step]

    def _asked(self, step: int) -> Step:
        world, batch, usual = self.world, self.world.observe(step), self.world.usual(step)
        answer = decide(self.work, world, self.asked, batch)
        decided = understood(world, answer, batch[world.key], usual)
        known = world.feedback(step, decided.actions)
        if known is not None and self.asked.feedback:
            self.work.call(
                self.asked.feedback,
                known,
                data=self.asked.data,
                called=self.asked.called,
                seconds=self.asked.seconds,
            )
        return Step(units=self._units(step), decided=decided, usual=usual)

    def _mixed(self, step: int, new: Flags) -> Outcome:
        ours = self._step(step)
        actions = np.where(new, ours.decided.actions, ours.usual)
        return self.world.outcome(step, actions)

    def _guarded(self, outcomes: list[Outcome], arms: list[Flags]) -> tuple[Guarded, ...]:
        steps = range(len(outcomes))
        whole = [self.world.outcome(n, self._step(n).decided.actions) for n in steps]
        return guard(self.world.rails, self.work.quest.guardrails, outcomes, arms, whole)

    def _before(self, steps: list[int]) -> Floats | None:
        parts = [self.world.before(step) for step in steps]
        found = [part for part in parts if part is not None]
        return np.concatenate(found) if found and self.plan.cuped else None

    def _counted(self, units: Keys) -> int:
        """How many coins were tossed for these decisions."""
        return len(np.unique(units)) if self._coarse else len(units)

    @property
    def _coarse(self) -> bool:
        """Whether a unit has many decisions: then it is the cluster of all that it decides."""
        return self.world.unit != self.world.key

    def _effect(
        self,
        money: Floats,
        before: Floats | None,
        new: Flags,
        units: Keys,
        *,
        alpha: float | None = None,
    ) -> Effect:
        alpha = self.plan.alpha if alpha is None else alpha
        if min(int(new.sum()), int((~new).sum())) < 2:  # noqa: PLR2004 - a variance needs two
            raise Fail("too_few_units", {"units": len(new)})
        if self._coarse:
            if min(len(np.unique(units[arm])) for arm in (new, ~new)) < 2:  # noqa: PLR2004 - as above
                raise Fail("too_few_units", {"units": len(np.unique(units))})
            if before is not None:  # what was known before takes its share of every decision
                money = _adjusted(money, before)
            return clustered((money[~new], units[~new]), (money[new], units[new]), alpha=alpha)
        if before is None:
            return welch(money[~new], money[new], alpha=alpha)
        old = (money[~new], before[~new])
        return cuped(old, (money[new], before[new]), alpha=alpha)

    def _looked(self, outcomes: list[Outcome], arms: list[Flags]) -> tuple[int, float]:
        """After how many steps a weekly look ends the experiment, and its level there."""
        weekly, weeks = self.world.steps_a_week, len(outcomes) // self.world.steps_a_week
        bounds = obrien_fleming(weeks, self.plan.alpha)
        ran, bound = len(outcomes), bounds[-1]
        for week, bound in enumerate(bounds, start=1):
            ran = week * weekly
            before = self._before(list(range(ran)))
            units = np.concatenate([self._step(step).units for step in range(ran)])
            new = np.concatenate(arms[:ran])
            found = self._effect(_joined(outcomes[:ran]), before, new, units)
            if found.se > 0 and abs(found.value / found.se) >= bound:
                break
        return ran, 2 * NormalDist().cdf(-bound)

    def _in_segments(self, values: list[Floats]) -> dict[str, float]:
        """The mean of a value over the decisions of each segment."""
        sums: dict[str, list[float]] = {}
        for step, value in enumerate(values):
            for name, inside in self.world.segments(step).items():
                total = sums.setdefault(name, [0.0, 0.0])
                total[0] += float(value[inside].sum())
                total[1] += float(inside.sum())
        return {name: top / bottom if bottom else 0.0 for name, (top, bottom) in sums.items()}


def _adjusted(money: Floats, before: Floats) -> Floats:
    """What is left of the money when what was known before is accounted for."""
    spread = float(((before - before.mean()) ** 2).sum())
    inside = float(((before - before.mean()) * (money - money.mean())).sum())
    theta = inside / spread if spread > 0 else 0.0
    left: Floats = money - theta * (before - before.mean())
    return left


def _joined(outcomes: list[Outcome]) -> Floats:
    return np.concatenate([one.money for one in outcomes])


def _by_step(outcomes: list[Outcome], arms: list[Flags]) -> tuple[float, ...]:
    pairs = zip(outcomes, arms, strict=True)
    return tuple(float(one.money[arm].mean()) if arm.any() else 0.0 for one, arm in pairs)
