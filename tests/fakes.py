"""Stand-ins that keep the promises of a Protocol: a sandbox that runs trusted code in a folder."""

import builtins
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from sandbox.interface import (
    Finished,
    Frame,
    Limits,
    Made,
    Raised,
    Returned,
    Room,
    SandboxError,
    Service,
    Stopped,
    Unreadable,
    Usage,
    Value,
)

MADE = Made(  # noqa: S604 - no command: the kind of shell
    shell="fake", rooms="nested", development_only=True, runtime="fake", digest="0"
)


@dataclass
class FakeRoom:
    """A room without walls, for trusted test code: files in a temporary folder.

    `call` executes the target's file in this process, in a namespace of its own that the room
    keeps; targets in `answers` are answered from there instead.
    """

    folder: Path
    limits: Limits
    answers: Mapping[str, Callable[..., Value | Returned]] = field(default_factory=dict)
    commands: Mapping[str, Callable[["FakeRoom"], Finished]] = field(default_factory=dict)
    closed: bool = False
    made: Made = MADE
    _modules: dict[str, dict[str, object]] = field(default_factory=dict)

    def upload(self, files: Mapping[str, bytes]) -> None:
        self._must_be_open()
        for name, body in files.items():
            path = self._inside(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)

    def run(
        self,
        *command: str,
        limits: Limits | None = None,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
    ) -> Finished:
        self._must_be_open()
        if command[0] in self.commands:
            return self.commands[command[0]](self)
        limits = limits or self.limits
        tools = {"python": sys.executable, "ruff": str(Path(sys.executable).with_name("ruff"))}
        words = [tools.get(command[0], command[0]), *command[1:]]
        try:
            done = subprocess.run(
                words,
                cwd=self.folder / "project",
                input=stdin,
                capture_output=True,
                timeout=limits.wall_seconds,
                env={"PYTHONPATH": str(self.folder / "project"), **(env or {})},
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Finished(exit_code=None, signal=signal.SIGKILL, stopped=Stopped.WALL)
        code = done.returncode
        return Finished(
            exit_code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            stdout=done.stdout,
            stderr=done.stderr,
            usage=Usage(peak_memory_mb=20.0),
        )

    def call(
        self,
        target: str,
        *args: Value,
        limits: Limits | None = None,
        env: Mapping[str, str] | None = None,
        **kwargs: Value,
    ) -> Returned:
        self._must_be_open()
        if target in self.answers:
            answer = self.answers[target](*args, **kwargs)
            return answer if isinstance(answer, Returned) else Returned(value=answer)
        try:
            with chdir(self.folder / "project"):
                return Returned(value=self._function(target)(*args, **kwargs))
        except builtins.Exception as error:  # noqa: BLE001 - a room tells of any exception
            return Returned(raised=self._raised(error))

    def serve(
        self,
        *command: str,
        port: int,
        limits: Limits | None = None,
        env: Mapping[str, str] | None = None,
        within: float | None = None,
    ) -> AbstractContextManager[Service]:
        raise NotImplementedError("no test of the judge serves yet")

    def read(self, path: str, *, max_bytes: int) -> bytes:
        self._must_be_open()
        place = self._inside(path)
        if not place.is_file() or place.is_symlink():
            raise Unreadable("a plain file")
        if place.stat().st_size > max_bytes:
            raise Unreadable(f"at most {max_bytes} bytes")
        return place.read_bytes()

    def files(self, folder: str, *, max_files: int, max_bytes: int) -> Mapping[str, bytes]:
        root = self._inside(folder)
        paths = sorted(path for path in root.rglob("*") if path.is_file())
        if len(paths) > max_files:
            raise Unreadable(f"at most {max_files} files")
        found = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
        if sum(map(len, found.values())) > max_bytes:
            raise Unreadable(f"at most {max_bytes} bytes")
        return found

    def close(self) -> None:
        self.closed = True

    def _must_be_open(self) -> None:
        if self.closed:
            raise SandboxError("the room is closed")

    def _inside(self, name: str) -> Path:
        pure = PurePosixPath(name)
        if pure.parts[:2] == ("/", "artifacts"):
            return self.folder / "artifacts" / Path(*pure.parts[2:])
        if pure.is_absolute() or ".." in pure.parts:
            raise ValueError(f"unsafe path {name}")
        return self.folder / "project" / pure

    def _function(self, target: str) -> Callable[..., Value]:
        module, _, name = target.partition(":")
        path = self.folder / "project" / f"{module.replace('.', '/')}.py"
        if module not in self._modules:
            if not path.is_file():
                raise ModuleNotFoundError(f"No module named {module!r}")
            names: dict[str, object] = {"__name__": module, "__file__": str(path)}
            exec(compile(path.read_bytes(), str(path), "exec"), names)  # noqa: S102
            self._modules[module] = names
        function = self._modules[module].get(name)
        if not callable(function):
            raise AttributeError(  # noqa: TRY004 - what Python itself raises
                f"module {module!r} has no attribute {name!r}"
            )
        return function

    def _raised(self, error: Exception) -> Raised:
        root = self.folder / "project"
        frames = tuple(
            Frame(
                path=Path(f.filename).relative_to(root).as_posix(),
                line=f.lineno or 1,
                function=f.name,
            )
            for f in traceback.extract_tb(error.__traceback__)
            if Path(f.filename).is_relative_to(root)
        )
        return Raised(type=type(error).__name__, message=str(error), frames=frames)


@dataclass
class FakeSandbox:
    """Opens fake rooms and remembers them; `broken` makes it fall down at the n-th room."""

    answers: dict[str, Callable[..., Value | Returned]] = field(default_factory=dict)
    commands: dict[str, Callable[[FakeRoom], Finished]] = field(default_factory=dict)
    broken_at: int | None = None
    made: Made = MADE
    rooms: list[FakeRoom] = field(default_factory=list)
    opened: list[str | None] = field(default_factory=list)

    @contextmanager
    def open(
        self,
        *,
        runtime: str,
        limits: Limits,
        data: str | None = None,
        seed: int = 0,
        now: str | None = None,
    ) -> Iterator[Room]:
        if self.broken_at is not None and len(self.rooms) >= self.broken_at:
            raise SandboxError("the sandbox fell down")
        folder = Path(tempfile.mkdtemp(prefix="fake-room-"))
        for name in ("project", "artifacts"):
            (folder / name).mkdir()
        room = FakeRoom(folder, limits, self.answers, self.commands, made=self.made)
        self.rooms.append(room)
        self.opened.append(data)
        try:
            yield room
        finally:
            room.close()
            shutil.rmtree(folder)
