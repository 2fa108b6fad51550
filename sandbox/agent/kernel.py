"""The kernel calls that Python's standard library lacks, each raising OSError with its name."""

import ctypes
import os
import platform

MACHINE = platform.machine()
MACHINES = ("x86_64", "aarch64")

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 0x2

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NAME = 15
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_SECUREBITS = 28
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

MADV_POPULATE_WRITE = 23
MADV_COLLAPSE = 25

OPENAT2 = 437  # the same number on every architecture, as all calls newer than 424
LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446
MOUNT_SETATTR = 442
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
CAPSET = {"x86_64": 126, "aarch64": 91}

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *args: int | bytes | None, what: str) -> int:
    """Make a system call by number; integers travel as longs."""
    words = [ctypes.c_long(arg) if isinstance(arg, int) else ctypes.c_char_p(arg) for arg in args]
    return _checked(_libc.syscall(ctypes.c_long(number), *words), what)


def unshare(flags: int) -> None:
    """Leave the namespaces that the flags name for new ones."""
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def setns(space: int) -> None:
    """Enter the namespace of this descriptor; one of processes is entered by the next children."""
    _checked(_libc.setns(ctypes.c_int(space), ctypes.c_int(0)), "setns")


def mount(source: str, target: str, kind: str | None, flags: int, options: str | None) -> None:
    """Mount a file system, or bind or remount one."""
    _checked(
        _libc.mount(
            source.encode(),
            target.encode(),
            kind.encode() if kind else None,
            ctypes.c_ulong(flags),
            options.encode() if options else None,
        ),
        f"mount {target}",
    )


def pivot_root_here() -> None:
    """Make the current folder the root, and let go of the old root."""
    syscall(PIVOT_ROOT[MACHINE], b".", b".", what="pivot_root")
    _checked(_libc.umount2(b".", MNT_DETACH), "umount the old root")
    os.chdir("/")


def collapse(start: int, size: int) -> None:
    """Hold memory in large pages, where it is all there: OSError where it is not."""
    address = ctypes.c_void_p(start)
    _checked(_libc.madvise(address, ctypes.c_size_t(size), MADV_COLLAPSE), "madvise")


def populate(start: int, size: int) -> None:
    """Make pages writable at once, as writing to each would: OSError where a kernel is too old."""
    address = ctypes.c_void_p(start)
    _checked(_libc.madvise(address, ctypes.c_size_t(size), MADV_POPULATE_WRITE), "madvise")


def sethostname(name: str) -> None:
    """Name the host of this UTS namespace."""
    _checked(_libc.sethostname(name.encode(), len(name)), "sethostname")


def prctl(option: int, *args: int) -> int:
    """Change something about this process."""
    words = [ctypes.c_ulong(arg) for arg in (*args, 0, 0, 0, 0)[:4]]
    return _checked(_libc.prctl(ctypes.c_int(option), *words), f"prctl {option}")


def prctl_pointer(option: int, value: int, pointer: ctypes.Array[ctypes.c_char]) -> None:
    """Change something about this process that is described in memory."""
    _checked(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), pointer, 0, 0), "prctl")


def drop_all_capabilities() -> None:
    """Empty every capability set of this process."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _checked(
        _libc.syscall(ctypes.c_long(CAPSET[MACHINE]), ctypes.byref(header), ctypes.byref(nothing)),
        "capset",
    )
