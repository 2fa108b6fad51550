"""What is done to a site, at random moments: each fault strikes once and undoes itself."""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench import procs
from tests.chaos.engine import Engine
from tests.chaos.parts import Part
from tests.chaos.site import Site

DISK_IS_FULL_FOR: Final = 4.0
CLOCK_STEPS: Final = (-7200.0, 7200.0, 0.0)
ROLLING_GRACE: Final = 20.0

Strike = Callable[[random.Random], str]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Its name, what it does (telling what it hit), and how often it comes."""

    name: str
    strike: Strike
    weight: int = 1  # how many of it are in the deck


def faults(site: Site, engine: Engine | None) -> Iterator[Fault]:
    """Every fault that this machine can have, against parts that the program itself started."""
    yield Fault(name="kill a worker's child", strike=lambda dice: _child(site, dice), weight=4)
    yield Fault(
        name="kill a worker", strike=lambda dice: _kill(dice, site.init.named("worker")), weight=3
    )
    yield Fault(name="kill a worker host", strike=lambda dice: _host(site, dice))
    yield Fault(
        name="kill a supervisor",
        strike=lambda dice: _kill(dice, site.init.named("runner")),
        weight=2,
    )
    yield Fault(
        name="kill the reconciler", strike=lambda dice: _kill(dice, site.init.named("reconcile"))
    )
    yield Fault(name="kill the web", strike=lambda dice: _kill(dice, site.init.named("web")))
    yield Fault(name="rolling deploy", strike=lambda dice: _roll(site, dice))
    yield Fault(name="Redis empty", strike=lambda _: _empty_redis(site))
    yield Fault(name="Redis restarted", strike=lambda dice: _kill(dice, site.init.named("redis")))
    yield Fault(name="PostgreSQL restarted", strike=lambda _: _restart_postgres(site))
    yield Fault(name="clock step", strike=lambda dice: _step_clock(site, dice))
    if site.mounted:
        yield Fault(name="disk full", strike=lambda _: _fill_disk(site.folder))
    if engine is not None:
        yield Fault(name="Docker restarted", strike=lambda _: engine.restart())


def _kill(dice: random.Random, parts: list[Part]) -> str:
    part = dice.choice(parts)
    part.kill()
    return part.name


def _child(site: Site, dice: random.Random) -> str:
    part = dice.choice(site.init.named("worker"))
    children = part.children()
    if not children:
        return f"{part.name} had none"
    chosen = dice.choice(children)
    _end(chosen)
    return f"{part.name}, process {chosen}"


def _host(site: Site, dice: random.Random) -> str:
    """A worker host dies: its runner, its workers and their children, all at once."""
    number = dice.randrange(len(site.hosts))
    parts = [*site.init.named(f"runner-{number}"), *site.init.named(f"worker-{number}-")]
    for pid in [pid for part in parts for pid in part.family()]:
        _end(pid)
    return f"host {number}"


def _roll(site: Site, dice: random.Random) -> str:
    """A worker is told to stop, as in a deploy, and another takes its place."""
    part = dice.choice(site.init.named("worker"))
    part.kill(signal.SIGTERM)
    until = time.monotonic() + ROLLING_GRACE
    process = part.process
    while process is not None and process.poll() is None and time.monotonic() < until:
        time.sleep(0.2)
    return part.name


def _empty_redis(site: Site) -> str:
    """Redis is killed and comes back without any memory of what it held."""
    (part,) = site.init.named("redis")
    part.held = True
    for pid in part.family():
        _end(pid)
    if part.process is not None:
        part.process.wait()
    for path in (site.folder / "redis").iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    part.held = False
    return "nothing was left in it"


def _restart_postgres(site: Site) -> str:
    """An immediate stop, as by a crash: no checkpoint, every connection is cut."""
    (part,) = site.init.named("postgres")
    part.kill(signal.SIGQUIT)
    return "every connection was cut"


def _fill_disk(folder: Path) -> str:
    """The disk of database, broker and home is full for a while."""
    ballast = folder / "ballast"
    try:
        with ballast.open("wb") as file, suppress(OSError):
            while True:
                file.write(b"\0" * 1_048_576)
        time.sleep(DISK_IS_FULL_FOR)
    finally:
        ballast.unlink(missing_ok=True)
    return f"{DISK_IS_FULL_FOR:.0f} s"


def _step_clock(site: Site, dice: random.Random) -> str:
    step = dice.choice(CLOCK_STEPS)
    site.clock.write_text(f"{step}", encoding="ascii")
    return f"{step:+.0f} s from the truth"


def _end(pid: int) -> None:
    """Kill a process, if it is still one that this program started."""
    with suppress(ProcessLookupError):
        if pid in procs.tree(os.getpid()):
            os.kill(pid, signal.SIGKILL)
