"""Checks of a rollout, each in a line: one state, the reasons it can give, no words.

Every function takes the `Rollout` and returns when all is well. Otherwise it raises the learner's
Fail; what its policy or rule ends with is raised as Ended. Reasons stand beside each function.
"""

from graders.checking import Praise, praise
from graders.failures import Fail, fail
from graders.metrics import share_between
from graders.rollout.estimators import cuped_sd, sample_size
from graders.rollout.evidence import ask_rule, cases, evidence_of
from graders.rollout.guarding import Guarded
from graders.rollout.machine import Rollout
from graders.rollout.plans import DAYS_A_WEEK
from graders.rollout.states import MOST_INVALID

_SD_SLACK = 0.15  # of the world's own deviation
_N_SLACK = 0.10  # of the sample size that follows from the plan's own numbers
_LEAST_POWER, _MOST_ALPHA = 0.8, 0.05
_OURS = 4.5  # standard deviations of the share of false alarms
_HALF = 0.5  # of the points, at the least capture that passes


def answers_everybody(rollout: Rollout) -> None:
    """The first batch gets one decision a row, each one of the world's actions.

    ``policy_no_table``, ``policy_columns_missing``, ``policy_invalid_actions``: more than 0.1 % of
    the rows have no decision that could be carried out.
    """
    found = rollout.offline
    if found.invalid > MOST_INVALID * len(found.actions):
        fail("policy_invalid_actions", rows=found.invalid, total=len(found.actions))


def keeps_order(rollout: Rollout) -> None:
    """Rows in another order get the same decisions. ``policy_order_matters``."""
    turned = rollout.turned
    if turned:
        fail("policy_order_matters", rows=turned, total=len(rollout.offline.actions))


def stays_quiet(rollout: Rollout) -> None:
    """A/A: the planned test raises about as many false alarms as its level allows.

    ``aa_not_quiet``: of a thousand splits of the same arm, more or fewer are called different
    than chance explains (3.3 standard deviations).
    """
    found = rollout.aa
    if not found.quiet:
        fail("aa_not_quiet", share=found.share, alpha=found.alpha)


def trust_the_test(rollout: Rollout) -> None:
    """A/A where the quest alone decides how the test is computed.

    Then more alarms than chance explains (4.5 standard deviations) are our fault, never the
    learner's: raises RuntimeError, and the check is broken.
    """
    found = rollout.aa
    if found.off > _OURS:
        raise RuntimeError(f"the test of the rollout fails its own A/A: {found.share:.3f}")


def canary_sings(rollout: Rollout) -> None:
    """One percent of the traffic: no errors, no broken guardrail.

    ``policy_invalid_actions``, ``guardrail_broken``.
    """
    found = rollout.canary
    if found.invalid > MOST_INVALID * found.decisions:
        fail("policy_invalid_actions", rows=found.invalid, total=found.decisions)
    _refuse(tuple(rail for rail in found.rails if rail.breached))


def guardrails_hold(rollout: Rollout) -> None:
    """The A/B test breaks no guardrail. ``guardrail_broken``."""
    _refuse(rollout.ab.breached)


def is_planned(rollout: Rollout, *, weekly: float, unit: str, sd_slack: float = _SD_SLACK) -> None:
    """The plan can find what it looks for: its own numbers fit each other and the world.

    `weekly`: units a week; `unit`: what has to be randomised. ``plan_unit``, ``plan_too_loose``
    (alpha above 5 %, power below 80 %), ``plan_deviation`` (more than `sd_slack` off, 15 % where
    nothing else is said), ``plan_sample``
    (more than 10 % off what follows from sd, mde, alpha, power), ``plan_too_short``,
    ``plan_too_long``.
    """
    plan, world = rollout.plan, rollout.world
    if plan.unit != unit:
        fail("plan_unit", unit=unit)
    if plan.alpha > _MOST_ALPHA or plan.power < _LEAST_POWER:
        fail("plan_too_loose", alpha=plan.alpha, power=plan.power)
    if plan.weeks > world.steps // world.steps_a_week:
        fail("plan_too_long", weeks=plan.weeks, most=world.steps // world.steps_a_week)
    _check_deviation(rollout, sd_slack)
    needed = sample_size(sd=plan.sd, mde=plan.mde, alpha=plan.alpha, power=plan.power)
    if abs(plan.n_per_arm - needed) > _N_SLACK * needed:
        fail("plan_sample", said=plan.n_per_arm, needed=needed)
    if plan.weeks * weekly / 2 < plan.n_per_arm:
        have = int(plan.weeks * weekly / 2)
        fail("plan_too_short", days=plan.weeks * DAYS_A_WEEK, have=have, needed=plan.n_per_arm)


def earns_by_skill(rollout: Rollout, *, pass_: float, merit: float) -> Praise:
    """The exact value of the policy, against the best that needs no work and the optimum.

    ``earns_nothing_of_its_own``: capture below `pass_`. ``earns_in_between``: half of the points
    at `pass_`, all at `merit`. Praise ``earns_by_skill``.
    """
    capture = rollout.truth.capture
    if not capture >= pass_:
        fail("earns_nothing_of_its_own", capture=max(0.0, capture), needed=pass_)
    share = _HALF + (1 - _HALF) * share_between(capture, baseline=pass_, target=merit)
    if share < 1:
        fail("earns_in_between", share=share, capture=capture, merit=merit)
    return praise("earns_by_skill", capture=capture)


def decides_by_evidence(rollout: Rollout, target: str, *, called: str) -> str:
    """The learner's rule reads evidence: on this experiment and on seven that did not happen.

    ``decision_unknown``, ``decision_against_evidence`` with the case and what was said. Answers
    what the rule said of this experiment.
    """
    metrics = tuple(rail.metric for rail in rollout.world.rails if not rail.only_warns)
    own = evidence_of(rollout.ab)
    said = ask_rule(rollout.work, target, called=called, evidence=own)
    for case, evidence in {"this_experiment": own, **cases(metrics)}.items():
        answer = ask_rule(rollout.work, target, called=called, evidence=evidence)
        if answer not in evidence.fits():
            fail("decision_against_evidence", case=case, said=answer, fits=evidence.fits()[0])
    return said


def _refuse(broken: tuple[Guarded, ...]) -> None:
    if broken:
        first = broken[0]
        raise Fail(
            "guardrail_broken",
            {"metric": first.rail.metric, "value": first.value, "limit": first.limit},
        )


def _check_deviation(rollout: Rollout, slack: float) -> None:
    """The raw deviation of the money, or what CUPED leaves of it where the plan says CUPED."""
    money, before = rollout.control
    raw = float(money.std(ddof=1))
    least = raw
    if rollout.plan.cuped and before is not None:
        least = cuped_sd(money, before)
    said = rollout.plan.sd
    if not (1 - slack) * least <= said <= (1 + slack) * raw:
        fail("plan_deviation", said=said, own=raw)
