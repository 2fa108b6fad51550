"""The rollout: what a company would see of a learner's policy, and what only the world knows.

A stage says once how its policy is asked, and then has a check a state::

    from graders.rollout import Asked, Rollout, canary_sings, open_world, read_plan

    def rollout(work: Workspace) -> Rollout:
        return work.once("rollout", lambda: Rollout(
            work=work, world=open_world(work), plan=read_plan(work, "experiment.json"),
            asked=Asked(target="driver.rollout:decide", called="RetentionPolicy.decide"),
        ))

    @check(group="business", points=5, severity="blocker", phase=Phase.ROLLOUT)
    def canary_holds(work: Workspace) -> None:
        canary_sings(rollout(work))

The reasons that these checks give have their words in ``graders/messages/rollout.yaml``.
"""

from graders.rollout.estimators import sample_size
from graders.rollout.evidence import WORDS, Evidence, ask_rule, cases, evidence_of
from graders.rollout.judging import (
    answers_everybody,
    canary_sings,
    decides_by_evidence,
    earns_by_skill,
    guardrails_hold,
    is_planned,
    keeps_order,
    stays_quiet,
    trust_the_test,
)
from graders.rollout.machine import Rollout
from graders.rollout.plans import Plan, read_plan
from graders.rollout.policies import Asked
from graders.rollout.telling import readout
from graders.rollout.worlds import Case, Codes, Flags, Floats, Outcome, Rail, Truth, open_world

__all__ = [
    "WORDS",
    "Asked",
    "Case",
    "Codes",
    "Evidence",
    "Flags",
    "Floats",
    "Outcome",
    "Plan",
    "Rail",
    "Rollout",
    "Truth",
    "answers_everybody",
    "ask_rule",
    "canary_sings",
    "cases",
    "decides_by_evidence",
    "earns_by_skill",
    "evidence_of",
    "guardrails_hold",
    "is_planned",
    "keeps_order",
    "open_world",
    "read_plan",
    "readout",
    "sample_size",
    "stays_quiet",
    "trust_the_test",
]
