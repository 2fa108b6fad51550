"""How a case is played: by one learner alone, or with others and faults around it."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Final

from tests.attack import faults
from tests.attack.case import Case, Evidence
from tests.attack.learning import HandedIn, Learner
from tests.attack.stand import CROWD, Stand


@dataclass(frozen=True, kw_only=True)
class Played:
    """What came of it, and which attempts were graded."""

    evidence: Evidence
    attempts: list[str]
    said: tuple[str, ...] = ()  # what went wrong on the way


def alone(stand: Stand, case: Case) -> Played:
    """One learner hands it in."""
    return _by(stand.people["mallory"], stand, case)


def crowded(stand: Stand, case: Case) -> Played:
    """Several learners hand it in at once, and after them one more, who is the evidence."""
    with ThreadPoolExecutor(max_workers=len(CROWD)) as pool:
        others = list(pool.map(lambda name: _by(stand.people[name], stand, case), CROWD))
    last = alone(stand, case)
    surfaces = dict(last.evidence.surfaces)
    attempts = list(last.attempts)
    for number, other in enumerate(others):
        surfaces |= {f"{number}:{k}": v for k, v in other.evidence.surfaces.items()}
        attempts += other.attempts
    evidence = _evidence(
        stand, last.evidence.seconds, report=last.evidence.report, surfaces=surfaces
    )
    return Played(evidence=evidence, attempts=attempts)


def unsafe_host(stand: Stand, case: Case) -> Played:
    """The runner's host lacks something: no such host opens a room, and the job waits."""
    with ExitStack() as stack:
        faulty = faults.without_walls(stack)
        said = [f"without {each.lacks}: rooms are opened" for each in faulty if not each.why_not()]
        played = _waiting(stand, case, faulty[0])
    return _with(played, said)


def no_program(stand: Stand, case: Case) -> Played:
    """What makes shells is gone when the job comes: nothing takes its place, and the job waits."""
    with ExitStack() as stack:
        faulty = faults.without_program(stack, stand.kind)
        said = [] if faulty.why_not() else [f"without {faulty.lacks}: rooms are opened"]
        played = _waiting(stand, case, faulty)
    return _with(played, said)


PLAYS: Final[Mapping[str, Callable[[Stand, Case], Played]]] = {
    "alone": alone,
    "crowded": crowded,
    "unsafe host": unsafe_host,
    "no program": no_program,
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
