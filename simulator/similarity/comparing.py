"""Which works of a stage share fragments that are neither given nor common: no score, no verdict.

What the starter or the reference holds is taken out first, as is what many learners wrote.
"""

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from graders import works
from graders.quest import Quest
from simulator.attempts.models import Attempt, Snapshot
from simulator.cohorts.models import Cohort
from simulator.similarity.winnowing import Fingerprint, fingerprints

COMPARED: Final = (".py", ".sql")
MOST_COMMON: Final = 0.1  # of the learners: what more of them wrote is common
LEAST_LINES: Final = 5  # shared, to be shown
MOST_PAIRS: Final = 100
CHUNK: Final = 500


@dataclass(frozen=True, kw_only=True)
class Fragment:
    """A stretch that both works hold."""

    left_path: str
    left: tuple[int, int]  # lines
    right_path: str
    right: tuple[int, int]
    held_by: int  # learners

    @property
    def lines(self) -> int:
        return self.left[1] - self.left[0] + 1


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two works that share something uncommon."""

    left: Attempt
    right: Attempt
    fragments: Sequence[Fragment]

    @property
    def lines(self) -> int:
        return sum(one.lines for one in self.fragments)

    @property
    def rarest(self) -> int:
        return min(one.held_by for one in self.fragments)


@dataclass(frozen=True, kw_only=True)
class Similar:
    """A stage's works compared."""

    works: int
    pairs: Sequence[Pair]
    too_small: bool  # nothing was long enough to say anything

    def pair(self, left: Attempt, right: Attempt) -> Pair | None:
        """What two works share."""
        wanted = {left.pk, right.pk}
        return next((p for p in self.pairs if {p.left.pk, p.right.pk} == wanted), None)


_Where = dict[int, tuple[str, Fingerprint]]  # digest -> path and place


def similar(cohort: Cohort, quest: Quest, stage: str) -> Similar:
    """Compare the newest work of every learner of a cohort at a stage."""
    attempts = _newest(cohort, quest.slug, stage)
    given = _given(quest)
    held: dict[int, list[int]] = defaultdict(list)
    where: dict[int, _Where] = {}
    for attempt, prints in zip(attempts, _prints(attempts), strict=True):
        mine = {one.digest: (path, one) for path, one in prints if one.digest not in given}
        where[attempt.pk] = mine
        for digest in mine:
            held[digest].append(attempt.pk)
    most = max(2, round(MOST_COMMON * len(attempts)))
    shared: dict[tuple[int, int], list[int]] = defaultdict(list)
    for digest, holders in held.items():
        if 1 < len(holders) <= most:
            for two in combinations(holders, 2):
                shared[two].append(digest)
    by_pk = {attempt.pk: attempt for attempt in attempts}
    counts = {digest: len(holders) for digest, holders in held.items()}
    pairs = []
    for (left, right), digests in shared.items():
        fragments = _fragments(where[left], where[right], digests, counts)
        pair = Pair(left=by_pk[left], right=by_pk[right], fragments=fragments)
        if pair.lines >= LEAST_LINES:
            pairs.append(pair)
    pairs.sort(key=lambda one: (one.rarest, -one.lines))
    return Similar(
        works=len(attempts),
        pairs=pairs[:MOST_PAIRS],
        too_small=bool(attempts) and not any(where.values()),
    )


def lines_of(attempt: Attempt, path: str) -> list[str]:
    """A file of a work, line by line."""
    found = Snapshot.objects.filter(digest=attempt.manifest.get(path, ""))
    body = found.values_list("content", flat=True).first() or b""
    return bytes(body).decode("utf-8", errors="replace").splitlines()


def _newest(cohort: Cohort, quest: str, stage: str) -> list[Attempt]:
    rows = Attempt.objects.filter(
        enrolment__learner__memberships__cohort=cohort, enrolment__quest=quest, stage=stage
    ).select_related("enrolment__learner")
    newest = {one.enrolment_id: one for one in rows.order_by("number")}
    return sorted(newest.values(), key=lambda one: one.pk)


def _prints(attempts: Sequence[Attempt]) -> Iterable[list[tuple[str, Fingerprint]]]:
    digests = {
        digest
        for attempt in attempts
        for path, digest in attempt.manifest.items()
        if path.endswith(COMPARED)
    }
    contents = _contents(sorted(digests))
    for attempt in attempts:
        yield [
            (path, one)
            for path, digest in attempt.manifest.items()
            if path.endswith(COMPARED)
            for one in _of_text(contents.get(digest, ""), sql=path.endswith(".sql"))
        ]


def _contents(digests: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(digests), CHUNK):
        rows = Snapshot.objects.filter(digest__in=digests[start : start + CHUNK])
        for digest, content in rows.values_list("digest", "content"):
            found[digest] = bytes(content).decode("utf-8", errors="replace")
    return found


@functools.lru_cache(maxsize=4096)
def _of_text(text: str, *, sql: bool) -> list[Fingerprint]:
    return fingerprints(text, sql=sql)


def _given(quest: Quest) -> frozenset[int]:
    """What every learner is given or would be shown: starter, reference and their variants."""
    last = quest.stages[-1]
    projects: list[Mapping[str, bytes]] = [
        works.starter(quest, last).files,
        works.reference(quest, last).files,
        *(one.files for one in works.variants(quest)),
    ]
    return frozenset(
        one.digest
        for files in projects
        for path, body in files.items()
        if path.endswith(COMPARED)
        for one in _of_text(body.decode("utf-8", errors="replace"), sql=path.endswith(".sql"))
    )


def _fragments(
    left: _Where, right: _Where, digests: Sequence[int], counts: Mapping[int, int]
) -> list[Fragment]:
    """Shared fingerprints that touch on both sides become one fragment."""
    found: list[Fragment] = []
    places = sorted(digests, key=lambda one: (left[one][0], left[one][1].first_line))
    for digest in places:
        (path, here), (other, there) = left[digest], right[digest]
        new = Fragment(
            left_path=path,
            left=(here.first_line, here.last_line),
            right_path=other,
            right=(there.first_line, there.last_line),
            held_by=counts[digest],
        )
        last = found[-1] if found else None
        if last and _touch(last, new):
            found[-1] = _joined(last, new)
        else:
            found.append(new)
    return found


def _touch(last: Fragment, new: Fragment) -> bool:
    return (
        (last.left_path, last.right_path) == (new.left_path, new.right_path)
        and new.left[0] <= last.left[1] + 1
        and last.right[0] - 1 <= new.right[0] <= last.right[1] + 1
    )


def _joined(last: Fragment, new: Fragment) -> Fragment:
    return Fragment(
        left_path=last.left_path,
        left=(last.left[0], max(last.left[1], new.left[1])),
        right_path=last.right_path,
        right=(min(last.right[0], new.right[0]), max(last.right[1], new.right[1])),
        held_by=min(last.held_by, new.held_by),
    )
