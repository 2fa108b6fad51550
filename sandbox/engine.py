"""The Docker engine: every answer has a deadline, and every failure is one sentence."""

import contextlib
import functools
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import requests
from docker.models.containers import Container
from docker.models.images import Image

from sandbox.images import naming
from sandbox.shell import ShellError

logger = logging.getLogger(__name__)

SHELL_LABEL = "sim.shell"  # the runtime; marks a container as ours
OWNER_LABEL = "sim.owner"  # the process that holds it, see owner
DEADLINE_LABEL = "sim.deadline"  # seconds since the epoch, for an owner that cannot be looked up

ENGINE_SECONDS = 30  # the longest that the engine may be silent in an answer
LIFETIME_SECONDS = 7 * 24 * 3600
LOAD_APPARMOR = "; on this host, run as root: apparmor_parser -r sandbox/images/apparmor"
# CVE-2024-21626 (a working directory outside) is fixed in 1.1.12; CVE-2025-31133, -52565 and
# -52881 (masked paths and /dev/console by links) in 1.2.8, 1.3.3 and 1.4.0.
RUNC_FLOOR = (1, 1, 12)
RUNC_ADVISED = ((1, 2, 8), (1, 3, 3), (1, 4, 0))


def connect() -> docker.DockerClient:
    """Reach the engine. Raises ShellError."""
    with asking("answer"):
        client = docker.DockerClient.from_env(timeout=ENGINE_SECONDS)
    # The SDK's `attach_socket` alone forgets its time-out: it would wait for ever.
    post = functools.partial(client.api.post, timeout=ENGINE_SECONDS)
    client.api.post = post  # type: ignore[method-assign]
    return client


@contextlib.contextmanager
def asking(what: str) -> Iterator[None]:
    """Turn whatever the SDK raises into one sentence."""
    try:
        yield
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        reason = getattr(error, "explanation", None) or str(error)
        advice = LOAD_APPARMOR if "apparmor" in reason.lower() else ""
        raise ShellError(f"the Docker engine did not {what}: {reason}{advice}") from error


def find_image(client: docker.DockerClient, runtime: str) -> Image:
    """Find the image that fits this checkout; one that speaks otherwise is never started."""
    try:
        tag, digest = naming.tag(runtime), naming.digest(runtime)
    except ValueError as error:
        raise ShellError(str(error)) from error
    with asking("list its images"):
        try:
            image = client.images.get(tag)
        except docker.errors.ImageNotFound:
            raise ShellError(
                f"the image {tag} of the runtime {runtime} is not built; run make image"
            ) from None
    if image.labels.get(naming.DIGEST_LABEL) != digest:
        raise ShellError(
            f"the image {tag} was not built from this checkout's agent and lock; run make image"
        )
    return image


@dataclass(frozen=True, kw_only=True)
class Versions:
    """What the engine and its container runtime are, and what is to be said of that."""

    engine: str
    runc: str
    warnings: tuple[str, ...] = field(default=())


def versions(client: docker.DockerClient) -> Versions:
    """Look at what would run containers. Raises ShellError."""
    with asking("tell its version"):
        told: Mapping[str, Any] = client.version()
    parts = {part["Name"]: part["Version"] for part in told.get("Components") or ()}
    runc = str(parts.get("runc", ""))
    return Versions(
        engine=str(told.get("Version", "")), runc=runc, warnings=tuple(_warnings(runc))
    )


def _warnings(runc: str) -> Iterator[str]:
    """Say what a version lacks.

    A distribution's version says less than it fixed (Debian's 1.1.5+ds1-1+deb12u1 carries the fix
    of CVE-2024-21626), so an old number is a warning and not a refusal; the faults themselves need
    what nobody here gives a learner: a working directory, mounts or an image of one's own.
    """
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", runc)
    if not found:
        yield f"the version of runc is not known ({runc or 'none is told'})"
        return
    number = tuple(int(word) for word in found.groups())
    if number < RUNC_FLOOR:
        yield f"runc {runc} is older than 1.1.12: see that it has the fix of CVE-2024-21626"
    fixed = next((each for each in RUNC_ADVISED if each[:2] == number[:2]), RUNC_ADVISED[0])
    if number < fixed:
        floor = ".".join(map(str, fixed))
        yield f"runc {runc} is older than {floor}: see that it has the fixes of November 2025"


def labels(runtime: str) -> dict[str, str]:
    """Mark a container as this process's own."""
    return {
        SHELL_LABEL: runtime,
        OWNER_LABEL: owner(),
        DEADLINE_LABEL: str(int(time.time()) + LIFETIME_SECONDS),
    }


def remove(container: Container) -> None:
    """End a container and everything in it. One that is gone already is fine."""
    try:
        container.remove(force=True, v=True)
    except docker.errors.NotFound:
        logger.info("the container %s was already gone", container.name)
    except docker.errors.APIError as error:
        if error.status_code != requests.codes.conflict:
            raise
        logger.info("the container %s is being removed by someone else", container.name)


def reap() -> int:
    """Remove the containers that nobody holds any more, and say how many. Raises ShellError."""
    with contextlib.closing(connect()) as client, asking("remove orphans"):
        ours = client.containers.list(
            all=True, filters={"label": SHELL_LABEL}, ignore_removed=True
        )
        orphans = [container for container in ours if _is_orphan(container)]
        for container in orphans:
            logger.warning("removing the orphaned container %s", container.name)
            remove(container)
        return len(orphans)


def owner() -> str:
    """Name this process for good: its id, when it started, and where ids are counted that way."""
    return f"{os.getpid()}:{_started(os.getpid())}:{_namespace()}"


def _namespace() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"


def _started(pid: int) -> str:
    """When a process started, in the kernel's ticks; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _is_orphan(container: Container) -> bool:
    """Whether nobody holds a container.

    When an owner dies, the engine closes the first process's standard input, and the container
    ends. Should it not, an owner of our process ids is looked up; another has until the deadline.
    """
    if container.status in {"exited", "dead"}:
        return True
    pid, started, namespace = container.labels.get(OWNER_LABEL, "0::").split(":")
    if namespace == _namespace():
        return _started(int(pid)) != started
    return time.time() > int(container.labels.get(DEADLINE_LABEL, "0"))
