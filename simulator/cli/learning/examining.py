"""What `sim doctor` looks at, one sign at a time."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pydantic import BaseModel

from graders.basis import judge_digest
from sandbox import runtimes
from simulator.cli.learning import accounts, places, project
from simulator.cli.learning.accounts import Account
from simulator.cli.learning.fetching import tables_folder
from simulator.cli.learning.history import Git
from simulator.cli.learning.rooms import INSTEAD, SHELL
from simulator.cli.learning.site import Site
from simulator.cli.learning.trouble import Trouble
from simulator.wire import Person
from simulator.wire.release import version

OLDEST: Final = (3, 11)
MOST_SKEW: Final = 120.0  # seconds: beyond that, times in reports are puzzling
RUNTIME: Final = "python-ml"
PATIENCE: Final = 120.0
PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY")


class Sign(BaseModel):
    """One thing that was looked at."""

    what: str
    good: bool
    found: str
    remedy: str = ""


def examine() -> Iterator[Sign]:
    """Every sign, in the order in which one depends on another."""
    yield _python()
    yield Sign(what="sim", good=True, found=f"{version()}, checks {judge_digest()[:12]}")
    yield _git()
    yield from _site()
    yield from _folder()
    yield from _room()


def _python() -> Sign:
    return Sign(
        what="Python",
        good=sys.version_info >= OLDEST,
        found=f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        remedy="Install Python 3.11 or newer.",
    )


def _git() -> Sign:
    git = Git(Path.cwd())
    return Sign(
        what="Git",
        good=git.installed,
        found=git.version() if git.installed else "not installed",
        remedy="Install git: without it a folder has no history.",
    )


def _site() -> Iterator[Sign]:
    proxy = next((name for name in PROXIES if os.environ.get(name)), None)
    if proxy:
        yield Sign(what="Proxy", good=True, found=f"{proxy}={os.environ[proxy]}")
    try:
        account = accounts.current()
        with Site(account, sleep=lambda _: None) as site:
            person = site.get("/api/me", Person)
            date = site.date()
    except Trouble as trouble:
        yield Sign(what="Sign-in", good=False, found=trouble.sentence, remedy=trouble.remedy)
        return
    found = f"{person.username} at {account.address} (version {person.version})"
    yield Sign(what="Sign-in", good=True, found=found)
    yield _clock(account, date)


def _clock(account: Account, date: str) -> Sign:
    if not date:
        return Sign(what="Clock", good=True, found="the site does not tell the time")
    skew = abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds())
    return Sign(
        what="Clock",
        good=skew <= MOST_SKEW,
        found=f"{skew:.0f} s from that of {account.address}",
        remedy="Set this machine's clock.",
    )


def _folder() -> Iterator[Sign]:
    try:
        here = project.find()
    except Trouble:
        yield Sign(what="Folder", good=True, found="none of a quest: most commands need one")
        return
    facts = here.facts
    yield Sign(what="Folder", good=True, found=f"{here.root}: {facts.quest}, {facts.stage}")
    yield Sign(
        what="Checks",
        good=facts.judge == judge_digest(),
        found=f"the site's are {facts.judge[:12]}",
        remedy="Bring the command up to date: results at home may differ from the site's.",
    )
    tables = tables_folder(facts.dataset)
    yield Sign(
        what="Tables",
        good=tables.is_dir(),
        found=str(tables) if tables.is_dir() else "not on this machine",
        remedy="Fetch them: sim pull",
    )


def _room() -> Iterator[Sign]:
    if sys.platform != "linux":
        found = f"rooms are made of Linux namespaces, and this is {platform.system()}"
        yield Sign(what="Room", good=False, found=found, remedy=f"Use WSL 2. {INSTEAD}")
        return
    home = places.home()
    try:
        runtimes.find(RUNTIME, home=home)
    except runtimes.RuntimeMissing:
        remedy = f"Build it: {sys.executable} -m sandbox.runtimes {RUNTIME} --home {home}"
        found = "not built; the first `sim test` builds it, which takes a minute or two"
        yield Sign(what="Runtime", good=False, found=found, remedy=remedy)
        return
    yield Sign(what="Runtime", good=True, found=f"{RUNTIME} in {runtimes.folder(home)}")
    yield _self_test(home)


def _self_test(home: Path) -> Sign:
    """Open a room and look at its walls from inside, as a site does."""
    with TemporaryDirectory(prefix="sim-doctor-") as folder:
        words = [sys.executable, "-m", "sandbox.runner", "--check", "--shell", SHELL]
        words += ["--home", str(home), "--socket", f"{folder}/runner.sock"]
        try:
            done = subprocess.run(  # noqa: S603 - our own words
                words, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            found = f"no room within {PATIENCE:.0f} s"
            return Sign(what="Room", good=False, found=found, remedy=INSTEAD)
    try:
        why = str(json.loads(done.stdout)["why"])
    except (ValueError, KeyError):
        why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    return Sign(what="Room", good=done.returncode == 0, found=why, remedy=INSTEAD)
