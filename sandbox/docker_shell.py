"""The Docker shell: a runtime's image in one hardened container, with the template as its init.

The only module that imports the Docker SDK. Every word to the engine has a deadline of its own.
"""

import contextlib
import logging
import os
import signal
import socket
import struct
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import docker
import requests
from docker.models.containers import Container
from docker.models.images import Image
from docker.types import LogConfig, Mount, Ulimit

from sandbox.images import naming
from sandbox.shell import COMMAND, ENVIRONMENT, ShellError, Wish

logger = logging.getLogger(__name__)

SHELL_LABEL = "sim.shell"  # the runtime; marks a container as ours
OWNER_LABEL = "sim.owner"  # the process that holds it, see _owner
DEADLINE_LABEL = "sim.deadline"  # seconds since the epoch, for an owner that cannot be looked up

ENGINE_SECONDS = 30  # the longest that the engine may take over one answer
SEND_SECONDS = 60  # the longest that the template may leave a frame unread
LIFETIME_SECONDS = 7 * 24 * 3600
LAST_WORDS = 16 * 1024
USER = "64000:64000"  # nobody else's: 65534 is what file servers and daemons fall back to
MEMORY_SHARE = 0.75  # of the host, for all rooms together; each room has its own limit in it
PROCESSES = 4096  # likewise
APPARMOR = "simulator-shell"  # an engine without AppArmor takes no notice
LOAD_APPARMOR = "; on this host, run as root: apparmor_parser -r sandbox/images/apparmor"
STREAM_HEADER = struct.Struct(">BxxxL")  # which stream, how many bytes follow
STDOUT = 1


class DockerShells:
    """Starts shells in a Docker engine."""

    name = "docker"
    from_tree = False
    rooms = "nested"
    rooms_why = "rooms nest in the shell's container"

    def start(self, wish: Wish) -> "DockerShell":
        """Start a shell. Raises ShellError when the engine or the image is not as it must be."""
        wish.warehouse.mkdir(parents=True, exist_ok=True)
        client = _connect()
        try:
            return _start(client, wish)
        except BaseException:
            client.close()
            raise

    def why_not(self, runtime: str) -> str | None:
        """Say why no shell of this runtime can be had here; None when one can."""
        try:
            with contextlib.closing(_connect()) as client:
                _image(client, runtime)
        except ShellError as error:
            return str(error)
        return None

    def reap(self) -> int:
        """Remove the shells that nobody holds any more, and say how many there were."""
        with contextlib.closing(_connect()) as client, _asking("remove orphans"):
            ours = client.containers.list(
                all=True, filters={"label": SHELL_LABEL}, ignore_removed=True
            )
            orphans = [container for container in ours if _is_orphan(container)]
            for container in orphans:
                logger.warning("removing the orphaned shell %s", container.name)
                _remove(container)
            return len(orphans)


class DockerShell:
    """A running container and the stream to the template in it."""

    def __init__(
        self, client: docker.DockerClient, container: Container, stream: socket.socket
    ) -> None:
        self._client = client
        self._container = container
        self._stream = stream
        self._reader = stream.makefile("rb")
        self._left = 0  # bytes of the current piece that are still to come
        self._is_output = False
        self._words = bytearray()
        self._pid = int(container.attrs["State"]["Pid"])

    @property
    def pid(self) -> int:
        """The template's process id, as the host counts."""
        return self._pid

    @property
    def digest(self) -> str:
        """The image's id."""
        return str(self._container.attrs["Image"])

    def receive(self, size: int) -> bytes:
        """Wait for the template's next bytes, at most `size`; empty when it is gone."""
        try:
            while self._left or self._next_piece():
                part = self._reader.read1(min(size, self._left))
                if not part:
                    break
                self._left -= len(part)
                if self._is_output:
                    return part
                self._words += part
                del self._words[:-LAST_WORDS]
        except (OSError, ValueError) as error:  # ValueError: closed meanwhile
            logger.info("the stream of %s ended: %s", self._container.name, error)
        return b""

    def _next_piece(self) -> bool:
        header = self._reader.read(STREAM_HEADER.size)
        if len(header) < STREAM_HEADER.size:
            return False
        stream, self._left = STREAM_HEADER.unpack(header)
        self._is_output = stream == STDOUT
        return True

    def send(self, data: bytes) -> None:
        """Hand all these bytes to the template. Raises OSError when it is gone."""
        self._stream.sendall(data)

    def kill(self) -> None:
        """End the shell and everything in it, and wait for that. Twice is fine."""
        try:
            with _asking("remove a shell"):
                _remove(self._container)
        except ShellError as error:
            logger.warning("killing %s without the engine: %s", self._container.name, str(error))
            _kill_directly(self._pid, str(self._container.id))
        finally:
            with contextlib.suppress(OSError):  # the engine was first to hang up
                self._stream.shutdown(socket.SHUT_RDWR)
            self._reader.close()
            self._stream.close()
            self._client.close()

    def last_words(self) -> str:
        """Quote the end of what the shell wrote to its standard error."""
        return bytes(self._words).decode(errors="replace")


def _connect() -> docker.DockerClient:
    with _asking("answer"):
        return docker.DockerClient.from_env(timeout=ENGINE_SECONDS)


def _start(client: docker.DockerClient, wish: Wish) -> DockerShell:
    image = _image(client, wish.runtime.name)
    with _asking("create a shell"):
        container = _create(client, image, wish)
    try:
        with _asking("start a shell"):
            stream = _attach(client, container)
            container.start()
            container.reload()
        return DockerShell(client, container, stream)
    except BaseException:
        with contextlib.suppress(ShellError), _asking("remove a shell"):
            _remove(container)
        raise


@contextlib.contextmanager
def _asking(what: str) -> Iterator[None]:
    """Turn whatever the SDK raises into one sentence."""
    try:
        yield
    except (docker.errors.DockerException, requests.RequestException) as error:
        reason = getattr(error, "explanation", None) or str(error)
        advice = LOAD_APPARMOR if "apparmor" in reason.lower() else ""
        raise ShellError(f"the Docker engine did not {what}: {reason}{advice}") from error


def _image(client: docker.DockerClient, runtime: str) -> Image:
    """Find the image that fits this checkout; one that speaks otherwise is never started."""
    try:
        tag, digest = naming.tag(runtime), naming.digest(runtime)
    except ValueError as error:
        raise ShellError(str(error)) from error
    with _asking("list its images"):
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


def _create(client: docker.DockerClient, image: Image, wish: Wish) -> Container:
    """Create the container by the image's id: nothing is pulled, nothing changes meanwhile."""
    api = client.api
    created = api.create_container(
        str(image.id),
        list(COMMAND),
        name=f"sim-shell-{wish.runtime.name}-{uuid.uuid4().hex[:8]}",
        hostname="shell",
        user=USER,
        environment=ENVIRONMENT,
        working_dir="/",
        stdin_open=True,
        network_disabled=True,
        healthcheck={"test": ["NONE"]},
        host_config=_host_config(client, wish),
        labels={
            SHELL_LABEL: wish.runtime.name,
            OWNER_LABEL: _owner(),
            DEADLINE_LABEL: str(int(time.time()) + LIFETIME_SECONDS),
        },
    )
    return client.containers.get(created["Id"])


def _host_config(client: docker.DockerClient, wish: Wish) -> dict[str, object]:
    memory = int(_host_memory() * MEMORY_SHARE)
    config: dict[str, object] = client.api.create_host_config(
        network_mode="none",
        ipc_mode="private",
        cgroupns="private",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=[
            "no-new-privileges:true",
            f"seccomp={(naming.IMAGES / 'seccomp.json').read_text()}",
            f"apparmor={APPARMOR}",
        ],
        tmpfs={"/tmp": "rw,nosuid,nodev,noexec,size=16m,nr_inodes=1k,mode=1777"},  # noqa: S108
        shm_size="1m",
        mounts=[
            Mount(
                "/warehouse",
                str(wish.warehouse.resolve()),
                type="bind",
                read_only=True,
                propagation="rprivate",
            ),
        ],
        mem_limit=memory,
        memswap_limit=memory,
        pids_limit=PROCESSES,
        cpu_shares=512,
        oom_score_adj=500,
        ulimits=[
            Ulimit(name="nofile", soft=8192, hard=8192),
            Ulimit(name="core", soft=0, hard=0),
        ],
        restart_policy={"Name": "no"},
        log_config=LogConfig(type="none"),
        init=True,  # reaps what a killed room leaves
    )
    # A room mounts a /proc of its own, which the kernel allows only below an unmasked one.
    return config | {"MaskedPaths": [], "ReadonlyPaths": []}


def _host_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _attach(client: docker.DockerClient, container: Container) -> socket.socket:
    """Open the stream before the start, so that not one byte of the template is missed."""
    words = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
    raw = client.api.attach_socket(str(container.id), params=words)
    # A descriptor of our own: the SDK's has its timeout, and is closed when the SDK likes.
    stream = socket.socket(fileno=os.dup(raw.fileno()))
    raw._response.close()  # noqa: SLF001 - the only way to the SDK's
    stream.settimeout(None)
    seconds = struct.pack("ll", SEND_SECONDS, 0)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, seconds)
    return stream


def _remove(container: Container) -> None:
    try:
        container.remove(force=True, v=True)
    except docker.errors.NotFound:
        logger.info("the shell %s was already gone", container.name)
    except docker.errors.APIError as error:
        if error.status_code != requests.codes.conflict:
            raise
        logger.info("the shell %s is being removed by someone else", container.name)


def _kill_directly(pid: int, container: str) -> None:
    """Kill the container's init, if this process id still is that: all its processes die of it."""
    try:
        if container in Path(f"/proc/{pid}/cgroup").read_text():
            os.kill(pid, signal.SIGKILL)
    except OSError as error:
        logger.info("process %d was already gone: %s", pid, error)


def _owner() -> str:
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
    """Whether nobody holds a shell.

    When an owner dies, the engine closes the template's standard input and the shell ends. Should
    it not, an owner of our process ids is looked up; any other has until the deadline.
    """
    if container.status in {"exited", "dead"}:
        return True
    pid, started, namespace = container.labels.get(OWNER_LABEL, "0::").split(":")
    if namespace == _namespace():
        return _started(int(pid)) != started
    return time.time() > int(container.labels.get(DEADLINE_LABEL, "0"))
