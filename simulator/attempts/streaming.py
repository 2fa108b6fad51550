"""Server-sent events of a grading: HTML fragments for the page, JSON for the API.

The page gets ``phase``, ``result`` and ``verdict`` with a fragment each (``_phase.html`` also
tells the state: queued, running), and ``restart``, empty, when a grading begins anew. The API
gets the same as JSON, with ``state`` by itself. ``verdict`` is the last word and ends a stream.
"""

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, ParamSpec, TypeVar
from uuid import UUID

import redis.asyncio as redis
from django.conf import settings
from django.contrib.auth import aget_user
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import close_old_connections
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotFound,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.http import require_safe
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from graders.messages import Message, render
from graders.quest import Language
from simulator.accounts.models import User
from simulator.attempts import events as records
from simulator.attempts.announcing import channel
from simulator.attempts.following import Entry, Kind, Place, news_of
from simulator.attempts.models import Attempt
from simulator.attempts.reading import latest_grading, readable_attempts
from simulator.catalog import quests

MOST_STREAMS: Final = 8  # of one user in this process
HEARTBEAT_SECONDS: Final = 10.0
LOOK_AGAIN_SECONDS: Final = 1.0  # how late the news is without Redis
RIGHTS_ARE_CHECKED_EVERY: Final = 20.0
RECONNECT_MILLISECONDS: Final = 2000
LONGEST_SECONDS: Final = 3600.0  # then the browser connects again, with the id it has seen

P = ParamSpec("P")
Answer = TypeVar("Answer")
Write = Callable[[Entry, "Followed"], str]
Wait = Callable[[], Any]

# Streams live long; a database connection is held by a thread of this pool, only while it reads.
_readers: Final = ThreadPoolExecutor(max_workers=4, thread_name_prefix="stream")


@dataclass(frozen=True, kw_only=True)
class Followed:
    """Whose eyes follow which grading, in which language."""

    user_id: int
    session: str | None  # None for a token: it has no logout
    attempt: Attempt
    grading_id: int
    digest: str  # of the quest that the grading is pinned to
    language: Language


class Slots:
    """How many streams each user has open in this process."""

    def __init__(self) -> None:
        self.open: Counter[int] = Counter()
        self._lock = threading.Lock()

    def take(self, user_id: int) -> bool:
        """One more; False when that is one too many."""
        with self._lock:
            if self.open[user_id] >= MOST_STREAMS:
                return False
            self.open[user_id] += 1
            return True

    def release(self, user_id: int) -> None:
        """One less."""
        with self._lock:
            self.open[user_id] -= 1
            self.open += Counter()  # forget those who have none


_slots: Final = Slots()


class _Stream(StreamingHttpResponse):
    """Django closes every response, however it ended: then the slot is free."""

    def __init__(self, followed: Followed, texts: AsyncIterator[str], **kwargs: Any) -> None:  # noqa: ANN401, passed on
        super().__init__(texts, **kwargs)
        self._user_id: int | None = followed.user_id

    def close(self) -> None:
        super().close()
        if self._user_id is not None:
            _slots.release(self._user_id)
            self._user_id = None


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one look at the database brought."""

    texts: tuple[str, ...]
    place: Place


@require_safe
async def events(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The page's stream: fragments of HTML."""
    user = await aget_user(request)
    session = request.session.session_key
    return await follow(request, user, public_id, write=write_html, session=session)


async def follow(
    request: HttpRequest,
    user: AbstractBaseUser | AnonymousUser,
    public_id: UUID,
    *,
    write: Write,
    session: str | None,
) -> HttpResponseBase:
    """A stream as a response; 404, without a page, for what is absent or not theirs.

    A stream that a `session` opened ends with it.
    """
    language: Language = "ru" if getattr(request, "LANGUAGE_CODE", "en") == "ru" else "en"
    try:
        followed = await _read(find, user, public_id, session=session, language=language)
    except Http404:
        # Django would draw its page in a thread whose database connection nobody closes.
        return HttpResponseNotFound()
    since = Place.read(request.headers.get("Last-Event-ID", ""))
    if since.ended:
        return HttpResponse(status=204)  # tells a browser to connect no more
    if not _slots.take(followed.user_id):
        return HttpResponse("too many streams are open", status=429, headers={"Retry-After": "5"})
    return _Stream(
        followed,
        stream(followed, since, write=write),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"},
    )


def find(
    user: AbstractBaseUser | AnonymousUser,
    public_id: UUID,
    *,
    session: str | None,
    language: Language,
) -> Followed:
    """What the user may follow. Raises Http404."""
    if not isinstance(user, User):
        raise Http404
    attempts = readable_attempts(user).select_related("enrolment")
    attempt = attempts.filter(public_id=public_id).first()
    if attempt is None:
        raise Http404
    grading = latest_grading(attempt)
    return Followed(
        user_id=user.pk,
        session=session,
        attempt=attempt,
        grading_id=grading.pk,
        digest=grading.quest_digest,
        language=language,
    )


async def stream(followed: Followed, since: Place, *, write: Write) -> AsyncIterator[str]:
    """The text of a stream, from `since` to the last word."""
    yield f"retry: {RECONNECT_MILLISECONDS}\n\n"
    # Subscribe first, read then: what happens in between rings.
    async with _listening(followed.grading_id) as wait:
        async for text in _texts(followed, since, wait=wait, write=write):
            yield text


def write_html(entry: Entry, followed: Followed) -> str:
    """An entry for the page."""
    if entry.kind is Kind.RESTART:
        return _event(Kind.RESTART, "", entry.place)
    # The page has one line for the state and the phase.
    name = Kind.PHASE if entry.kind is Kind.STATE else entry.kind
    context = {
        "attempt": followed.attempt,
        "state": entry.state or entry.place.state,
        "ahead": entry.ahead,
        "phase": entry.phase,
        "result": entry.result,
        "message": _message(entry, followed) if entry.result else None,
        "verdict": entry.verdict,
        "sentence": _sentence(entry, followed),
    }
    with translation.override(followed.language):
        html = render_to_string(f"attempts/_{name}.html", context)
    return _event(name, html, entry.place)


def write_json(entry: Entry, followed: Followed) -> str:
    """An entry for the API."""
    body: dict[str, Any] = {}
    match entry.kind:
        case Kind.STATE:
            body = {"state": entry.state, "ahead": entry.ahead}
        case Kind.PHASE if entry.phase is not None:
            body = records.write(entry.phase)
        case Kind.RESULT if entry.result is not None:
            message = _message(entry, followed)
            body = records.write(entry.result) | {"title": message.title, "what": message.what}
        case Kind.VERDICT:
            body = {"state": entry.state, "sentence": _sentence(entry, followed)}
            if entry.verdict is not None:
                body |= records.write(entry.verdict)
    return _event(entry.kind, json.dumps(body), entry.place)


async def _texts(
    followed: Followed, place: Place, *, wait: Wait, write: Write
) -> AsyncIterator[str]:
    """What to send, until the last word, the loss of the right to read, or an hour."""
    began = spoke = checked = time.monotonic()
    while time.monotonic() - began < LONGEST_SECONDS:
        look = await _read(_look, followed, place, write=write)
        place = look.place
        for text in look.texts:
            yield text
            spoke = time.monotonic()
        if place.ended:
            return
        await wait()
        now = time.monotonic()
        if now - spoke > HEARTBEAT_SECONDS:
            yield ": still here\n\n"
            spoke = now
        if now - checked > RIGHTS_ARE_CHECKED_EVERY:
            checked = now
            if not await _read(_may_still_read, followed):
                return


def _look(followed: Followed, since: Place, *, write: Write) -> Look:
    entries = news_of(followed.grading_id, since)
    return Look(
        texts=tuple(write(entry, followed) for entry in entries),
        place=entries[-1].place if entries else since,
    )


def _may_still_read(followed: Followed) -> bool:
    """Still signed in, still active, still theirs to read."""
    user = User.objects.filter(pk=followed.user_id, is_active=True).first()
    if user is None or not readable_attempts(user).filter(pk=followed.attempt.pk).exists():
        return False
    store = import_module(settings.SESSION_ENGINE).SessionStore
    return followed.session is None or bool(store().exists(followed.session))


@asynccontextmanager
async def _listening(grading_id: int) -> AsyncIterator[Wait]:
    """Gives a function that waits for the next announcement, or as long as is sensible."""
    client = redis.Redis.from_url(settings.SIM_REDIS_URL)
    pubsub = client.pubsub()

    async def wait() -> None:
        try:
            if not pubsub.subscribed:
                await _subscribe(pubsub, grading_id)
            await pubsub.get_message(timeout=HEARTBEAT_SECONDS)
            while await pubsub.get_message(timeout=0):
                pass  # one look answers all announcements that are already here
        except RedisError:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    try:
        with suppress(RedisError):
            await _subscribe(pubsub, grading_id)
        yield wait
    finally:
        await pubsub.aclose()  # type: ignore[no-untyped-call]
        await client.aclose()


async def _subscribe(pubsub: PubSub, grading_id: int) -> None:
    """Subscribe and wait until Redis says so: from then on nothing is missed."""
    await pubsub.subscribe(channel(grading_id))
    await pubsub.get_message(timeout=LOOK_AGAIN_SECONDS)


async def _read(function: Callable[P, Answer], *args: P.args, **kwargs: P.kwargs) -> Answer:
    """Call a function that reads the database, in a thread of the pool."""

    def with_connection() -> Answer:
        close_old_connections()
        try:
            return function(*args, **kwargs)
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_readers, with_connection)


def _message(entry: Entry, followed: Followed) -> Message:
    if entry.result is None:
        raise ValueError(f"{entry.kind} has no result")
    attempt = followed.attempt
    quest = quests.kept(attempt.enrolment.quest, digest=followed.digest)
    return render(quest, quest.stage(attempt.stage), entry.result, followed.language)


def _sentence(entry: Entry, followed: Followed) -> str:
    return entry.problem.sentence(followed.language) if entry.problem else ""


def _event(name: str, data: str, place: Place) -> str:
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {name}\nid: {place}\n{lines}\n"
