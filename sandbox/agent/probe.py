"""The self-test's own program: says what a learner's process can see and do. Runs in a room."""

import ctypes
import json
import os
import pwd
import socket
from pathlib import Path

KNOWN = {
    "PATH",
    "HOME",
    "LANG",
    "PYTHONHASHSEED",
    "SIM_DATA",
    "SIM_ARTIFACTS",
    "SIM_SEED",
    "SIM_NOW",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
}


def _status(name: str) -> str:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return line.split()[1]
    return ""


def _descriptors() -> list[int]:
    found = []
    for number in range(1024):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append(number)
    return found


def _network() -> str:
    try:
        socket.socket(socket.AF_INET)
    except OSError:
        return "refused"
    return "open"


def _namespaces() -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    return "refused" if libc.unshare(0x10000000) != 0 else "open"


def _root() -> str:
    for folder in ("/", "/runtime", "/data", "/etc", "/dev"):
        try:
            Path(folder, "written").write_text("")
        except OSError:
            continue
        return f"{folder} is writable"
    return "read-only"


def _pid_one() -> str:
    for name in ("environ", "mem", "maps"):
        try:
            with Path(f"/proc/1/{name}").open("rb") as file:
                file.read(1)
        except OSError:
            continue
        return f"/proc/1/{name} is readable"
    return "closed"


if __name__ == "__main__":
    seen = {
        "capabilities": int(_status("CapEff"), 16)
        | int(_status("CapPrm"), 16)
        | int(_status("CapBnd"), 16),
        "no_new_privileges": int(_status("NoNewPrivs")),
        "seccomp": int(_status("Seccomp")),
        "descriptors": _descriptors(),
        "user": pwd.getpwuid(os.getuid()).pw_name,
        "processes": len([name for name in os.listdir("/proc") if name.isdigit()]),  # noqa: PTH208
        "network": _network(),
        "namespaces": _namespaces(),
        "root": _root(),
        "pid_one": _pid_one(),
        "environment": sorted(set(os.environ) - KNOWN),
    }
    print(json.dumps(seen))  # noqa: T201 - a command
