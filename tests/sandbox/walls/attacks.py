"""What each wall stops: the attack, by its number in the catalogue where it has one.

An attack is the body of a function of the learner's. It returns True when what it attacked was
open to it; an `OSError`, or a limit that ends it, is a refusal.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    """One attack from inside a room."""

    case: str  # of the catalogue of attacks; empty where it has none of its own
    body: str


@dataclass(frozen=True)
class Meeting:
    """Two rooms of one shell: the first leaves something, the second looks for it."""

    case: str
    leave: str
    look: str


LINES = """
import ctypes, fcntl, os, socket, struct, time
libc = ctypes.CDLL(None, use_errno=True)
kept = []
def attempt():
    try:
        return bool(attack())
    except OSError:
        return False
def attack():
"""

ATTACKS = {
    # a file of the dataset's folder that only root may read
    "own_user": Attack("ESC-01", "return len(open('/data/closed').read()) > 0"),
    # the command lines of the shell, the warden, the neighbours
    "pid": Attack(
        "ESC-01",
        "mine = ('1', str(os.getpid()))\n"
        "others = [n for n in os.listdir('/proc') if n.isdigit() and n not in mine]\n"
        "return any(open(f'/proc/{n}/cmdline').read() for n in others)",
    ),
    # which shell this is: two learners may find out that they are neighbours
    "uts": Attack("", "return os.uname().nodename != 'room'"),
    # every dataset of the host, whichever the room was given
    "old_root": Attack("ESC-01", "return 'other' in os.listdir('/../warehouse')"),
    # facts of the host's kernel, beyond the room's own processes
    "proc": Attack("ESC-01", "return len(open('/proc/meminfo').read()) > 0"),
    # writing where the next process of the room would read
    "read_only_root": Attack("ESC-12", "return open('/planted', 'w').write('x') == 1"),
    # filling up the host's memory with bytes, with empty files
    "scratch_bytes": Attack(
        "RES-04", "for n in range(4): open(f'/tmp/{n}', 'wb').write(bytes(8 << 20))\nreturn True"
    ),
    "scratch_inodes": Attack(
        "RES-09", "for n in range(5000): open(f'/tmp/{n}', 'w').close()\nreturn True"
    ),
    # terminals, and the part of the kernel that keeps them
    "devices": Attack("", "return os.open('/dev/pts/ptmx', os.O_RDWR) >= 0"),
    "memory": Attack("RES-03", "kept.append(b'x' * (700 << 20))\ntime.sleep(1)\nreturn True"),
    "processes": Attack(
        "RES-01",
        "for _ in range(45):\n"
        "    if os.fork() == 0: time.sleep(2); os._exit(0)\n"
        "time.sleep(1)\n"
        "return True",
    ),
    # the descriptors that the warden holds, such as the shell's /proc
    "descriptors": Attack(
        "ESC-07", "return any(n > 3 for n in map(int, os.listdir('/proc/self/fd')))"
    ),
    # what the runner was started with
    "environment": Attack("ESC-01", "return 'SIM_CANARY' in os.environ"),
    # more open files than the kernel's tables should hold for one room
    "rlimits": Attack("RES-11", "kept.extend(os.dup(0) for _ in range(2000))\nreturn True"),
    # rights over the room's own namespaces
    "capabilities": Attack(
        "ESC-04",
        "status = [line.split() for line in open('/proc/self/status')]\n"
        "return any(int(words[1], 16) for words in status if words[0] in ('CapEff:', 'CapBnd:'))",
    ),
    # where the room's first process, which may kill the others, has its secrets
    "dumpable": Attack("ESC-01", "return len(open('/proc/1/maps').read(1)) > 0"),
    # when memory runs out, the kernel shall end this process and not the warden
    "landlock": Attack(
        "RES-03", "return os.write(os.open('/proc/self/oom_score_adj', os.O_WRONLY), b'0') == 1"
    ),
    # new namespaces, with all of the kernel that only their owner reaches
    "seccomp": Attack("ESC-04", "return libc.unshare(0x10000000) == 0"),
}
MEETINGS = {
    # see, and through abstract names talk to, another learner's room
    "network": Meeting(
        "ESC-02",
        "s = socket.socket(1); kept.append(s); s.bind(chr(0) + 'meet'); s.listen()\nreturn True",
        "return 'meet' in open('/proc/self/net/unix').read()",
    ),
    # leave memory for another learner's room to find
    "ipc": Meeting(
        "ESC-09",
        "return libc.shmget(77, 4096, 0o1666) >= 0",
        "return libc.shmget(77, 4096, 0) >= 0",
    ),
    # signal through, or keep others from, a lock on a file that all rooms read
    "own_files": Meeting(
        "ESC-09",
        "kept.append(open('/runtime/bin/python'))\nfcntl.flock(kept[-1], fcntl.LOCK_EX)\nreturn True",
        "kept.append(open('/runtime/bin/python'))\n"
        "try: fcntl.flock(kept[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except BlockingIOError: return True\n"
        "return False",
    ),
}
# Outlives its step; then its warden is killed.
SURVIVOR = Attack(
    "ESC-08",
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    if os.fork(): os._exit(0)\n"
    "    libc.prctl(15, b'{name}', 0, 0, 0)\n"
    "    time.sleep(60); os._exit(0)\n"
    "return True",
)


def module(body: str) -> bytes:
    """Give the module whose `attempt` tells whether the attack succeeded."""
    return (LINES + "".join(f"    {line}\n" for line in body.splitlines())).encode()
