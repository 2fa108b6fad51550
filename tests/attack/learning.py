"""A learner of the site under attack: hands in, waits, and fetches whatever can be fetched."""

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import httpx

PATIENCE_SECONDS: Final = 120.0
LAST_WORD: Final = "event: verdict"
QUEST: Final = "target"


class Unanswered(Exception):
    """The site did not do what it promises."""


@dataclass(frozen=True, kw_only=True)
class HandedIn:
    """What a hand-in came to: an attempt, or a refusal."""

    status: int
    body: Mapping[str, Any]

    @property
    def attempt(self) -> str:
        """Its id. Raises Unanswered for a refusal."""
        if self.status != httpx.codes.ACCEPTED:
            raise Unanswered(f"the hand-in was refused: {self.status} {self.body}")
        return str(self.body["id"])


class Learner:
    """One signed-in person, at an address of their own, with API and pages."""

    def __init__(self, address: str, *, name: str, token: str, session: str, home: str) -> None:
        # The site counts hand-ins by address: each person comes from another one.
        self.name = name
        self._http = httpx.Client(
            base_url=address,
            timeout=60,
            transport=httpx.HTTPTransport(local_address=home, retries=2, verify=False),
            headers={"Authorization": f"Bearer {token}"},
            cookies={"sessionid": session},
        )
        self._pool = ThreadPoolExecutor(max_workers=4)
        self._heard: dict[str, bytes] = {}  # what the last stream told while it ran, by attempt

    def close(self) -> None:
        self._pool.shutdown()
        self._http.close()

    def hand_in(self, stage: str, files: Mapping[str, bytes]) -> HandedIn:
        """Hand in a project."""
        coded = {path: base64.b64encode(body).decode() for path, body in files.items()}
        return self._sent(stage, lambda path: self._http.post(path, json={"files": coded}))

    def hand_in_zip(self, stage: str, archive: bytes) -> HandedIn:
        """Hand in an archive, or what is called one."""
        kind = {"Content-Type": "application/zip"}
        return self._sent(stage, lambda path: self._http.post(path, content=archive, headers=kind))

    def rush(self, stage: str, times: int) -> list[int]:
        """Hand in what is no archive, again and again without a pause; the answers' states."""
        path = f"/api/quests/{QUEST}/stages/{stage}/attempts"
        kind = {"Content-Type": "application/zip"}
        answers = [self._http.post(path, content=b"?", headers=kind) for _ in range(times)]
        waits = [int(answer.headers.get("Retry-After", 0)) for answer in answers]
        for answer, seconds in zip(answers, waits, strict=True):
            if answer.status_code == httpx.codes.TOO_MANY_REQUESTS and not seconds > 0:
                raise Unanswered("a refusal for being too many does not say how long to wait")
        return [answer.status_code for answer in answers]

    def put(self, files: Mapping[str, bytes]) -> None:
        """Make the draft exactly these files."""
        coded = {path: base64.b64encode(body).decode() for path, body in files.items()}
        answer = self._http.put(f"/api/quests/{QUEST}/project", json={"files": coded})
        answer.raise_for_status()

    def state(self, attempt: str) -> Mapping[str, Any]:
        """How far an attempt is."""
        answer = self._http.get(f"/api/attempts/{attempt}")
        answer.raise_for_status()
        found: Mapping[str, Any] = answer.json()
        return found

    def report(self, attempt: str) -> Mapping[str, Any]:
        """The report, once there is a verdict. Raises Unanswered when none comes.

        Follows the stream of its events, as the command line does: no page is asked for again
        and again while the judge needs the processor.
        """
        state = self._last_word(attempt)
        if state != "done":
            raise Unanswered(f"attempt {attempt} ended as {state}")
        answer = self._http.get(f"/api/attempts/{attempt}/report")
        answer.raise_for_status()
        found: Mapping[str, Any] = answer.json()
        return found

    def _last_word(self, attempt: str) -> str:
        """The state that the stream of an attempt ends with."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        lines: list[str] = []
        with self._http.stream("GET", f"/api/attempts/{attempt}/events") as stream:
            stream.raise_for_status()
            for line in stream.iter_lines():  # also a sign of life every ten seconds
                lines.append(line)
                if time.monotonic() > deadline:
                    raise Unanswered(f"no verdict on {attempt} after {PATIENCE_SECONDS:.0f} s")
        self._heard = {attempt: "\n".join(lines).encode()}
        if LAST_WORD not in lines:
            raise Unanswered(f"the stream of {attempt} ends without a verdict: {lines[-5:]}")
        data = lines[lines.index(LAST_WORD) :]
        word = next(line for line in data if line.startswith("data: "))
        return str(json.loads(word.removeprefix("data: "))["state"])

    def everything(self, stage: str, attempts: Sequence[str]) -> dict[str, bytes]:
        """All that this learner can fetch of these attempts, and of their own work around them."""
        addresses = [
            f"/quests/{QUEST}/{stage}/",
            "/work/",
            f"/api/quests/{QUEST}/project",
            f"/api/quests/{QUEST}/project.zip",
            "/api/attempts",
        ]
        for attempt in attempts:
            addresses += [
                f"/attempts/{attempt}/",
                f"/attempts/{attempt}/outcome",
                f"/attempts/{attempt}/events",
                f"/attempts/{attempt}/receipt.json",
                f"/api/attempts/{attempt}",
                f"/api/attempts/{attempt}/report",
                f"/api/attempts/{attempt}/events",
                f"/api/attempts/{attempt}/receipt",
                f"/api/attempts/{attempt}/project.zip",
            ]
        found = dict(zip(addresses, self._pool.map(self.fetch, addresses), strict=True))
        return found | {
            f"the stream of {each}": self._heard[each] for each in attempts if each in self._heard
        }

    def fetch(self, path: str) -> bytes:
        """A page, a document or a stream to its end, with its headers; an error page, too."""
        answer = self._http.get(path)
        return str(answer.headers).encode() + answer.content

    def _sent(self, stage: str, send: Callable[[str], httpx.Response]) -> HandedIn:
        """Send it; wait where the site says that this was often."""
        path = f"/api/quests/{QUEST}/stages/{stage}/attempts"
        answer = send(path)
        while answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            time.sleep(min(5.0, float(answer.headers["Retry-After"])))
            answer = send(path)
        body = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        return HandedIn(status=answer.status_code, body=body)
