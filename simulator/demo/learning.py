"""A learner who hands in over the HTTP API and waits for the report."""

import base64
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import httpx

PATIENCE_SECONDS: Final = 300
ENDED: Final = ("done", "cancelled", "quarantined", "refused")


class Unanswered(Exception):
    """The site did not do what it promises; the message says what it did."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of an attempt's stream, and when it came (seconds, monotonic)."""

    name: str
    data: dict[str, Any]
    at: float


class Learner:
    """A signed-in learner; a context manager."""

    def __init__(self, address: str, *, name: str, password: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=60)
        token = self._post("/api/token", {"username": name, "password": password})["token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def enrol(self, quest: str) -> None:
        """Begin a quest, or go on with it."""
        self._post(f"/api/quests/{quest}/enrolment", {})

    def put(self, quest: str, files: Mapping[str, bytes]) -> None:
        """Make the draft exactly these files."""
        self._answer(self._http.put(f"/api/quests/{quest}/project", json={"files": _coded(files)}))

    def hand_in(self, quest: str, stage: str, files: Mapping[str, bytes]) -> str:
        """Hand in a project for a stage; the attempt's id."""
        address = f"/api/quests/{quest}/stages/{stage}/attempts"
        attempt = self._post(address, {"files": _coded(files)})
        return str(attempt["id"])

    def events(self, attempt: str) -> Iterator[Event]:
        """The attempt's events as they come, until its end."""
        with self._http.stream("GET", f"/api/attempts/{attempt}/events") as answer:
            self._check(answer)
            name, data = "message", ""
            for line in answer.iter_lines():
                if line.startswith("event:"):
                    name = line.removeprefix("event:").strip()
                elif line.startswith("data:"):
                    data += line.removeprefix("data:").strip()
                elif not line and data:
                    yield Event(name=name, data=json.loads(data), at=time.monotonic())
                    name, data = "message", ""

    def report(self, attempt: str) -> dict[str, Any]:
        """The report, once there is a verdict. Raises Unanswered when none comes."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            state = self._get(f"/api/attempts/{attempt}")["state"]
            if state == "done":
                return self._get(f"/api/attempts/{attempt}/report")
            if state in ENDED:
                raise Unanswered(f"attempt {attempt} ended as {state}")
            time.sleep(0.05)
        raise Unanswered(f"attempt {attempt} has no verdict after {PATIENCE_SECONDS} s")

    def _get(self, path: str) -> dict[str, Any]:
        return self._answer(self._http.get(path))

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._answer(self._http.post(path, json=body))

    def _answer(self, answer: httpx.Response) -> dict[str, Any]:
        self._check(answer)
        body: dict[str, Any] = answer.json()
        return body

    @staticmethod
    def _check(answer: httpx.Response) -> None:
        if answer.is_error:
            answer.read()
            raise Unanswered(f"{answer.request.url.path}: {answer.status_code} {answer.text}")


def _coded(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: base64.b64encode(body).decode() for path, body in files.items()}
