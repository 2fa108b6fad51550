"""A production site of one's own: database, broker, worker hosts with runners, web, reconciler."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
import redis

from sandbox.client import RunnerSandbox
from sandbox.interface import SandboxError
from simulator.environment import ROOT
from simulator.serving.preparing import redis_server
from simulator.serving.private import free_port
from tests.chaos.parts import Init, Part, wait_for
from tests.simulator.toy_quest import write_toy

NO_TABLES: Final = '''\
"""No tables: what is graded here is how gradings are delivered."""

from graders.data import Hidden

PUBLIC_SEED = 1


def generate(seed, scale):
    return {}


def hidden(key, scale):
    return Hidden(datasets={}, truth={})
'''
DISK_MB: Final = 700
STARTING_SECONDS: Final = 240.0
CLOCK: Final = Path(__file__).parent / "clock"
BIN: Final = (Path("/usr/lib/postgresql"), Path("/usr/local/bin"))


class Lacking(Exception):
    """This machine lacks a tool; the message names it."""


@dataclass(kw_only=True)
class Site:
    """A whole site, its parts, and where to reach them."""

    folder: Path  # on a disk of its own where that can be had
    logs: Path  # elsewhere
    mounted: bool
    port: int
    postgres_port: int
    redis_port: int
    hosts: Sequence[str]  # a worker host each: "bubblewrap" or "docker"
    workers: int
    concurrency: int
    grading_seconds: int
    docker_host: str = ""
    init: Init = field(default_factory=lambda: Init([]))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        return f"postgresql://sim@127.0.0.1:{self.postgres_port}/sim"

    @property
    def server_url(self) -> str:
        """The database that is there before ours is made."""
        return self.database_url.removesuffix("sim") + "postgres"

    @property
    def clock(self) -> Path:
        """What the injected clock is off by, in seconds."""
        return self.logs / "clock"

    def runner_socket(self, number: int) -> Path:
        return self.logs / f"runner-{number}.sock"

    def env(self) -> dict[str, str]:
        """What every process of the site reads."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SIM_", "SANDBOX_", "DATABASE", "REDIS", "CLICKHOUSE"))
        }
        return {
            **kept,
            "SIM_HOME": str(self.folder / "home"),
            "SIM_QUESTS": str(self.folder / "quests"),
            "SIM_RUNTIMES": os.environ.get("SIM_RUNTIMES", str(ROOT / ".sim" / "runtimes")),
            "SIM_GRADING_SECONDS": str(self.grading_seconds),
            "SIM_SECRET": "5" * 64,
            "SIM_SECRET_KEY": "chaos",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "SIM_RUNNER_SOCKET": str(self.runner_socket(0)),
            "SIM_CHAOS_CLOCK": str(self.clock),
            "PYTHONPATH": str(CLOCK),
            "PYTHONUNBUFFERED": "1",
        }


@contextmanager
def site(
    *, hosts: Sequence[str], workers: int, concurrency: int, grading_seconds: int
) -> Iterator[Site]:
    """Set up a whole site, and take it down whatever happens. Raises Lacking."""
    with tempfile.TemporaryDirectory(prefix="sim-chaos-") as scratch, _disk(scratch) as disk:
        folder, mounted = disk
        ours = Site(
            folder=folder,
            logs=Path(scratch),
            mounted=mounted,
            port=free_port(),
            postgres_port=free_port(),
            redis_port=free_port(),
            hosts=hosts,
            workers=workers,
            concurrency=concurrency,
            grading_seconds=grading_seconds,
        )
        Path(scratch).chmod(0o755)
        ours.init = Init(_parts(ours))
        try:
            _bring_up(ours)
            yield ours
        finally:
            ours.init.end()


def postgres(tool: str) -> str:
    """A program of PostgreSQL's newest version here. Raises Lacking."""
    found = sorted(BIN[0].glob(f"*/bin/{tool}"))
    if found:
        return str(found[-1])
    elsewhere = shutil.which(tool)
    if elsewhere is None:
        raise Lacking(f"PostgreSQL's {tool} is missing: apt install postgresql")
    return elsewhere


def unprivileged() -> str | None:
    """The user that PostgreSQL runs as: it refuses to be root's."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise Lacking("a user that is not root, for PostgreSQL")


@contextmanager
def _disk(scratch: str) -> Iterator[tuple[Path, bool]]:
    """A small file system of one's own, where root may mount one; else a plain folder."""
    folder = Path(scratch) / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        yield folder, False
        return
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "sim-chaos", str(folder)]
    mounted = subprocess.run(words, check=False, capture_output=True).returncode == 0
    try:
        yield folder, mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


def _parts(ours: Site) -> list[Part]:
    python = [sys.executable]
    env = ours.env()
    parts = [
        _postgres(ours),
        Part("redis", _redis(ours), env, ours.logs / "redis.log"),
    ]
    for number, shell in enumerate(ours.hosts):
        socket_path = ours.runner_socket(number)
        words = [
            *python, "-m", "sandbox.runner", "--home", str(ours.folder / "home"),
            "--socket", str(socket_path), "--shell", shell, "--rooms", "nested",
        ]  # fmt: skip
        parts.append(Part(f"runner-{number}", words, env, ours.logs / f"runner-{number}.log"))
        for worker in range(ours.workers):
            name = f"worker-{number}-{worker}"
            words = [
                *python, "-m", "celery", "--app", "simulator.celery", "worker",
                "--hostname", f"{name}@chaos", "--queues", "interactive,batch,housekeeping",
                "--concurrency", str(ours.concurrency),
                "--without-gossip", "--without-mingle", "--without-heartbeat",
                "--loglevel", "INFO",
            ]  # fmt: skip
            env_of = {**env, "SIM_RUNNER_SOCKET": str(socket_path)}
            parts.append(Part(name, words, env_of, ours.logs / f"{name}.log"))
    reconcile = [*python, "manage.py", "reconcile", "--every", "10"]
    parts.append(Part("reconcile", reconcile, env, ours.logs / "reconcile.log"))
    web = [
        *python, "-m", "uvicorn", "simulator.asgi:application", "--host", "127.0.0.1",
        "--port", str(ours.port), "--lifespan", "off", "--log-level", "warning",
        "--timeout-graceful-shutdown", "2",
    ]  # fmt: skip
    parts.append(Part("web", web, env, ours.logs / "web.log"))
    return parts


def _postgres(ours: Site) -> Part:
    data = ours.folder / "postgres"

    def before() -> None:
        # Of a server that was killed the file stays; that process is gone, or its number reused.
        with contextlib.suppress(FileNotFoundError):
            (data / "postmaster.pid").unlink()

    words = [
        postgres("postgres"), "-D", str(data), "-p", str(ours.postgres_port), "-k", str(data),
        "-c", "listen_addresses=127.0.0.1", "-c", "max_wal_size=96MB", "-c", "min_wal_size=32MB",
        "-c", "wal_recycle=off", "-c", "max_connections=120", "-c", "shared_buffers=64MB",
    ]  # fmt: skip
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    log = ours.logs / "postgres.log"
    return Part("postgres", words, env, log, user=unprivileged(), before=before)


def _redis(ours: Site) -> list[str]:
    folder = ours.folder / "redis"
    folder.mkdir()
    return [
        str(redis_server()), "--port", str(ours.redis_port), "--bind", "127.0.0.1",
        "--dir", str(folder), "--save", "", "--appendonly", "yes",
        "--maxmemory-policy", "noeviction",
    ]  # fmt: skip


def _bring_up(ours: Site) -> None:
    quest = write_toy(ours.folder / "quests")
    (quest / "data.py").write_text(NO_TABLES)
    (ours.folder / "home").mkdir()
    _make_cluster(ours)
    by_name = {part.name: part for part in ours.init.parts}
    for name in ("postgres", "redis"):
        by_name[name].start()
    wait_for("PostgreSQL", lambda: answers(ours.server_url), seconds=60)
    with psycopg.connect(ours.server_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE sim")
    wait_for("Redis", lambda: _redis_answers(ours), seconds=60)
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env=ours.env(), check=True)
    for part in ours.init.parts[2:]:
        part.start()
    ours.init.begin()
    for number, _ in enumerate(ours.hosts):
        path = ours.runner_socket(number)
        wait_for(f"runner {number}", lambda path=path: opens(path), seconds=STARTING_SECONDS)  # type: ignore[misc]
    wait_for("the web", lambda: listens(ours.port), seconds=STARTING_SECONDS)


def _make_cluster(ours: Site) -> None:
    data = ours.folder / "postgres"
    data.mkdir(mode=0o700)
    user = unprivileged()
    if user is not None:
        shutil.chown(data, user)
    words = [postgres("initdb"), "-D", str(data), "-A", "trust", "-U", "sim", "--wal-segsize=16"]
    subprocess.run(words, check=True, capture_output=True, user=user, cwd="/")


def answers(url: str) -> bool:
    """Whether the database answers."""
    try:
        with psycopg.connect(url, connect_timeout=2):
            return True
    except psycopg.Error:
        return False


def opens(path: Path) -> bool:
    """Whether a runner opens rooms."""
    try:
        return RunnerSandbox(path).health().get("ok") is True
    except SandboxError:
        return False


def listens(port: int) -> bool:
    """Whether someone listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _redis_answers(ours: Site) -> bool:
    try:
        return bool(redis.Redis(port=ours.redis_port, socket_timeout=2).ping())
    except redis.RedisError:
        return False
