"""From the offline gate to the reveal, in a market that is known by heart."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from graders.checking import Praise
from graders.failures import Fail
from graders.rollout import (
    answers_everybody,
    canary_sings,
    decides_by_evidence,
    earns_by_skill,
    guardrails_hold,
    is_planned,
    keeps_order,
    readout,
    stays_quiet,
    trust_the_test,
)
from graders.rollout.evidence import Evidence, cases
from graders.rollout.guarding import Held
from tests.graders.rollout.market import PLAN, Market, even, nothing, rollout


def test_the_best_policy_has_it_all_and_the_money_is_exact() -> None:
    truth = rollout(even).truth
    assert (truth.policy, truth.incumbent, truth.best) == (105.0, 95.0, 105.0)
    assert truth.capture == 1
    assert truth.floor_name == "nothing"
    assert truth.segments == {"even": 10.0}
    assert truth.chosen == {"even": 1.0}


def test_an_old_rule_switched_off_wins_the_test_and_no_skill() -> None:
    begun = rollout(nothing)
    assert begun.ab.effect.low > 0
    assert begun.truth.capture == 0
    with pytest.raises(Fail, match="earns_nothing_of_its_own"):
        earns_by_skill(begun, pass_=0.2, merit=0.4)


def test_the_test_covers_the_truth_and_cuped_sees_it_sharper() -> None:
    plain, sharp = rollout(even).ab.effect, rollout(even, plan=replace(PLAN, cuped=True)).ab.effect
    assert plain.low < 10 < plain.high
    assert sharp.low < 10 < sharp.high
    assert sharp.se < 0.8 * plain.se


def test_the_same_salt_gives_the_same_experiment() -> None:
    assert rollout(even).ab == rollout(even).ab


def test_weekly_looks_end_early_where_the_effect_is_plain() -> None:
    found = rollout(even, plan=replace(PLAN, sequential=True)).ab
    assert found.stopped_early
    assert found.weeks < 4
    assert found.effect.low > 0


def test_the_old_rule_against_itself_is_quiet() -> None:
    begun = rollout(even)
    stays_quiet(begun)
    trust_the_test(begun)
    assert 0.02 < begun.aa.share < 0.08


def test_a_step_is_asked_once_and_its_outcome_is_told() -> None:
    market, asked = Market(), []

    def answer(batch: pd.DataFrame) -> pd.DataFrame:
        asked.append(int(batch["user"].iloc[0]))
        return even(batch)

    begun = rollout(answer, market=market)
    assert begun.ab.weeks == 4
    assert begun.truth.decisions == 1600
    assert asked == [0, 1000, 2000, 3000]
    assert [int(told["user"].iloc[0]) for told in market.told] == asked


def test_a_policy_that_looks_at_the_order_of_rows_is_found() -> None:
    def first(batch: pd.DataFrame) -> pd.DataFrame:
        words = np.where(np.arange(len(batch)) < 50, "letter", "none")
        return pd.DataFrame({"user": batch["user"], "action": words})

    keeps_order(rollout(even))
    with pytest.raises(Fail, match="policy_order_matters"):
        keeps_order(rollout(first))


def test_a_policy_that_answers_for_some_is_stopped_before_the_canary() -> None:
    begun = rollout(lambda batch: even(batch)[even(batch)["action"] == "letter"])
    with pytest.raises(Fail, match="policy_invalid_actions"):
        answers_everybody(begun)
    with pytest.raises(Fail, match="policy_invalid_actions"):
        canary_sings(begun)


def test_a_guardrail_breaks_only_beyond_chance() -> None:
    assert rollout(even, limit=0.5).ab.rails[0].held in (Held.KEPT, Held.WARNED)
    guardrails_hold(rollout(even, limit=0.49))
    with pytest.raises(Fail, match="guardrail_broken"):
        guardrails_hold(rollout(even, limit=0.3))
    with pytest.raises(Fail, match="guardrail_broken"):
        canary_sings(rollout(even, limit=0.3))


def test_a_promise_about_the_whole_list_leaves_chance_no_room() -> None:
    strict = Market()
    strict.rails = (replace(strict.rails[0], whole=True),)
    assert rollout(even, market=strict, limit=0.5).ab.rails[0].held is Held.KEPT
    assert rollout(even, market=strict, limit=0.499).ab.rails[0].held is Held.BREACHED


def test_points_grow_from_half_to_all_between_pass_and_merit() -> None:
    def half(batch: pd.DataFrame) -> pd.DataFrame:
        answer = even(batch)
        answer.loc[answer.index >= len(answer) // 2, "action"] = "none"
        return answer

    assert isinstance(earns_by_skill(rollout(even), pass_=0.5, merit=0.9), Praise)
    with pytest.raises(Fail, match="earns_in_between") as failure:
        earns_by_skill(rollout(half), pass_=0.4, merit=0.6)
    assert failure.value.share == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"unit": "session"}, "plan_unit"),
        ({"alpha": 0.2}, "plan_too_loose"),
        ({"power": 0.5}, "plan_too_loose"),
        ({"days": 70}, "plan_too_long"),
        ({"sd": 4.0}, "plan_deviation"),
        ({"n_per_arm": 100}, "plan_sample"),
        ({"days": 7}, "plan_too_short"),
    ],
)
def test_a_plan_that_does_not_fit_is_told_why(change: dict[str, object], reason: str) -> None:
    is_planned(rollout(even, plan=FITS), weekly=400, unit="user")
    plan = replace(FITS, **change)  # type: ignore[arg-type]  # fields of a plan
    with pytest.raises(Fail, match=reason):
        is_planned(rollout(even, plan=plan), weekly=400, unit="user")


FITS = replace(PLAN, sd=9.4, n_per_arm=347)  # 8 of luck, 5 of the old rule's letters


def sensible(seen: dict[str, object]) -> str:
    """The rule of a careful person."""
    low, high, srm_p = (float(str(seen[name])) for name in ("low", "high", "srm_p"))
    if srm_p < 0.0005 or seen["guardrails_breached"]:
        return "hold"
    return "ship" if low > 0 else "stop" if high < 0 else "hold"


def test_a_rule_that_reads_the_evidence_is_believed() -> None:
    assert decides_by_evidence(rollout(even, rule=sensible), "rule", called="rule") == "ship"


@pytest.mark.parametrize(
    "rule",
    [
        lambda _: "ship",
        lambda _: "hold",
        lambda seen: "ship" if seen["effect"] > 0 else "stop",
        lambda seen: "ship" if seen["low"] > 0 else "hold",
    ],
)
def test_a_rule_that_has_learned_one_word_is_found(rule: object) -> None:
    begun = rollout(even, rule=rule)  # type: ignore[arg-type]  # any rule
    with pytest.raises(Fail, match="decision_against_evidence"):
        decides_by_evidence(begun, "rule", called="rule")


@pytest.mark.parametrize("answer", [None, 1, "SHIP", ["ship"], {"ship": True}, "launch"])
def test_another_word_is_no_decision(answer: object) -> None:
    with pytest.raises(Fail, match="decision_unknown"):
        decides_by_evidence(rollout(even, rule=lambda _: answer), "rule", called="rule")


def test_every_case_bears_some_decision_and_the_clear_ones_one_alone() -> None:
    found = {name: case.fits() for name, case in cases(("letters",)).items()}
    assert found["clear_gain"] == ("ship",)
    assert found["clear_loss"] == ("stop",)
    assert found["gain_with_broken_split"] == ("hold",)
    assert "ship" not in found["gain_with_broken_guardrail"] + found["gain_within_noise"]


def test_the_edge_of_the_interval_belongs_to_noise() -> None:
    edge = Evidence(
        effect=2.0, low=0.0, high=4.0, srm_p=0.5, breached=(), n_control=9, n_treatment=9
    )
    assert "ship" not in edge.fits()


def test_the_readout_says_it_in_both_languages_with_few_digits() -> None:
    shown = readout(rollout(even), decision="ship", enough=0.2)
    assert shown.headline["en"].startswith("Each renewal brings 10")
    assert "старое правило" in shown.headline["ru"]
    assert "a month at 1,000 renewals" in shown.money["en"]
    assert (shown.true_effect, shown.capture, shown.decision) == (10.0, 1.0, "ship")
    assert [line.name for line in shown.lines] == ["policy", "incumbent", "best"]
    assert shown.lines[0].values == (5.0, 5.0, 5.0, 5.0)


def test_the_headline_of_an_empty_victory_says_who_has_won() -> None:
    shown = readout(rollout(nothing), decision="ship", enough=0.2)
    assert "switching the old rule off has won it" in shown.headline["en"]
    assert "adds nothing" in shown.headline["en"]
    assert "отключение старого правила" in shown.headline["ru"]


def test_the_headline_of_a_loss_forbids_to_go_live() -> None:
    def odd(batch: pd.DataFrame) -> pd.DataFrame:
        words = np.where(batch["x"] == 0, "none", "letter")
        return pd.DataFrame({"user": batch["user"], "action": words})

    class Idle(Market):
        def usual(self, step: int) -> np.ndarray:
            return np.zeros(self.size, dtype=np.int64) + 0 * step

    shown = readout(rollout(odd, market=Idle()), decision="stop", enough=0.2)
    assert "must not go live" in shown.headline["en"]
