"""Chooses how shells are made on this host, and says why one does not come up."""

import logging
from dataclasses import dataclass
from pathlib import Path

from sandbox import nesting, userns
from sandbox.bubblewrap_shell import Bubblewrap
from sandbox.container_rooms import ContainerRooms
from sandbox.docker_shell import DockerShells
from sandbox.shell import ShellError, ShellKind

logger = logging.getLogger(__name__)

SHELLS = ("auto", "docker", "bubblewrap")
ROOMS = ("auto", "nested", "container")

REFUSALS = ("namespace", "uid map", "Operation not permitted")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What an operator wants: the shell, the kind of rooms, and what the engine runs them with."""

    wanted: str = "auto"  # the shell
    rooms: str = "auto"
    oci_runtime: str = ""  # of the engine, such as runsc; for container rooms only

    def why_no_choice(self) -> str | None:
        """Say what contradicts itself, or is not known."""
        if self.wanted not in SHELLS:
            return f"there is no shell {self.wanted!r}; known: {', '.join(SHELLS)}"
        if self.rooms not in ROOMS:
            return f"SANDBOX_ROOMS={self.rooms}: there are {', '.join(ROOMS)}"
        if self.wanted == "bubblewrap" and (self.rooms == "container" or self.oci_runtime):
            return "only Docker makes container rooms, and SANDBOX_RUNTIME starts nothing else"
        if self.rooms == "nested" and self.oci_runtime:
            return f"SANDBOX_RUNTIME={self.oci_runtime} starts container rooms, not nested ones"
        return None

    @property
    def needs_containers(self) -> bool:
        """Whether nothing but container rooms will do."""
        return self.rooms == "container" or bool(self.oci_runtime)


def choose(choice: Choice, *, runtime: str, warehouse: Path) -> ShellKind:
    """Choose how shells and rooms are made on this host. Raises ShellError."""
    why_no_choice = choice.why_no_choice()
    if why_no_choice:
        raise ShellError(why_no_choice)
    if choice.wanted == "bubblewrap":
        return Bubblewrap()
    docker = DockerShells()
    why_not = docker.why_not(runtime)
    if why_not is None:
        docker.reap()
        return _kind_of_rooms(choice, docker, runtime=runtime, warehouse=warehouse)
    if choice.wanted == "docker" or choice.needs_containers:
        raise ShellError(why_not)
    logger.info("using bubblewrap: %s", why_not)
    return Bubblewrap()


def _kind_of_rooms(
    choice: Choice, docker: DockerShells, *, runtime: str, warehouse: Path
) -> ShellKind:
    if choice.oci_runtime:
        why = f"SANDBOX_RUNTIME={choice.oci_runtime} starts container rooms"
        return ContainerRooms(why=why, oci_runtime=choice.oci_runtime)
    if choice.rooms == "container":
        return ContainerRooms(why="SANDBOX_ROOMS=container asks for it")
    if choice.rooms == "nested":
        return DockerShells(why="SANDBOX_ROOMS=nested asks for it")
    why_not = nesting.why_not(docker, runtime=runtime, warehouse=warehouse)
    if why_not is None:
        return DockerShells(why="a room was nested in a container for a trial, and it opened")
    logger.warning("rooms cannot be nested here, so each is a container: %s", why_not)
    return ContainerRooms(why=f"rooms cannot be nested here: {why_not}")


def explain(words: str) -> str:
    """Say in one sentence why a shell did not come up, and what to do."""
    if any(sign in words for sign in REFUSALS):
        return f"{userns.why_refused()} (bubblewrap said: {words[-300:]})"
    return f"the shell did not come up: {words[-500:] or 'it said nothing'}"
