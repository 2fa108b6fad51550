"""Four weeks of offers that nobody has seen, state by state, up to the reveal."""

import numpy as np
import pandas as pd

from graders import Phase, Workspace, check, fail
from graders.checking import Praise
from graders.rollout import (
    Asked,
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
DECIDE = "MatchPolicy.decide"
LAUNCH = "matching.launch:decide_launch"
NO_GO = "disk+no_ean+no_capacity"
MATCH = 2  # the world's code of the first card
WORTH_A_WORD = 20  # automatic errors from which the report speaks of their price


def rollout(work: Workspace) -> Rollout:
    """The one rollout of this grading."""

    def begun() -> Rollout:
        return Rollout(
            work=work,
            world=open_world(work),
            asked=Asked(
                target="driver.rollout:decide", called=DECIDE, data="hidden", seconds=60.0
            ),
            plan=read_plan(work, PLAN),
            salt=f"{work.quest.slug}/{work.rooms.seed}",
        )

    return work.once("rollout", begun)


# ------------------------------------------------------------------ offline gates
@check(
    group="production",
    points=4,
    severity="blocker",
    kind="contract",
    needs=["trains_for_the_policy", "has_a_plan"],
    phase=Phase.ROLLOUT,
)
def answers_every_offer(work: Workspace) -> None:
    """The policy decides about every offer of the first week, with cards that exist."""
    answers_everybody(rollout(work))


@check(
    group="tests",
    points=5,
    kind="invariance",
    needs=["answers_every_offer"],
    phase=Phase.ROLLOUT,
)
def order_does_not_matter(work: Workspace) -> None:
    """The same offers in another order get the same decisions."""
    keeps_order(rollout(work))


# ------------------------------------------------------------------ plan, A/A and canary
@check(
    group="metrics", points=10, kind="exact", needs=["answers_every_offer"], phase=Phase.ROLLOUT
)
def plan_can_find_it(work: Workspace) -> None:
    """The plan's unit, deviation, sample and length fit each other and the market."""
    begun = rollout(work)
    if begun.plan.mde > work.number("rollout.mde"):
        fail("looks_for_too_much", mde=begun.plan.mde, asked=work.number("rollout.mde"))
    is_planned(begun, weekly=work.number("rollout.weekly"), unit="seller")


@check(
    group="business",
    points=8,
    kind="resource",
    needs=["answers_every_offer"],
    phase=Phase.ROLLOUT,
)
def canary_holds(work: Workspace) -> None:
    """The old rule against itself, then a few sellers of the first week: nothing breaks."""
    trust_the_test(rollout(work))
    canary_sings(rollout(work))


# ------------------------------------------------------------------ A/B and decision
@check(
    group="business",
    points=14,
    severity="blocker",
    kind="resource",
    needs=["answers_every_offer"],
    phase=Phase.ROLLOUT,
)
def nothing_else_breaks(work: Workspace) -> None:
    """The A/B test keeps the limits of reviews, wrong matches and duplicate cards."""
    guardrails_hold(rollout(work))


@check(
    group="business",
    points=10,
    kind="negation",
    needs=["answers_every_offer"],
    phase=Phase.ROLLOUT,
)
def decides_by_the_evidence(work: Workspace) -> None:
    """The rule written beforehand reads the evidence, on this readout and on seven others."""
    said = decides_by_evidence(rollout(work), "driver.rollout:launch", called=LAUNCH)
    work.once("decision", lambda: said)


# ------------------------------------------------------------------ reveal
@check(
    group="business",
    points=28,
    severity="blocker",
    kind="metric",
    needs=["answers_every_offer"],
    phase=Phase.ROLLOUT,
)
def earns_by_its_own_skill(work: Workspace) -> Praise:
    """The exact money over a moderator who looks at everything, of what was possible."""
    begun = rollout(work)
    gate = tuple(work.number(f"capture.{_scale(work)}{name}") for name in ("pass", "merit"))
    decision = work.once("decision", lambda: "")
    work.show(readout(begun, decision=decision, enough=gate[0]))
    wrong, matched = _errors(begun)
    if begun.truth.capture < gate[0] and wrong >= WORTH_A_WORD:
        right = 1 - wrong / matched
        fail("errors_eat_the_gain", right=right, errors=wrong, lost=400 * wrong)
    return earns_by_skill(begun, pass_=gate[0], merit=gate[1])


def _errors(begun: Rollout) -> tuple[int, int]:
    """How many automatic matches are wrong, and how many there are."""
    wrong = matched = 0
    for week in range(begun.world.steps):
        actions = begun.actions(week)
        chosen = actions >= MATCH
        matched += int(chosen.sum())
        wrong += int((chosen & (actions != begun.world.best(week))).sum())
    return wrong, matched


def _scale(work: Workspace) -> str:
    return "tiny." if work.rooms.datasets.scale == "tiny" else ""


@check(
    group="business",
    points=8,
    kind="directional",
    needs=["answers_every_offer"],
    phase=Phase.ROLLOUT,
)
def leaves_bare_disks_alone(work: Workspace) -> None:
    """The plan names the part of the market that stays with people, and the policy keeps to it."""
    begun = rollout(work)
    if NO_GO not in begun.plan.no_go:
        fail("names_another", named=len(begun.plan.no_go))
    matched = total = 0
    for week in range(begun.world.steps):
        inside = begun.world.segments(week)["bare_disks"]
        matched += int((begun.actions(week)[inside] >= MATCH).sum())
        total += int(inside.sum())
    most = work.number("rollout.no_go_share")
    if matched > most * max(total, 1):
        fail("matches_them", matched=matched / max(total, 1), most=most)


@check(
    group="metrics",
    points=6,
    kind="consistency",
    needs=["answers_every_offer"],
    phase=Phase.ROLLOUT,
)
def promises_what_it_delivers(work: Workspace) -> None:
    """What the policy says of its matches is about what comes true."""
    begun = rollout(work)
    said, right = [], []
    for week in range(begun.world.steps):
        actions = begun.actions(week)
        chosen = actions >= MATCH
        said.append(_promises(begun, week)[chosen])
        right.append((actions == begun.world.best(week))[chosen])
    promised, happened = np.concatenate(said), np.concatenate(right)
    if not len(promised):
        fail("no_matches")
    off = float(promised.mean() - happened.mean())
    most = work.number(f"capture.{_scale(work)}promise")
    if abs(off) > most:
        fail("promises_differ", promised=float(promised.mean()), off=abs(off), most=most)


def _promises(begun: Rollout, week: int) -> np.ndarray:
    """`p_match` of each offer, in the world's order."""
    answer = begun.answer(week)
    if "p_match" not in answer.columns:
        fail("no_promise")
    said = pd.to_numeric(answer["p_match"], errors="coerce").to_numpy(np.float64)
    by_offer = pd.Series(said, index=pd.to_numeric(answer["offer_id"], errors="coerce"))
    by_offer = by_offer[~by_offer.index.duplicated() & by_offer.index.notna()]
    found: np.ndarray = by_offer.reindex(begun.world.observe(week)["offer_id"]).to_numpy(float)
    if not np.isfinite(found[begun.actions(week) >= MATCH]).all():
        fail("no_promise")
    return found
