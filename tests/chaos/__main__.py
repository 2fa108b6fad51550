"""`make chaos`: accepted attempts under random faults; figures in .sim/chaos.json.

Exit code 0 when every promise was kept, 1 when one was broken, 2 when the run could not be made.
Bounded in attempts and in time; touches only what it started, on loopback.
"""

import argparse
import ctypes
import json
import os
import random
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tests.chaos import counting
from tests.chaos.counting import Counted, Watch
from tests.chaos.engine import Engine, engine, why_not
from tests.chaos.faults import Fault, faults
from tests.chaos.learners import Learner, Tally
from tests.chaos.people import tokens
from tests.chaos.site import Lacking, Site, site

SUBREAPER: Final = 36  # PR_SET_CHILD_SUBREAPER: orphans of ours become our children
FIRST_FAULT_AFTER: Final = 5.0
SETTLING_SECONDS: Final = 20.0
ROOT: Final = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run, print, write the figures."""
    words = _arguments()
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    try:
        told = _run(words)
    except (Lacking, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 2
    words.out.parent.mkdir(parents=True, exist_ok=True)
    words.out.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=2))
    return 0 if told["kept"] and told["whole"] else 1


def _run(words: argparse.Namespace) -> dict[str, Any]:
    began = time.monotonic()
    with ExitStack() as stack:
        ours, own_engine = _site(words, stack)
        tally = Tally(wanted=words.attempts)
        watch = Watch(site=ours)
        struck: Counter[str] = Counter()
        playing = time.monotonic()
        with _watched(watch):
            _play(ours, tally, words, struck, list(faults(ours, own_engine)))
        seconds = time.monotonic() - playing
        stuck = len(watch.stuck)
        counted = counting.count(ours, tally, stuck=stuck, orphans=0)
        runners = [pid for part in ours.init.named("runner") for pid in part.pids]
        if words.keep_logs:
            shutil.copytree(
                ours.logs, words.keep_logs, dirs_exist_ok=True,
                ignore=shutil.ignore_patterns("disk", "*.sock"),
            )  # fmt: skip
    left = _settled(runners)
    counted = Counted(**{**asdict(counted), "orphans": len(left)})
    return {
        "kept": counted.kept,
        "whole": len(tally.accepted) == words.attempts,
        **asdict(counted),
        "wanted": words.attempts,
        "seconds": round(seconds, 1),
        "whole_seconds": round(time.monotonic() - began, 1),
        "attempts_a_minute": round(60 * len(tally.accepted) / seconds, 1),
        "faults": dict(struck.most_common()),
        "answers_that_were_none": tally.troubles,
        "median_seconds_to_the_end": _median(tally),
        "longest_seconds_to_the_end": _longest(tally),
        "hosts": words.hosts,
        "without": _without(words),
        "seed": words.seed,
        "left": left,
    }


def _site(words: argparse.Namespace, stack: ExitStack) -> tuple[Site, Engine | None]:
    own_engine = None
    if "docker" in words.hosts:
        lacking = why_not()
        if lacking:
            raise Lacking(f"no host with Docker: {lacking}")
        own_engine = stack.enter_context(engine())
        os.environ["DOCKER_HOST"] = own_engine.address
    ours = stack.enter_context(
        site(
            hosts=words.hosts,
            workers=words.workers,
            concurrency=words.concurrency,
            grading_seconds=words.limit,
        )
    )
    return ours, own_engine


@contextmanager
def _watched(watch: Watch) -> Iterator[None]:
    thread = threading.Thread(target=watch.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        watch.stop()
        thread.join()


def _play(
    ours: Site,
    tally: Tally,
    words: argparse.Namespace,
    struck: "Counter[str]",
    known: Sequence[Fault],
) -> None:
    until = time.monotonic() + words.seconds
    done = threading.Event()
    attacker = threading.Thread(
        target=_strike, args=(known, words, struck, done), daemon=True, name="faults"
    )
    players = [
        threading.Thread(
            target=Learner(ours.address, token, tally, seed=words.seed + number, until=until).play,
            daemon=True,
        )
        for number, token in enumerate(tokens(ours, words.learners))
    ]
    for thread in (*players, attacker):
        thread.start()
    for thread in players:
        thread.join()
    done.set()
    attacker.join()
    ours.clock.write_text("0", encoding="ascii")


def _strike(
    known: Sequence[Fault],
    words: argparse.Namespace,
    struck: "Counter[str]",
    done: threading.Event,
) -> None:
    dice = random.Random(words.seed)  # noqa: S311, no secret
    wait = FIRST_FAULT_AFTER
    deck = _dealt(known, dice)
    while not done.wait(wait):
        fault = next(deck)
        began = time.monotonic()
        try:
            told = fault.strike(dice)
        except (TimeoutError, OSError) as error:
            told = f"not undone: {error}"
        struck[fault.name] += 1
        print(f"{fault.name}: {told} ({time.monotonic() - began:.1f} s)", flush=True)
        wait = dice.uniform(0.4, 1.6) * words.every


def _dealt(known: Sequence[Fault], dice: random.Random) -> Iterator[Fault]:
    """Faults as from a deck that is shuffled when it is through: chance leaves none out."""
    while True:
        deck = [fault for fault in known for _ in range(fault.weight)]
        dice.shuffle(deck)
        yield from deck


def _settled(runners: Sequence[int]) -> list[str]:
    """What is left once everything had the time to end."""
    until = time.monotonic() + SETTLING_SECONDS
    while (left := counting.orphans(runners)) and time.monotonic() < until:
        time.sleep(0.5)
        _bury()
    return left


def _bury() -> None:
    """Wait for dead children, which is what an heir owes them."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _ends(tally: Tally) -> list[float]:
    return sorted(one.seen - one.at for one in tally.accepted if one.seen is not None)


def _median(tally: Tally) -> float:
    ends = _ends(tally)
    return round(ends[len(ends) // 2], 2) if ends else 0.0


def _longest(tally: Tally) -> float:
    return round(max(_ends(tally), default=0.0), 2)


def _without(words: argparse.Namespace) -> list[str]:
    """Which faults this run did not have, and why."""
    found: list[str] = []
    if os.geteuid() != 0:
        found.append("disk full: a file system of one's own needs root")
    if "docker" not in words.hosts:
        found.append(f"Docker restarted: {why_not() or '--hosts names no docker'}")
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--attempts", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=3600.0, help="after that, no new attempt")
    parser.add_argument("--every", type=float, default=12.0, help="seconds between faults, mean")
    parser.add_argument("--learners", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2, help="Celery workers a host")
    parser.add_argument("--concurrency", type=int, default=2, help="children a worker")
    parser.add_argument("--limit", type=int, default=60, help="seconds one grading may take")
    parser.add_argument("--hosts", nargs="+", choices=("bubblewrap", "docker"), default=_hosts())
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--out", type=Path, default=ROOT / ".sim" / "chaos.json")
    parser.add_argument("--keep-logs", type=Path, default=None)
    return parser.parse_args()


def _hosts() -> list[str]:
    """One worker host of each kind that this machine can have."""
    return ["bubblewrap"] if why_not() else ["bubblewrap", "docker"]


if __name__ == "__main__":
    sys.exit(main())
