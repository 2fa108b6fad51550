"""A room's walls: its namespaces and the tree that it sees. Runs before any learner does."""

import fcntl
import os
import socket
import struct
from pathlib import Path

from sandbox.agent import kernel

LEARNER = 1000  # the one user and group of a room
ROOM = Path("/room")  # where the new root is put together, in the shell's tree
SHOWN = ("lib", "lib64", "usr", "bin")  # of the shell's tree, beside /runtime; a link stays a link
NOTHING = ROOM / "scratch"  # an empty folder, until the scratch is mounted there, last of all
SCRATCH = ("project", "tmp", "artifacts", "shm")
PLACES = ("/project", "/tmp", "/artifacts", "/dev/shm")  # noqa: S108 - of the room
DEVICES = ("null", "zero", "full", "random", "urandom")
STREAMS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
PASSWD = f"learner:x:{LEARNER}:{LEARNER}::/tmp:/nonexistent\n"
SLACK = 256 * 1024  # a scratch is this much larger than its limit, so that passing it can be seen
SLACK_FILES = 16
NAMESPACES = (
    kernel.CLONE_NEWUSER
    | kernel.CLONE_NEWNS
    | kernel.CLONE_NEWPID
    | kernel.CLONE_NEWNET
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUTS
)
SPACES = {
    "user": kernel.CLONE_NEWUSER,  # the first: it gives the right to enter the others
    "mnt": kernel.CLONE_NEWNS,
    "pid_for_children": kernel.CLONE_NEWPID,
    "net": kernel.CLONE_NEWNET,
    "ipc": kernel.CLONE_NEWIPC,
    "uts": kernel.CLONE_NEWUTS,
}
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1


def own_the_rooms() -> None:
    """Own all user namespaces of rooms: who forks into a room's PID namespace needs that right.

    It is a right over rooms only: every other namespace of the shell belongs to its own user.
    """
    user, group = os.getuid(), os.getgid()
    kernel.unshare(kernel.CLONE_NEWUSER)
    _be(user, group, outside=(user, group))


def leave_the_shell() -> None:
    """Move this process to namespaces of its own; its next children to a new PID namespace."""
    outside = os.getuid(), os.getgid()
    kernel.unshare(NAMESPACES)
    _be(LEARNER, LEARNER, outside=outside)
    kernel.sethostname("room")


def own_spaces(*, controlled: bool) -> list[str]:
    """Name the namespaces that a room has of its own, as `/proc` does."""
    found = [name for name, flag in SPACES.items() if flag & NAMESPACES]
    return [*found, "cgroup"] if controlled else found


def _be(user: int, group: int, *, outside: tuple[int, int]) -> None:
    """Be known, in the user namespace of this process, under these numbers."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {outside[0]} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {outside[1]} 1")


def build_tree() -> None:
    """Put together, inside the shell's tree, what is the same in every room's."""
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE, None)
    careful = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("room", str(ROOM), "tmpfs", careful, "size=1m,nr_inodes=512,mode=755")
    NOTHING.mkdir()
    for name in SHOWN:
        _show(Path("/") / name, ROOM / name)
    (ROOM / "runtime").mkdir()
    for each in Path("/runtime").iterdir():  # one by one: a mount in a folder is not laid with it
        _show(each, ROOM / "runtime" / each.name)
    _write_etc()
    write_sys(ROOM)
    _mount_devices()
    for place in ("proc", "data", *(place[1:] for place in PLACES)):
        (ROOM / place).mkdir()


def furnish(*, data: str | None, scratch_bytes: int, scratch_files: int) -> None:
    """Give the room what its caller wants in it: a dataset, and room to write."""
    if data is not None:
        _lay(f"/warehouse/{data}", ROOM / "data", kernel.MS_NOEXEC)
    _mount_scratch(scratch_bytes + SLACK, scratch_files + SLACK_FILES + len(SCRATCH))


def mount_proc() -> None:
    """Show the room's own processes, and nothing else of the kernel; only one of them may ask."""
    careful = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    kernel.mount("proc", str(ROOM / "proc"), "proc", careful, "subset=pid")


def move_in() -> None:
    """Make the room's tree the root, and lose sight of the shell's."""
    os.chdir(ROOM)
    kernel.pivot_root_here()
    kernel.mount("none", "/", None, _same_but_read_only("/"), None)


def hide_cgroup() -> None:
    """Make the room's own control group the root of what it sees of control groups."""
    kernel.unshare(kernel.CLONE_NEWCGROUP)


def raise_loopback() -> None:
    """Bring up the room's own 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        asked = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack_from("h", fcntl.ioctl(end, SIOCGIFFLAGS, asked), 16)
        fcntl.ioctl(end, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def _show(source: Path, target: Path) -> None:
    if source.is_symlink():
        target.symlink_to(source.readlink())
    elif source.is_dir():
        target.mkdir()
        _lay(str(source), target, 0)
    elif source.is_file():
        target.write_bytes(source.read_bytes())


def _lay(source: str, target: Path, flags: int) -> None:
    """Show a folder of the shell, read-only, as files of the room's own.

    Laid as an overlay, the folder has inodes that no other room meets: no lock crosses, and the
    room's list of mounts names nothing of the host. What is read is still in memory only once.
    A kernel older than 5.11, or one that forbids it, gets the folder itself: the self-test tells.
    """
    folder = os.open(source, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    layers = f"lowerdir=/proc/self/fd/{folder}:{NOTHING}"
    careful = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV | flags
    try:
        kernel.mount("room", str(target), "overlay", careful, layers)
    except OSError:
        _bind(source, target, flags)
    finally:
        os.close(folder)


def _bind(source: str, target: Path, flags: int) -> None:
    kernel.mount(source, str(target), None, kernel.MS_BIND | kernel.MS_REC, None)
    kernel.mount("none", str(target), None, _same_but_read_only(str(target)) | flags, None)


def _same_but_read_only(path: str) -> int:
    """Give the flags of a read-only remount; a flag that the shell has set stays set."""
    kept = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    present = os.statvfs(path).f_flag
    atime = present & (os.ST_NOATIME | os.ST_NODIRATIME | os.ST_RELATIME)
    flags = present & kept | _ATIME.get(atime, atime) | kernel.MS_RDONLY
    return flags | kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_REMOUNT | kernel.MS_BIND


_MS_RELATIME = 1 << 21
_ATIME = {os.ST_RELATIME: _MS_RELATIME}


def _write_etc() -> None:
    (ROOM / "etc").mkdir()
    (ROOM / "etc/passwd").write_text(PASSWD)
    (ROOM / "etc/group").write_text(f"learner:x:{LEARNER}:\n")
    (ROOM / "etc/hosts").write_text("127.0.0.1 localhost room\n::1 localhost\n")


def write_sys(root: Path) -> None:
    """Show one empty count of memory: without it chDB reports, at length, that it misses it."""
    (root / "sys/fs/cgroup/memory").mkdir(parents=True)
    (root / "sys/fs/cgroup/memory/memory.stat").write_text("cache 0\nrss 0\n")


def _mount_scratch(size: int, files: int) -> None:
    """Mount one budget of bytes and files for everything that a learner can write."""
    careful = kernel.MS_NOSUID | kernel.MS_NODEV
    options = f"size={size},nr_inodes={files},mode=755"
    kernel.mount("scratch", str(ROOM / "scratch"), "tmpfs", careful, options)
    for name, place in zip(SCRATCH, PLACES, strict=True):
        inside = ROOM / "scratch" / name
        inside.mkdir()
        inside.chmod(0o777)
        kernel.mount(str(inside), str(ROOM / place[1:]), None, kernel.MS_BIND, None)


def _mount_devices() -> None:
    (ROOM / "dev").mkdir()
    for name in DEVICES:
        (ROOM / "dev" / name).touch()
        kernel.mount(f"/dev/{name}", str(ROOM / "dev" / name), None, kernel.MS_BIND, None)
    for name, target in STREAMS.items():
        (ROOM / "dev" / name).symlink_to(target)
