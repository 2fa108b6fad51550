"""Is the decision well registered, consistent with its own numbers, and does it follow."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from graders.checking import Check
from graders.decision.form import Choice, Expected, Experiment, Section
from graders.decision.making import Needs, Truth, library, true_number
from graders.decision.reading import PATH, Registered, registered
from graders.failures import Fail
from graders.quest import Facts
from graders.results import Param, Phase
from graders.rollout.estimators import sample_size as formula
from graders.workspace import Workspace

WEEK = 7
SD_WITHIN = 0.15

_R = TypeVar("_R", bound=Facts)
Said = dict[str, Param]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the experiment showed: the effect's interval, and whether a guardrail is broken."""

    low: float
    high: float
    guardrail_broken: bool = False
    split_broken: bool = False  # sample ratio mismatch: no number of it counts


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A segment to be left out: a condition on a column, its border from `low` to `high`."""

    column: str
    op: Literal["<=", ">="]  # a strict sign counts as one of these
    low: float
    high: float


def valid(
    *,
    points: float,
    sections: Sequence[Section],
    severity: str = "blocker",
    needs: Needs = (),
) -> Check:
    """decision.yaml is well formed, of this quest, holds these sections, and names real tables.

    Reasons: those of a file that cannot be read, another_quest, section_missing, table_unknown.
    """

    def judge(work: Workspace) -> None:
        found = registered(work)
        if found.said.quest != work.quest.slug:
            facts: Said = {"path": PATH, "slug": work.quest.slug}
            raise Fail("another_quest", facts, locations=found.at("quest"))
        for section in sections:
            if not getattr(found.said, section):
                raise Fail("section_missing", {"path": PATH, "key": section})
        tables = found.said.how.data if found.said.how else ()
        for number, table in enumerate(tables, start=1):
            name = table.rpartition(".")[2].strip()
            if name not in work.quest.tables:
                place = found.at(f"how.data.{number}")
                raise Fail("table_unknown", {"path": PATH, "table": name}, locations=place)

    return library("decision_valid", judge, points=points, severity=severity, needs=needs)


def sample_size(
    *,
    points: float,
    sd: Truth,
    sd_cuped: Truth | None = None,
    within: float = 0.10,
    severity: str = "major",
    needs: Needs = ("decision_valid",),
) -> Check:
    """Units an arm follow from deviation, effect, level and power: 2 (z + z)² sd² / mde².

    `sd` is the metric's standard deviation, `sd_cuped` what CUPED leaves of it; the learner's lies
    within 15 % of the one they registered, and n_per_arm within `within` of the formula
    (Lehr 1992; the same as `graders.rollout.estimators.sample_size`). Half of the points for each.
    Reasons: sd_differs, size_differs.
    """

    def judge(work: Workspace) -> None:
        found = registered(work)
        plan = _experiment(found)
        reduced = plan.variance_reduction == "cuped" and sd_cuped is not None
        own = true_number(work, sd_cuped if reduced and sd_cuped is not None else sd)
        needed = formula(sd=plan.sd, mde=plan.mde_abs, alpha=plan.alpha, power=plan.power)
        if abs(plan.n_per_arm - needed) > max(2.0, within * needed):
            facts: Said = {"path": PATH, "stated": plan.n_per_arm, "needed": needed}
            place = found.at("experiment.n_per_arm")
            raise Fail("size_differs", facts, locations=place)
        if abs(plan.sd - own) > SD_WITHIN * own:
            place = found.at("experiment.sd")
            off: Said = {"path": PATH, "stated": plan.sd, "factor": plan.sd / own}
            raise Fail("sd_differs", off, share=0.5, locations=place)

    return library("decision_sample_size", judge, points=points, severity=severity, needs=needs)


def whole_weeks(
    *,
    points: float,
    units_per_week: Truth | None = None,
    severity: str = "major",
    needs: Needs = ("decision_valid",),
) -> Check:
    """The experiment lasts whole weeks, and with `units_per_week` long enough for both arms.

    Reasons: not_whole_weeks, too_short.
    """

    def judge(work: Workspace) -> None:
        found = registered(work)
        plan = _experiment(found)
        place = found.at("experiment.days")
        if plan.days % WEEK:
            raise Fail("not_whole_weeks", {"path": PATH, "days": plan.days}, locations=place)
        if units_per_week is None:
            return
        there = true_number(work, units_per_week) * plan.days / WEEK
        if there < 2 * plan.n_per_arm:
            facts: Said = {
                "path": PATH,
                "days": plan.days,
                "there": int(there),
                "needed": 2 * plan.n_per_arm,
            }
            raise Fail("too_short", facts, share=0.5, locations=place)

    return library("decision_whole_weeks", judge, points=points, severity=severity, needs=needs)


def projection(
    *,
    points: float,
    truth: Truth,
    factor: float = 2.0,
    severity: str = "major",
    needs: Needs = ("decision_valid",),
) -> Check:
    """The expected roubles a month lie within ×/÷ `factor` of what the offline numbers say.

    Reasons: projection_too_high, projection_too_low, projection_other_sign.
    """

    def judge(work: Workspace) -> None:
        found = registered(work)
        expected = _section(found, "expected_uplift_rub_month", Expected)
        own, stated = true_number(work, truth), expected.mid
        place = found.at("expected_uplift_rub_month.mid")
        facts: Said = {"path": PATH, "stated": stated}
        if own * stated <= 0 and own != stated:
            raise Fail("projection_other_sign", facts, locations=place)
        if abs(stated) > factor * abs(own):
            raise Fail("projection_too_high", {**facts, "factor": factor}, locations=place)
        if abs(stated) * factor < abs(own):
            raise Fail("projection_too_low", {**facts, "factor": factor}, locations=place)

    return library("decision_projection", judge, points=points, severity=severity, needs=needs)


def no_go(
    *,
    points: float,
    segments: Sequence[Segment],
    least: int = 1,
    severity: str = "major",
    needs: Needs = ("decision_valid",),
) -> Check:
    """The segments to leave alone are named as conditions: ``lessons_84d <= 2``.

    At least `least` of `segments` must be there; a border may lie anywhere between a segment's
    `low` and `high`. What must be found is not told. Reasons: no_condition, segment_missed.
    """

    def judge(work: Workspace) -> None:
        found = registered(work)
        told = [_conditions(text) for text in found.said.segments_no_go]
        if not any(told):
            place = found.at("segments_no_go")
            raise Fail("no_condition", {"path": PATH}, locations=place)
        there = [s for s in segments if any(_names(s, one) for some in told for one in some)]
        if len(there) < least:
            facts: Said = {"path": PATH, "found": len(there), "least": least}
            share = 0.5 * len(there) / least
            raise Fail("segment_missed", facts, share=share)

    return library("decision_no_go", judge, points=points, severity=severity, needs=needs)


def follows(
    *,
    points: float,
    evidence: Callable[[Workspace], Evidence],
    bar: float = 0.0,
    phase: Phase = Phase.ROLLOUT,
    severity: str = "major",
    needs: Needs = ("decision_valid",),
) -> Check:
    """Ship, hold or stop follows from the interval and the guardrails, not from hope.

    Ship when the whole interval lies above `bar` and nothing is broken; never otherwise. Then hold
    and stop are both sound, but an interval wholly below `bar` is not held for more data. To hold
    what is clearly better earns half. Reasons: section_missing, choice_missing, shipped_broken,
    shipped_unsure, shipped_harm, held_harm, held_gain, stopped_gain.
    """

    def judge(work: Workspace) -> None:
        found = registered(work)
        choice = _section(found, "decision", Choice).after_ab
        place = found.at("decision.after_ab")
        if choice is None:
            raise Fail("choice_missing", {"path": PATH}, locations=place)
        shown = evidence(work)
        reason = _against(choice, shown, bar=bar)
        if reason:
            facts: Said = {"path": PATH, "low": shown.low, "high": shown.high}
            share = 0.5 if reason == "held_gain" else 0.0
            raise Fail(reason, facts, share=share, locations=place)

    return library(
        "decision_follows", judge, points=points, severity=severity, needs=needs, phase=phase
    )


def _against(choice: str, shown: Evidence, *, bar: float) -> str | None:
    """Why a choice does not follow from the evidence; None where it does."""
    if shown.guardrail_broken or shown.split_broken:
        return "shipped_broken" if choice == "ship" else None
    if shown.low > bar:
        return {"hold": "held_gain", "stop": "stopped_gain"}.get(choice)
    if shown.high < bar:
        return {"ship": "shipped_harm", "hold": "held_harm"}.get(choice)
    return "shipped_unsure" if choice == "ship" else None


def _experiment(found: Registered) -> Experiment:
    return _section(found, "experiment", Experiment)


def _section(found: Registered, name: Section, kind: type[_R]) -> _R:
    value = getattr(found.said, name)
    if not isinstance(value, kind):
        raise Fail("section_missing", {"path": found.path, "key": name})
    return value


_CONDITION = re.compile(
    r"(?P<column>[A-Za-z_][A-Za-z0-9_]{0,80})\s{0,3}(?P<op><=|>=|=<|=>|≤|≥|<|>|==|=)"
    r"\s{0,3}(?P<value>-?\d{1,12}(?:[.,]\d{1,9})?)\s?(?P<percent>%)?"
)
_TURNED = re.compile(
    r"(?P<value>-?\d{1,12}(?:[.,]\d{1,9})?)\s{0,3}(?P<op><=|>=|≤|≥|<|>)"
    r"\s{0,3}(?P<column>[A-Za-z_][A-Za-z0-9_]{0,80})"
)
_SIGNS = {"<": "<=", "≤": "<=", "=<": "<=", ">": ">=", "≥": ">=", "=>": ">="}
_MIRROR = {"<=": ">=", ">=": "<="}

Condition = tuple[str, str, float]


def _conditions(text: str) -> list[Condition]:
    """The conditions of a text: column, <= or >= or =, border."""
    found = []
    for match in _CONDITION.finditer(text):
        op = _SIGNS.get(match["op"], match["op"].replace("==", "="))
        value = float(match["value"].replace(",", ".")) / (100 if match["percent"] else 1)
        found.append((match["column"], op, value))
    for match in _TURNED.finditer(text):
        op = _SIGNS.get(match["op"], match["op"])
        found.append((match["column"], _MIRROR[op], float(match["value"].replace(",", "."))))
    return found


def _names(segment: Segment, condition: Condition) -> bool:
    column, op, value = condition
    same = op in (segment.op, "=")
    return column == segment.column and same and segment.low <= value <= segment.high
