"""Save everything that cannot be made again, and put it back: `python -m deploy.backup`.

    python -m deploy.backup save FOLDER
    python -m deploy.backup restore FOLDER [--replace]

That is the database, which holds people, files, attempts, verdicts and the quests they were
judged by, and the two secrets where the site made them itself. Tables of quests, static files and
rooms' runtimes are made again from these. A backup is a folder; it is whole when it has its
`backup.json`.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from deploy import databases
from simulator import environment
from simulator.environment import ROOT, Environment

LAYOUT: Final = 1
INDEX: Final = "backup.json"
SECRETS: Final = ("secret", "secret_key")

DIFFERS: Final = (
    "SIM_SECRET is another than when the backup was made: hidden data will differ, so what is "
    "regraded may end otherwise. Give the site the old secret."
)


class CannotBackUp(Exception):
    """Something is in the way; the message says what, and what to do."""


def main() -> int:
    """Do what is asked. Returns 2, having said why, when it cannot be done."""
    words = _arguments()
    try:
        given = environment.read(os.environ)
        if words.command == "save":
            told = save(given, words.folder)
        else:
            told = restore(given, words.folder, replace=words.replace)
    except (CannotBackUp, databases.CannotDump, environment.Refused) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(told, indent=2))
    return 0


def save(given: Environment, folder: Path) -> dict[str, Any]:
    """Write a backup into a new folder. Raises CannotBackUp, CannotDump."""
    if folder.exists() and any(folder.iterdir()):
        raise CannotBackUp(f"{folder} is not empty: every backup has a folder of its own")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = databases.of(given)
    counts = database.dump(folder / database.file)
    files = [database.file, *_copy_secrets(given.home, folder)]
    told = {
        "layout": LAYOUT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "engine": database.engine,
        "counts": counts,
        "secret": _fingerprint(given),
        "sha256": {name: _sha256(folder / name) for name in files},
    }
    unfinished = folder / f".{INDEX}"
    unfinished.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    unfinished.rename(folder / INDEX)
    return told


def restore(given: Environment, folder: Path, *, replace: bool) -> dict[str, Any]:
    """Put a backup back, bring it to this version, count. Raises CannotBackUp, CannotDump."""
    index = _index(folder)
    database = databases.of(given)
    if index["engine"] != database.engine:
        raise CannotBackUp(
            f"the backup is of {index['engine']}, DATABASE_URL names {database.engine}"
        )
    if database.people() and not replace:
        raise CannotBackUp("people are in the database: --replace (SURE=--replace) forgets them")
    _put_secrets_back(given.home, folder, index)
    database.load(folder / database.file)
    _migrate(given)
    counts = database.counts()
    missing = {name: n for name, n in index["counts"].items() if counts.get(name) != n}
    if missing:
        raise CannotBackUp(f"after the restore the counts differ from the backup's: {missing}")
    same = _fingerprint(environment.read(os.environ)) == index["secret"]
    warnings = [] if same else [DIFFERS]
    return {"counts": counts, "warnings": warnings}


def _copy_secrets(home: Path, folder: Path) -> list[str]:
    found = [name for name in SECRETS if (home / name).is_file()]
    for name in found:
        (folder / name).touch(mode=0o600)
        (folder / name).write_bytes((home / name).read_bytes())
    return found


def _put_secrets_back(home: Path, folder: Path, index: dict[str, Any]) -> None:
    home.mkdir(parents=True, exist_ok=True)
    for name in set(SECRETS) & set(index["sha256"]):
        mine = home / name
        mine.unlink(missing_ok=True)
        mine.touch(mode=0o600)
        mine.write_bytes((folder / name).read_bytes())


def _index(folder: Path) -> dict[str, Any]:
    """What a backup says of itself, once every file of it is as it was written."""
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CannotBackUp(f"{folder} is no whole backup: {error}") from None
    if index.get("layout") != LAYOUT:
        raise CannotBackUp(f"{folder} has the layout {index.get('layout')}, not {LAYOUT}")
    for name, digest in index["sha256"].items():
        path = folder / name
        if not path.is_file() or _sha256(path) != digest:
            raise CannotBackUp(f"{path} is missing, or not what was saved")
    return index


def _migrate(given: Environment) -> None:
    words = [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"]
    env = {**os.environ, "SIM_HOME": str(given.home)}
    done = subprocess.run(words, cwd=ROOT, env=env, check=False, capture_output=True, text=True)
    if done.returncode:
        raise CannotBackUp(f"the restored database does not migrate: {done.stderr[-2000:]}")
    shutil.rmtree(given.home / "quests", ignore_errors=True)  # unpacked again when needed


def _fingerprint(given: Environment) -> str:
    """Of the secret: enough to tell another one, and nothing else."""
    return hashlib.sha256(b"fingerprint/" + given.secret).hexdigest()[:16]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.backup", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("save", "restore"):
        command = commands.add_parser(name)
        command.add_argument("folder", type=Path)
        if name == "restore":
            command.add_argument("--replace", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
