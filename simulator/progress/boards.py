"""A quest's board: opt-in, several columns, the Pareto set first; ranks are intervals.

Values move only when they are better beyond their noise (a ladder), so that handing in often
climbs nothing. What a board shows is what the report showed: together they tell no more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from graders.quest import Quest
from graders.results import CheckResult, Group, Outcome
from simulator.attempts import events
from simulator.attempts.models import Attempt, Snapshot, Verdict
from simulator.progress.models import Seat

MOST_SEATS: Final = 100
LOOKED_BACK: Final = 30  # verdicts a seat
CODE: Final = (".py", ".sql")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A learner's row: what their work reaches, as far as it was measured."""

    name: str
    enrolment_id: int
    metric: float | None = None  # the judge's own ladder value
    metric_name: str = ""
    more_is_better: bool = True
    money: float | None = None  # roubles a decision, with its interval
    low: float | None = None
    high: float | None = None
    p95_ms: float | None = None
    code_kb: float | None = None
    ranks: tuple[int, int] = (0, 0)
    pareto: bool = False

    @property
    def measured(self) -> bool:
        return self.metric is not None or self.money is not None


def board(quest: Quest) -> tuple[Standing, ...]:
    """Every row, in a constant number of queries: the Pareto set first, then by money."""
    seats = [*Seat.objects.filter(enrolment__quest=quest.slug).order_by("taken_at")[:MOST_SEATS]]
    verdicts = _verdicts([seat.pk for seat in seats])
    sizes = _sizes(verdicts)
    rows = [_standing(seat, verdicts.get(seat.pk, ()), sizes) for seat in seats]
    shown = [replace(row, ranks=_ranks(row, rows), pareto=_on_front(row, rows)) for row in rows]
    return tuple(sorted(shown, key=lambda row: (not row.pareto, -(row.money or 0), row.name)))


def _verdicts(enrolments: Sequence[int]) -> dict[int, tuple[Verdict, ...]]:
    """The last passing verdicts of each, oldest first."""
    mine = Verdict.objects.filter(grading__attempt__enrolment__in=enrolments, passed=True)
    chosen: dict[int, list[int]] = {}
    for enrolment, pk in mine.order_by("-pk").values_list("grading__attempt__enrolment", "pk"):
        if len(chosen.setdefault(enrolment, [])) < LOOKED_BACK:
            chosen[enrolment].append(pk)
    wanted = [pk for pks in chosen.values() for pk in pks]
    found: dict[int, list[Verdict]] = {}
    rows = Verdict.objects.filter(pk__in=wanted).select_related("grading__attempt")
    for verdict in rows.order_by("pk"):
        found.setdefault(verdict.grading.attempt.enrolment_id, []).append(verdict)
    return {enrolment: tuple(rows) for enrolment, rows in found.items()}


def _sizes(verdicts: Mapping[int, Sequence[Verdict]]) -> dict[str, int]:
    """Bytes of the code of each seat's last attempt, by digest."""
    digests = {
        digest
        for rows in verdicts.values()
        for path, digest in _last(rows).manifest.items()
        if path.endswith(CODE)
    }
    rows = Snapshot.objects.filter(digest__in=digests).values_list("digest", "content")
    return {digest: len(content) for digest, content in rows}


def _last(rows: Sequence[Verdict]) -> Attempt:
    attempt: Attempt = rows[-1].grading.attempt
    return attempt


def _standing(seat: Seat, rows: Sequence[Verdict], sizes: Mapping[str, int]) -> Standing:
    row = Standing(name=seat.name, enrolment_id=seat.pk)
    for verdict in rows:
        for result in events.read_verdict(verdict.body).results:
            row = _climb(row, result)
    if not rows:
        return row
    code = sum(sizes.get(d, 0) for p, d in _last(rows).manifest.items() if p.endswith(CODE))
    return replace(row, code_kb=round(code / 1024, 1))


def _climb(row: Standing, result: CheckResult) -> Standing:
    """The row after one more result: a column moves only beyond its noise."""
    value, params = result.params.get("value"), result.params
    if result.readout is not None:
        seen = result.readout
        half = (seen.high - seen.low) / 2
        if row.money is None or seen.effect > row.money + half:
            row = replace(row, money=seen.effect, low=seen.low, high=seen.high)
    elif result.group is Group.METRICS and isinstance(value, int | float) and "baseline" in params:
        up = float(params["target"]) >= float(params["baseline"])
        name = str(params.get("metric", result.check))
        better = row.metric is None or (value > row.metric) == up
        if better or name != row.metric_name:
            row = replace(row, metric=float(value), metric_name=name, more_is_better=up)
    p95 = params.get("p95")
    if isinstance(p95, int | float) and result.outcome is Outcome.PASSED:
        row = replace(row, p95_ms=min(row.p95_ms or float(p95), float(p95)))
    return row


def _ranks(row: Standing, rows: Iterable[Standing]) -> tuple[int, int]:
    """The best and the worst place by money that the intervals allow; zeros without money."""
    paid = [each for each in rows if each.money is not None]
    if row.low is None or row.high is None:
        return (0, 0)
    above = sum(each.low is not None and each.low > row.high for each in paid)
    below = sum(each.high is not None and each.high < row.low for each in paid)
    return (1 + above, len(paid) - below)


def _on_front(row: Standing, rows: Iterable[Standing]) -> bool:
    """Whether nobody is as good in every column and better in one."""
    return row.measured and not any(_beats(other, row) for other in rows if other is not row)


def _beats(one: Standing, other: Standing) -> bool:
    pairs = [
        (one.money, other.money, 1),
        (one.metric, other.metric, 1 if one.more_is_better else -1),
        (one.p95_ms, other.p95_ms, -1),
        (one.code_kb, other.code_kb, -1),
    ]
    better = False
    for mine, theirs, sign in pairs:
        if theirs is None:
            better = better or mine is not None
            continue
        if mine is None or sign * (mine - theirs) < 0:
            return False
        better = better or sign * (mine - theirs) > 0
    return better
