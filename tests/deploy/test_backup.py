"""A backup, wiped and restored, is the same site: verdicts, files, logins."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.needs import need

ROOT = Path(__file__).resolve().parents[2]
FILL = """
from simulator.accounts.models import User
from simulator.catalog.models import Enrolment, ProjectFile
from simulator.attempts.models import Attempt, Grading, Snapshot, Verdict
user = User.objects.create_user("lena", password="lenas-password")
enrolment = Enrolment.objects.create(learner=user, quest="churn", version="1")
ProjectFile.objects.create(enrolment=enrolment, path="a.py", content=b"x = 1\\n\\x00\\xff")
Snapshot.objects.create(digest="d" * 64, content=b"x = 1\\n\\x00\\xff")
attempt = Attempt.objects.create(
    enrolment=enrolment, stage="model", number=1, manifest={"a.py": "d" * 64},
    idempotency_key="k", charged=True)
grading = Grading.objects.create(
    attempt=attempt, learner=user, state="done", quest_version="1", quest_digest="q" * 64,
    runtime="python-ml", scale="tiny")
Verdict.objects.create(
    grading=grading, blame="passed", score=87.5, readiness="pilot", passed=True, merit=False,
    body={"results": []}, queued_seconds=0.1)
"""
TELL = """
import json
from django.contrib.auth import authenticate
from simulator.catalog.models import ProjectFile
from simulator.attempts.models import Snapshot, Verdict
from django.conf import settings
print("TOLD " + json.dumps({
    "login": authenticate(None, username="lena", password="lenas-password") is not None,
    "file": bytes(ProjectFile.objects.get().content).hex(),
    "snapshot": bytes(Snapshot.objects.get().content).hex(),
    "verdict": list(Verdict.objects.values_list("score", "blame", "grading__attempt__charged")),
    "secret": settings.SIM_SECRET.hex(),
}))
"""


class Machine:
    """A home and a database, and the commands that an operator types."""

    def __init__(self, home: Path, database_url: str) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SIM_", "DATABASE"))}
        self.env = {**kept, "SIM_HOME": str(home)}
        if database_url:
            self.env["DATABASE_URL"] = database_url

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env=self.env,
            check=False,
            capture_output=True,
            text=True,
        )

    def done(self, *words: str) -> str:
        finished = self.run(*words)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def tell(self) -> dict[str, object]:
        out = self.done("manage.py", "shell", "-c", TELL)
        line = next(line for line in out.splitlines() if line.startswith("TOLD "))
        told: dict[str, object] = json.loads(line.removeprefix("TOLD "))
        return told


@contextmanager
def database(kind: str) -> Iterator[str]:
    if kind == "sqlite":
        yield ""
        return
    server = os.environ.get("SIM_TEST_POSTGRES", "")
    need("a PostgreSQL server (its address in SIM_TEST_POSTGRES)", present=bool(server))
    name = f"backup_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def test_what_is_restored_is_what_was_saved(kind: str, tmp_path: Path) -> None:
    with database(kind) as url:
        first = Machine(tmp_path / "first", url)
        first.done("manage.py", "migrate", "--verbosity", "0")
        first.done("manage.py", "shell", "-c", FILL)
        before = first.tell()
        saved = tmp_path / "saved"
        first.done("-m", "deploy.backup", "save", str(saved))
        refused = first.run("-m", "deploy.backup", "restore", str(saved))
        assert refused.returncode == 2
        assert "--replace" in refused.stderr
        # Another machine: nothing but the backup.
        second = Machine(tmp_path / "second", url)
        told = json.loads(second.done("-m", "deploy.backup", "restore", str(saved), "--replace"))
        assert told["warnings"] == []
        assert told["counts"]["attempts_verdict"] == 1
        assert second.tell() == before
        assert before["login"] is True


def test_a_backup_that_was_touched_is_not_restored(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "home", "")
    machine.done("manage.py", "migrate", "--verbosity", "0")
    saved = tmp_path / "saved"
    machine.done("-m", "deploy.backup", "save", str(saved))
    assert (saved / "secret").stat().st_mode & 0o077 == 0
    (saved / "secret").write_bytes(b"another")
    refused = machine.run("-m", "deploy.backup", "restore", str(saved), "--replace")
    assert refused.returncode == 2
    assert "not what was saved" in refused.stderr
    again = machine.run("-m", "deploy.backup", "save", str(saved))
    assert "not empty" in again.stderr
