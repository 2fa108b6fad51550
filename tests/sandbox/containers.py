"""Which containers a runner holds, as the engine tells it."""

import docker
from docker.models.containers import Container

from sandbox.engine import OWNER_LABEL, SHELL_LABEL


def held_by(engine: docker.DockerClient, runner: int) -> list[Container]:
    """List the shells that the process `runner` holds."""
    ours = engine.containers.list(filters={"label": SHELL_LABEL}, ignore_removed=True)
    owner = f"{runner}:"
    return [each for each in ours if each.labels[OWNER_LABEL].startswith(owner)]
