"""A running container and the stream to the first process in it, whatever it is there for."""

import contextlib
import logging
import os
import signal
import socket
import struct
from pathlib import Path

import docker
from docker.models.containers import Container

from sandbox import engine
from sandbox.shell import ShellError

logger = logging.getLogger(__name__)

SEND_SECONDS = 60  # the longest that the template may leave a frame unread
LAST_WORDS = 16 * 1024
STREAM_HEADER = struct.Struct(">BxxxL")  # which stream, how many bytes follow
STDOUT = 1


class Attached:
    """A container that was started with its streams attached. It ends with `kill`."""

    def __init__(
        self,
        client: docker.DockerClient,
        container: Container,
        stream: socket.socket,
        *,
        keep_client: bool = False,
    ) -> None:
        self._client = client
        self._keep_client = keep_client  # it is someone else's
        self._container = container
        self._stream = stream
        self._reader = stream.makefile("rb")
        self._left = 0  # bytes of the current piece that are still to come
        self._is_output = False
        self._words = bytearray()
        self._pid = int(container.attrs["State"]["Pid"])

    @property
    def pid(self) -> int:
        """The first process's id, as the host counts."""
        return self._pid

    @property
    def digest(self) -> str:
        """The image's id."""
        return str(self._container.attrs["Image"])

    def receive(self, size: int) -> bytes:
        """Wait for the next bytes of its output, at most `size`; empty when it is gone."""
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
        """Hand all these bytes to its standard input. Raises OSError when it is gone."""
        self._stream.sendall(data)

    def kill(self) -> None:
        """End the container and everything in it, and wait for that. Twice is fine."""
        try:
            with engine.asking("remove a container"):
                engine.remove(self._container)
        except ShellError as error:
            logger.warning("killing %s without the engine: %s", self._container.name, str(error))
            _kill_directly(self._pid, str(self._container.id))
        finally:
            with contextlib.suppress(OSError):  # the engine was first to hang up
                self._stream.shutdown(socket.SHUT_RDWR)
            self._reader.close()
            self._stream.close()
            if not self._keep_client:
                self._client.close()

    def limit_memory(self, size: int) -> None:
        """Have the engine limit the container's memory, in bytes. Raises ShellError."""
        with engine.asking("limit a container"):
            self._container.update(mem_limit=size, memswap_limit=size)

    def last_words(self) -> str:
        """Quote the end of what was written to its standard error."""
        return bytes(self._words).decode(errors="replace")


def start(client: docker.DockerClient, container: Container) -> tuple[Container, socket.socket]:
    """Attach to a container that was created, and start it; it is removed if that fails."""
    try:
        with engine.asking("start a container"):
            stream = _attach(client, container)
            try:
                container.start()
                container.reload()
            except BaseException:
                stream.close()
                raise
    except BaseException:
        with contextlib.suppress(ShellError), engine.asking("remove a container"):
            engine.remove(container)
        raise
    return container, stream


def _attach(client: docker.DockerClient, container: Container) -> socket.socket:
    """Open the stream before the start, so that not one byte of the output is missed."""
    words = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
    raw = client.api.attach_socket(str(container.id), params=words)
    # A descriptor of our own: the SDK's has its timeout, and is closed when the SDK likes.
    stream = socket.socket(fileno=os.dup(raw.fileno()))
    raw._response.close()  # noqa: SLF001 - the only way to the SDK's
    stream.settimeout(None)
    seconds = struct.pack("ll", SEND_SECONDS, 0)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, seconds)
    return stream


def _kill_directly(pid: int, container: str) -> None:
    """Kill the container's init, if this process id still is that: all its processes die of it."""
    try:
        if container in Path(f"/proc/{pid}/cgroup").read_text():
            os.kill(pid, signal.SIGKILL)
    except OSError as error:
        logger.info("process %d was already gone: %s", pid, error)
