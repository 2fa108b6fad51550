"""How a case is played: by one learner alone, or with others and faults around it."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from tests.attack.case import Case, Evidence
from tests.attack.learning import HandedIn, Learner
from tests.attack.stand import CROWD, Stand


@dataclass(frozen=True, kw_only=True)
class Played:
    """What came of it, and which attempts were graded."""

    evidence: Evidence
    attempts: list[str]


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


PLAYS: Final[Mapping[str, Callable[[Stand, Case], Played]]] = {
    "alone": alone,
    "crowded": crowded,
}


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
