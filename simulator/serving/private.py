"""A whole site of one's own for a while: fresh home, free port; used by demo, bench and tests."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from simulator.environment import ROOT

STOP_SECONDS: Final = 20


class NotReady(Exception):
    """The site did not come up; the message is what it printed."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where the private site is."""

    address: str
    home: Path
    pid: int  # of the process whose descendants are the site


@contextmanager
def private_site(*, patience: float = 600, **settings: str) -> Iterator[Site]:
    """Serve from a new temporary home until the block ends. Raises NotReady with the reason."""
    with tempfile.TemporaryDirectory(prefix="sim-") as folder:
        home = Path(folder)
        port = free_port()
        process = _start(home, port, settings)
        try:
            _await_ready(process, patience)
            yield Site(address=f"http://127.0.0.1:{port}", home=home, pid=process.pid)
        finally:
            _stop(process)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody holds now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(home: Path, port: int, settings: Mapping[str, str]) -> "subprocess.Popen[str]":
    kept = {name: value for name, value in os.environ.items() if name != "SIM_RUNNER_SOCKET"}
    runtimes = os.environ.get("SIM_RUNTIMES", str(ROOT / ".sim" / "runtimes"))
    return subprocess.Popen(
        [sys.executable, "-m", "simulator.serving"],
        cwd=ROOT,
        env={
            **kept,
            "SIM_RUNTIMES": runtimes,
            **settings,
            "SIM_HOME": str(home),
            "PORT": str(port),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _await_ready(process: "subprocess.Popen[str]", patience: float) -> None:
    said: list[str] = []
    ready = threading.Event()
    threading.Thread(target=_listen, args=(process.stdout, said, ready), daemon=True).start()
    if not ready.wait(patience) or not said[-1].startswith("ready "):
        raise NotReady("".join(said) or "the site said nothing")


def _listen(stream: IO[str] | None, said: list[str], ready: threading.Event) -> None:
    """Read to the end, so that the site never waits for a full pipe."""
    for line in stream or ():
        if ready.is_set():
            continue
        said.append(line)
        if line.startswith("ready "):
            ready.set()
    ready.set()


def _stop(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
