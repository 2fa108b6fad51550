"""Learners who hand in one attempt after another, and insist, as a good client does."""

import base64
import random
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

FINAL: Final = frozenset({"done", "cancelled", "quarantined", "refused"})
WAITED_FOR: Final = 300.0  # an end that is not seen so long after the last hand-in is a loss
ADDRESS: Final = "/api/quests/toy/stages/features/attempts"
# The learner's `add` takes its time, so that faults find it at work; and is wrong, on purpose,
# for every other attempt: both verdicts must come out as they do in peace.
WORK: Final = "import time\n\n\ndef add(a, b):\n    time.sleep({nap})\n    return {sum}\n"


@dataclass(kw_only=True)
class Accepted:
    """An attempt that the site said it accepted."""

    public_id: str
    key: str
    right: bool
    at: float  # monotonic
    seen: float | None = None  # when its end was visible
    state: str = ""


@dataclass(kw_only=True)
class Tally:
    """What all learners saw, together."""

    wanted: int
    accepted: list[Accepted] = field(default_factory=list)
    sent: int = 0  # keys that were made up
    troubles: int = 0  # answers that were none: the site was down
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def another(self) -> bool:
        """Whether one more attempt is wanted."""
        with self._lock:
            if self.sent >= self.wanted:
                return False
            self.sent += 1
            return True

    def add(self, accepted: Accepted) -> None:
        with self._lock:
            self.accepted.append(accepted)

    def trouble(self) -> None:
        with self._lock:
            self.troubles += 1


class Learner:
    """One learner; `play` hands in and waits, until no more is wanted or time is up."""

    def __init__(self, address: str, token: str, tally: Tally, *, seed: int, until: float) -> None:
        self._http = httpx.Client(
            base_url=address, timeout=30, headers={"Authorization": f"Bearer {token}"}
        )
        self._tally = tally
        self._dice = random.Random(seed)  # noqa: S311, no secret
        self._no_more = until
        self._until = until + WAITED_FOR

    def play(self) -> None:
        self._insist("POST", "/api/quests/toy/enrolment", {})
        while time.monotonic() < self._no_more and self._tally.another():
            accepted = self._hand_in()
            if accepted is None:
                return
            self._tally.add(accepted)
            self._wait_for(accepted)
        self._http.close()

    def _hand_in(self) -> Accepted | None:
        right = self._dice.random() < 0.5
        nap = round(self._dice.uniform(0.05, 0.6), 2)
        body = {"files": coded(work(right=right, nap=nap))}
        key = uuid.uuid4().hex
        answer = self._insist("POST", ADDRESS, body, key=key)
        if answer is None:
            return None
        return Accepted(public_id=answer["id"], key=key, right=right, at=time.monotonic())

    def _wait_for(self, accepted: Accepted) -> None:
        while time.monotonic() < self._until:
            answer = self._insist("GET", f"/api/attempts/{accepted.public_id}", None)
            if answer is not None and answer["state"] in FINAL:
                accepted.state, accepted.seen = answer["state"], time.monotonic()
                return
            time.sleep(0.5)

    def _insist(
        self, method: str, path: str, body: Mapping[str, Any] | None, *, key: str = ""
    ) -> dict[str, Any] | None:
        """Ask until there is an answer; the same key each time, so that it is one attempt."""
        while time.monotonic() < self._until:
            try:
                answer = self._http.request(
                    method, path, json=body, headers={"Idempotency-Key": key} if key else {}
                )
            except httpx.HTTPError:
                self._tally.trouble()
            else:
                if answer.is_success:
                    told: dict[str, Any] = answer.json()
                    return told
                self._tally.trouble()
                if answer.status_code < 500 and answer.status_code != 429:
                    raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:300]}")
            time.sleep(self._dice.uniform(0.3, 1.0))
        return None


def work(*, right: bool, nap: float) -> dict[str, bytes]:
    """A project for the toy's first stage."""
    return {
        "app/__init__.py": b"",
        "app/model.py": WORK.format(nap=nap, sum="a + b" if right else "a").encode(),
        "sql/features.sql": b"SELECT 1\n",
        "tests/test_model.py": b"def test_it():\n    assert True\n",
    }


def coded(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: base64.b64encode(body).decode() for path, body in files.items()}
