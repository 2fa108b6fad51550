"""What no learner may read, touch or reach: tokens, a file, a folder, and listeners."""

import contextlib
import ctypes
import os
import secrets
import selectors
import shutil
import socket
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

TOUCHED: Final = 0x1 | 0x2 | 0x4 | 0x20 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800
"""inotify: read, written, its attributes changed, opened, moved, made, deleted."""
EVENT: Final = struct.Struct("iIII")
TOUCHES: Final = {0x1: "read", 0x2: "written", 0x4: "changed", 0x20: "opened"}


def token() -> str:
    """A text that is nowhere else."""
    return secrets.token_hex(16)


class Canaries:
    """Tokens by what holds them, and what was noticed of those that lie on the host."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tokens = {
            name: token()
            for name in ("file", "environment", "listener", "neighbour", "secret", "secret_key")
        }
        self.file = folder / "canary.txt"
        self.tree = folder / "tree"
        self._lay_out()
        self._watch = _Watch(self.file, self.tree, self.tree / "leaf.txt")
        self._facts = self._look()
        self._listeners = _Listeners(folder / "canary.sock", self.tokens["listener"])

    def places(self) -> dict[str, str]:
        """What a case's text may name."""
        return {
            "@FILE@": str(self.file),
            "@TREE@": str(self.tree),
            **self._listeners.places,
        }

    def complaints(self) -> list[str]:
        """What has happened to them since the last time: nothing, when all is well."""
        said = [f"the host's {what}" for what in self._watch.news()]
        said += [f"the host's listener {name} was reached" for name in self._listeners.news()]
        facts = self._look()
        if facts != self._facts:
            said.append(f"the host's files changed: {facts}")
        return said

    def close(self) -> None:
        """Take everything away."""
        self._listeners.close()
        self._watch.close()

    def _lay_out(self) -> None:
        """Open to everyone on the host: what keeps a learner away is the room, not a mode."""
        self.folder.chmod(0o755)
        self.file.write_text(self.tokens["file"])
        self.file.chmod(0o666)
        self.tree.mkdir()
        self.tree.chmod(0o777)
        (self.tree / "leaf.txt").write_text(self.tokens["file"])
        (self.tree / "leaf.txt").chmod(0o666)

    def _look(self) -> list[tuple[str, int, int, int, int]]:
        """Sizes, modes, owners and times, without opening anything."""
        paths = [self.file, self.tree, self.tree / "leaf.txt"]
        found = [(path, path.stat()) for path in paths]
        return [(p.name, s.st_size, s.st_mode, s.st_uid, s.st_mtime_ns) for p, s in found]


@contextmanager
def planted() -> Iterator[Canaries]:
    """Canaries in a folder of their own, for as long as the block."""
    folder = Path(tempfile.mkdtemp(prefix="canary-"))
    canaries = Canaries(folder)
    try:
        yield canaries
    finally:
        canaries.close()
        shutil.rmtree(folder)


class _Watch:
    """The kernel's word on who opens a file, from whatever namespace."""

    def __init__(self, *paths: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._queue = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._names: dict[int, str] = {}
        for path in paths:
            number = libc.inotify_add_watch(self._queue, os.fsencode(path), TOUCHED)
            if number < 0:
                raise OSError(ctypes.get_errno(), f"cannot watch {path}")
            self._names[number] = path.name

    def news(self) -> list[str]:
        """What was touched, in words."""
        said: dict[str, None] = {}
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._queue, 65536):
                while data:
                    number, mask, _, length = EVENT.unpack_from(data)
                    data = data[EVENT.size + length :]
                    what = next((word for bit, word in TOUCHES.items() if mask & bit), "touched")
                    said[f"{self._names[number]} was {what}"] = None
        return list(said)

    def close(self) -> None:
        os.close(self._queue)


class _Listeners:
    """Open doors on the host's loopback; whoever comes is noted and told a token."""

    def __init__(self, path: Path, word: str) -> None:
        self._word = word.encode()
        self._heard: list[str] = []
        self._waiting = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._waiting.register(self._woken, selectors.EVENT_READ, "")
        abstract = f"canary-{secrets.token_hex(8)}"
        self.places = {"@SOCKET@": str(path), "@ABSTRACT@": abstract}
        self._open("SOCKET", socket.AF_UNIX, socket.SOCK_STREAM, str(path))
        path.chmod(0o777)
        self._open("ABSTRACT", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{abstract}")
        for name, family, kind in (
            ("TCP4", socket.AF_INET, socket.SOCK_STREAM),
            ("TCP6", socket.AF_INET6, socket.SOCK_STREAM),
            ("UDP4", socket.AF_INET, socket.SOCK_DGRAM),
            ("UDP6", socket.AF_INET6, socket.SOCK_DGRAM),
        ):
            host = "127.0.0.1" if family is socket.AF_INET else "::1"
            self.places[f"@{name}@"] = str(self._open(name, family, kind, (host, 0)))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def news(self) -> list[str]:
        heard, self._heard = self._heard, []
        return sorted(set(heard))

    def close(self) -> None:
        self._wake.close()
        self._thread.join()
        for key in [*self._waiting.get_map().values()]:
            key.fileobj.close()  # type: ignore[union-attr]  # only sockets are registered
        self._waiting.close()

    def _open(
        self,
        name: str,
        family: socket.AddressFamily,
        kind: socket.SocketKind,
        address: str | tuple[str, int],
    ) -> int:
        door = socket.socket(family, kind | socket.SOCK_CLOEXEC)
        try:
            door.bind(address)
        except OSError:
            if family is not socket.AF_INET6:
                raise
            door.close()  # a host without IPv6 has nothing to reach
            return 9
        if kind is socket.SOCK_STREAM:
            door.listen()
        self._waiting.register(door, selectors.EVENT_READ, name)
        return 0 if isinstance(address, str) else int(door.getsockname()[1])

    def _serve(self) -> None:
        while True:
            for key, _ in self._waiting.select():
                if not key.data:
                    return
                self._heard.append(key.data)
                door: socket.socket = key.fileobj  # type: ignore[assignment]
                if door.type is socket.SOCK_STREAM:
                    with door.accept()[0] as visitor, contextlib.suppress(OSError):
                        visitor.sendall(self._word)
                else:
                    _, whose = door.recvfrom(2048)
                    door.sendto(self._word, whose)
