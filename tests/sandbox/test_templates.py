"""Templates: up before the first room, replaced when they die, fall silent or age, then drained."""

import asyncio
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox import keeping, probing, runner
from sandbox.agent import preloads
from sandbox.client import RunnerRoom, RunnerSandbox
from sandbox.interface import SandboxError
from sandbox.keeping import Age, Shells
from sandbox.shell import Shell, Wish
from sandbox.shells import Choice, choose
from tests.sandbox.conftest import HOME, LIMITS, ROOT, traces

pytestmark = [pytest.mark.bubblewrap, pytest.mark.usefixtures("bubblewrap")]
PATIENCE = 60.0
LIST = (ROOT / "requirements" / "python-ml.preloads").read_text().splitlines()


class Kind:
    """Bubblewrap's shells, which a test may look at; `lame` ones die before their first room."""

    from_tree = True
    rooms = "nested"
    rooms_why = "a test"

    def __init__(self) -> None:
        self._kind = choose(
            Choice(wanted="bubblewrap"), runtime="python-ml", warehouse=Path("none")
        )
        self.name = self._kind.name
        self.shells: list[Shell] = []

    def start(self, wish: Wish) -> Shell:
        self.shells.append(self._kind.start(wish))
        return self.shells[-1]

    def facts(self) -> dict[str, object]:
        return {}

    def reap(self) -> int:
        return 0


@dataclass
class Served:
    """A runner in a thread of this process, so that a test can reach in."""

    runner: runner.Runner
    keeper: Shells
    kind: Kind
    sandbox: RunnerSandbox
    socket: Path
    loop: asyncio.AbstractEventLoop
    thread: threading.Thread

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.runner.stop)

    def template(self) -> int:
        kept = self.keeper._kept["python-ml"]
        assert kept.template is not None
        return kept.template

    def wardens(self) -> int:
        kept = self.keeper._kept["python-ml"]
        assert kept.wardens is not None
        return kept.wardens

    def switch(self) -> int:
        status = Path(f"/proc/{self.template()}/status").read_text()
        return int(status.partition("PPid:")[2].split()[0])


@pytest.fixture
def bubblewrap(request: pytest.FixtureRequest) -> None:
    from tests.sandbox import conftest  # noqa: PLC0415 - the name is a fixture's elsewhere

    conftest._need_shell("bubblewrap")


@contextmanager
def serving(*, most: Age | None = None, drain: float = 30.0) -> Iterator[Served]:
    kind = Kind()
    with tempfile.TemporaryDirectory(prefix="sim-test-") as folder:
        path = Path(folder) / "socket"
        keeper = Shells(kind, home=HOME, warehouse=Path(folder), most=most)
        made: list[tuple[runner.Runner, asyncio.AbstractEventLoop]] = []

        async def work() -> None:
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(32))
            own = runner.Runner(
                keeper,
                runtimes=["python-ml"],
                warehouse=Path(folder),
                test_seconds=0.5,
                ahead=0,  # templates are looked at here, and each room is to need one
            )
            made.append((own, asyncio.get_running_loop()))
            try:
                await own.serve(path, drain_seconds=drain)
            finally:
                await own.close()

        thread = threading.Thread(target=lambda: asyncio.run(work()))
        thread.start()
        try:
            wait_for(path.exists)
            own, loop = made[0]
            yield Served(own, keeper, kind, RunnerSandbox(path), path, loop, thread)
        finally:
            own, loop = made[0]
            if thread.is_alive():
                loop.call_soon_threadsafe(own.stop)
            thread.join(PATIENCE)
            assert not thread.is_alive()


def wait_for(true: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def says(room: RunnerRoom, word: str) -> bool:
    return room.run("python", "-c", f"print({word!r})").stdout == f"{word}\n".encode()


def opens(sandbox: RunnerSandbox) -> bool:
    with sandbox.open(runtime="python-ml", limits=LIMITS) as room:
        return says(room, "here")


def test_the_template_is_up_before_the_first_room_and_tells_what_it_cost() -> None:
    with serving() as served:
        facts = served.sandbox.health()["shells"]["python-ml"]
        listed = [line for line in LIST if line and not line.startswith("#")]
        assert [each["name"] for each in facts["imports"]] == listed
        assert facts["threads"] == 1
        assert sum(each["ms"] for each in facts["imports"]) <= 1000 * facts["seconds"]
        assert sum(each["memory_kb"] for each in facts["imports"]) < facts["memory_kb"]
        assert len(served.kind.shells) == 1


def test_chdb_is_listed_nowhere_and_whatever_leaves_a_thread_is_refused(tmp_path: Path) -> None:
    assert not [line for line in LIST if line.startswith("chdb")]
    script = (
        "import sys, pathlib\n"
        "from sandbox.agent import preloads\n"
        "pathlib.Path('noisy.py').write_text('import threading, time\\n"
        "threading.Thread(target=time.sleep, args=(9,), daemon=True).start()')\n"
        "sys.path.insert(0, '')\n"
        "preloads.load(['csv', 'noisy'])"
    )
    done = subprocess.run(
        [os.sys.executable, "-c", script],  # type: ignore[attr-defined]
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "noisy must not be imported before a fork: it leaves 1 threads running" in done.stderr


def test_an_import_that_is_listed_and_missing_is_an_error_that_names_it() -> None:
    with pytest.raises(preloads.Unfit, match="no_such_package is listed and cannot be imported"):
        preloads._load("no_such_package")


@pytest.mark.parametrize("who", ["template", "switch"])
def test_a_death_under_open_rooms_is_the_sandboxs_fault_and_the_next_room_opens(who: str) -> None:
    with serving() as served, served.sandbox.open(runtime="python-ml", limits=LIMITS) as room:
        assert says(room, "before")
        os.kill(getattr(served, who)(), signal.SIGKILL)
        with pytest.raises(SandboxError):
            room.run("python", "-c", "print(1)")
        assert opens(served.sandbox)
        assert served.sandbox.health()["ok"]


def test_a_shell_that_dies_before_a_room_is_open_costs_its_caller_nothing() -> None:
    with serving() as served:
        os.kill(served.wardens(), signal.SIGSTOP)  # it takes the order, and does nothing with it
        with ThreadPoolExecutor(1) as pool:
            opened = pool.submit(opens, served.sandbox)
            wait_for(lambda: served.runner.health.rooms)
            os.kill(served.wardens(), signal.SIGKILL)
            assert opened.result(PATIENCE)


def test_a_template_that_is_alive_but_silent_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as served:
        monkeypatch.setattr(keeping, "PING_SECONDS", 1.0)
        old = served.template()
        os.kill(old, signal.SIGSTOP)
        served.keeper.tend()
        assert served.template() != old
        wait_for(lambda: not Path(f"/proc/{old}").exists())
        assert opens(served.sandbox)


def test_an_aged_template_is_drained_and_a_fresh_one_is_up_before_it_is_retired() -> None:
    with serving(most=Age(rooms=1)) as served:
        old = served.template()
        with served.sandbox.open(runtime="python-ml", limits=LIMITS) as room:
            served.keeper.tend()
            assert served.template() != old
            assert says(room, "still here")
            served.keeper.tend()
            assert opens(served.sandbox)
            assert says(room, "still here")
            assert Path(f"/proc/{old}").exists()
        wait_for(lambda: not any(each.rooms for each in served.keeper._drained))
        served.keeper.tend()
        wait_for(lambda: not Path(f"/proc/{old}").exists())


def test_growth_makes_a_template_old_only_when_every_look_shows_it() -> None:
    kept = keeping.Kept(runtime="any", line=None, least_kb=100_000)  # type: ignore[arg-type]
    kept.looks.extend([300_000, 300_000])
    assert kept.why_old(Age()) is None
    kept.looks.append(101_000)
    assert kept.why_old(Age()) is None
    kept.looks.extend([300_000, 300_000, 300_000])
    assert kept.why_old(Age()) == "it has grown by 195 MB"


def test_stopping_lets_open_rooms_go_on_and_refuses_new_ones_in_a_sentence() -> None:
    with serving() as served:
        with served.sandbox.open(runtime="python-ml", limits=LIMITS) as room:
            served.stop()
            wait_for(lambda: served.sandbox.health()["draining"])
            with pytest.raises(SandboxError, match="this runner is stopping; ask again"):
                opens(served.sandbox)
            assert says(room, "still here")
            assert served.thread.is_alive()
        served.thread.join(PATIENCE)
        assert not served.thread.is_alive()


def test_a_room_that_outstays_the_grace_is_ended_with_the_sandboxs_fault() -> None:
    with (
        serving(drain=0.2) as served,
        served.sandbox.open(runtime="python-ml", limits=LIMITS) as room,
    ):
        served.stop()
        served.thread.join(PATIENCE)
        assert not served.thread.is_alive()
        with pytest.raises(SandboxError):
            room.run("python", "-c", "print(1)")


def test_a_wall_found_missing_closes_the_door_until_it_is_found_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving() as served, served.sandbox.open(runtime="python-ml", limits=LIMITS) as room:
        with monkeypatch.context() as broken:
            broken.setitem(probing.EXPECTED, "capabilities", 1)
            wait_for(lambda: not served.sandbox.health()["ok"])
            assert "capabilities should be 1, is 0" in served.sandbox.health()["why"]
            with pytest.raises(SandboxError, match="no rooms here: the self-test failed"):
                opens(served.sandbox)
            assert says(room, "still here")
        wait_for(lambda: served.sandbox.health()["ok"])
        assert opens(served.sandbox)
        health = served.sandbox.health()
        assert health["tested"] <= health["next_test"]


def test_rooms_leave_the_runner_as_large_as_it_was() -> None:
    with serving() as served:
        served.runner._test_seconds = 3600.0
        for _ in range(10):
            opens(served.sandbox)
        before = _descriptors(served)
        for _ in range(40):
            opens(served.sandbox)
        wait_for(lambda: _descriptors(served) <= before)
        wait_for(lambda: traces(os.getpid())[1] == 0)


def _descriptors(served: Served) -> int:
    if any(kept.rooms for kept in served.keeper._kept.values()):
        return 10_000
    return len(list(Path("/proc/self/fd").iterdir()))
