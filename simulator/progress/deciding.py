"""After a rollout: what it would earn if the numbers were others, and the learner's decision.

The decision is judged by whether it follows from the evidence, not by what the market did.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from graders.readouts import Readout, significant
from simulator.attempts.models import Attempt
from simulator.progress.models import LONGEST_REASON, Decision

Choice = Decision.Choice
WEEKS_AFTER: Final = 12
WEEKS_A_MONTH: Final = 365 / 12 / 7
MOST: Final = 1e12
COSTS: Final = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)  # of the effect: the rows of the table


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What someone asks: another cost, another traffic, another horizon."""

    cost: float  # roubles a decision on top
    traffic: float  # decisions a month
    months: float


@dataclass(frozen=True, kw_only=True)
class Sum:
    """Money of a scenario with its interval."""

    cost: float
    low: float
    middle: float
    high: float

    @property
    def sign(self) -> str:
        """What the interval says: it earns, it loses, or nobody knows."""
        return "earns" if self.low > 0 else "loses" if self.high < 0 else "unclear"


def usual(readout: Readout) -> Scenario:
    """The scenario of the case itself: nothing on top, its traffic, a month."""
    return Scenario(cost=0.0, traffic=_a_month(readout), months=1.0)


def asked(readout: Readout, given: Mapping[str, str]) -> Scenario:
    """The scenario of an address; what it does not say or says badly is as usual."""
    base = usual(readout)
    return Scenario(
        cost=_number(given.get("cost"), base.cost, least=-MOST),
        traffic=_number(given.get("traffic"), base.traffic, least=0),
        months=_number(given.get("months"), base.months, least=0),
    )


def money(readout: Readout, scenario: Scenario) -> Sum:
    """What a scenario earns."""
    times = scenario.traffic * scenario.months
    return Sum(
        cost=scenario.cost,
        low=significant((readout.low - scenario.cost) * times),
        middle=significant((readout.effect - scenario.cost) * times),
        high=significant((readout.high - scenario.cost) * times),
    )


def sensitivity(readout: Readout, scenario: Scenario) -> tuple[Sum, ...]:
    """The same scenario at several costs: the sliders, for those who read tables."""
    scale = abs(readout.effect) or 1.0
    costs = sorted({significant(share * scale, 2) for share in COSTS} | {scenario.cost})
    return tuple(
        money(
            readout,
            Scenario(cost=cost, traffic=scenario.traffic, months=scenario.months),
        )
        for cost in costs
    )


def evidence(readout: Readout) -> Choice:
    """What follows from the experiment and the guardrails alone."""
    if readout.high < 0:
        return Choice.STOP
    broken = any(rail.held == "breached" for rail in readout.guardrails)
    return Choice.SHIP if readout.low > 0 and not broken else Choice.ITERATE


def decide(attempt: Attempt, readout: Readout, given: Mapping[str, str]) -> Decision | None:
    """Write the decision down, once; None when it lacks a choice or a reason."""
    choice, reason = given.get("decision", ""), given.get("reason", "").strip()
    if choice not in Choice.values or not reason:
        return None
    try:
        with transaction.atomic():
            return Decision.objects.create(
                attempt=attempt,
                choice=choice,
                follows=choice == evidence(readout),
                reason=reason[:LONGEST_REASON],
                risk=given.get("risk", "").strip()[:LONGEST_REASON],
                next_step=given.get("next_step", "").strip()[:LONGEST_REASON],
            )
    except IntegrityError:
        return Decision.objects.get(pk=attempt.pk)  # the first one stands


def after(readout: Readout) -> float:
    """Roubles that the policy brings the market in the weeks after, in truth."""
    weekly = _a_month(readout) / WEEKS_A_MONTH
    return significant(readout.true_effect * weekly * WEEKS_AFTER)


def answer(decision: Decision, readout: Readout) -> str:
    """What the stakeholder says to it, in character."""
    choice = Choice(decision.choice)
    if decision.follows:
        return {
            Choice.SHIP: _(
                "Good, we switch on Monday. You told me what it earns at the low end and what "
                "would make us roll back, so I can defend it."
            ),
            Choice.ITERATE: _(
                "Fine. Better a second look than a launch that I have to explain. Tell me what "
                "you change and when we look again."
            ),
            Choice.STOP: _(
                "A pity, and thank you. I would rather hear it from you now than from finance "
                "in a quarter."
            ),
        }[choice]
    if choice is Choice.SHIP:
        broken = any(rail.held == "breached" for rail in readout.guardrails)
        if broken:
            return _(
                "You want to launch with a guardrail broken. Finance will ask about it first. "
                "What do I tell them?"
            )
        return _(
            "The interval reaches zero or less, and you want to launch. If somebody asks me "
            "whether it earns anything, what do I say?"
        )
    if evidence(readout) is Choice.SHIP:
        return _(
            "Your own numbers say that it earns even at the low end, and every guardrail holds. "
            "What are we waiting for?"
        )
    return _("I read the same page and come to something else. Show me the number you looked at.")


def _a_month(readout: Readout) -> float:
    """Decisions a month: what the judge counted the month with."""
    if readout.effect and readout.month:
        return significant(abs(readout.month / readout.effect))
    units = readout.units_control + readout.units_treatment
    return significant(units / max(readout.weeks, 1) * WEEKS_A_MONTH)


def _number(text: str | None, otherwise: float, *, least: float) -> float:
    try:
        value = float((text or "").replace(",", ".").replace(" ", ""))
    except ValueError:
        return otherwise
    return value if least <= value <= MOST else otherwise
