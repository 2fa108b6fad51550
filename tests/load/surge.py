"""Learners who hand in within a minute, each with an event stream open for every attempt."""

import asyncio
import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from tests.chaos.learners import ADDRESS, coded, work

FINAL: Final = "event: verdict"
PATIENCE: Final = 900.0
PAGES: Final = ("/api/quests", "/health/", "/", "/quests/")
PROBED_EVERY: Final = 0.5


@dataclass(kw_only=True)
class Seen:
    """What one surge showed."""

    sent: int = 0
    accepted: list[str] = field(default_factory=list)
    greedy: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    told_to_wait: int = 0  # answers 429: a learner sends faster than anybody needs to
    streams_refused: int = 0
    broken: list[str] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    hand_ins: list[float] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Who sends how many, within how many seconds."""

    honest: Sequence[str]  # tokens
    greedy: str  # a token; empty: nobody is
    attempts: int  # of the honest ones, together
    greedy_attempts: int
    within: float
    seed: int


async def surge(address: str, plan: Plan) -> Seen:
    """Play it, to the last verdict."""
    seen = Seen()
    began = time.monotonic()
    limits = httpx.Limits(max_connections=1000, max_keepalive_connections=300)
    async with httpx.AsyncClient(base_url=address, timeout=120, limits=limits) as http:
        for token in (*plan.honest, *filter(None, [plan.greedy])):
            await http.post("/api/quests/toy/enrolment", json={}, headers=_by(token))
        done = asyncio.Event()
        probing = asyncio.create_task(_probe(http, plan.honest[0], seen, done))
        players = [
            _honest(http, token, number, plan, seen) for number, token in enumerate(plan.honest)
        ]
        if plan.greedy:
            players.append(_greedy(http, plan, seen))
        began = time.monotonic()
        await asyncio.gather(*players)
        seen.seconds = time.monotonic() - began
        done.set()
        await probing
    return seen


async def _honest(
    http: httpx.AsyncClient, token: str, number: int, plan: Plan, seen: Seen
) -> None:
    dice = random.Random(plan.seed * 1000 + number)  # noqa: S311, no secret
    share = plan.attempts // len(plan.honest)
    share += number < plan.attempts % len(plan.honest)
    moments = sorted(dice.uniform(0, plan.within) for _ in range(share))
    began = time.monotonic()
    following: list[asyncio.Task[None]] = []
    for moment in moments:
        await asyncio.sleep(max(0.0, began + moment - time.monotonic()))
        following.append(asyncio.create_task(_one(http, token, seen, greedy=False)))
    await asyncio.gather(*following)


async def _greedy(http: httpx.AsyncClient, plan: Plan, seen: Seen) -> None:
    """As fast as the site takes them."""
    gate = asyncio.Semaphore(4)
    following: list[asyncio.Task[None]] = []

    async def send() -> None:
        async with gate:
            identifier = await _hand_in(http, plan.greedy, seen, greedy=True)
        if identifier:
            await _follow(http, plan.greedy, identifier, seen)

    following = [asyncio.create_task(send()) for _ in range(plan.greedy_attempts)]
    await asyncio.gather(*following)


async def _one(http: httpx.AsyncClient, token: str, seen: Seen, *, greedy: bool) -> None:
    identifier = await _hand_in(http, token, seen, greedy=greedy)
    if identifier:
        await _follow(http, token, identifier, seen)


async def _hand_in(http: httpx.AsyncClient, token: str, seen: Seen, *, greedy: bool) -> str:
    body = {"files": coded(work(right=True, nap=0.0))}
    headers = {**_by(token), "Idempotency-Key": uuid.uuid4().hex}
    seen.sent += 1
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            answer = await http.post(ADDRESS, json=body, headers=headers)
        except httpx.HTTPError as error:
            seen.broken.append(f"hand-in: {type(error).__name__}")
            await asyncio.sleep(1)
            continue
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            seen.told_to_wait += 1
            await asyncio.sleep(5)
            continue
        if answer.is_success:
            seen.hand_ins.append(time.monotonic() - began)
            identifier = str(answer.json()["id"])
            seen.accepted.append(identifier)
            if greedy:
                seen.greedy.add(identifier)
            return identifier
        seen.broken.append(f"hand-in: {answer.status_code}")
        await asyncio.sleep(1)
    return ""


async def _follow(http: httpx.AsyncClient, token: str, identifier: str, seen: Seen) -> None:
    """Listen to the attempt's stream to its last word; look again where the stream is refused."""
    until = time.monotonic() + PATIENCE
    path = f"/api/attempts/{identifier}"
    while time.monotonic() < until:
        try:
            async with http.stream("GET", f"{path}/events", headers=_by(token)) as stream:
                if stream.is_success:
                    async for line in stream.aiter_lines():
                        if line == FINAL:
                            seen.ended.add(identifier)
                            return
                seen.streams_refused += stream.status_code == httpx.codes.TOO_MANY_REQUESTS
            told: dict[str, Any] = (await http.get(path, headers=_by(token))).json()
        except (httpx.HTTPError, ValueError) as error:
            seen.broken.append(f"stream: {type(error).__name__}")
        else:
            if told.get("state") in {"done", "cancelled", "quarantined", "refused"}:
                seen.ended.add(identifier)
                return
        await asyncio.sleep(3)


async def _probe(http: httpx.AsyncClient, token: str, seen: Seen, done: asyncio.Event) -> None:
    """How long pages take meanwhile."""
    number = 0
    while not done.is_set():
        began = time.monotonic()
        path = PAGES[number % len(PAGES)]
        number += 1
        try:
            answer = await http.get(path, headers={**_by(token), "Accept": "text/html"})
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                seen.pages.append(time.monotonic() - began)
            else:
                seen.broken.append(f"{path}: {answer.status_code}")
        except httpx.HTTPError as error:
            seen.broken.append(f"{path}: {type(error).__name__}")
        await asyncio.sleep(PROBED_EVERY)


def _by(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
