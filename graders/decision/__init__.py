"""decision.yaml: what is registered before anybody looks, and the go or no-go that follows.

    from graders import decision

    registered = decision.valid(points=5, sections=("why", "what", "how", "estimates"))
    enough = decision.sample_size(points=10, sd="experiment.sd")
    weeks = decision.whole_weeks(points=3)
    honest = decision.follows(points=20, evidence=what_the_rollout_showed)

The file is read in the parser jail, without anchors, tags or guesses, into the form of
`graders.decision.form`; every fault names key and line and is the learner's. Checks stand in the
static phase, `follows` in that of the rollout. Texts: ``graders/messages/decision.yaml``.
"""

from graders.decision.checks import (
    Evidence,
    Segment,
    follows,
    no_go,
    projection,
    sample_size,
    valid,
    whole_weeks,
)
from graders.decision.form import Decision
from graders.decision.reading import Registered, decision, registered

__all__ = [
    "Decision",
    "Evidence",
    "Registered",
    "Segment",
    "decision",
    "follows",
    "no_go",
    "projection",
    "registered",
    "sample_size",
    "valid",
    "whole_weeks",
]
