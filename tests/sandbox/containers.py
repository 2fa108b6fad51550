"""Which containers a runner holds, as the engine tells it."""

import docker
from docker.models.containers import Container

from sandbox import docker_shell


def held_by(engine: docker.DockerClient, runner: int) -> list[Container]:
    """List the shells that the process `runner` holds."""
    ours = engine.containers.list(filters={"label": docker_shell.SHELL_LABEL}, ignore_removed=True)
    owner = f"{runner}:"
    return [each for each in ours if each.labels[docker_shell.OWNER_LABEL].startswith(owner)]
