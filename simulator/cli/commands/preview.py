"""See the quest as learners will: a local site that reloads on save, with every message.

Pages are the site's own, with a database that ends with the preview. `--play` starts everything,
so that work can be handed in and is graded.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from graders.loading import load_quest
from graders.workshop.workbench import build_runtime, home_of, runtimes_of, secret_of
from simulator.cli.authoring import blamed, folder_of
from simulator.cli.printing import Code, console

_ROOT: Final = Path(__file__).resolve().parents[3]
_SETTINGS: Final = "simulator.preview.settings"
_SHARED: Final = ("warehouse", "truth")  # data may be kept for the next time


def command(
    quest: Annotated[Path, typer.Argument(help="The quest's folder.")],
    *,
    port: Annotated[int, typer.Option(help="Port of 127.0.0.1; 0 takes a free one.")] = 8765,
    play: Annotated[
        bool, typer.Option("--play", help="With rooms and graders, to play it through.")
    ] = False,
    home: Annotated[Path | None, typer.Option(help="Where data and runtimes are kept.")] = None,
) -> None:
    folder = folder_of(quest).resolve()
    _must_be_free(port)
    own = home_of(home).absolute()
    if play:
        with blamed():
            for runtime in runtimes_of(load_quest(folder)):
                build_runtime(runtime, own)
    with _settings(folder, own, port or _free_port()) as given:
        address = f"http://127.0.0.1:{given['PORT']}/preview/"
        console().print(f"{address} shows {folder.name}; Ctrl-C ends it", markup=False)
        code = _play(given) if play else _look(given)
    raise typer.Exit(code)


def _look(given: Mapping[str, str]) -> int:
    """Pages only: a database of its own, no rooms. Tables are filled while pages are read."""
    made = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=_ROOT,
        env=dict(given),
        check=False,
        text=True,
        capture_output=True,
    )
    if made.returncode:
        console(stderr=True).print(made.stdout + made.stderr, markup=False)
        return Code.PLATFORM
    server = [sys.executable, "-m", "uvicorn", "simulator.asgi:application", "--host"]
    options = ["127.0.0.1", "--port", given["PORT"], "--lifespan", "off", "--log-level", "error"]
    filling = [sys.executable, "manage.py", "fill_warehouse"]
    return _until_stopped([[*server, *options], filling], given)


def _play(given: Mapping[str, str]) -> int:
    """The whole site: rooms, a worker, a broker."""
    return _until_stopped([[sys.executable, "-m", "simulator.serving", "--preview"]], given)


@contextmanager
def _settings(folder: Path, home: Path, port: int) -> Iterator[dict[str, str]]:
    """What the processes read: a home that goes with the block, and the one quest."""
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="preview-") as name:
        own = Path(name)
        (own / "quests").mkdir()
        (own / "quests" / folder.name).symlink_to(folder, target_is_directory=True)
        for shared in _SHARED:
            (home / shared).mkdir(mode=0o700 if shared == "truth" else 0o755, exist_ok=True)
            (own / shared).symlink_to(home / shared, target_is_directory=True)
        yield {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": _SETTINGS,
            "SIM_HOME": str(own),
            "SIM_QUESTS": str(own / "quests"),
            "SIM_RUNTIMES": os.environ.get("SIM_RUNTIMES", str(home / "runtimes")),
            "SIM_SECRET": secret_of(home).hex(),
            "SIM_SECRET_KEY": secrets.token_hex(32),
            "SIM_SCALE": "tiny",
            "PORT": str(port),
        }
        shutil.rmtree(own / "quests", ignore_errors=True)


def _until_stopped(commands: list[list[str]], given: Mapping[str, str]) -> int:
    """Run until the first command ends, or until we are asked to stop: then all of them end."""
    quiet = subprocess.DEVNULL
    processes = [
        subprocess.Popen(words, cwd=_ROOT, env=dict(given), stdout=None if first else quiet)  # noqa: S603 - our own
        for first, words in zip((True, False), commands, strict=False)
    ]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return processes[0].wait()
    except KeyboardInterrupt:
        return Code.DONE
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def _must_be_free(port: int) -> None:
    """Leave with USAGE when another program holds the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            told = f"port {port} cannot be used ({error.strerror}); 0 takes a free one"
            raise typer.BadParameter(told, param_hint="--port") from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
