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

from graders.rollout.assignment import Keys, keys, treated
from graders.rollout.counting import Counted, counted
from graders.rollout.estimators import srm
from graders.rollout.guarding import Guarded, guard
from graders.rollout.markets import Shared, Weighed, point, sizes, untouched
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
        first = self.offline
        if self.asked.feedback:  # it has learned since, so both are asked now
            answer = decide(self.work, self.world, self.asked, batch)
            first = understood(self.world, answer, batch[self.world.key], usual)
        return int((again.actions != first.actions).sum())

    def alone(self, rows: int) -> int:
        """Decisions of the last batch that change when some of its rows are asked one by one."""
        step = self.world.steps - 1
        batch, usual = self.world.observe(step), self.world.usual(step)
        answer = decide(self.work, self.world, self.asked, batch)
        whole = understood(self.world, answer, batch[self.world.key], usual).actions
        changed = 0
        for row in range(min(rows, len(batch))):
            part = batch.iloc[[row]].reset_index(drop=True)
            answer = decide(self.work, self.world, self.asked, part)
            said = understood(self.world, answer, part[self.world.key], usual[[row]])
            changed += int(said.actions[0] != whole[row])
        return changed

    @cached_property
    def aa(self) -> QuietTest:
        """The planned test on the incumbent alone, split by many salts."""
        rows = self._quiet(before=self._before(self._quiet_steps))
        alarms = 0
        for number in range(AA_SALTS):
            new = treated(rows.units, salt=f"{self.salt}/aa/{number}")
            alarms += not rows.effect(new, alpha=self.plan.alpha).covers_zero
        return QuietTest(alarms=alarms, salts=AA_SALTS, alpha=self.plan.alpha)

    @cached_property
    def control(self) -> tuple[Floats, Floats | None]:
        """What the incumbent's units bring, and what was known of them before."""
        parts = [self.world.before(step) for step in self._quiet_steps]
        found = [part for part in parts if part is not None]
        rows = self._quiet()
        money = rows.values if isinstance(self.world, Weighed) else rows.decisions
        return money, np.concatenate(found) if found else None

    @cached_property
    def canary(self) -> Canary:
        """The first point of time, with the policy on one percent of the units."""
        steps = [self._step(n) for n in range(min(point(self.world), self.world.steps))]
        decisions = sum(len(step.usual) for step in steps)
        share = max(CANARY_SHARE, min(1.0, CANARY_LEAST / decisions))
        arms = [treated(step.units, salt=f"{self.salt}/canary", share=share) for step in steps]
        rails = self._guarded([self._mixed(n, new) for n, new in enumerate(arms)], arms)
        met = any(new.any() for new in arms)
        invalid = sum(step.decided.invalid for step in steps) if met else 0
        return Canary(decisions=decisions, invalid=invalid, rails=rails)

    @cached_property
    def ab(self) -> Experiment:
        """The A/B test as planned, half of the units a side."""
        if isinstance(self.world, Shared) and self.plan.unit == self.world.shared_unit:
            return self._split(self.world)
        last = self._planned
        arms = [treated(self._step(n).units, salt=f"{self.salt}/ab") for n in range(last)]
        outcomes = [self._mixed(n, new) for n, new in enumerate(arms)]
        ran, alpha = last, self.plan.alpha
        if self.plan.sequential:
            ran, alpha = self._looked(outcomes)
        arms, outcomes = arms[:ran], outcomes[:ran]
        rows = self._rows(outcomes)
        new = treated(rows.units, salt=f"{self.salt}/ab")
        return Experiment(
            effect=rows.effect(new, alpha=alpha),
            control=_by_step(outcomes, [~arm for arm in arms]),
            treatment=_by_step(outcomes, arms),
            srm_p=srm(int((~new).sum()), int(new.sum())),
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
        size = [sizes(world, n) for n in steps]
        whole = {name: _per(parts, size) for name, parts in lines.items()}
        simple = {name: whole[name] for name in world.simple(0)}
        floor = max({**simple, "incumbent": whole["incumbent"]}.items(), key=lambda one: one[1])[0]
        shown = [slice(n, n + point(world)) for n in range(0, world.steps, point(world))]
        base = [_per(lines[floor][part], size[part]) for part in shown]
        return Reveal(
            policy=whole["policy"],
            incumbent=whole["incumbent"],
            simple=simple,
            best=whole["best"],
            series={
                name: tuple(
                    _per(lines[name][part], size[part]) - b
                    for part, b in zip(shown, base, strict=True)
                )
                for name in ("policy", "incumbent", "best")
            },
            chosen=self._in_segments(
                [(decided[n].actions != untouched(world, n)).astype(float) for n in steps],
                [np.ones(len(decided[n].actions)) for n in steps],
            ),
            segments=self._in_segments(
                [p - f for p, f in zip(lines["policy"], lines[floor], strict=True)], size
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

    def _quiet(self, before: Floats | None = None) -> Counted:
        """What the incumbent's units bring in the first steps."""
        steps = self._quiet_steps
        seen = [self.world.outcome(step, self.world.usual(step)) for step in steps]
        units = [self._units(step) for step in steps]
        return counted(seen, units, before, coarse=self._coarse)

    @property
    def _coarse(self) -> bool:
        """Whether a unit has many decisions: then it is the cluster of all that it decides."""
        return self.world.unit != self.world.key

    def _rows(self, outcomes: list[Outcome]) -> Counted:
        """The units of the first steps of the experiment."""
        steps = list(range(len(outcomes)))
        units = [self._units(step) for step in steps]
        return counted(outcomes, units, self._before(steps), coarse=self._coarse)

    @property
    def _planned(self) -> int:
        """How many steps the planned experiment lasts."""
        return min(self.plan.weeks * self.world.steps_a_week, self.world.steps)

    def _split(self, world: Shared) -> Experiment:
        """The test of a plan that splits people who share what there is: what it would show."""
        money, arms, outcomes, cells = [], [], [], []
        for n in range(self._planned):
            step = self._step(n)
            new = treated(keys(world.people(n)), salt=f"{self.salt}/ab")
            money.append(world.split(n, step.usual, step.decided.actions, new))
            arms.append(new)
            cells.append(np.ones(len(step.usual), dtype=np.bool_))
            outcomes.append(self._mixed(n, cells[-1]))
        brought, new = np.concatenate(money), np.concatenate(arms)
        rows = Counted(units=np.zeros(len(new), dtype=np.uint64), money=brought, decisions=brought)
        shares = list(zip(money, arms, strict=True))
        return Experiment(
            effect=rows.effect(new, alpha=self.plan.alpha),
            control=tuple(_mean(part[~arm]) for part, arm in shares),
            treatment=tuple(_mean(part[arm]) for part, arm in shares),
            srm_p=srm(int((~new).sum()), int(new.sum())),
            rails=self._guarded(outcomes, cells),
            weeks=math.ceil(self._planned / self.world.steps_a_week),
            stopped_early=False,
        )

    def _looked(self, outcomes: list[Outcome]) -> tuple[int, float]:
        """After how many steps a weekly look ends the experiment, and its level there."""
        weekly, weeks = self.world.steps_a_week, len(outcomes) // self.world.steps_a_week
        bounds = obrien_fleming(weeks, self.plan.alpha)
        ran, bound = len(outcomes), bounds[-1]
        for week, bound in enumerate(bounds, start=1):
            ran = week * weekly
            rows = self._rows(outcomes[:ran])
            new = treated(rows.units, salt=f"{self.salt}/ab")
            found = rows.effect(new, alpha=self.plan.alpha)
            if found.se > 0 and abs(found.value / found.se) >= bound:
                break
        return ran, 2 * NormalDist().cdf(-bound)

    def _in_segments(self, values: list[Floats], size: list[Floats]) -> dict[str, float]:
        """The sum of a value over the size of each segment."""
        sums: dict[str, list[float]] = {}
        for step, value in enumerate(values):
            for name, inside in self.world.segments(step).items():
                total = sums.setdefault(name, [0.0, 0.0])
                total[0] += float(value[inside].sum())
                total[1] += float(size[step][inside].sum())
        return {name: top / bottom if bottom else 0.0 for name, (top, bottom) in sums.items()}


def _per(values: list[Floats], size: list[Floats]) -> float:
    return float(np.concatenate(values).sum() / np.concatenate(size).sum())


def _by_step(outcomes: list[Outcome], arms: list[Flags]) -> tuple[float, ...]:
    pairs = zip(outcomes, arms, strict=True)
    return tuple(_mean(one.money[arm]) for one, arm in pairs)


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else 0.0
