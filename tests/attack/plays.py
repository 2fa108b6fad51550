"""How a case is played: by one learner alone, or with others and faults around it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import IO, Any, Final

from simulator.environment import ROOT
from tests.attack import collecting, faults
from tests.attack.case import Case, Evidence
from tests.attack.learning import HandedIn, Learner, Unanswered
from tests.attack.stand import CROWD, Stand

STARTING_SECONDS: Final = 60.0
HAND_INS: Final = 200
TURNED: Final = 6  # of the pairs that decide, and of those that are shown
TOO_MANY: Final = 429


@dataclass(frozen=True, kw_only=True)
class Played:
    """What came of it, and which attempts were graded."""

    evidence: Evidence
    attempts: list[str]
    others: tuple[Evidence, ...] = ()  # where several played: each must be as the case says
    said: tuple[str, ...] = ()  # what went wrong on the way


def alone(stand: Stand, case: Case) -> Played:
    """One learner hands it in."""
    return _by(stand.people["mallory"], stand, case)


def crowded(stand: Stand, case: Case) -> Played:
    """Eight learners hand it in at once, and after them one more, who finds what they left."""
    stand.once("crowd", _more_workers)
    with ThreadPoolExecutor(max_workers=len(CROWD)) as pool:
        first = list(pool.map(lambda name: _by(stand.people[name], stand, case), CROWD))
    last = alone(stand, case)
    surfaces = dict(last.evidence.surfaces)
    for number, other in enumerate(first):
        surfaces |= {f"{number}:{k}": v for k, v in other.evidence.surfaces.items()}
    return Played(
        evidence=replace(last.evidence, surfaces=surfaces),
        attempts=[attempt for played in (last, *first) for attempt in played.attempts],
        others=tuple(played.evidence for played in first),
    )


def _more_workers(stand: Stand) -> bool:
    """From now on, as many gradings at once as there are learners in a crowd."""
    words = ["celery", "--app", "simulator.celery", "worker", "--queues", "interactive"]
    words += ["--concurrency", str(len(CROWD)), "--hostname", "crowd@%h", "--loglevel", "INFO"]
    words += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    log = tempfile.TemporaryFile()  # noqa: SIM115 - the stand closes it
    stand.stack.enter_context(log)
    worker = subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env={**os.environ, **stand.settings, "SIM_HOME": str(stand.site.home)},
        stdout=log,
        stderr=log,
    )
    stand.stack.callback(worker.wait, 60)
    stand.stack.callback(worker.terminate)
    _await(log, b"ready.")
    return True


def _await(log: IO[bytes], word: bytes) -> None:
    deadline = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < deadline:
        if word in os.pread(log.fileno(), 1_000_000, 0):
            return
        time.sleep(0.1)
    raise Unanswered("more workers do not come up")


def probing(stand: Stand, case: Case) -> Played:
    """One learner turns one answer at a time and watches what is shown, up to the site's limit."""
    person, decides = stand.people["prober"], stand.decides()
    first = _by(person, stand, _turning(case, None))
    usual, reports = _shown(first.evidence.report), {}
    for kind in (True, False):
        for place in [n for n, one in enumerate(decides) if one is kind][:TURNED]:
            attempt = hand_in(person, stand, _turning(case, place)).attempt
            reports[place] = attempt, person.report(attempt)
    moved = [place for place, (_, report) in reports.items() if _shown(report) != usual]
    said = [f"what is shown moves with pair {n}, which decides" for n in moved if decides[n]]
    if not moved:
        said.append("nothing that is turned is seen: this proves nothing")
    refused = person.rush(case.stage, HAND_INS - len(reports)).count(TOO_MANY)
    if not refused > HAND_INS // 2:
        said.append(f"of {HAND_INS} hand-ins in a row, {refused} are refused")
    surfaces = dict(first.evidence.surfaces)
    surfaces |= {f"report {n}": json.dumps(each).encode() for n, (_, each) in reports.items()}
    return Played(
        evidence=replace(first.evidence, surfaces=surfaces),
        attempts=[*first.attempts, *(attempt for attempt, _ in reports.values())],
        said=tuple(said),
    )


def _turning(case: Case, place: int | None) -> Case:
    """The case with the answer at this place turned."""
    word = "" if place is None else str(place)
    files = {
        path: text.replace("@TURNED@", word) if isinstance(text, str) else text
        for path, text in case.files.items()
    }
    return replace(case, files=files)


def _shown(report: Mapping[str, Any]) -> object:
    return [(each["reason"], each["params"], each["score"]) for each in report["checks"]]


def collected_again(stand: Stand, case: Case) -> Played:
    """One learner hands it in; then rooms like theirs are collected a thousand times."""
    played = alone(stand, case)
    return _with(played, list(collecting.swapped(stand)))


def unsafe_host(stand: Stand, case: Case) -> Played:
    """The runner's host lacks something: no such host opens a room, and the job waits."""
    with ExitStack() as stack:
        faulty = faults.without_walls(stack)
        said = [word for each in faulty for word in each.complaints()]
        played = _waiting(stand, case, faulty[0])
    return _with(played, said)


def no_program(stand: Stand, case: Case) -> Played:
    """What makes shells is gone when the job comes: nothing takes its place, and the job waits."""
    with ExitStack() as stack:
        faulty = faults.without_program(stack, stand.kind)
        said = faulty.complaints()
        played = _waiting(stand, case, faulty)
    return _with(played, said)


def keeper_killed(stand: Stand, case: Case) -> Played:
    """While it runs, its room's keeper is killed: all of the room goes, the job is redone."""
    person = stand.people["mallory"]
    began = time.monotonic()
    attempt = hand_in(person, stand, case).attempt
    said = faults.kill_keeper(stand.watcher.roots())
    report = person.report(attempt)
    surfaces = person.everything(case.stage, [attempt])
    seconds = time.monotonic() - began
    evidence = _evidence(stand, seconds, report=report, surfaces=surfaces)
    return Played(evidence=evidence, attempts=[attempt], said=tuple(said))


PLAYS: Final[Mapping[str, Callable[[Stand, Case], Played]]] = {
    "alone": alone,
    "crowded": crowded,
    "probing": probing,
    "collected again": collected_again,
    "unsafe host": unsafe_host,
    "no program": no_program,
    "keeper killed": keeper_killed,
}


def _waiting(stand: Stand, case: Case, faulty: faults.Faulty) -> Played:
    """Hand in while the faulty runner stands in; let it wait; then give the good one back."""
    person = stand.people["mallory"]
    began = time.monotonic()
    with faults.taking_over(stand, faulty.socket):
        attempt = hand_in(person, stand, case).attempt
        said = list(faults.waits(stand, person, attempt))
    report = person.report(attempt)
    evidence = _evidence(
        stand,
        time.monotonic() - began,
        report=report,
        surfaces=person.everything(case.stage, [attempt]),
    )
    return Played(evidence=evidence, attempts=[attempt], said=tuple(said))


def _with(played: Played, said: list[str]) -> Played:
    return replace(played, said=(*played.said, *said))


def _by(person: Learner, stand: Stand, case: Case) -> Played:
    began = time.monotonic()
    handed = hand_in(person, stand, case)
    if handed.status >= 400:
        surfaces = person.everything(case.stage, ())
        surfaces["the refusal"] = str(handed.body).encode()
        evidence = _evidence(
            stand, time.monotonic() - began, answer=handed.body, surfaces=surfaces
        )
        return Played(evidence=evidence, attempts=[])
    report = person.report(handed.attempt)
    seconds = time.monotonic() - began
    surfaces = person.everything(case.stage, [handed.attempt])
    evidence = _evidence(stand, seconds, report=report, surfaces=surfaces)
    return Played(evidence=evidence, attempts=[handed.attempt])


def hand_in(person: Learner, stand: Stand, case: Case) -> HandedIn:
    """Hand in what the case says, in the way it says."""
    if case.archive is not None:
        return person.hand_in_zip(case.stage, case.archive())
    files = stand.reference()
    for path, text in case.files.items():
        if text is None:
            files.pop(path, None)
        else:
            files[path] = stand.filled_in(text)
    return person.hand_in(case.stage, files)


def _evidence(
    stand: Stand,
    seconds: float,
    *,
    surfaces: Mapping[str, bytes],
    answer: Mapping[str, object] | None = None,
    report: Mapping[str, object] | None = None,
) -> Evidence:
    return Evidence(
        kind=stand.kind,
        seconds=seconds,
        answer=answer or {},
        report=report or {},
        surfaces=surfaces,
    )
