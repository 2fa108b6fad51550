"""The Docker shell: a runtime's image in one hardened container, in which rooms nest."""

import contextlib
import logging
import os
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container
from docker.types import LogConfig, Mount, Ulimit

from sandbox import attached, compatible, engine
from sandbox.attached import Attached
from sandbox.images import naming
from sandbox.shell import COMMAND, ENVIRONMENT, ShellError, Wish

logger = logging.getLogger(__name__)

USER = "64000:64000"  # nobody else's: 65534 is what file servers and daemons fall back to
MEMORY_SHARE = 0.75  # of the host, for all rooms together; each room has its own limit in it
PROCESSES = 4096  # likewise
APPARMOR = "simulator-shell"  # an engine without AppArmor takes no notice


class DockerShells:
    """Starts shells in a Docker engine."""

    name = "docker"
    from_tree = False
    rooms = "nested"

    def __init__(self, *, why: str = "rooms nest in the shell's container") -> None:
        self.rooms_why = why
        self._versions: engine.Versions | None = None

    def start(self, wish: Wish) -> Attached:
        """Start a shell. Raises ShellError when the engine or the image is not as it must be."""
        wish.warehouse.mkdir(parents=True, exist_ok=True)
        with connected() as client:
            image = engine.find_image(client, wish.runtime.name)
            with engine.asking("create a shell"):
                words: dict[str, Any] = {"image": str(image.id), "command": list(COMMAND)}
                words["user"] = USER
                words["host_config"] = _host_config(client, wish)
                container = create(client, words, kind="shell", runtime=wish.runtime.name)
            return Attached(client, *attached.start(client, container))

    def why_not(self, runtime: str) -> str | None:
        """Say why no container of this runtime can be had here; None when one can."""
        try:
            with contextlib.closing(engine.connect()) as client:
                image = engine.find_image(client, runtime)
                compatible.check(client, image, runtime)
        except ShellError as error:
            return str(error)
        return None

    def facts(self) -> dict[str, object]:
        """Tell the engine's versions, and warn of old ones. Raises ShellError."""
        if self._versions is None:
            with contextlib.closing(engine.connect()) as client:
                self._versions = engine.versions(client)
            for warning in self._versions.warnings:
                logger.warning("%s", warning)
        return asdict(self._versions)

    def reap(self) -> int:
        """Remove the containers that nobody holds any more, and say how many there were."""
        return engine.reap()


@contextlib.contextmanager
def connected() -> Iterator[docker.DockerClient]:
    """Reach the engine, for a container that keeps the connection; close it when that fails."""
    client = engine.connect()
    try:
        yield client
    except BaseException:
        client.close()
        raise


def create(
    client: docker.DockerClient,
    words: dict[str, Any],
    *,
    kind: str,
    runtime: str,
) -> Container:
    """Create a container by an image's id: nothing is pulled, nothing changes meanwhile."""
    created = client.api.create_container(
        **words,
        name=f"sim-{kind}-{runtime}-{uuid.uuid4().hex[:8]}",
        hostname=kind,  # "shell" or "room"
        environment=ENVIRONMENT,
        working_dir="/",
        stdin_open=True,
        network_disabled=True,
        healthcheck={"test": ["NONE"]},
        labels=engine.labels(runtime),
    )
    return client.containers.get(created["Id"])


def hardened(profile: str) -> dict[str, Any]:
    """Give what every container of ours is started with; `profile` is its system-call filter."""
    memory = int(host_memory() * MEMORY_SHARE)
    return {
        "network_mode": "none",
        "cgroupns": "private",
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true", f"seccomp={profile}"],
        "mem_limit": memory,
        "memswap_limit": memory,
        "pids_limit": PROCESSES,
        "cpu_shares": 512,
        "oom_score_adj": 500,
        "ulimits": [
            Ulimit(name="nofile", soft=8192, hard=8192),
            Ulimit(name="core", soft=0, hard=0),
        ],
        "restart_policy": {"Name": "no"},
        "log_config": LogConfig(type="none"),
    }


def bound(target: str, source: Path) -> Mount:
    """Show a folder of the host, read-only."""
    return Mount(
        target, str(source.resolve()), type="bind", read_only=True, propagation="rprivate"
    )


def host_memory() -> int:
    """Tell this host's memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _host_config(client: docker.DockerClient, wish: Wish) -> dict[str, object]:
    words = hardened(naming.PROFILE.read_text())
    words["security_opt"].append(f"apparmor={APPARMOR}")
    config: dict[str, object] = client.api.create_host_config(
        **words,
        ipc_mode="private",
        tmpfs={"/tmp": "rw,nosuid,nodev,noexec,size=16m,nr_inodes=1k,mode=1777"},  # noqa: S108
        shm_size="1m",
        mounts=[bound("/warehouse", wish.warehouse)],
        init=True,  # reaps what a killed room leaves
    )
    # A room mounts a /proc of its own, which the kernel allows only below an unmasked one.
    return config | {"MaskedPaths": [], "ReadonlyPaths": []}
