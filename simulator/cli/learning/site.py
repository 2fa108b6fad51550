"""Speak to a site: typed answers, retries where they are safe, trouble in one sentence."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from simulator.cli.learning.accounts import Account
from simulator.cli.learning.trouble import Trouble
from simulator.cli.printing import Code
from simulator.wire import CheckOut, Problem
from simulator.wire.release import version

WAITS: Final = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before each repetition
LONGEST_WAIT: Final = 60.0  # for a site that says when to come again
BUSY: Final = frozenset({502, 503, 504})
AWAY: Final = BUSY | {httpx.codes.TOO_MANY_REQUESTS}  # a stream may be asked for later
REFUSED: Final = frozenset({409, 413, 422})
TIMEOUT: Final = httpx.Timeout(30, connect=10)
LONG: Final = httpx.Timeout(300, connect=10)  # for what runs the learner's code
SILENCE: Final = 35.0  # seconds: a stream says something every ten

Answer = TypeVar("Answer", bound=BaseModel)
Read = TypeVar("Read")


def transport() -> httpx.BaseTransport:
    """What carries requests; one place, so that tests can carry them elsewhere."""
    return httpx.HTTPTransport()


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of a stream; `place` is what to name when going on after it."""

    name: str
    place: str
    data: Mapping[str, Any]


class Lost(Exception):
    """A stream broke off; going on is possible."""


class Site:
    """A site, as one person uses it; a context manager."""

    def __init__(self, account: Account, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.account = account
        self._sleep = sleep
        headers = {"Accept-Language": account.language, "User-Agent": f"sim/{version()}"}
        if account.token:
            headers["Authorization"] = f"Bearer {account.token}"
        self._http = httpx.Client(
            base_url=account.address, headers=headers, timeout=TIMEOUT, transport=transport()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def url(self, path: str) -> str:
        """The address of a page of the site."""
        return f"{self.account.address}{path}"

    def get(self, path: str, form: type[Answer]) -> Answer:
        """An answer in its form. Raises Trouble."""
        return _read(self._ask("GET", path), TypeAdapter(form))

    def several(self, path: str, form: type[Answer], **query: str) -> list[Answer]:
        """A list of answers. Raises Trouble."""
        return _read(self._ask("GET", path, params=query), TypeAdapter(list[form]))  # type: ignore[valid-type]

    def content(self, path: str) -> bytes:
        """The bytes of a file. Raises Trouble."""
        return self._ask("GET", path).content

    def send(
        self,
        method: str,
        path: str,
        form: type[Answer],
        *,
        body: BaseModel | None = None,
        archive: bytes | None = None,
        key: str = "",
    ) -> Answer:
        """Send something that may be sent twice, and read the answer. Raises Trouble."""
        headers = {"Idempotency-Key": key} if key else {}
        content: bytes | None = archive
        if archive is not None:
            headers["Content-Type"] = "application/zip"
        elif body is not None:
            headers["Content-Type"] = "application/json"
            content = body.model_dump_json().encode()
        answer = self._ask(method, path, content=content, headers=headers)
        return _read(answer, TypeAdapter(form))

    def try_out(self, path: str, archive: bytes) -> list[CheckOut]:
        """The results of the open checks in a room of the site. Raises Trouble."""
        headers = {"Content-Type": "application/zip"}
        answer = self._ask("POST", path, content=archive, headers=headers, timeout=LONG)
        return _read(answer, TypeAdapter(list[CheckOut]))

    def problem_or(self, path: str, form: type[Answer], body: BaseModel) -> Answer | Problem:
        """Send something to which 400 is an answer, too. Raises Trouble for every other."""
        content = body.model_dump_json().encode()
        headers = {"Content-Type": "application/json"}
        answer = self._ask("POST", path, content=content, headers=headers, calm=400)
        if answer.status_code == 400:  # noqa: PLR2004 - the one that was asked for
            return _read(answer, TypeAdapter(Problem))
        return _read(answer, TypeAdapter(form))

    def forget_token(self) -> None:
        """Make the token useless; one that is no longer good already is."""
        self._ask("DELETE", "/api/token", calm=401)

    def date(self) -> str:
        """The site's own time, as it writes it in its answers. Raises Trouble."""
        return self._ask("GET", "/api/openapi.json").headers.get("Date") or ""

    @contextmanager
    def download(self, path: str) -> Iterator[Iterator[bytes]]:
        """The pieces of a large file. Raises Trouble."""
        with (
            self._talking(),
            self._http.stream("GET", path) as answer,
        ):
            self._checked(answer)
            yield answer.iter_bytes()

    def events(self, path: str, *, after: str = "") -> Iterator[Event]:
        """The events of a stream after a place, to its end. Raises Lost, Trouble."""
        headers = {"Last-Event-ID": after} if after else {}
        timeout = httpx.Timeout(SILENCE, connect=10)
        try:
            with self._http.stream("GET", path, headers=headers, timeout=timeout) as answer:
                if (
                    answer.status_code in BUSY
                    or answer.status_code == httpx.codes.TOO_MANY_REQUESTS
                ):
                    raise Lost
                self._checked(answer)
                yield from _events(answer.iter_lines())
        except httpx.TransportError:
            raise Lost from None

    def _ask(self, method: str, path: str, *, calm: int = 0, **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Ask, and again while the site is away or busy: every request here may come twice."""
        for wait in (*WAITS, None):
            try:
                answer = self._http.request(method, path, **more)
            except httpx.TransportError as error:
                if wait is None:
                    raise self._away(error) from None
                self._sleep(wait)
                continue
            pause = _pause(answer, wait)
            if pause is None:
                return answer if answer.status_code == calm else self._checked(answer)
            self._sleep(pause)
        raise AssertionError("the last round answers or raises")

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_success:
            return answer
        answer.read()
        raise _trouble(answer, self.account.address)

    @contextmanager
    def _talking(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            raise self._away(error) from None

    def _away(self, error: Exception) -> Trouble:
        return Trouble(
            f"{self.account.address} does not answer: {str(error) or type(error).__name__}.",
            code=Code.NETWORK,
            remedy="Nothing is lost. Look at the connection (`sim doctor`) and run the same "
            "command again: it goes on where it stopped.",
        )


def _pause(answer: httpx.Response, wait: float | None) -> float | None:
    """How long to wait before asking again; None when this is the answer."""
    if wait is None:
        return None
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        told = answer.headers.get("Retry-After", "")
        seconds = float(told) if told.isdecimal() else wait
        return seconds if seconds <= LONGEST_WAIT else None
    return wait if answer.status_code in BUSY else None


def _read(answer: httpx.Response, form: "TypeAdapter[Read]") -> Read:
    try:
        return form.validate_json(answer.content)
    except ValidationError:
        raise Trouble(
            f"{answer.request.url} answers in another form than this command knows.",
            code=Code.PLATFORM,
            remedy="Is this the site's address? If so, its version is another: `sim doctor`.",
        ) from None


def _trouble(answer: httpx.Response, address: str) -> Trouble:
    problem = _problem(answer)
    status = answer.status_code
    if status == httpx.codes.UNAUTHORIZED:
        return Trouble(
            f"The sign-in to {address} is no longer good.",
            code=Code.USAGE,
            remedy=f"Run: sim login {address}",
            name="not_signed_in",
        )
    if status == httpx.codes.NOT_FOUND:
        return Trouble(
            f"{address} has nothing at {answer.request.url.path} for you.",
            code=Code.USAGE,
            remedy="Look at the name of the quest or the number of the attempt.",
            name="not_found",
        )
    if status in REFUSED:
        return Trouble(problem.message, code=Code.NOT_GRADABLE, name=problem.code)
    said = problem.message or f"{address} answered {status}."
    return Trouble(said, code=Code.PLATFORM, remedy="Try again in a minute.", name=problem.code)


def _problem(answer: httpx.Response) -> Problem:
    try:
        return Problem.model_validate_json(answer.content)
    except ValidationError:
        return Problem(code=f"http_{answer.status_code}", message="")


def _events(lines: Iterator[str]) -> Iterator[Event]:
    """Server-sent events, as their specification reads lines."""
    name, place, data = "message", "", ""
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "id":
            place = value
        elif field == "data":
            data += value
        elif not line and data:
            yield Event(name=name, place=place, data=json.loads(data))
            name, data = "message", ""
