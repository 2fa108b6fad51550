"""The self-test's own program: says what a learner's process can see and do. Runs in a room.

Each field is named after what `sandbox.probing` expects of it.
"""

import ctypes
import json
import os
import pwd
import resource
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

SPACES = ("user", "mnt", "pid", "net", "ipc", "uts")
LIMITED = ("NPROC", "NOFILE", "CORE", "FSIZE", "MEMLOCK", "MSGQUEUE")
PLACES = ("/project", "/tmp", "/artifacts", "/dev/shm")  # noqa: S108 - of the room
PR_GET_PDEATHSIG = 2
LANDLOCK_CREATE_RULESET = 444  # the same number on every architecture


def spaces() -> dict[str, str]:
    """Name this process's namespaces, to be compared with a neighbour's."""
    return {name: str(Path("/proc/self/ns", name).readlink()) for name in SPACES}


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


def _kernel_tables() -> str:
    """See whether `/proc` has more than processes."""
    found = [name for name in ("meminfo", "kallsyms", "sys") if Path("/proc", name).exists()]
    return ", ".join(found) or "hidden"


def _above() -> str:
    """See whether anything is left above the root."""
    try:
        names = set(os.listdir("/.."))  # noqa: PTH208 - above the root
    except OSError:
        return "nothing"
    return ", ".join(sorted(names - set(os.listdir("/")))) or "nothing"  # noqa: PTH208


def _interfaces() -> list[str]:
    lines = Path("/proc/self/net/dev").read_text().splitlines()[2:]
    return [line.partition(":")[0].strip() for line in lines]


def _unlimited() -> list[str]:
    """List what the kernel would let this process have without end."""
    limits = {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in LIMITED}
    return [name for name, (_, hard) in limits.items() if hard in {resource.RLIM_INFINITY, 2**20}]


def _scratch() -> list[int]:
    """Tell the most that one place may hold: bytes, files."""
    states = [os.statvfs(place) for place in PLACES]
    most = max(state.f_blocks * state.f_frsize for state in states)
    return [most, max(state.f_files for state in states)]


def _parent_death() -> int:
    number = ctypes.c_int(0)
    ctypes.CDLL(None).prctl(PR_GET_PDEATHSIG, ctypes.byref(number), 0, 0, 0)
    return number.value


def _landlock() -> str:
    """Try what nothing but Landlock refuses: a word on whom to end when memory runs out."""
    if ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0, 1) <= 0:
        return "not in this kernel"
    try:
        os.close(os.open("/proc/self/oom_score_adj", os.O_WRONLY))
    except OSError:
        return "on"
    return "off"


def _files() -> str:
    """Tell whether the runtime's files have inodes that no other room meets."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if line.split()[4] == "/runtime/base":
            return "own" if " - overlay room " in line else "shared"
    return "of this container"


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
        "kernel_tables": _kernel_tables(),
        "above": _above(),
        "interfaces": _interfaces(),
        "unlimited": _unlimited(),
        "scratch": _scratch(),
        "parent_death": _parent_death(),
        "landlock": _landlock(),
        "devices": sorted(os.listdir("/dev")),  # noqa: PTH208
        "files": _files(),
        "environment": sorted(set(os.environ) - KNOWN),
    }
    print(json.dumps(seen))  # noqa: T201 - a command
