"""What the database says of every accepted attempt, during the faults and after them."""

import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg

from tests.bench import procs
from tests.chaos.learners import Tally
from tests.chaos.site import Site

GROUPS: Final = Path("/sys/fs/cgroup")
LEASE_SECONDS: Final = 90
GRACE_SECONDS: Final = 60
RIGHT: Final = 100.0
LEARNER_CAUSED: Final = ("passed", "failed", "learner_error", "learner_limit")

STUCK: Final = """
SELECT id FROM attempts_grading WHERE state = 'running' AND (
  claimed_at < now() - make_interval(secs => %(limit)s + %(lease)s + %(grace)s)
  OR lease_until < now() - make_interval(secs => %(grace)s))
"""
FINAL: Final = """
SELECT a.public_id::text, a.charged, g.state, v.blame, v.score, g.fence, g.infra_attempts, g.losses
FROM attempts_attempt a
JOIN attempts_grading g ON g.attempt_id = a.id
LEFT JOIN attempts_verdict v ON v.grading_id = g.id
"""


@dataclass(kw_only=True)
class Watch:
    """Looks every second for gradings that are stuck, as long as the database answers."""

    site: Site
    stuck: set[int] = field(default_factory=set)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _since: float = 0.0  # since when the database answers without a break

    def run(self) -> None:
        while not self._stopped.wait(1.0):
            try:
                found = self._look()
            except psycopg.Error:
                self._since = time.monotonic()  # nobody can put right what cannot be written
                continue
            if time.monotonic() - self._since > GRACE_SECONDS:
                self.stuck |= found

    def stop(self) -> None:
        self._stopped.set()

    def _look(self) -> set[int]:
        facts = {
            "limit": self.site.grading_seconds,
            "lease": LEASE_SECONDS,
            "grace": GRACE_SECONDS,
        }
        with psycopg.connect(self.site.database_url, connect_timeout=2) as connection:
            return {row[0] for row in connection.execute(STUCK, facts)}


@dataclass(frozen=True, kw_only=True)
class Counted:
    """The figures of a run. All but the first and the last two must be zero."""

    attempts: int
    lost: int  # accepted, and without a verdict at the end
    double: int  # one key and two attempts, or two gradings of one attempt
    wrong: int  # another verdict than in peace
    stuck: int
    charged: int  # for what was not the learner's
    uncharged: int  # a verdict of the learner's that was not counted
    quarantined: int
    orphans: int
    claimed_again: int
    losses: int

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return not (
            self.lost or self.double or self.wrong or self.stuck or self.charged
            or self.uncharged or self.orphans
        )  # fmt: skip


def count(site: Site, tally: Tally, *, stuck: int, orphans: int) -> Counted:
    """Ask the database what became of everything that was accepted."""
    accepted = tally.accepted
    with psycopg.connect(site.database_url) as connection:
        rows = connection.execute(FINAL).fetchall()
    by_id = {row[0]: row for row in rows}
    times = Counter(row[0] for row in rows)
    right = {one.public_id: one.right for one in accepted}
    done = [row for row in rows if row[2] == "done"]
    return Counted(
        attempts=len(accepted),
        lost=sum(by_id.get(one.public_id, ("",) * 8)[2] != "done" for one in accepted),
        double=sum(n > 1 for n in times.values()) + max(0, len(times) - tally.sent),
        wrong=sum((row[4] == RIGHT) != right.get(row[0], row[4] == RIGHT) for row in done),
        stuck=stuck,
        charged=sum(row[1] and row[3] not in LEARNER_CAUSED for row in rows),
        uncharged=sum(not row[1] and row[3] in LEARNER_CAUSED for row in rows),
        quarantined=sum(row[2] == "quarantined" for row in rows),
        orphans=orphans,
        claimed_again=sum(max(0, row[5] - 1) for row in rows),
        losses=sum(row[7] for row in rows),
    )


def orphans(runners: Sequence[int]) -> list[str]:
    """What still lives below this process, heir of all that it started, and groups of rooms."""
    names = tuple(f"sim-{pid}-" for pid in runners)
    # os.walk passes over what vanishes while it looks: rooms of others come and go here.
    found = [
        f"{place}/{name}"
        for place, folders, _ in os.walk(GROUPS)
        for name in folders
        if name.startswith(names)
    ]
    for pid in procs.tree(os.getpid())[1:]:
        with suppress(OSError):
            state = _state(pid)
            if state not in {"Z", "X"}:
                found.append(f"{pid}: {_command(pid)}")
    return found


def _state(pid: int) -> str:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return stat.rpartition(")")[2].split()[0]


def _command(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes()
    return words.replace(b"\0", b" ").decode(errors="replace")[:120]
