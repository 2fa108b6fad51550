"""Keeps a runtime's shell and template up: starts it when needed, replaces it when it died."""

import logging
import os
import threading
from pathlib import Path

from sandbox import runtimes
from sandbox.bubblewrap_shell import Bubblewrap
from sandbox.channel import Line, TemplateDied
from sandbox.docker_shell import DockerShells
from sandbox.shell import ShellError, ShellKind, Wish

logger = logging.getLogger(__name__)

READY_SECONDS = 120.0
REFUSALS = ("namespace", "uid map", "Operation not permitted")
ALLOW_NAMESPACES = (
    "This kernel refuses user namespaces, which rooms need; allow them with "
    "`sysctl kernel.unprivileged_userns_clone=1` (Debian), "
    "`sysctl user.max_user_namespaces=15000` (Red Hat) or "
    "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu, or an AppArmor profile "
    "for bwrap); in a container, allow them to the container."
)


class Shells:
    """The shells of this host, one a runtime."""

    def __init__(self, kind: ShellKind, *, home: Path, warehouse: Path) -> None:
        self.kind = kind
        self._home = home
        self._warehouse = warehouse
        self._lines: dict[str, Line] = {}
        self._starting = threading.Lock()

    def line(self, runtime: str) -> Line:
        """Get the way to a runtime's template. Blocks while it starts. Raises ShellError."""
        with self._starting:  # many callers may find the same shell dead: one replaces it
            return self._line(runtime)

    def _line(self, runtime: str) -> Line:
        line = self._lines.get(runtime)
        if line is not None and line.alive:
            return line
        if line is not None:
            logger.warning("the shell of %s died: %s", runtime, line.last_words())
            line.kill()
        self._lines[runtime] = fresh = self._start(runtime)
        return fresh

    def facts(self) -> dict[str, object]:
        """Tell which shells are up, for the health page."""
        return {
            name: {**line.facts, "pid": line.pid}
            for name, line in self._lines.items()
            if line.alive
        }

    def kill(self) -> None:
        """End every shell."""
        with self._starting:
            for line in self._lines.values():
                line.kill()

    def _start(self, runtime: str) -> Line:
        try:
            named = runtimes.find if self.kind.from_tree else runtimes.describe
            built = named(runtime, home=self._home)
        except runtimes.RuntimeMissing as missing:
            raise ShellError(str(missing)) from None
        shell = self.kind.start(Wish(runtime=built, warehouse=self._warehouse))
        line = Line(shell)
        try:
            line.wait_until_ready(READY_SECONDS)
        except TemplateDied:
            line.kill()
            raise ShellError(explain(line.last_words())) from None
        return line


def choose(wanted: str, *, runtime: str) -> ShellKind:
    """Choose how shells are made: `auto`, `docker` or `bubblewrap`. Raises ShellError.

    What SANDBOX_ROOMS and SANDBOX_RUNTIME ask for is made or refused, never left out silently.
    """
    kind = _choose(wanted, runtime=runtime)
    rooms = os.environ.get("SANDBOX_ROOMS") or "auto"
    if rooms not in {"auto", kind.rooms}:
        raise ShellError(
            f"SANDBOX_ROOMS={rooms}: here, {kind.name} makes {kind.rooms} rooms"
            f" ({kind.rooms_why}); set it to auto"
        )
    stronger = os.environ.get("SANDBOX_RUNTIME")
    if stronger and kind.rooms != "container":
        raise ShellError(
            f"SANDBOX_RUNTIME={stronger}: it starts container rooms, and {kind.name} makes"
            f" {kind.rooms} ones here; leave it empty"
        )
    return kind


def _choose(wanted: str, *, runtime: str) -> ShellKind:
    if wanted == "bubblewrap":
        return Bubblewrap()
    if wanted not in {"auto", "docker"}:
        raise ShellError(f"there is no shell {wanted!r}; known: auto, docker, bubblewrap")
    docker = DockerShells()
    why_not = docker.why_not(runtime)
    if why_not is None:
        docker.reap()
        return docker
    if wanted == "docker":
        raise ShellError(why_not)
    logger.info("using bubblewrap: %s", why_not)
    return Bubblewrap()


def explain(words: str) -> str:
    """Say in one sentence why a shell did not come up, and what to do."""
    if any(sign in words for sign in REFUSALS):
        return f"{ALLOW_NAMESPACES} It said: {words[-300:]}"
    return f"the shell did not come up: {words[-500:] or 'it said nothing'}"
