"""Refuses user namespaces, really, and becomes a command: `refusing.py limit|filter -- command`.

`limit` is a user namespace of its own in which no other may be made; `filter` a system-call filter
as a container has. Run as a plain user, by path, with the root of the project in `PYTHONPATH`.
"""

import ctypes
import errno
import os
import struct
import sys
from pathlib import Path

from sandbox.agent import kernel, seccomp

CALLS = {"x86_64": (56, 272), "aarch64": (220, 97)}  # clone, unshare
CLONE3 = 435


def limit() -> None:
    user, group = os.getuid(), os.getgid()
    kernel.unshare(kernel.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    Path("/proc/sys/user/max_user_namespaces").write_text("0")


def filter_() -> None:
    clone, unshare = CALLS[kernel.MACHINE]
    load, equal, has, answer = 0x20, 0x15, 0x45, 0x06
    refuse = (answer, 0, 0, 0x00050000 | errno.EPERM)
    allow = (answer, 0, 0, seccomp.ALLOW)
    steps = [
        (load, 0, 0, seccomp.NUMBER),
        (equal, 0, 1, CLONE3),
        (answer, 0, 0, 0x00050000 | errno.ENOSYS),
        (equal, 1, 0, clone),
        (equal, 0, 4, unshare),
        (load, 0, 0, seccomp.FIRST_ARGUMENT),
        (has, 0, 1, kernel.CLONE_NEWUSER),
        refuse,
        allow,
        allow,
    ]
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    seccomp.install(b"".join(struct.pack("<HBBI", *step) for step in steps))


if __name__ == "__main__":
    {"limit": limit, "filter": filter_}[sys.argv[1]]()
    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)  # die with the test
    os.execv(sys.argv[3], sys.argv[3:])  # noqa: S606 - our own words
