"""The web process is killed during uploads, saves and hand-ins: nothing accepted is lost.

And nothing half-done is visible: a project is one upload or another, a file one save or another,
an attempt has its grading, its message and every byte of its files.
"""

import base64
import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.serving.private import free_port
from tests.simulator.toy_quest import write_toy

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = ("uploads", "saves", "hands-in")
KILLS = 3
FILES = 12
PREPARE = """
import json
from simulator.accounts import tokens
from simulator.accounts.models import User
from simulator.attempts.drafts import enrol
told = {}
for name in ("uploads", "saves", "hands-in"):
    user = User.objects.create_user(name, password=name)
    enrol(user, "toy")
    told[name] = tokens.issue(user, name="t")
print("TOLD " + json.dumps(told))
"""
TELL = """
import json
from simulator.attempts.models import Attempt, Grading, Outbox, Snapshot
from simulator.catalog.models import ProjectFile
def files(name):
    rows = ProjectFile.objects.filter(enrolment__learner__username=name)
    return {row.path: [bytes(row.content).decode(), row.revision] for row in rows}
known = {s.digest: bytes(s.content).decode() for s in Snapshot.objects.all()}
print("TOLD " + json.dumps({
    "uploads": files("uploads"), "saves": files("saves"),
    "attempts": [{
        "id": str(a.public_id), "files": {p: known.get(d) for p, d in a.manifest.items()},
        "gradings": a.gradings.count(),
        "messages": Outbox.objects.filter(grading__attempt=a, kind="grade").count(),
    } for a in Attempt.objects.all()]}))
"""


@dataclass
class Web:
    """A site's web process, and nothing else of it."""

    home: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def env(self) -> dict[str, str]:
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("SIM_", "DATABASE", "REDIS"))
        }
        quests = str(self.home / "quests-here")
        return {**kept, "SIM_HOME": str(self.home), "SIM_QUESTS": quests}

    def start(self) -> None:
        words = ["-m", "uvicorn", "simulator.asgi:application", "--port", str(self.port)]
        quiet = ["--lifespan", "off", "--log-level", "critical"]
        self.process = subprocess.Popen(
            [sys.executable, *words, *quiet], cwd=ROOT, env=self.env, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 120
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise TimeoutError("the web does not listen")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, script: str) -> Any:
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "-c", script],
            cwd=ROOT,
            env=self.env,
            check=True,
            capture_output=True,
            text=True,
        )
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("TOLD ")]
        return json.loads(line.removeprefix("TOLD "))


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    home = tmp_path / "home"
    home.mkdir()
    write_toy(home / "quests-here")
    made = Web(home)
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=made.env,
        check=True,
    )
    yield made
    if made.process is not None and made.process.poll() is None:
        made.kill()


class Busy:
    """Sends one generation of work after the other, and remembers what was accepted."""

    def __init__(self, send: Callable[[int], Any]) -> None:
        self._send = send
        self.accepted: list[tuple[int, Any]] = []
        self.sent = 0

    def until(self, stopped: threading.Event) -> None:
        while not stopped.is_set():
            self.sent += 1
            try:
                answer = self._send(self.sent)
            except httpx.HTTPError:
                return  # the web is gone; what became of this one is not known
            self.accepted.append((self.sent, answer))


def project(number: int) -> dict[str, str]:
    """Every file says which generation it is of."""
    return {f"app/part_{part}.py": f"generation = {number}\n" * 50 for part in range(FILES)}


def packed(number: int) -> bytes:
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w") as archive:
        for path, text in project(number).items():
            archive.writestr(path, text)
    return blob.getvalue()


def page(web: Web, name: str) -> httpx.Client:
    """A browser that is signed in."""
    browser = httpx.Client(base_url=f"http://127.0.0.1:{web.port}", timeout=30)
    browser.get("/accounts/login/")
    answer = browser.post(
        "/accounts/login/",
        data={"login": name, "password": name},
        headers={"X-CSRFToken": browser.cookies["csrftoken"]},
    )
    assert answer.headers["Location"] == "/quests/"
    return browser


@pytest.mark.slow
def test_nothing_accepted_is_lost_and_nothing_half_done_is_seen(web: Web) -> None:
    tokens = web.ask(PREPARE)
    dice = random.Random(7)  # noqa: S311, no secret
    busy: dict[str, Busy] = {}
    for _ in range(KILLS):
        web.start()
        stopped = threading.Event()
        senders = _senders(web, tokens)
        if not busy:
            busy = {name: Busy(send) for name, send in senders.items()}
        threads = []
        for name, one in busy.items():
            one._send = senders[name]
            threads.append(threading.Thread(target=one.until, args=(stopped,)))
        for thread in threads:
            thread.start()
        time.sleep(dice.uniform(0.8, 1.6))
        web.kill()
        stopped.set()
        for thread in threads:
            thread.join()
    assert all(len(one.accepted) >= KILLS for one in busy.values())
    _look(web.ask(TELL), busy)


def _senders(web: Web, tokens: dict[str, str]) -> dict[str, Callable[[int], Any]]:
    uploader, saver = page(web, "uploads"), page(web, "saves")
    api = httpx.Client(base_url=f"http://127.0.0.1:{web.port}", timeout=30)
    bearer = {"Authorization": f"Bearer {tokens['hands-in']}"}

    def upload(number: int) -> Any:
        answer = uploader.post(
            "/quests/toy/project/upload",
            files={"zip": ("p.zip", packed(number))},
            headers={"X-CSRFToken": uploader.cookies["csrftoken"]},
        )
        assert answer.status_code == 302
        return None

    def save(number: int) -> Any:
        seen = saver.get("/quests/toy/project/files/app/model.py").headers["ETag"]
        answer = saver.put(
            "/quests/toy/project/files/app/model.py",
            content=f"generation = {number}\n" * 2000,
            headers={"If-Match": seen, "X-CSRFToken": saver.cookies["csrftoken"]},
        )
        assert answer.status_code == 204
        return answer.headers["ETag"]

    def hand_in(number: int) -> Any:
        files = {p: base64.b64encode(t.encode()).decode() for p, t in project(number).items()}
        answer = api.post(
            "/api/quests/toy/stages/features/attempts",
            json={"files": files},
            headers={**bearer, "Idempotency-Key": f"{number}"},
        )
        if answer.status_code == 429:
            time.sleep(0.2)
            return None
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    return {"uploads": upload, "saves": save, "hands-in": hand_in}


def _look(told: Any, busy: dict[str, Busy]) -> None:
    # One upload, whole, and none older than the last that was accepted.
    uploaded = {path: text for path, (text, _) in told["uploads"].items()}
    last = busy["uploads"].accepted[-1][0]
    assert uploaded in [project(number) for number in range(last, busy["uploads"].sent + 1)]
    # One save, whole.
    text, revision = told["saves"]["app/model.py"]
    number, etag = busy["saves"].accepted[-1]
    assert revision >= int(etag.strip('"'))
    assert text in [f"generation = {n}\n" * 2000 for n in range(number, busy["saves"].sent + 1)]
    # Every attempt that was accepted, and every one that is there whole.
    accepted = {identifier for _, identifier in busy["hands-in"].accepted if identifier}
    there = {one["id"]: one for one in told["attempts"]}
    assert accepted
    assert accepted <= there.keys()
    assert len(there) <= len(accepted) + KILLS  # at most one a kill was not told any more
    wholes = [project(number) for number in range(1, busy["hands-in"].sent + 1)]
    for one in there.values():
        assert (one["gradings"], one["messages"]) == (1, 1)
        assert one["files"] in wholes
