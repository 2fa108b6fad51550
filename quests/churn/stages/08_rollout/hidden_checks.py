"""Eight weeks of a market that nobody has seen, state by state, up to the reveal."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from graders import Phase, Workspace, check, fail
from graders.checking import Praise
from graders.rollout import (
    Asked,
    Flags,
    Floats,
    Rollout,
    answers_everybody,
    canary_sings,
    decides_by_evidence,
    earns_by_skill,
    guardrails_hold,
    is_planned,
    keeps_order,
    open_world,
    read_plan,
    readout,
    trust_the_test,
)

PLAN = "experiment.json"
DECIDE = "RetentionPolicy.decide"
LAUNCH = "churn.launch:decide_launch"
PROMISED = "expected_gain_rub"
RISKY = 1.5  # times everybody's chance to leave: whoever was chosen was chosen for that
OVERLAP = 0.4  # of the letters that go to the likeliest to leave; by chance it is the limit, 0.15
NO_GO = {
    "silent": ("lessons_84d<=2", "lessons_84d<3"),
    "finished": ("progress_pct>0.85", "progress_pct>=0.85"),
}


def rollout(work: Workspace) -> Rollout:
    """The one rollout of this grading."""

    def begun() -> Rollout:
        return Rollout(
            work=work,
            world=open_world(work),
            asked=Asked(target="driver.rollout:decide", called=DECIDE),
            plan=read_plan(work, PLAN),
            salt=f"{work.quest.slug}/{work.rooms.seed}",
        )

    return work.once("rollout", begun)


# ------------------------------------------------------------------ offline gates
@check(
    group="production",
    points=3,
    severity="blocker",
    kind="contract",
    needs=["builds_a_policy", "has_a_plan"],
    phase=Phase.ROLLOUT,
)
def answers_every_renewal(work: Workspace) -> None:
    """The policy decides about every renewal of the first week, in words that exist."""
    answers_everybody(rollout(work))


@check(
    group="tests",
    points=3,
    kind="invariance",
    needs=["answers_every_renewal"],
    phase=Phase.ROLLOUT,
)
def order_does_not_matter(work: Workspace) -> None:
    """The same renewals in another order get the same letters."""
    keeps_order(rollout(work))


# ------------------------------------------------------------------ plan, A/A and canary
@check(
    group="metrics", points=9, kind="exact", needs=["answers_every_renewal"], phase=Phase.ROLLOUT
)
def plan_can_find_it(work: Workspace) -> None:
    """The plan's unit, deviation, sample and length fit each other and the market."""
    begun = rollout(work)
    if begun.plan.mde > work.number("rollout.mde"):
        fail("looks_for_too_much", mde=begun.plan.mde, asked=work.number("rollout.mde"))
    is_planned(begun, weekly=work.number("rollout.weekly"), unit="user")


@check(
    group="business",
    points=6,
    kind="resource",
    needs=["answers_every_renewal"],
    phase=Phase.ROLLOUT,
)
def canary_holds(work: Workspace) -> None:
    """The old rule against itself, then one percent of the first week: nothing breaks."""
    trust_the_test(rollout(work))
    canary_sings(rollout(work))


# ------------------------------------------------------------------ A/B and decision
@check(
    group="business",
    points=11,
    severity="blocker",
    kind="resource",
    needs=["answers_every_renewal"],
    phase=Phase.ROLLOUT,
)
def nothing_else_breaks(work: Workspace) -> None:
    """The A/B test keeps the limit of letters, and no more people leave."""
    guardrails_hold(rollout(work))


@check(
    group="business",
    points=9,
    kind="negation",
    needs=["answers_every_renewal"],
    phase=Phase.ROLLOUT,
)
def decides_by_the_evidence(work: Workspace) -> None:
    """The rule written beforehand reads the evidence, on this readout and on seven others."""
    said = decides_by_evidence(rollout(work), "driver.rollout:launch", called=LAUNCH)
    work.once("decision", lambda: said)


# ------------------------------------------------------------------ reveal
@check(
    group="business",
    points=24,
    severity="blocker",
    kind="metric",
    needs=["answers_every_renewal"],
    phase=Phase.ROLLOUT,
)
def earns_by_its_own_skill(work: Workspace) -> Praise:
    """The exact money over sending nothing, of what somebody would earn who knew all."""
    begun, gate = rollout(work), _gate(work)
    decision = work.once("decision", lambda: "")
    work.show(readout(begun, decision=decision, enough=gate[0]))
    if begun.truth.capture < gate[0]:
        _say_why(work, max(0.0, begun.truth.capture))
    return earns_by_skill(begun, pass_=gate[0], merit=gate[1])


@dataclass(frozen=True, kw_only=True)
class Letters:
    """The letters that were sent, as the world knows them: a row a letter."""

    p0: Floats
    change: Floats  # p1 less p0: what the letter does
    gain: Floats
    riskiest: Flags  # among as many of the likeliest to leave as letters were sent that week
    everybody: float  # the mean chance to leave without a letter, of all renewals

    @property
    def risk(self) -> float:
        """The mean chance to leave without a letter, of those who got one."""
        return float(self.p0.mean())

    def lost_on(self, kind: Flags) -> float:
        """The money that letters of a kind lose, roubles."""
        return float(-np.minimum(self.gain[kind], 0.0).sum())


def _letters(work: Workspace) -> Letters | None:
    """What is known of the letters; None where none was sent."""
    begun = rollout(work)
    rows = work.truth("world").sort_values("week", kind="stable")
    p0, p1 = rows["p0"].to_numpy(np.float64), rows["p1"].to_numpy(np.float64)
    sent = [begun.actions(week) > 0 for week in range(begun.world.steps)]
    chosen = np.concatenate(sent)
    if not chosen.any():
        return None
    ends = np.cumsum([len(flags) for flags in sent])[:-1]
    riskiest = [
        _largest(part, int(flags.sum()))
        for part, flags in zip(np.split(p0, ends), sent, strict=True)
    ]
    weeks = range(begun.world.steps)
    gain = np.concatenate([_gain(begun, week) for week in weeks])
    return Letters(
        p0=p0[chosen],
        change=(p1 - p0)[chosen],
        gain=gain[chosen],
        riskiest=np.concatenate(riskiest)[chosen],
        everybody=float(p0.mean()),
    )


def _largest(values: Floats, count: int) -> Flags:
    found = np.zeros(len(values), dtype=np.bool_)
    found[np.argsort(-values, kind="stable")[:count]] = True
    return found


def _gain(begun: Rollout, week: int) -> Floats:
    nobody = np.zeros(len(begun.actions(week)), dtype=np.int64)
    found: Floats = begun.world.worth(week, nobody + 1) - begun.world.worth(week, nobody)
    return found


def _say_why(work: Workspace, capture: float) -> None:
    """Fail with what the letters went wrong on, where one thing stands out.

    A list of leavers shares its names with the likeliest to leave. Otherwise money was lost on
    those whom the letter drives away, or on gifts to those who would have stayed: the one is named
    that is more than half of all losses.
    """
    letters = _letters(work)
    if letters is None:
        return
    if letters.riskiest.mean() >= OVERLAP and letters.risk > RISKY * letters.everybody:
        change = max(0.0, -float(letters.change.mean()))
        fail("finds_who_leaves", risk=letters.risk, change=change, capture=capture)
    woken = letters.change > 0
    gifts = ~woken & (letters.p0 <= letters.everybody)
    lost = letters.lost_on(np.ones(len(letters.gain), dtype=np.bool_))
    if lost and letters.lost_on(woken) > lost / 2:
        share, loss = float(woken.mean()), letters.lost_on(woken) / lost
        fail("wakes_sleeping_dogs", letters=share, loss=loss, capture=capture)
    if lost and letters.lost_on(gifts) > lost / 2:
        share, loss = float(gifts.mean()), letters.lost_on(gifts) / lost
        fail("gives_gifts", letters=share, loss=loss, capture=capture)


def _scale(work: Workspace) -> str:
    return "tiny." if work.rooms.datasets.scale == "tiny" else ""


def _gate(work: Workspace) -> tuple[float, float]:
    where = f"capture.{_scale(work)}"
    return work.number(f"{where}pass"), work.number(f"{where}merit")


@check(
    group="business",
    points=8,
    kind="directional",
    needs=["answers_every_renewal"],
    phase=Phase.ROLLOUT,
)
def lets_sleeping_dogs_lie(work: Workspace) -> None:
    """The plan names a part of the market that gets no letters, and the policy keeps to it."""
    begun = rollout(work)
    named = [name for name, words in NO_GO.items() if set(words) & set(begun.plan.no_go)]
    if not named:
        fail("names_none", named=len(begun.plan.no_go))
    most = work.number("rollout.no_go_share")
    for segment in dict.fromkeys(["silent", *named]):
        share = begun.truth.chosen.get(segment, 0.0)
        if share > most:
            fail("writes_to_them", segment=segment, written=share, most=most)


@check(
    group="metrics",
    points=7,
    kind="consistency",
    needs=["answers_every_renewal"],
    phase=Phase.ROLLOUT,
)
def promises_what_it_delivers(work: Workspace) -> None:
    """What the policy expects of its letters is about what they bring."""
    begun = rollout(work)
    promised, delivered, letters = 0.0, 0.0, 0
    for week in range(begun.world.steps):
        chosen = begun.actions(week) > 0
        promised += float(_promises(begun, week)[chosen].sum())
        delivered += float(_gain(begun, week)[chosen].sum())
        letters += int(chosen.sum())
    if not letters:
        fail("no_letters")
    off = (promised - delivered) / letters
    most = work.number(f"capture.{_scale(work)}promise")
    if abs(off) > most:
        fail("promises_differ", promised=_about(promised / letters), off=_about(off), most=most)


def _promises(begun: Rollout, week: int) -> np.ndarray:
    """The expected gain of each renewal, in the world's order."""
    answer = begun.answer(week)
    if PROMISED not in answer.columns:
        fail("no_promise")
    said = pd.to_numeric(answer[PROMISED], errors="coerce").to_numpy(np.float64)
    by_user = pd.Series(said, index=pd.to_numeric(answer["user_id"], errors="coerce"))
    by_user = by_user[~by_user.index.duplicated() & by_user.index.notna()]
    found: np.ndarray = by_user.reindex(begun.world.observe(week)["user_id"]).to_numpy(np.float64)
    chosen = begun.actions(week) > 0
    bad = int((~np.isfinite(found[chosen])).sum())
    if bad:
        fail("promise_is_no_number", rows=bad)
    return found


def _about(roubles: float) -> float:
    """To ten roubles: a hint, not a measurement."""
    return float(10 * math.floor(roubles / 10 + 0.5))
