"""How each kind of database is dumped and loaded, whole and of one moment."""

import hashlib
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol
from urllib.parse import urlsplit

import psycopg

from simulator.environment import Environment

# What people would miss: counted before and after.
COUNTED: Final = (
    "accounts_user",
    "catalog_enrolment",
    "catalog_projectfile",
    "catalog_keptquest",
    "attempts_snapshot",
    "attempts_attempt",
    "attempts_grading",
    "attempts_verdict",
)
VERDICTS: Final = "SELECT grading_id, score, blame FROM attempts_verdict ORDER BY grading_id"
Counts = dict[str, int | str]


class CannotDump(Exception):
    """A tool is missing or refuses; the message says which."""


class Database(Protocol):
    """What a backup asks of a database."""

    engine: ClassVar[str]
    file: ClassVar[str]

    def dump(self, path: Path) -> Counts:
        """Write everything, as it was in one moment; count it in the same."""
        ...

    def load(self, path: Path) -> None:
        """Replace everything by what was written."""
        ...

    def counts(self) -> Counts:
        """Count what is there now."""
        ...

    def people(self) -> bool:
        """Whether it is somebody's: it has accounts."""
        ...


def of(given: Environment) -> Database:
    """The database that the settings name."""
    parts = urlsplit(given.database_url)
    if parts.scheme.startswith("postgres"):
        return Postgres(given.database_url)
    return Sqlite(Path(parts.path) if parts.path else given.home / "db.sqlite3")


class Postgres:
    """By PostgreSQL's own tools, which must be of the server's version or newer."""

    engine: ClassVar = "postgresql"
    file: ClassVar = "database.dump"

    def __init__(self, url: str) -> None:
        self._url = url

    def dump(self, path: Path) -> Counts:
        with psycopg.connect(self._url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            row = connection.execute("SELECT pg_export_snapshot()").fetchone()
            moment = str(row[0]) if row else ""
            counts = self._count(connection)
            self._run(
                "pg_dump", "--format=custom", f"--snapshot={moment}", f"--file={path}", self._url
            )
        return counts

    def load(self, path: Path) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        words = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
        self._run("pg_restore", *words, f"--dbname={self._url}", str(path))

    def counts(self) -> Counts:
        with psycopg.connect(self._url) as connection:
            return self._count(connection)

    def people(self) -> bool:
        with psycopg.connect(self._url) as connection:
            found = connection.execute("SELECT to_regclass('accounts_user')").fetchone()
            if found is None or found[0] is None:
                return False
            return connection.execute("SELECT 1 FROM accounts_user LIMIT 1").fetchone() is not None

    @staticmethod
    def _count(connection: "psycopg.Connection[Any]") -> Counts:
        def ask(query: str) -> list[Any]:
            return connection.execute(query.encode()).fetchall()

        return _counts(ask)

    @staticmethod
    def _run(tool: str, *words: str) -> None:
        done = subprocess.run([_tool(tool), *words], check=False, capture_output=True, text=True)
        if done.returncode:
            raise CannotDump(f"{tool} ended with {done.returncode}: {done.stderr[-2000:]}")


class Sqlite:
    """By SQLite's own online copy."""

    engine: ClassVar = "sqlite"
    file: ClassVar = "database.sqlite3"

    def __init__(self, path: Path) -> None:
        self._path = path

    def dump(self, path: Path) -> Counts:
        if not self._path.is_file():
            raise CannotDump(f"there is no database at {self._path}")
        with closing(sqlite3.connect(self._path)) as ours, closing(sqlite3.connect(path)) as copy:
            ours.backup(copy)
        path.chmod(0o600)
        return Sqlite(path).counts()

    def load(self, path: Path) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as saved, closing(sqlite3.connect(self._path)) as ours:
            saved.backup(ours)

    def counts(self) -> Counts:
        with closing(sqlite3.connect(self._path)) as connection:
            return _counts(lambda query: connection.execute(query).fetchall())

    def people(self) -> bool:
        if not self._path.is_file():
            return False
        with closing(sqlite3.connect(self._path)) as connection:
            tables = "SELECT 1 FROM sqlite_master WHERE name = 'accounts_user'"
            if not connection.execute(tables).fetchall():
                return False
            return bool(connection.execute("SELECT 1 FROM accounts_user LIMIT 1").fetchall())


def _counts(ask: Any) -> Counts:  # noqa: ANN401, a query's rows, whatever the driver
    found: Counts = {name: int(ask(f"SELECT count(*) FROM {name}")[0][0]) for name in COUNTED}  # noqa: S608, our own names
    found["verdicts"] = hashlib.sha256("\n".join(_lines(ask(VERDICTS))).encode()).hexdigest()[:16]
    return found


def _lines(rows: Sequence[Any]) -> Iterator[str]:
    for grading, score, blame in rows:
        yield f"{grading} {score:.4f} {blame}"


def _tool(name: str) -> str:
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(newest[-1]) if newest else shutil.which(name)
    if not found:
        raise CannotDump(f"{name} is missing: install PostgreSQL's client")
    return found
