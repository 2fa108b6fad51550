"""The stream of a grading: nothing is missed, nothing comes twice, nobody else listens."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient

from graders.intake import Problem
from sandbox.interface import SandboxError
from simulator.accounts import tokens
from simulator.accounts.models import User
from simulator.attempts import claiming, recording, streaming
from simulator.attempts.claiming import Claim, claim
from simulator.attempts.delivering import deliver
from simulator.attempts.following import Kind, Place, news_of
from simulator.attempts.models import Attempt, Grading
from simulator.attempts.reading import latest_grading
from simulator.cohorts.models import Cohort
from tests.fakes import FakeSandbox
from tests.simulator.conftest import HandIn, RedisServer
from tests.simulator.judges import FACTS, falling, result, saying, verdict

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 10.0
BEGINNING = Place()
ENDS = ["verdict"]
WHOLE = [*["result"] * len(FACTS), *ENDS]


@dataclass(frozen=True)
class Sent:
    """One event as it came over the wire."""

    name: str
    id: str
    data: dict[str, Any]


def followed(attempt: Attempt, user: User) -> streaming.Followed:
    return streaming.find(user, attempt.public_id, session=None, language="en")


async def read(stream: AsyncIterator[str]) -> AsyncIterator[Sent]:
    """The events of a stream; comments and the retry line are passed over."""
    async for text in stream:
        lines = dict(line.split(": ", 1) for line in text.strip().splitlines() if ": " in line)
        if "event" in lines:
            yield Sent(lines["event"], lines["id"], json.loads(lines["data"]))


async def read_all(attempt: Attempt, user: User, since: Place = BEGINNING) -> list[Sent]:
    follow = await sync_to_async(followed)(attempt, user)
    stream = streaming.stream(follow, since, write=streaming.write_json)
    return [sent async for sent in read(stream)]


def in_time(story: Awaitable[Any]) -> Any:
    async def told() -> Any:
        try:
            return await asyncio.wait_for(story, PATIENCE)
        finally:  # the test client leaves the connection of its thread open
            await sync_to_async(connections.close_all)()

    return asyncio.run(told())


def parts_of(answer: Any) -> AsyncIterator[bytes]:
    """The parts of a streaming response."""
    parts: AsyncIterator[bytes] = answer.streaming_content.__aiter__()
    return parts


def claimed(attempt: Attempt) -> Claim:
    won = claim(latest_grading(attempt).pk)
    assert won is not None
    return won


def test_what_is_over_is_replayed_whole_and_ends(hand_in: HandIn, owner: User) -> None:
    attempt = hand_in()
    deliver(claimed(attempt), judge=saying(), sandbox=FakeSandbox())
    sent = in_time(read_all(attempt, owner))
    assert [one.name for one in sent] == ["phase", *WHOLE]
    assert [one.data["check"] for one in sent if one.name == "result"] == [*FACTS]
    assert sent[-1].data["score"] == 100.0
    assert sent[-1].data["state"] == "done"


def test_a_stream_joins_stored_and_live_without_a_gap_or_a_double(
    hand_in: HandIn, owner: User
) -> None:
    attempt = hand_in()
    current = claimed(attempt)
    recording.record(current, result("is_there"), position=0)

    async def story() -> list[str]:
        follow = await sync_to_async(followed)(attempt, owner)
        stream = read(streaming.stream(follow, Place(), write=streaming.write_json))
        seen = [(await anext(stream)).name, (await anext(stream)).data["check"]]
        for position, check in enumerate(("is_right", "pays"), start=1):
            await sync_to_async(recording.record)(current, result(check), position=position)
            seen.append((await anext(stream)).data["check"])
        await sync_to_async(claiming.finish)(current, verdict())
        seen += [one.name async for one in stream]
        return seen

    assert in_time(story()) == ["state", "is_there", "is_right", "pays", "verdict"]


def test_news_between_subscribing_and_reading_is_not_missed(
    hand_in: HandIn, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = hand_in()
    current = claimed(attempt)
    look = streaming._look

    def slow_look(*args: Any, **kwargs: Any) -> streaming.Look:
        monkeypatch.setattr(streaming, "_look", look)
        found = look(*args, **kwargs)
        # Known after this look, announced before the stream waits for an announcement.
        recording.record(current, result("is_there"), position=0)
        claiming.finish(current, verdict())
        return found

    monkeypatch.setattr(streaming, "_look", slow_look)
    names = [one.name for one in in_time(read_all(attempt, owner))]
    assert names == ["state", "result", "verdict"]


def test_a_browser_that_comes_back_gets_only_what_it_has_not_seen(
    hand_in: HandIn, owner: User
) -> None:
    attempt = hand_in()
    deliver(claimed(attempt), judge=saying(), sandbox=FakeSandbox())
    whole = in_time(read_all(attempt, owner))
    rest = in_time(read_all(attempt, owner, Place.read(whole[2].id)))
    assert [one.id for one in rest] == [one.id for one in whole[3:]]


def test_who_has_seen_the_end_is_told_to_stay_away(hand_in: HandIn, owner: User) -> None:
    attempt = hand_in()
    deliver(claimed(attempt), judge=saying(), sandbox=FakeSandbox())
    last = in_time(read_all(attempt, owner))[-1]

    async def come_back() -> int:
        client = AsyncClient()
        await client.aforce_login(owner)
        address = f"/attempts/{attempt.public_id}/events"
        return (await client.get(address, headers={"Last-Event-ID": last.id})).status_code

    assert in_time(come_back()) == 204


def test_a_grading_that_begins_anew_says_so_once(hand_in: HandIn, owner: User) -> None:
    attempt = hand_in()
    first = claimed(attempt)
    recording.record(first, result("is_there"), position=0)
    seen = news_of(first.grading_id, Place())
    deliver(first, judge=falling(SandboxError("again")), sandbox=FakeSandbox())
    Grading.objects.update(not_before=None)
    deliver(claimed(attempt), judge=saying(), sandbox=FakeSandbox())
    again = news_of(first.grading_id, seen[-1].place)
    assert [entry.kind for entry in again] == [
        Kind.RESTART,
        Kind.PHASE,
        *[Kind.RESULT] * len(FACTS),
        Kind.VERDICT,
    ]


@pytest.mark.parametrize("end", ["cancelled", "refused", "quarantined"])
def test_a_stream_ends_without_a_verdict_too(hand_in: HandIn, owner: User, end: str) -> None:
    attempt = hand_in()
    current = claimed(attempt)
    problem = Problem(code="syntax_error", params={"path": "a.py", "line": 3})
    act: dict[str, Callable[[], object]] = {
        "cancelled": lambda: claiming.cancel(current.grading_id),
        "refused": lambda: claiming.refuse(current, problem),
        "quarantined": lambda: claiming.quarantine(current.held()),
    }
    act[end]()
    last = in_time(read_all(attempt, owner))[-1]
    assert (last.name, last.data["state"]) == ("verdict", end)
    assert ("a.py" in last.data["sentence"]) is (end == "refused")


def test_without_redis_the_news_comes_a_little_later(
    hand_in: HandIn, owner: User, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "LOOK_AGAIN_SECONDS", 0.05)
    attempt = hand_in()
    redis_server.stop()

    async def story() -> list[str]:
        reading = asyncio.create_task(read_all(attempt, owner))
        await asyncio.sleep(0.1)
        await sync_to_async(
            lambda: deliver(claimed(attempt), judge=saying(), sandbox=FakeSandbox())
        )()
        return [one.name for one in await reading if one.name != "state"]

    assert in_time(story()) == ["phase", *WHOLE]


def test_the_page_gets_fragments_in_its_language(hand_in: HandIn, owner: User) -> None:
    attempt = hand_in()
    deliver(claimed(attempt), judge=saying(), sandbox=FakeSandbox())

    async def page() -> str:
        client = AsyncClient()
        await client.aforce_login(owner)
        answer = await client.get(
            f"/attempts/{attempt.public_id}/events", headers={"Accept-Language": "ru"}
        )
        assert answer["Content-Type"] == "text/event-stream"
        assert "no-cache" in answer["Cache-Control"]
        return b"".join([part async for part in parts_of(answer)]).decode()

    text = in_time(page())
    assert text.startswith("retry: ")
    assert text.count("event: result") == len(FACTS)
    assert text.count("event: verdict") == 1
    assert "Складывает" in text


@pytest.mark.parametrize("who", ["colleague", "stranger", "nobody"])
def test_a_stream_of_somebody_else_looks_absent(hand_in: HandIn, cohort: Cohort, who: str) -> None:
    attempt = hand_in()

    async def look() -> int:
        client = AsyncClient()
        if who != "nobody":
            await client.aforce_login(await User.objects.aget(username=who))
        return (await client.get(f"/attempts/{attempt.public_id}/events")).status_code

    assert in_time(look()) == 404


def test_an_instructor_of_the_cohort_may_follow(
    hand_in: HandIn, cohort: Cohort, instructor: User
) -> None:
    attempt = hand_in()
    deliver(claimed(attempt), judge=saying(), sandbox=FakeSandbox())
    assert in_time(read_all(attempt, instructor))[-1].name == "verdict"


@pytest.mark.parametrize("loss", ["block", "logout", "leave"])
def test_a_stream_ends_when_the_right_to_read_is_lost(
    hand_in: HandIn,
    cohort: Cohort,
    instructor: User,
    monkeypatch: pytest.MonkeyPatch,
    loss: str,
) -> None:
    monkeypatch.setattr(streaming, "RIGHTS_ARE_CHECKED_EVERY", 0.0)
    monkeypatch.setattr(streaming, "HEARTBEAT_SECONDS", 0.02)
    attempt = hand_in()  # stays queued: only a lost right ends the stream

    async def story() -> int:
        client = AsyncClient()
        await client.aforce_login(instructor)
        answer = await client.get(f"/attempts/{attempt.public_id}/events")
        parts = parts_of(answer)
        await anext(parts)
        if loss == "block":
            await User.objects.filter(pk=instructor.pk).aupdate(is_active=False)
        elif loss == "logout":
            await client.alogout()
        else:
            await Cohort.objects.filter(pk=cohort.pk).adelete()
        return len([part async for part in parts])

    assert in_time(story()) < 20


def test_one_user_opens_only_so_many_streams(
    hand_in: HandIn, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "MOST_STREAMS", 1)
    attempt = hand_in()

    async def story() -> tuple[int, int]:
        client = AsyncClient()
        signed = {"Authorization": f"Bearer {token}"}
        address = f"/api/attempts/{attempt.public_id}/events"
        first = await client.get(address, headers=signed)
        parts = parts_of(first)
        await anext(parts)
        refused = (await client.get(address, headers=signed)).status_code
        await sync_to_async(first.close)()
        again = await client.get(address, headers=signed)
        await sync_to_async(again.close)()
        return refused, again.status_code

    token = tokens.issue(owner, name="test")
    assert in_time(story()) == (429, 200)
    assert not streaming._slots.open


def test_an_id_that_is_none_of_ours_means_the_beginning() -> None:
    for text in ("", "7", "1.2.3", "x.y", "1.-2.end.", "9" * 40 + ".1", "1.2\n"):
        assert Place.read(text) == Place()
    assert str(Place.read("3.14")) == "3.14"
    assert Place.read("3.14.end").ended


def test_the_api_stream_refuses_a_token_that_does_not_count(hand_in: HandIn) -> None:
    attempt = hand_in()

    async def story() -> int:
        signed = {"Authorization": "Bearer sim_guess"}
        address = f"/api/attempts/{attempt.public_id}/events"
        return (await AsyncClient().get(address, headers=signed)).status_code

    assert in_time(story()) == 401
