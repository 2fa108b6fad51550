"""How an enrolment stands, stage by stage: counted when a verdict comes, read by large pages.

Everything here follows from the verdicts and can be counted again at any time.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple, TypedDict

from django.db import transaction

from graders.results import Outcome, Readiness
from simulator.attempts.marking import read_marks
from simulator.attempts.models import Snapshot, Standing, Verdict
from simulator.catalog.models import Enrolment

LONGEST_SITTING: Final = 30 * 60  # seconds between two attempts that are still one sitting
HURRIED: Final = 2 * 60
FEW_LINES: Final = 5
CHUNK: Final = 500
KEPT_DAYS: Final = 60
DAY: Final = 24 * 3600


class Place(NamedTuple):
    """Where a learner stands at a stage: short, because a page may show forty thousand."""

    best: float
    passed: bool
    production: bool  # some passing attempt was ready for production
    merit: bool
    firm: bool  # the best score rests on firm ground
    attempts: int  # charged
    minutes: int  # of work
    checks_passed: int  # by the newest attempt
    checks: int
    last_at: int  # seconds since 1970


class Struggle(TypedDict):
    """More about a stage that is begun and not passed."""

    same_finding: int  # changed attempts in a row with the same finding in focus
    finding: str  # its check and reason
    idle_minutes: int  # minutes of work since a check passed for the first time
    hurried: int  # quick attempts in a row with few changed lines
    graded: int
    first_at: int
    latest: str  # the public id of the newest graded attempt


@dataclass(frozen=True, kw_only=True)
class Stood:
    """An enrolment: its stages, and the days on which something was handed in."""

    places: Mapping[str, Place]
    struggles: Mapping[str, Struggle]
    days: Sequence[int]  # since 1970


@dataclass(frozen=True, kw_only=True)
class _Try:
    """What is read of one graded attempt."""

    number: int
    manifest: Mapping[str, str]
    charged: bool
    at: datetime
    public_id: str
    score: float
    passed: bool
    merit: bool
    readiness: str
    firm: bool
    finding: str
    marks: str

    @property
    def seconds(self) -> int:
        return int(self.at.timestamp())


def recount(enrolment_ids: Iterable[int], *, stage: str | None = None) -> None:
    """Count again how enrolments stand, in all stages or one."""
    ids = sorted(set(enrolment_ids))
    with transaction.atomic():
        # Two verdicts of one learner may end at once: each sees what the other has counted.
        [*Enrolment.objects.select_for_update().filter(pk__in=ids).values_list("pk")]
        tries = _tries(ids, stage)
        lines = _changed_lines(tries.values())
        rows = {pk: Standing(enrolment_id=pk) for pk in ids}
        if stage:
            rows |= Standing.objects.in_bulk(ids)
        for row in rows.values():
            row.places.pop(stage, None)
            row.struggles.pop(stage, None)
        for (pk, slug), found in tries.items():
            rows[pk].places[slug] = _place(found)
            if not rows[pk].places[slug].passed:
                rows[pk].struggles[slug] = _struggle(found, lines)
            days = {*rows[pk].days} | {one.seconds // DAY for one in found}
            rows[pk].days = sorted(days)[-KEPT_DAYS:]
        Standing.objects.bulk_create(
            rows.values(),
            update_conflicts=True,
            unique_fields=["enrolment"],
            update_fields=["places", "struggles", "days"],
            batch_size=CHUNK,
        )


def standings(enrolment_ids: Iterable[int]) -> dict[int, Stood]:
    """How enrolments stand, by their id: in one query, and a few more where one is not counted."""
    ids = {*enrolment_ids}
    found = _read(ids)
    uncounted = ids - found.keys()
    if uncounted:
        recount(uncounted)
        found |= _read(uncounted)
    return found


def _read(ids: Collection[int]) -> dict[int, Stood]:
    rows = Standing.objects.filter(enrolment__in=ids)
    return {
        pk: Stood(
            places={slug: Place(*place) for slug, place in places.items()},
            struggles=struggles,
            days=days,
        )
        for pk, places, struggles, days in rows.values_list(
            "enrolment", "places", "struggles", "days"
        )
    }


def _tries(ids: Sequence[int], stage: str | None) -> dict[tuple[int, str], list[_Try]]:
    rows = Verdict.objects.filter(grading__attempt__enrolment__in=ids, counts=True)
    if stage:
        rows = rows.filter(grading__attempt__stage=stage)
    found: dict[tuple[int, str], list[_Try]] = defaultdict(list)
    for pk, slug, check, reason, *facts in rows.order_by("grading_id").values_list(
        "grading__attempt__enrolment", "grading__attempt__stage", "focus_check", "focus_reason",
        "grading__attempt__number", "grading__attempt__manifest", "grading__attempt__charged",
        "grading__attempt__created_at", "grading__attempt__public_id", "score", "passed",
        "merit", "readiness", "development_only", "marks",
    ).iterator(chunk_size=2000):  # fmt: skip
        names = [field.name for field in fields(_Try) if field.name != "finding"]
        given = dict(zip(names, facts, strict=True))
        firm = not given.pop("firm")
        finding = f"{check}:{reason}" if check else ""
        given["public_id"] = str(given["public_id"])
        found[pk, slug].append(_Try(**given, firm=firm, finding=finding))
    for tries in found.values():
        tries.sort(key=lambda one: one.number)
    return found


def _place(tries: Sequence[_Try]) -> Place:
    outcomes = [mark.outcome for mark in read_marks(tries[-1].marks)]
    best, firm = max((one.score, one.firm) for one in tries)
    return Place(
        best=best,
        passed=any(one.passed for one in tries),
        production=any(one.passed and one.readiness == Readiness.PRODUCTION for one in tries),
        merit=any(one.merit for one in tries),
        firm=firm,
        attempts=sum(one.charged for one in tries),
        minutes=_minutes(tries)[1],
        checks_passed=outcomes.count(Outcome.PASSED),
        checks=len(outcomes),
        last_at=tries[-1].seconds,
    )


def _struggle(tries: Sequence[_Try], lines: Mapping[tuple[str, str], int]) -> Struggle:
    last = tries[-1]
    return Struggle(
        same_finding=_same_finding(tries),
        finding=last.finding,
        idle_minutes=_minutes(tries)[0],
        hurried=_hurried(tries, lines),
        graded=len(tries),
        first_at=tries[0].seconds,
        latest=last.public_id,
    )


def _same_finding(tries: Sequence[_Try]) -> int:
    """How many of the newest attempts that changed something had the same finding in focus."""
    last = tries[-1]
    if not last.finding:
        return 0
    count = 1
    for before, after in reversed([*pairwise(tries)]):
        if before.finding != last.finding or before.passed:
            break
        count += before.manifest != after.manifest
    return count


def _minutes(tries: Sequence[_Try]) -> tuple[int, int]:
    """Minutes of work since a check passed for the first time, and in all."""
    passed: set[str] = set()
    idle = work = 0
    before: _Try | None = None
    for one in tries:
        spent = min(one.seconds - before.seconds, LONGEST_SITTING) if before else 0
        green = {m.check for m in read_marks(one.marks) if m.outcome == Outcome.PASSED}
        idle = 0 if green - passed else idle + spent
        work += spent
        passed |= green
        before = one
    return idle // 60, work // 60


def _hurried(tries: Sequence[_Try], lines: Mapping[tuple[str, str], int]) -> int:
    count = 0
    for before, after in reversed([*pairwise(tries)]):
        few = sum(lines.get(pair, 0) for pair in _pairs(before, after)) < FEW_LINES
        if not (few and after.seconds - before.seconds < HURRIED):
            break
        count += 1
    return count + 1 if count else 0


def _pairs(before: _Try, after: _Try) -> list[tuple[str, str]]:
    """The digests of the files that differ; empty for a file that is not there."""
    paths = before.manifest.keys() | after.manifest.keys()
    pairs = [(before.manifest.get(path, ""), after.manifest.get(path, "")) for path in paths]
    return [(old, new) for old, new in pairs if old != new]


def _changed_lines(groups: Iterable[Sequence[_Try]]) -> dict[tuple[str, str], int]:
    """How many lines differ, for the files of attempts that came quickly after another."""
    pairs = {
        pair
        for tries in groups
        for before, after in pairwise(tries)
        if after.seconds - before.seconds < HURRIED
        for pair in _pairs(before, after)
    }
    digests = sorted({digest for pair in pairs for digest in pair if digest})
    contents: dict[str, Counter[bytes]] = {}
    for start in range(0, len(digests), CHUNK):
        rows = Snapshot.objects.filter(digest__in=digests[start : start + CHUNK])
        for digest, content in rows.values_list("digest", "content"):
            contents[digest] = Counter(bytes(content).splitlines())
    nothing: Counter[bytes] = Counter()
    found: dict[tuple[str, str], int] = {}
    for pair in pairs:
        old, new = (contents.get(digest, nothing) for digest in pair)
        found[pair] = (old - new).total() + (new - old).total()
    return found
