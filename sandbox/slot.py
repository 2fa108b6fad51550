"""Turns root into a slot's unprivileged user, then becomes a command: `slot.py UID BINDS… -- …`.

Run by path with `python -I`; standard library only. Root's folders may be closed to that user, so
what the command needs is first bound, in a mount namespace of its own, to where it can reach it.
"""

import ctypes
import os
import sys
from pathlib import Path

PLACE = Path("/tmp")  # noqa: S108 - covered by a file system of our own before anything is written
CLONE_NEWNS = 0x20000
MS_BIND_RECURSIVE, MS_PRIVATE_RECURSIVE = 0x1000 | 0x4000, 0x40000 | 0x4000


def main(words: list[str]) -> None:
    """Bind each `name=path` to /tmp/name, drop every right, and become the command."""
    border = words.index("--")
    user, binds, command = int(words[0]), words[1:border], words[border + 1 :]
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.unshare(CLONE_NEWNS), "unshare")
    _mount(libc, b"none", b"/", None, MS_PRIVATE_RECURSIVE, None)
    sources = {}
    for bind in binds:
        name, _, path = bind.partition("=")
        sources[name] = os.open(path, os.O_PATH | os.O_CLOEXEC)
    _mount(libc, b"none", str(PLACE).encode(), b"tmpfs", 0, b"size=64k,mode=755")
    for name, source in sources.items():
        target = PLACE / name
        if os.path.isdir(f"/proc/self/fd/{source}"):  # noqa: PTH112 - a descriptor
            target.mkdir()
        else:
            target.touch()
        opened = f"/proc/self/fd/{source}".encode()
        _mount(libc, opened, str(target).encode(), None, MS_BIND_RECURSIVE, None)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    os.chdir("/")
    os.execve(command[0], command, {})  # noqa: S606 - our own words, no shell


def _mount(
    libc: ctypes.CDLL,
    source: bytes,
    target: bytes,
    kind: bytes | None,
    flags: int,
    options: bytes | None,
) -> None:
    _check(libc.mount(source, target, kind, ctypes.c_ulong(flags), options), f"mount {target!r}")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        sys.exit(f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    main(sys.argv[1:])
