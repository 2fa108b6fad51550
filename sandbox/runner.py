"""The one process of a host that owns shells and opens rooms: `python -m sandbox.runner`.

It listens on a Unix socket, for this user's processes only. One connection is one room: the first
line says which, then bytes pass unread between the caller and the room's warden. When either side
closes, for whatever reason, the room is dead. Besides, it may be asked for its health.

Fail closed: before the first room, and every few minutes, a room is opened and looked at from
inside. Until that has found every wall, and whenever it finds one missing, no room is opened.
"""

import argparse
import asyncio
import json
import logging
import os
import re
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Coroutine, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sandbox import cgroups, probing, shells
from sandbox.agent.frames import HEAD_LENGTH, Kind, Verb, message
from sandbox.channel import Line
from sandbox.client import RunnerSandbox
from sandbox.hostside import find_process
from sandbox.interface import Limits, Made, Network
from sandbox.shell import ENVIRONMENT, ShellError

logger = logging.getLogger(__name__)

PIECE = 64 * 1024
PROBE_SECONDS = 300.0
RETRY_SECONDS = 10.0
COUNT_SECONDS = 0.1
ENDING_SECONDS = 15.0
CLOSING_SECONDS = 20.0
DATA_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,120}")
CREDENTIALS = struct.Struct("3i")
MOST = Limits(
    cpu_seconds=3600.0,
    wall_seconds=3600.0,
    memory_mb=16_384,
    processes=512,
    scratch_mb=4096,
    scratch_files=200_000,
    output_kb=16_384,
)


class Refusal(Exception):
    """A room is not opened; the message says why, to the caller."""


@dataclass
class Health:
    """How the runner is, in words that a page may show."""

    shell: str
    rooms_kind: str
    rooms_why: str
    ok: bool = False
    why: str = "the self-test has not run yet"
    memory: str = "control group"
    development_only: bool = False
    runtime: str = ""
    probe: dict[str, object] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    rooms: int = 0


class Runner:
    """Opens rooms. Everything runs on one event loop; shells are read by threads of their own."""

    def __init__(self, keeper: shells.Shells, *, runtime: str, warehouse: Path) -> None:
        self._keeper = keeper
        self._warehouse = warehouse
        self._groups = cgroups.find()
        self._allowed = {os.geteuid(), 0}
        self._meetings: set[asyncio.Task[None]] = set()
        kind = keeper.kind
        self.health = Health(
            shell=kind.name, rooms_kind=kind.rooms, rooms_why=kind.rooms_why, runtime=runtime
        )
        if self._groups is None and kind.rooms == "nested":
            self.health.memory = "20 ms watch"
            self.health.development_only = True

    async def serve(self, path: Path) -> None:
        """Listen, test yourself, then open rooms until cancelled."""
        with tempfile.TemporaryDirectory(prefix="sim-probe-") as private:
            inside = Path(private) / "socket"
            server = await asyncio.start_unix_server(self._welcome_probe, str(inside))
            async with server:
                await self._test(inside)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.unlink(missing_ok=True)
                public = await asyncio.start_unix_server(self._welcome, str(path))
                path.chmod(0o600)
                async with public:
                    while True:
                        await asyncio.sleep(PROBE_SECONDS if self.health.ok else RETRY_SECONDS)
                        await self._test(inside)

    async def check(self) -> None:
        """Test yourself once."""
        with tempfile.TemporaryDirectory(prefix="sim-probe-") as private:
            inside = Path(private) / "socket"
            async with await asyncio.start_unix_server(self._welcome_probe, str(inside)):
                await self._test(inside)

    async def _test(self, inside: Path) -> None:
        """Look at a room from inside; nothing is opened for others unless all is well."""
        sandbox = RunnerSandbox(inside)
        controlled = self._groups is not None
        found = await asyncio.to_thread(
            probing.probe, sandbox, runtime=self.health.runtime, controlled=controlled
        )
        self.health.ok, self.health.why = not found.deviations, found.sentence
        self.health.probe, self.health.timings = found.seen, found.timings
        (logger.info if self.health.ok else logger.error)("self-test: %s", self.health.why)

    async def close(self) -> None:
        """End every shell, and wait until its rooms have left nothing behind."""
        await asyncio.to_thread(self._keeper.kill)
        if self._meetings:
            await asyncio.wait(self._meetings, timeout=CLOSING_SECONDS)

    def _welcome_probe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._remember(self._meet(reader, writer, trusted=True))

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._remember(self._meet(reader, writer, trusted=False))

    def _remember(self, meeting: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(meeting)
        self._meetings.add(task)
        task.add_done_callback(self._meetings.discard)

    async def _meet(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, trusted: bool
    ) -> None:
        """Answer one connection; what goes wrong is told to it in one sentence."""
        try:
            if _user(writer) in self._allowed:
                await self._answer(reader, writer, trusted=trusted)
        except (Refusal, KeyError, TypeError, ValueError) as refusal:
            text = json.dumps({"why": str(refusal)}).encode()
            writer.write(message(Verb.BROKEN, HEAD_LENGTH.pack(len(text)), text))
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            logger.debug("a caller left: %s", error)
        finally:
            writer.close()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, trusted: bool
    ) -> None:
        """Hear what a caller wants: a room, or how we are."""
        question = json.loads(await reader.readuntil(b"\n"))
        if "health" in question:
            report = {**asdict(self.health), "shells": self._keeper.facts()}
            writer.write(json.dumps(report).encode() + b"\n")
            await writer.drain()
        elif trusted or self.health.ok:
            await self._keep_room(question["open"], reader, writer)
        else:
            raise Refusal(f"no rooms here: {self.health.why}")

    async def _keep_room(
        self,
        asked: Mapping[str, Any],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        limits, order = self._order(asked)
        try:
            line = await asyncio.to_thread(self._keeper.line, str(asked["runtime"]))
        except ShellError as error:
            raise Refusal(str(error)) from None
        self.health.rooms += 1
        try:
            made = self._made(line, str(asked["runtime"]))
            await _Room(line, self._groups, limits).keep(
                {**order, "made": asdict(made)}, reader, writer
            )
        finally:
            self.health.rooms -= 1

    def _made(self, line: Line, runtime: str) -> Made:
        """Say where a room is made; its warden repeats it to the caller when it has opened."""
        kind = self._keeper.kind
        return Made(
            shell=kind.name,
            rooms=kind.rooms,
            development_only=self.health.development_only,
            runtime=runtime,
            digest=line.digest,
        )

    def _order(self, asked: Mapping[str, Any]) -> tuple[Limits, dict[str, object]]:
        """Check what is asked for. Nothing but a known form reaches a shell."""
        try:
            limits = Limits(**{**asked["limits"], "network": Network(asked["limits"]["network"])})
            above = [
                k
                for k, most in asdict(MOST).items()
                if k != "network" and getattr(limits, k) > most
            ]
            below = [k for k in asdict(MOST) if k != "network" and getattr(limits, k) <= 0]
            data, seed, now = asked["data"], int(asked["seed"]), asked["now"]
        except (KeyError, TypeError, ValueError) as error:
            raise Refusal(f"not a question for a room: {error}") from None
        if above or below:
            raise Refusal(f"limits outside the operator's: {', '.join(above + below)}")
        if data is not None and not self._has(data):
            raise Refusal(f"there is no dataset {data!r} in the warehouse")
        environment = {**ENVIRONMENT, "SIM_DATA": "/data", "SIM_ARTIFACTS": "/artifacts"}
        environment["SIM_SEED"] = str(seed)
        if now is not None:
            environment["SIM_NOW"] = str(now)
        order = {"limits": asdict(limits), "data": data, "environment": environment}
        return limits, {**order, "controlled": self._groups is not None}

    def _has(self, data: object) -> bool:
        named = isinstance(data, str) and DATA_NAME.fullmatch(data)
        return bool(named) and (self._warehouse / str(data)).is_dir()


class _Room:
    """One connection and its room."""

    def __init__(self, line: Line, groups: cgroups.Groups | None, limits: Limits) -> None:
        self._line = line
        self._group = groups.make(limits) if groups else None
        self._loop = asyncio.get_running_loop()
        self._heard: asyncio.Queue[tuple[Kind, bytes]] = asyncio.Queue()
        self._closed = asyncio.Event()
        self._told = (0, 0)

    async def keep(
        self,
        order: dict[str, object],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Pass bytes until either side closes; then end the room and what it leaves."""
        stream = self._line.open(order, self._hear)
        tasks = [
            asyncio.create_task(self._from_caller(stream, reader)),
            asyncio.create_task(self._to_caller(stream, writer)),
        ]
        counting = asyncio.create_task(self._count(stream))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._end(stream, [*tasks, counting])

    async def _end(self, stream: int, tasks: list[asyncio.Task[None]]) -> None:
        """Whatever happened: have the room ended, wait for that, and remove its group."""
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                logger.error("a room broke: %r", ended)
        if not self._closed.is_set():
            await asyncio.to_thread(self._line.send, Kind.CLOSE, stream, b"")
        try:
            await asyncio.wait_for(self._closed.wait(), ENDING_SECONDS)
        except TimeoutError:
            logger.exception("a room does not end; ending its shell")
            await asyncio.to_thread(self._line.kill)
        if self._group:
            await asyncio.to_thread(self._group.remove)

    def _hear(self, kind: Kind, body: bytes) -> None:
        self._loop.call_soon_threadsafe(self._take, kind, body)

    def _take(self, kind: Kind, body: bytes) -> None:
        self._heard.put_nowait((kind, body))
        if kind is Kind.CLOSED:
            self._closed.set()

    async def _from_caller(self, stream: int, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(PIECE):
            await asyncio.to_thread(self._line.send, Kind.DATA, stream, data)

    async def _to_caller(self, stream: int, writer: asyncio.StreamWriter) -> None:
        while True:
            kind, body = await self._heard.get()
            if kind is Kind.CLOSED:
                return
            if kind is Kind.CONTROL:
                await self._obey(stream, json.loads(body))
                continue
            try:
                writer.write(body)
                await writer.drain()
            except ConnectionError:
                continue  # the caller is gone; its reader ends the room

    async def _obey(self, stream: int, told: Mapping[str, Any]) -> None:
        if self._group is None:
            return
        if "pid" in told:
            inside = int(told["pid"])
            pid = await asyncio.to_thread(find_process, self._line.pid, inside=inside)
            self._group.add(pid)
            self._control(stream, {"go": True})
        if told.get("ask") == "facts":
            self._control(stream, {"facts": asdict(self._group.counts()), "answer": True})
            self._group.forget_peak()

    async def _count(self, stream: int) -> None:
        """Tell the warden at once when the kernel killed or refused something."""
        while self._group:
            await asyncio.sleep(COUNT_SECONDS)
            counts = self._group.counts()
            news = (counts.out_of_memory, counts.refused_processes)
            if news != self._told:
                self._told = news
                self._control(stream, {"facts": asdict(counts)})

    def _control(self, stream: int, told: Mapping[str, object]) -> None:
        self._line.send(Kind.CONTROL, stream, json.dumps(told).encode())


def _user(writer: asyncio.StreamWriter) -> int:
    end: socket.socket = writer.get_extra_info("socket")
    packed = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    return int(CREDENTIALS.unpack(packed)[1])


def main() -> int:
    """Run the runner, or only its self-test."""
    words = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    warehouse = words.warehouse or words.home / "warehouse"
    try:
        kind = shells.choose(words.shell, runtime=words.runtime)
    except ShellError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    keeper = shells.Shells(kind, home=words.home, warehouse=warehouse)
    return asyncio.run(_work(keeper, words, warehouse))


async def _work(keeper: shells.Shells, words: argparse.Namespace, warehouse: Path) -> int:
    runner = Runner(keeper, runtime=words.runtime, warehouse=warehouse)
    path = words.socket or words.home / "runner.sock"
    task = asyncio.ensure_future(runner.check() if words.check else runner.serve(path))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        logger.info("stopping")
    finally:
        await runner.close()
    if words.check:
        sys.stdout.write(json.dumps(asdict(runner.health), indent=2) + "\n")
        return 0 if runner.health.ok else 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.runner", description=__doc__)
    parser.add_argument("--home", type=Path, default=Path(".sim"), help="where runtimes are kept")
    parser.add_argument("--socket", type=Path, help="where to listen; default: HOME/runner.sock")
    parser.add_argument("--warehouse", type=Path, help="datasets; default: HOME/warehouse")
    parser.add_argument("--shell", default="auto", help="auto, docker or bubblewrap")
    parser.add_argument("--runtime", default="python-ml", help="the runtime to test oneself with")
    parser.add_argument("--check", action="store_true", help="test, print the health, and leave")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
