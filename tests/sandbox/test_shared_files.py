"""Rooms read the same files of the runtime and the data, and meet nobody there."""

import json
from contextlib import AbstractContextManager

import pytest

from sandbox import runtimes
from sandbox.client import RunnerRoom, RunnerSandbox
from tests.sandbox.conftest import HOME, LIMITS, NESTED_ONLY, ROOT, Host
from tests.sandbox.walls.attacks import module

HELD = """
for path in {paths}:
    kept.append(open(path, "rb"))
    fcntl.flock(kept[-1], fcntl.LOCK_EX)
    fcntl.lockf(kept[-1], fcntl.LOCK_SH)
return True
"""
FREE = """
for path in {paths}:
    kept.append(open(path, "rb"))
    fcntl.flock(kept[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
    asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)
    if struct.unpack("hhqqi4x", fcntl.fcntl(kept[-1], fcntl.F_GETLK, asked))[0] != fcntl.F_UNLCK:
        return False
return True
"""

LOCKING = {
    "sqlite": """
import sqlite3
first, second = (sqlite3.connect("/tmp/a.db") for _ in range(2))
first.execute("pragma journal_mode=wal")
first.execute("create table t (n)"); first.commit()
second.execute("insert into t values (1)"); second.commit()
return first.execute("select n from t").fetchall() == [(1,)]
""",
    "chdb": """
from chdb import session
own = session.Session("/tmp/chdb")
own.query("create database d engine = Atomic")
own.query("create table d.t (n Int32) engine = MergeTree order by n")
own.query("insert into d.t select number from numbers(10)")
return str(own.query("select sum(n) from d.t")).strip() == "45"
""",
    "flock": """
first, second = (open("/tmp/lock", "w") for _ in range(2))
fcntl.flock(first, fcntl.LOCK_EX)
try: fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError: return True
return False
""",
}


def paths(host: Host) -> list[str]:
    shared = ["/runtime/bin/python", "/runtime/code/learner/simkit/__init__.py"]
    # A container has a file system of its own, but its data is mounted there as it is.
    return shared if host.kind == "container" else [*shared, "/data/users.parquet"]


def test_a_lock_on_a_file_that_all_read_reaches_no_neighbour(host: Host) -> None:
    with _open(host.sandbox) as first, _open(host.sandbox) as second:
        assert _call(first, "held", HELD.format(paths=paths(host)))
        assert _call(second, "free", FREE.format(paths=paths(host)))
        assert not _call(
            first, "free", FREE.format(paths=paths(host))
        )  # where it is held it counts


@NESTED_ONLY
def test_the_mounts_of_a_nested_room_name_nothing_of_the_host(host: Host) -> None:
    with _open(host.sandbox) as room:
        told = room.run("python", "-c", "print(open('/proc/self/mountinfo').read())").stdout
    mounts = told.decode()
    for of_the_host in (ROOT, runtimes.folder(HOME), host.warehouse, "docker", "python-ml"):
        assert str(of_the_host) not in mounts
    assert mounts.count(" - overlay room ") >= 5
    options = [line.split()[5] for line in mounts.splitlines() if line]
    assert all(each.startswith(("ro,nosuid,nodev", "rw,nosuid")) for each in options), mounts


@pytest.mark.parametrize(
    "ask",
    [
        "fcntl.fcntl(os.open('/tmp/mine', os.O_CREAT), fcntl.F_SETLEASE, fcntl.F_RDLCK)",
        "fcntl.fcntl(os.open('/runtime', os.O_RDONLY), fcntl.F_NOTIFY, fcntl.DN_ACCESS)",
        "fcntl.fcntl(os.open('/tmp/mine', os.O_CREAT), 1036, bytes(8))",
        "if libc.inotify_init1(0) < 0: raise OSError(ctypes.get_errno(), 'inotify')",
    ],
)
def test_nothing_tells_who_reads_a_file_or_keeps_others_from_it(host: Host, ask: str) -> None:
    with _open(host.sandbox) as room:
        assert not _call(room, "ask", f"{ask}\nreturn True")


@pytest.mark.parametrize("library", LOCKING)
def test_locks_hold_inside_a_room(host: Host, library: str) -> None:
    with _open(host.sandbox) as room:
        room.upload({"m.py": module(LOCKING[library])})
        finished = room.run("python", "-c", "import json, m; print(json.dumps(m.attempt()))")
        assert finished.ok, finished.stderr
        assert json.loads(finished.stdout.split()[-1]) is True, finished


def _open(sandbox: RunnerSandbox) -> AbstractContextManager[RunnerRoom]:
    return sandbox.open(runtime="python-ml", limits=LIMITS, data="small")


def _call(room: RunnerRoom, name: str, body: str) -> bool:
    room.upload({f"{name}.py": module(body)})
    returned = room.call(f"{name}:attempt")
    assert isinstance(returned.value, bool), returned
    return returned.value
