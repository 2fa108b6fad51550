"""I1 to I7 of the security design, looked at after every case."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.attack.case import Evidence
from tests.attack.scanner import leaks
from tests.attack.stand import Stand, left

SLOWER: Final = 3.0  # than the usual time: then something is left that eats
FLOOR_SECONDS: Final = 0.5  # what is quicker is not worth a ratio
GROWTH: Final = 1.25
GROWTH_MB: Final = 48.0
WARM_UP: Final = 3
TRIES: Final = 4
ARITHMETIC: Final = "sum(range(5_000_000))"
MOST_BUSY: Final = 0.5  # processors that an idle site may use
FULL: Final = 100


def prepare(stand: Stand) -> None:
    """Warm everything, then note what an idle site is and how long the honest take."""
    for stage in stand.quest.stages:
        took = [_honest(stand, stage.slug)[1] for _ in range(WARM_UP)]
        stand.reference_seconds[stage.slug] = statistics.median(took)
    before = stand.watcher.look()
    while (now := _after_a_moment(stand)) != before:
        before = now
    stand.idle = before
    stand.yardstick = _yardstick()
    stand.memory = stand.watcher.weigh()
    stand.canaries.complaints()  # what setting up did is no one's attack


def complaints(
    stand: Stand, stage: str, attempts: list[str], evidence: Evidence
) -> Iterator[tuple[str, str]]:
    """Every invariant that does not hold, with its name. The honest project goes last."""
    yield from (("I4", said) for said in _one_verdict(stand, attempts))
    yield from (("I5", said) for said in leaks(evidence.surfaces, stand.tokens()))
    yield from (("I7", said) for said in _receipt(stand, attempts))
    yield from (("I2", said) for said in _nothing_left(stand))
    yield from (("I3", said) for said in _honest_still_passes(stand, stage))
    yield from (("I2", said) for said in _nothing_left(stand))
    yield from (("I6", said) for said in _well(stand))
    yield from (("I1", said) for said in stand.canaries.complaints())


def _after_a_moment(stand: Stand) -> Any:
    time.sleep(0.5)
    return stand.watcher.look()


def _honest(stand: Stand, stage: str) -> tuple[Mapping[str, Any], float]:
    person = stand.people["honest"]
    began = time.monotonic()
    report = person.report(person.hand_in(stage, stand.reference()).attempt)
    return report, time.monotonic() - began


def _one_verdict(stand: Stand, attempts: list[str]) -> Iterator[str]:
    """I4: a grading each, done, with one verdict."""
    question = (
        "SELECT g.state, COUNT(v.grading_id) FROM attempts_attempt a "
        "JOIN attempts_grading g ON g.attempt_id = a.id "
        "LEFT JOIN attempts_verdict v ON v.grading_id = g.id "
        "WHERE a.public_id = ? GROUP BY g.id"
    )
    for attempt in attempts:
        found = stand.rows(question, attempt.replace("-", ""))
        if found != [("done", 1)]:
            yield f"attempt {attempt} has the gradings and verdicts {found}"


def _receipt(stand: Stand, attempts: list[str]) -> Iterator[str]:
    """I7: what was found is on record under the grading, with facts of the supervisor."""
    question = (
        "SELECT g.id, v.body, (SELECT COUNT(*) FROM attempts_result r WHERE r.grading_id = g.id "
        "AND r.fence = g.fence AND r.event = 'result') FROM attempts_attempt a "
        "JOIN attempts_grading g ON g.attempt_id = a.id "
        "JOIN attempts_verdict v ON v.grading_id = g.id WHERE a.public_id = ?"
    )
    for attempt in attempts:
        for grading, body, results in stand.rows(question, attempt.replace("-", "")):
            judged = json.loads(body)
            if results != len(judged["results"]):
                yield f"grading {grading} has {results} results, not {len(judged['results'])}"
            if not judged["clocks"]["starting"] + judged["clocks"]["running"] > 0:
                yield f"grading {grading} has no facts of the supervisor: {judged['clocks']}"
            if not (judged.get("basis") or {}).get("rooms"):
                yield f"grading {grading} does not say what its rooms were"


def _nothing_left(stand: Stand) -> Iterator[str]:
    """I2: no process, container, control group, mount, namespace or file of the run."""
    above = left(stand)
    if above:
        yield f"left behind: {above}"


def _honest_still_passes(stand: Stand, stage: str) -> Iterator[str]:
    """I3: the reference verdict, in about the usual time; a slow one may have been bad luck."""
    usual, slow = max(FLOOR_SECONDS, stand.reference_seconds[stage]), []
    for _ in range(TRIES):
        report, seconds = _honest(stand, stage)
        if not (report["passed"] and report["score"] == FULL and report["blame"] == "passed"):
            yield f"the honest project got {report['score']} points, blame {report['blame']}"
            return
        stand.ratios.append(seconds / stand.reference_seconds[stage])
        said = list(_slow_by_itself(stand, seconds, usual))
        if not said:
            return
        slow += said
    yield slow[-1]


def _slow_by_itself(stand: Stand, seconds: float, usual: float) -> Iterator[str]:
    """It took long, and it is not the host, on which others work, too, that is slow just now.

    A task that has nothing to do with the site was timed at first and is timed again; nothing of
    the site may be computing meanwhile.
    """
    if seconds <= SLOWER * usual:
        return
    busy, host = stand.watcher.busy(), max(1.0, _yardstick() / stand.yardstick)
    said = (
        f"the honest project took {seconds:.1f} s, usually {usual:.1f} s, on a host that is "
        f"{host:.1f} times slower now; the site, left alone, uses {busy:.1f} processors"
    )
    if busy > MOST_BUSY or seconds > SLOWER * usual * host:
        yield said


def _yardstick() -> float:
    """How long an interpreter takes for a little arithmetic: the median of a few."""
    return statistics.median(_measured() for _ in range(WARM_UP))


def _measured() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-I", "-S", "-c", ARITHMETIC], check=True)
    return time.monotonic() - began


def _well(stand: Stand) -> Iterator[str]:
    """I6: every part answers, and memory is back to where it was."""
    health = stand.health()
    if not health.get("ok"):
        yield f"the site is not well: {health}"
    if stand.memory is None:
        raise RuntimeError("the stand was not prepared")
    now, before = vars(stand.watcher.weigh()), vars(stand.memory)
    for name, megabytes in now.items():
        if megabytes > GROWTH * before[name] + GROWTH_MB:
            yield f"the {name}'s memory grew from {before[name]:.0f} to {megabytes:.0f} MB"
