"""Whether a decision fits what an experiment has shown, and whether a rule keeps doing so.

A learner's rule is written before the experiment: a function that takes the readout and answers
``ship``, ``hold`` or ``stop``. Asked about cases that did not happen as well, it shows whether it
reads the evidence or has learned one word.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from graders.failures import Fail
from graders.rollout.estimators import SRM_ALARM
from graders.rollout.states import Experiment
from graders.workspace import Workspace
from sandbox.interface import Json

WORDS = ("ship", "hold", "stop")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a rule is told."""

    effect: float
    low: float
    high: float
    srm_p: float
    breached: tuple[str, ...]  # guardrails
    n_control: int
    n_treatment: int

    def told(self) -> dict[str, Json]:
        """As it crosses into a room."""
        return {
            "effect": round(self.effect, 2),
            "low": round(self.low, 2),
            "high": round(self.high, 2),
            "srm_p": round(self.srm_p, 6),
            "guardrails_breached": list(self.breached),
            "n_control": self.n_control,
            "n_treatment": self.n_treatment,
        }

    def fits(self) -> tuple[str, ...]:
        """The decisions that this evidence bears.

        A broken split says nothing, so nothing follows but to repair it. A broken guardrail
        forbids to ship whatever was earned. An interval with zero inside does not pay for a
        launch; whether to go on or to give up is a matter of taste.
        """
        if self.srm_p < SRM_ALARM:
            return ("hold",)
        if self.breached or self.low <= 0 < self.high:
            return ("hold", "stop")
        return ("ship",) if self.low > 0 else ("stop",)


def evidence_of(found: Experiment) -> Evidence:
    """What an experiment has shown."""
    effect = found.effect
    return Evidence(
        effect=effect.value,
        low=effect.low,
        high=effect.high,
        srm_p=found.srm_p,
        breached=tuple(rail.rail.metric for rail in found.breached),
        n_control=effect.n_control,
        n_treatment=effect.n_treatment,
    )


def cases(metrics: tuple[str, ...]) -> Mapping[str, Evidence]:
    """Readouts that a rule must get right, by what is special about them."""
    plain = {"srm_p": 0.4, "breached": (), "n_control": 9_000, "n_treatment": 9_050}
    broken = plain | {"breached": metrics[:1]}
    crooked = plain | {"srm_p": 0.00001, "n_treatment": 8_200}

    def seen(value: float, half: float, facts: Mapping[str, object]) -> Evidence:
        between = {"effect": value, "low": value - half, "high": value + half}
        return Evidence(**{**between, **facts})  # type: ignore[arg-type]  # the fields of Evidence

    found = {
        "clear_gain": seen(126.0, 31.0, plain),
        "small_clear_gain": seen(6.0, 4.0, plain),
        "gain_within_noise": seen(58.0, 74.0, plain),
        "loss_within_noise": seen(-31.0, 52.0, plain),
        "clear_loss": seen(-88.0, 40.0, plain),
        "gain_with_broken_split": seen(143.0, 30.0, crooked),
    }
    return found | ({"gain_with_broken_guardrail": seen(190.0, 33.0, broken)} if metrics else {})


def ask_rule(work: Workspace, target: str, *, called: str, evidence: Evidence) -> str:
    """What the learner's rule says. Raises Ended.

    Any other answer than the three words is the learner's Fail ``decision_unknown``.
    """
    answer = work.call(target, evidence.told(), called=called)
    if not isinstance(answer, str) or answer not in WORDS:
        raise Fail("decision_unknown", {"called": called})
    return answer
