"""Builds a runtime when it is first asked for, once, and tells how far it is.

A runtime that few quests need costs a minute and a gigabyte: who never opens such a quest pays for
neither. A build is a process of its own, the operator's own command; whoever asks meanwhile waits
for that one, or is told how far it has come.
"""

import logging
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox import runtimes
from sandbox.shell import ShellError

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 120.0  # a caller waits a little longer for a room than this
LONGEST_LINE = 300


@dataclass
class Build:
    """One build, as its command tells of it."""

    runtime: str
    step: str = "starting"
    begun: float = field(default_factory=time.monotonic)
    failed: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    def told(self) -> dict[str, Any]:
        """How far it is, in words that a page may show."""
        return {
            "step": self.step,
            "seconds": round(time.monotonic() - self.begun),
            "failed": self.failed,
        }


def command(runtime: str, home: Path) -> list[str]:
    """What builds a runtime, as an operator would type it."""
    return [sys.executable, "-m", "sandbox.runtimes", runtime, "--home", str(home)]


class Builder:
    """The builds of this host's runner. Everything may be called from any thread."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._builds: dict[str, Build] = {}
        self._lock = threading.Lock()

    def find(self, name: str, *, needed: bool = True) -> runtimes.Runtime:
        """Find a runtime; build it where it is missing, and wait for that. Raises ShellError.

        Where its tree is not `needed`, because an image carries it, it is only described.
        """
        try:
            if not needed:
                return runtimes.describe(name, home=self._home)
            build = self.begin(name)
            if not build.over.wait(PATIENCE_SECONDS):
                told = build.told()
                so_far = f"{told['step']}, {told['seconds']} s so far"
                raise ShellError(f"the runtime {name} is being built: {so_far}")
            return runtimes.find(name, home=self._home)
        except runtimes.RuntimeMissing as missing:
            failed = self._builds[name].failed if name in self._builds else ""
            raise ShellError(failed or str(missing)) from None

    def begin(self, name: str) -> Build:
        """Begin to build a runtime where it is missing. Raises RuntimeMissing for no runtime."""
        described = runtimes.describe(name, home=self._home)
        with self._lock:
            build = self._builds.get(name)
            if build is not None and not (build.over.is_set() and build.failed):
                return build
            build = self._builds[name] = Build(runtime=name)
        if (described.tree / "runtime.json").is_file():
            build.step = "ready"
            build.over.set()
        else:
            threading.Thread(target=self._run, args=(build,), daemon=True).start()
        return build

    def prepare(self, name: str, *, needed: bool = True) -> dict[str, Any]:
        """Begin what a room of a runtime would wait for; tell how far it is, and never wait."""
        try:
            if not needed:
                runtimes.describe(name, home=self._home)
                return {"ready": True}
            build = self.begin(name)
        except runtimes.RuntimeMissing as missing:
            return {"ready": False, "failed": str(missing)}
        return {"ready": build.over.is_set() and not build.failed, **build.told()}

    def _run(self, build: Build) -> None:
        logger.info("building the runtime %s: it was asked for, and is not there", build.runtime)
        try:
            with subprocess.Popen(  # noqa: S603 - our own words
                command(build.runtime, self._home),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ) as process:
                for line in process.stdout or ():
                    build.step = line.strip().removeprefix(f"{build.runtime}: ")[:LONGEST_LINE]
                    logger.info("%s: %s", build.runtime, build.step)
            if process.returncode:
                build.failed = f"the runtime {build.runtime} could not be built: {build.step}"
        except OSError as error:
            build.failed = f"the runtime {build.runtime} could not be built: {error}"
        finally:
            build.over.set()
