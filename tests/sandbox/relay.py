"""A stand-in for the Docker engine's socket, which a test may cut or make fall silent."""

import contextlib
import socket
import threading
from pathlib import Path

ENGINE = Path("/var/run/docker.sock")


class Relay:
    """A stand-in for the engine's socket that passes everything on until it is cut."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._listener = socket.socket(socket.AF_UNIX)
        self._ends: list[socket.socket] = []
        self._word: bytes | None = None

    def __enter__(self) -> "Relay":
        self._listener.bind(str(self.path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def mute(self, word: bytes) -> None:
        """Say nothing more to whoever asks for what has this word in it; take what they say."""
        self._word = word

    def cut(self) -> None:
        """Hang up on everyone, and on everyone who comes."""
        self.path.unlink(missing_ok=True)
        for end in [self._listener, *self._ends]:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(str(ENGINE))
                self._ends += [caller, engine]
                for source, target in ((caller, engine), (engine, caller)):
                    ends = (source, target)
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if self._word is None or self._word not in data:
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)
