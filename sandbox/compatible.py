"""Looks into an image before it is used: is what it carries what this checkout speaks to?

The image's label says what it was built from; a label is a claim. So the image's own interpreter
is asked, in a container with no rights, once for each image of a process.
"""

import json
import re
import threading
from typing import Any

import docker
from docker.models.images import Image
from docker.types import LogConfig

from sandbox import attached, engine, runtimes
from sandbox.attached import Attached
from sandbox.images import naming
from sandbox.shell import COMMAND, ENVIRONMENT, ShellError

PYTHON = (3, 11)
LONGEST = 64 * 1024
SECONDS = 60.0
QUESTION = """
import hashlib, importlib.metadata, json, pathlib, re, sys
agent = pathlib.Path("/runtime/code/agent/sandbox/agent")
total = hashlib.sha256()
for path in sorted(agent.glob("*.py")):
    total.update(path.name.encode() + b"\\0" + path.read_bytes())
packages = sorted(re.sub("[-_.]+", "-", each.name).lower() + "==" + each.version
    for each in importlib.metadata.distributions())
facts = json.loads(pathlib.Path("/runtime.json").read_text())
print(json.dumps({"python": list(sys.version_info[:2]), "runtime": facts["name"],
    "layout": facts["layout"], "agent": total.hexdigest(), "packages": packages}))
"""

_good: set[str] = set()
_one_at_a_time = threading.Lock()


def check(client: docker.DockerClient, image: Image, runtime: str) -> None:
    """Ask an image what it carries. Raises ShellError when that does not fit."""
    with _one_at_a_time:
        if image.id in _good:
            return
        told, wanted = _ask(client, str(image.id)), expected(runtime)
        wrong = [name for name, value in wanted.items() if told.get(name) != value]
        if wrong:
            raise ShellError(
                f"the image of {runtime} has another {' and another '.join(wrong)} "
                "than this checkout; run make image"
            )
        _good.add(str(image.id))


def expected(runtime: str) -> dict[str, Any]:
    """What an image of this checkout would answer."""
    return {
        "python": list(PYTHON),
        "runtime": runtime,
        "layout": runtimes.LAYOUT,
        "agent": naming.agent_digest(),
        "packages": _locked(runtime),
    }


def _locked(runtime: str) -> list[str]:
    text = naming.lock(runtime).read_text()
    pairs = re.findall(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", text, re.MULTILINE)
    return sorted(f"{re.sub('[-_.]+', '-', name).lower()}=={version}" for name, version in pairs)


def _ask(client: docker.DockerClient, image: str) -> dict[str, Any]:
    config = client.api.create_host_config(
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        mem_limit="256m",
        pids_limit=16,
        log_config=LogConfig(type="none"),
    )
    with engine.asking("look into an image"):
        created = client.api.create_container(
            image,
            [*COMMAND[:-1], QUESTION],
            user="64000:64000",
            environment=ENVIRONMENT,
            stdin_open=True,
            network_disabled=True,
            host_config=config,
            labels=engine.labels("image-check"),
        )
        container = client.containers.get(created["Id"])
    asked = Attached(client, *attached.start(client, container), keep_client=True)
    clock = threading.Timer(SECONDS, asked.kill)
    clock.start()
    try:
        said = b""
        while len(said) < LONGEST and (more := asked.receive(LONGEST)):
            said += more
        return dict(json.loads(said))
    except ValueError:
        raise ShellError(f"the image tells nothing: {asked.last_words()[-300:]}") from None
    finally:
        clock.cancel()
        asked.kill()
