"""Becomes an unprivileged user, as a learner's own laptop has: `as_user.py UID PATHS… -- command`.

Run as root. Where a path lies behind a folder that is closed to others, a mount namespace of its
own opens the way to it; nothing on the disk changes.
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWNS, MS_BIND, MS_PRIVATE = 0x20000, 0x1000 | 0x4000, 0x40000 | 0x4000


def main(words: list[str]) -> None:
    border = words.index("--")
    user, paths, command = int(words[0]), words[1:border], words[border + 1 :]
    libc = ctypes.CDLL(None, use_errno=True)
    mount = libc.mount
    assert libc.unshare(CLONE_NEWNS) == 0
    assert mount(b"none", b"/", None, ctypes.c_ulong(MS_PRIVATE), None) == 0
    closed: dict[Path, list[tuple[Path, int]]] = {}
    for path in map(Path, paths):
        for above in reversed(path.parents):
            if not above.stat().st_mode & 0o001:
                closed.setdefault(above, []).append((path, os.open(path, os.O_PATH)))
                break
    for above, inside in closed.items():
        assert mount(b"none", str(above).encode(), b"tmpfs", 0, b"mode=755") == 0
        for path, source in inside:
            path.mkdir(parents=True, exist_ok=True)
            opened = f"/proc/self/fd/{source}".encode()
            assert mount(opened, str(path).encode(), None, ctypes.c_ulong(MS_BIND), None) == 0
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    libc.prctl(1, 9, 0, 0, 0)  # die with the test
    os.execv(command[0], command)  # noqa: S606 - our own words


if __name__ == "__main__":
    main(sys.argv[1:])
