"""`python -m tests.attack.part KIND`: one site with rooms of a kind, attacked case by case.

A process of its own, so that several kinds are attacked side by side; what comes of it is told
on standard output, a line of JSON each (see `together.py`). It ends with 2 when no site stands.
"""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from simulator.serving.private import NotReady
from tests.attack import invariants, mutation, rules
from tests.attack.case import Case
from tests.attack.catalogue import named
from tests.attack.running import Ran, run
from tests.attack.stand import KINDS, Stand, serving

Tell = Callable[..., None]
LONGEST: Final = 300  # characters of a complaint; some quote what should not have been shown
LAST: Final = "crowded"  # its learners need more workers, which then stay


def main() -> int:
    """Play what is asked for."""
    words = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and take the site along
    with os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8") as out:
        os.dup2(2, 1)  # whatever else is printed, by whomever, is no part of it

        def tell(**said: Any) -> None:
            out.write(json.dumps(said) + "\n")

        began = time.monotonic()
        try:
            with serving(words.kind) as stand:
                tell(stands=time.monotonic() - began)
                _play(stand, named(words.cases), tell)
                _leave_out(stand, words, tell)
        except NotReady as error:
            sys.stderr.write(f"{error}\n")
            return 2
    return 0


def _play(stand: Stand, cases: tuple[Case, ...], tell: Tell) -> None:
    if cases:
        invariants.prepare(stand)
    for case in sorted(cases, key=lambda case: case.play == LAST):
        tell(ran=_written(run(stand, case)))


def _leave_out(stand: Stand, words: argparse.Namespace, tell: Tell) -> None:
    """Leave out the judge's rules and the rooms' walls, one at a time."""
    for rule, red in rules.without(stand) if words.rules else ():
        tell(rule=rule, red=_short(red))
    for wall, red in mutation.without(stand, words.walls) if words.walls else ():
        tell(wall=wall, red=_short(red))


def _short(red: mutation.Red) -> mutation.Red:
    return {case: [text[:LONGEST] for text in said] for case, said in red.items()}


def _written(ran: Ran) -> dict[str, Any]:
    return {**vars(ran), "case": ran.case.id}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=[*KINDS])
    parser.add_argument("--cases", nargs="*", default=[])
    parser.add_argument("--walls", nargs="*", default=[])
    parser.add_argument("--rules", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
