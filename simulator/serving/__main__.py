"""`python -m simulator.serving`: prepare, start every process, stop them all on Ctrl-C.

With `--preview` it is an author's preview: nobody has to sign in, and nothing is kept.
"""

import os
import shlex
import sys
import threading
from pathlib import Path
from typing import Final

from honcho import manager as manager_module
from honcho.manager import Manager
from honcho.printer import Printer

from simulator import environment
from simulator.environment import Environment
from simulator.serving.preparing import CannotServe, prepare, redis_server
from simulator.serving.watching import announce

GRACE_SECONDS: Final = 3.0  # above the runner's own wait for its rooms
ASKED_TO_STOP: Final = (130, 143)  # honcho's codes for Ctrl-C and SIGTERM


def main() -> int:
    """Serve until Ctrl-C. Returns 2 when something is in the way, having said what."""
    preview = sys.argv[1:] == ["--preview"]
    try:
        given = environment.read(os.environ)
        given.home.mkdir(parents=True, exist_ok=True)
        prepare(given, preview=preview)
    except (environment.Refused, CannotServe) as error:
        print(error, file=sys.stderr)
        return 2
    return _serve(given, preview=preview)


def _serve(given: Environment, *, preview: bool) -> int:
    with (given.home / "serve.log").open("a", encoding="utf-8") as log:
        manager = Manager(Printer(log, colour=False))
        settings = _settings(given)
        manager_module.KILL_WAIT = max(
            manager_module.KILL_WAIT, given.drain_seconds + GRACE_SECONDS
        )
        for name, words in _processes(given).items():
            manager.add_process(
                name,
                f"exec {shlex.join(words)}",
                env={**os.environ, **settings},
                cwd=str(environment.ROOT),
            )
        said = {"preview": preview}
        threading.Thread(target=announce, args=(given.port,), kwargs=said, daemon=True).start()
        manager.loop()
    if manager.returncode in ASKED_TO_STOP:
        return 0
    print(f"A process ended by itself; {log.name} says why.", file=sys.stderr)
    return 1


def _settings(given: Environment) -> dict[str, str]:
    """What every process reads from its environment, as it was understood here."""
    return {
        "SIM_HOME": str(given.home),
        "SANDBOX_ROOMS": given.rooms,
        "SANDBOX_RUNTIME": given.oci_runtime,
        "SANDBOX_DRAIN_SECONDS": f"{given.drain_seconds:g}",
        "PYTHONUNBUFFERED": "1",
    }


def _processes(given: Environment) -> dict[str, list[str]]:
    python = [sys.executable]
    processes = {
        "runner": [
            *python, "-m", "sandbox.runner",
            "--home", str(given.home),
            "--socket", str(given.runner_socket),
            "--shell", given.shell,
        ],
        "worker": [
            *python, "-m", "celery", "--app", "simulator.celery", "worker",
            "--queues", "interactive,batch,housekeeping",
            "--concurrency", "2",
            "--without-gossip", "--without-mingle", "--without-heartbeat",
            "--loglevel", "INFO",
        ],
        "reconcile": [*python, "manage.py", "reconcile"],
        "web": [
            *python, "-m", "uvicorn", "simulator.asgi:application",
            "--host", "127.0.0.1",
            "--port", str(given.port),
            "--lifespan", "off",
            "--log-level", "warning",
            "--timeout-graceful-shutdown", "2",
        ],
    }  # fmt: skip
    if "REDIS_URL" not in os.environ:
        processes = {"redis": _redis(given.home), **processes}
    return processes


def _redis(home: Path) -> list[str]:
    return [
        str(redis_server()),
        "--port", "0",
        "--unixsocket", str(home / "redis.sock"),
        "--unixsocketperm", "700",
        "--dir", str(home),
        "--save", "",
        "--appendonly", "yes",
        "--maxmemory-policy", "noeviction",
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
