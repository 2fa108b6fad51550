"""Plays a case against a stand and says what was wrong: nothing, when it is safe."""

import time
from dataclasses import dataclass

from tests.attack import expecting, invariants
from tests.attack.case import Case, Evidence
from tests.attack.learning import Unanswered
from tests.attack.plays import PLAYS
from tests.attack.stand import Stand


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What became of a case on a kind of rooms."""

    case: Case
    kind: str
    seconds: float
    complaints: tuple[str, ...]
    came_to: str  # what the learner saw, in a few words
    ratio: float = 0.0  # the honest project afterwards, against its usual time

    @property
    def safe(self) -> bool:
        """Nothing was wrong."""
        return not self.complaints


def run(stand: Stand, case: Case) -> Ran:
    """Play a case, then look at everything."""
    began = time.monotonic()
    try:
        played = PLAYS[case.play](stand, case)
        said = [*played.said, *expecting.complaints(case, played.evidence, *played.others)]
        said += [
            f"{name}: {text}"
            for name, text in invariants.complaints(
                stand, case.stage, played.attempts, played.evidence
            )
        ]
        came_to = _words(case, played.evidence)
    except Unanswered as error:
        said, came_to = [str(error)], "no answer"
    return Ran(
        case=case,
        kind=stand.kind,
        seconds=time.monotonic() - began,
        complaints=tuple(dict.fromkeys(said)),
        came_to=came_to,
        ratio=stand.ratios[-1] if stand.ratios else 0.0,
    )


def _words(case: Case, evidence: Evidence) -> str:
    if evidence.answer:
        return f"refused: {evidence.answer.get('code')}"
    found = [evidence.check(name) for name in case.checks]
    return ", ".join(f"{each['id']} {each['reason'] or each['status']}" for each in found if each)
