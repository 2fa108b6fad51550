"""Files of a room, by descriptor and through no link: a learner's are read, ours are written.

Files are read after every learner's process of the room is dead.
"""

import contextlib
import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterator
from pathlib import PurePosixPath

from sandbox.agent import kernel
from sandbox.agent.caps import DEEPEST_FOLDER, LONGEST_PATH

ROOTS = ("/project", "/artifacts")
BENEATH_WITHOUT_LINKS = (
    0x08 | 0x04 | 0x02 | 0x01
)  # beneath, no symlinks, no magic links, no mounts
FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NOCTTY


class Rule(Exception):
    """A file breaks a rule; the message is the rule."""


def read(path: str, *, max_bytes: int) -> bytes:
    """Read one file of the project or of the artefacts. Raises Rule."""
    root, parts = _split(path)
    if not parts:
        raise Rule("it is a folder")
    top = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        file = _open(top, parts, FLAGS)
        return _content(file, max_bytes=max_bytes)
    finally:
        os.close(top)


def walk(folder: str, *, max_files: int, max_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Read every file of a folder. Raises Rule at the first that is no plain file or too much."""
    root, parts = _split(folder)
    top = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        first = _open(top, parts or ["."], FLAGS | os.O_DIRECTORY)
        left = [max_files, max_bytes]
        yield from _walk(first, prefix="", left=left, depth=0)
    finally:
        os.close(top)


def write(path: str, content: bytes) -> None:
    """Write a file of the project or of the artefacts. Raises Rule."""
    root, parts = _split(path)
    if not parts:
        raise Rule(f"{path}: not the path of a file")
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in parts[:-1]:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=here)
            below = os.open(name, FLAGS | os.O_DIRECTORY, dir_fd=here)
            os.close(here)
            here = below
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK
        with os.fdopen(os.open(parts[-1], flags, 0o644, dir_fd=here), "wb") as file:
            file.write(content)
    except OSError as error:
        raise Rule(f"{path}: {_rule(error)}") from None
    finally:
        os.close(here)


def _walk(folder: int, *, prefix: str, left: list[int], depth: int) -> Iterator[tuple[str, bytes]]:
    try:
        if depth > DEEPEST_FOLDER:
            raise Rule(f"folders are nested more than {DEEPEST_FOLDER} deep")
        for name in sorted(os.listdir(folder)):
            path = _text(f"{prefix}{name}")
            state = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISDIR(state.st_mode):
                inside = _open(folder, [name], FLAGS | os.O_DIRECTORY)
                yield from _walk(inside, prefix=f"{path}/", left=left, depth=depth + 1)
                continue
            if not stat.S_ISREG(state.st_mode) and not stat.S_ISLNK(state.st_mode):
                raise Rule(f"{path}: it is no regular file")  # not even opened
            left[0] -= 1
            if left[0] < 0:
                raise Rule("too many files")
            content = _content(_open(folder, [name], FLAGS), max_bytes=left[1], path=path)
            left[1] -= len(content)
            yield path, content
    finally:
        os.close(folder)


def _text(path: str) -> str:
    try:
        path.encode()
    except UnicodeEncodeError:
        raise Rule("a file name is not UTF-8") from None
    return path


def _split(path: str) -> tuple[str, list[str]]:
    if len(path) > LONGEST_PATH or "\0" in path:
        raise Rule("the path is no path")
    parts = list(PurePosixPath("/project", path).parts[1:])
    if ".." in parts:
        raise Rule("the path leaves the project")
    root = f"/{parts[0]}" if parts else "/"
    if root not in ROOTS:
        raise Rule("only files of /project and /artifacts can be read")
    return root, parts[1:]


def _open(top: int, parts: list[str], flags: int) -> int:
    try:
        return _open_beneath(top, "/".join(parts), flags)
    except OSError as error:
        # EPERM is what a filter says that is older than the call itself.
        if error.errno in {errno.ENOSYS, errno.EPERM}:
            return _open_by_steps(top, parts, flags)
        raise Rule(_rule(error)) from None


def _open_beneath(top: int, path: str, flags: int) -> int:
    how = ctypes.create_string_buffer(struct.pack("<QQQ", flags, 0, BENEATH_WITHOUT_LINKS), 24)
    return kernel.syscall(
        kernel.OPENAT2, top, path.encode(), ctypes.addressof(how), 24, what="openat2"
    )


def _open_by_steps(top: int, parts: list[str], flags: int) -> int:
    """Open one name after the other, for kernels without `openat2`."""
    here = os.dup(top)
    try:
        for name in parts[:-1]:
            below = os.open(name, FLAGS | os.O_DIRECTORY, dir_fd=here)
            os.close(here)
            here = below
        return os.open(parts[-1], flags, dir_fd=here)
    except OSError as error:
        raise Rule(_rule(error)) from None
    finally:
        os.close(here)


def _rule(error: OSError) -> str:
    rules = {
        errno.ENOENT: "there is no such file",
        errno.ELOOP: "it is, or lies behind, a symbolic link",
        errno.ENXIO: "it is no regular file",
        errno.EXDEV: "it lies outside the folder",
        errno.ENOTDIR: "it is no folder, or lies below a file",
        errno.EACCES: "it cannot be read",
    }
    return rules.get(error.errno or 0, f"it cannot be opened ({os.strerror(error.errno or 0)})")


def _content(file: int, *, max_bytes: int, path: str = "") -> bytes:
    name = f"{path}: " if path else ""
    try:
        state = os.fstat(file)
        if not stat.S_ISREG(state.st_mode):
            raise Rule(f"{name}it is no regular file")
        if state.st_nlink != 1:
            raise Rule(f"{name}it has more than one name")
        if state.st_size > max_bytes:
            raise Rule(f"{name}it is larger than {max_bytes} bytes")
        with os.fdopen(os.dup(file), "rb") as opened:
            return opened.read(max_bytes)
    finally:
        os.close(file)
