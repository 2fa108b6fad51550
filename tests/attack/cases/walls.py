"""One case a wall of the room: the attack that this wall stops, by its number in the catalogue.

The attacks are those of `tests/sandbox/walls`, where each is shown to succeed in a room without
its wall; here a learner hands them in.
"""

from collections.abc import Callable, Iterator
from typing import Final

from tests.attack.case import Case, Evidence, Says
from tests.sandbox.walls.attacks import ATTACKS, module

TELLS: Final = """
from app.attacking import attempt
from app.telling import tell

def add(a, b):
    tell(open=attempt())
"""
# Those that want more than they may have are refused, or ended at the limit of it.
WAYS: Final[dict[str, tuple[Says, ...]]] = {
    "memory": (Says("limit", "memory_mb"), Says("error", "raised", {"error": "Seen"})),
    "processes": (Says("limit", "processes"), Says("error", "raised", {"error": "Seen"})),
    "scratch_bytes": (Says("limit", "scratch_mb"), Says("error", "raised", {"error": "Seen"})),
    "scratch_inodes": (Says("limit", "scratch_files"), Says("error", "raised", {"error": "Seen"})),
}
TOLD: Final = (Says("error", "raised", {"error": "Seen"}),)
NUMBERS: Final = {"uts": "ESC-09", "devices": "ESC-01", "read_only_root": "TAM-04"}
# Lines of a program whose room lacks a limit; what is refused in the room is no concern there.
BODIES: Final = {
    "old_root": "return len(os.listdir('/../warehouse')) > 0",
    # More than the limit of a room of the suite's quest.
    "memory": "kept.append(b'x' * (700 << 20))\ntime.sleep(1)\nreturn True",
    "scratch_inodes": "for n in range(30_000): open(f'/tmp/{n}', 'w').close()\nreturn True",
}


def _shut(wall: str) -> Callable[[Evidence], Iterator[str]]:
    def check(evidence: Evidence) -> Iterator[str]:
        if '"open": true' in str(evidence.check("adds").get("output", "")):
            yield f"what the wall {wall} keeps shut is open"

    return check


CASES: Final = tuple(
    Case(
        id=f"{NUMBERS.get(wall) or attack.case}/{wall}",
        does=f"attacks what the wall {wall} stops",
        files={
            "app/attacking.py": module(BODIES.get(wall, attack.body)),
            "app/solution.py": TELLS,
        },
        blame=("learner_error", "learner_limit"),
        checks={"adds": WAYS.get(wall, TOLD)},
        also=_shut(wall),
        told_by=True,
        walls=(wall,),
    )
    for wall, attack in ATTACKS.items()
    if wall != "descriptors"  # a call has one more: ESC-07 counts those of a program
)
