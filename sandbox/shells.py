"""Chooses how shells are made on this host, and says why one does not come up."""

import logging
import os

from sandbox.bubblewrap_shell import Bubblewrap
from sandbox.docker_shell import DockerShells
from sandbox.shell import ShellError, ShellKind

logger = logging.getLogger(__name__)

REFUSALS = ("namespace", "uid map", "Operation not permitted")
ALLOW_NAMESPACES = (
    "This kernel refuses user namespaces, which rooms need; allow them with "
    "`sysctl kernel.unprivileged_userns_clone=1` (Debian), "
    "`sysctl user.max_user_namespaces=15000` (Red Hat) or "
    "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu, or an AppArmor profile "
    "for bwrap); in a container, allow them to the container."
)


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
