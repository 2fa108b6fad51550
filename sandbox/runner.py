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
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sandbox import cgroups, probing, shells, stock
from sandbox.client import RunnerSandbox
from sandbox.container_rooms import ContainerRooms
from sandbox.desk import Desk
from sandbox.health import Health
from sandbox.keeping import Keeper, Shells
from sandbox.pool import Pool
from sandbox.shell import ShellError, ShellKind

logger = logging.getLogger(__name__)

TEST_SECONDS = 300.0
TEST_AGAIN_SECONDS = 10.0  # after one that failed
TESTING_SECONDS = 180.0  # the longest that one may take
TEND_SECONDS = 10.0
REAP_SECONDS = 20.0
DRAIN_SECONDS = 5.0
THREADS = 32  # each is waiting, for a template to start or a group to empty


class Runner:
    """Opens rooms. Everything runs on one event loop; shells are read by threads of their own."""

    def __init__(
        self,
        keeper: Keeper,
        *,
        runtimes: Sequence[str],
        warehouse: Path,
        test_seconds: float = TEST_SECONDS,
        ahead: int = stock.SIZE,
    ) -> None:
        self._keeper = keeper
        self._runtimes = runtimes
        self._test_seconds = test_seconds
        self._groups = cgroups.find()
        self._stopping = asyncio.Event()
        kind = keeper.kind
        self.health = Health(
            shell=kind.name,
            rooms_kind=kind.rooms,
            rooms_why=kind.rooms_why,
            runtime=runtimes[0],
        )
        if self._groups is None and kind.rooms == "nested":
            self.health.memory = "20 ms watch"
            self.health.development_only = True
        self.desk = Desk(
            keeper, self.health, groups=self._groups, warehouse=warehouse, ahead=ahead
        )

    async def serve(self, path: Path, *, drain_seconds: float = DRAIN_SECONDS) -> None:
        """Start templates, test yourself, then open rooms until told to stop; then drain."""
        async with self._inside() as inside:
            stopping: asyncio.Task[Any] = asyncio.create_task(self._stopping.wait())
            opening = asyncio.create_task(self._open_up(inside, path))
            await asyncio.wait({stopping, opening}, return_when=asyncio.FIRST_COMPLETED)
            if not opening.done():
                opening.cancel()
                return
            async with opening.result():
                work = [
                    asyncio.create_task(self._test_forever(inside)),
                    asyncio.create_task(self._tend_forever()),
                    asyncio.create_task(self._reap_forever()),
                ]
                # None of the works ends but by a mistake of ours: then no room may be opened.
                ended, _ = await asyncio.wait(
                    {stopping, *work}, return_when=asyncio.FIRST_COMPLETED
                )
                for each in work:
                    each.cancel()
                await self._drain(drain_seconds)
                for each in ended - {stopping}:
                    each.result()

    def stop(self) -> None:
        """Open no more rooms, and end when those that are open are closed, or by the clock."""
        self.health.draining = True
        self._stopping.set()

    async def check(self) -> None:
        """Test yourself once, and have every template tell how it is."""
        async with self._inside() as inside:
            await self._start_templates()
            await self._test(inside)
            await asyncio.to_thread(self._keeper.tend)

    async def close(self) -> None:
        """End every shell, and wait until its rooms have left nothing behind."""
        await self.desk.close()
        await asyncio.to_thread(self._keeper.kill)
        await self.desk.wait_until_left()

    @asynccontextmanager
    async def _inside(self) -> AsyncIterator[Path]:
        """Open a door for the self-test, which rooms are opened at before others' is."""
        with tempfile.TemporaryDirectory(prefix="sim-probe-") as private:
            path = Path(private) / "socket"
            async with await asyncio.start_unix_server(self.desk.welcome_probe, str(path)):
                yield path

    async def _open_up(self, inside: Path, path: Path) -> asyncio.Server:
        """Be ready first, then listen: the socket gets its name when it may be used."""
        await self._start_templates()
        await self._test(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        unnamed = path.with_name(f".{path.name}.{os.getpid()}")
        unnamed.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self.desk.welcome, str(unnamed))
        unnamed.chmod(0o600)
        unnamed.rename(path)  # in place of a runner's that is gone, or about to
        return server

    async def _start_templates(self) -> None:
        for runtime in self._runtimes:
            try:
                await asyncio.to_thread(self._keeper.start, runtime)
            except ShellError as error:
                logger.warning("no template of %s: %s", runtime, error)

    async def _test(self, inside: Path) -> None:
        """Look at a room from inside; nothing is opened for others unless all is well."""
        looking = asyncio.to_thread(
            probing.probe,
            RunnerSandbox(inside),
            runtime=self.health.runtime,
            controlled=self._groups is not None,
            rooms=self._keeper.kind.rooms,
        )
        try:
            found = await asyncio.wait_for(looking, TESTING_SECONDS)
        except TimeoutError:
            found = probing.Found(deviations=[f"it took more than {TESTING_SECONDS:.0f} s"])
        self.health.tell(
            found, again_in=self._test_seconds if not found.deviations else self._again
        )
        (logger.info if self.health.ok else logger.error)("self-test: %s", self.health.why)

    @property
    def _again(self) -> float:
        return min(self._test_seconds, TEST_AGAIN_SECONDS)

    async def _test_forever(self, inside: Path) -> None:
        while True:
            await asyncio.sleep(self._test_seconds if self.health.ok else self._again)
            await self._test(inside)

    async def _tend_forever(self) -> None:
        while True:
            await asyncio.sleep(TEND_SECONDS)
            await asyncio.to_thread(self._keeper.tend)
            self.desk.tend()

    async def _reap_forever(self) -> None:
        """Remove what runners left that were killed. What they held is dead in any case."""
        while True:
            await asyncio.sleep(REAP_SECONDS)
            try:
                self.health.reaped += await asyncio.to_thread(self._keeper.kind.reap)
            except ShellError as error:
                logger.warning("the reaper could not look: %s", error)
            if self._groups:
                await asyncio.to_thread(self._groups.sweep)

    async def _drain(self, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        while self.health.rooms and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.05)
        if self.health.rooms:
            logger.warning("ending %d open rooms: their time is up", self.health.rooms)


def main() -> int:
    """Run the runner, or only its self-test."""
    words = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    warehouse = words.warehouse or words.home / "warehouse"
    try:
        choice = shells.Choice(
            wanted=words.shell, rooms=words.rooms, oci_runtime=words.oci_runtime
        )
        kind = shells.choose(choice, runtime=words.runtime[0], warehouse=warehouse)
    except ShellError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    keeper = _keeper(kind, home=words.home, warehouse=warehouse)
    return asyncio.run(_work(keeper, words, warehouse))


def _keeper(kind: ShellKind, *, home: Path, warehouse: Path) -> Keeper:
    if isinstance(kind, ContainerRooms):
        return Pool(kind, home=home, warehouse=warehouse)
    return Shells(kind, home=home, warehouse=warehouse)


def _facts(kind: ShellKind) -> dict[str, object]:
    try:
        return kind.facts()
    except ShellError as error:
        return {"warnings": [str(error)]}


async def _work(keeper: Keeper, words: argparse.Namespace, warehouse: Path) -> int:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS))
    runner = Runner(
        keeper,
        runtimes=words.runtime,
        warehouse=warehouse,
        test_seconds=words.self_test,
        ahead=words.ahead,
    )
    runner.health.started_by = await asyncio.to_thread(_facts, keeper.kind)
    path = words.socket or words.home / "runner.sock"
    serving = runner.check() if words.check else runner.serve(path, drain_seconds=words.drain)
    task = asyncio.ensure_future(serving)

    def stop() -> None:
        """Drain; the second time, and in a self-test, end at once."""
        if runner.health.draining or words.check:
            task.cancel()
        runner.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        logger.info("stopping at once")
    finally:
        report = runner.desk.report()
        await runner.close()
    if words.check:
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
        return 0 if runner.health.ok else 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.runner", description=__doc__)
    parser.add_argument("--home", type=Path, default=Path(".sim"), help="where runtimes are kept")
    parser.add_argument("--socket", type=Path, help="where to listen; default: HOME/runner.sock")
    parser.add_argument("--warehouse", type=Path, help="datasets; default: HOME/warehouse")
    parser.add_argument("--shell", default="auto", help="auto, docker or bubblewrap")
    parser.add_argument(
        "--rooms",
        default=os.environ.get("SANDBOX_ROOMS") or "auto",
        help="auto, nested or container; default: SANDBOX_ROOMS",
    )
    parser.add_argument(
        "--oci-runtime",
        default=os.environ.get("SANDBOX_RUNTIME", ""),
        help="what the engine runs container rooms with, such as runsc; default: SANDBOX_RUNTIME",
    )
    parser.add_argument(
        "--runtime",
        nargs="+",
        default=["python-ml"],
        help="whose templates are started at once; the self-test uses the first",
    )
    parser.add_argument(
        "--self-test",
        type=float,
        default=TEST_SECONDS,
        metavar="SECONDS",
        help="from one to the next",
    )
    parser.add_argument(
        "--drain",
        type=float,
        default=float(os.environ.get("SANDBOX_DRAIN_SECONDS", DRAIN_SECONDS)),
        metavar="SECONDS",
        help="that open rooms have once the runner is told to stop; a second signal ends them",
    )
    parser.add_argument(
        "--ahead",
        type=int,
        default=int(os.environ.get("SANDBOX_AHEAD", stock.SIZE)),
        metavar="ROOMS",
        help="nested rooms of each template that are kept open for callers to come",
    )
    parser.add_argument("--check", action="store_true", help="test, print the health, and leave")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
